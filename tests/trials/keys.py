"""300,000 rows with seven-digit keys in ten random orders, by both engines, whole and from the disk: one digest, and the
totals that Python works out from the same rows. Run in the repository: just keys (or: python3 tests/trials/keys.py MEED)."""
import csv, hashlib, pathlib, random, subprocess, sys, tempfile
from collections import defaultdict
from fractions import Fraction

MEED = sys.argv[1] if len(sys.argv) > 1 else "target/release/meed"
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 300_000
PROGRAM = """
program keys "Seven-digit keys" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }

entity partner { key id  tier one of silver, gold }

event sale {
  key id
  when sold_on
  partner   partner
  customer  id
  amount    money
}

schedule bands graduated {
  to $1,000 1%
  beyond 5%
}

rule bounty { for each sale  first per customer per program  pay partner $50 }
rule running { for each sale  pay partner bands as amount adds up per customer per year }
rule capped { for each sale  pay partner 10% of amount  at most $1,500 per partner per quarter }
rule distinct { for each partner per quarter  pay partner $1 * (count of distinct sale.customer) }
rule gold { for each sale  where partner.tier is gold  pay partner 2% of amount }
"""


def rounded(value):
    """Half to even, a Fraction of cents to whole cents."""
    return round(value)


def bands(cents):
    # Below zero a schedule pays nothing.
    x = max(Fraction(cents), 0)
    return min(x, 100_000) * Fraction(1, 100) + max(x - 100_000, 0) * Fraction(5, 100)


def totals(sales, tier):
    """Cents by rule, partner and quarter, from the meaning of the rules alone."""
    sums, seen, run, paid, distinct = defaultdict(int), set(), defaultdict(int), defaultdict(int), defaultdict(set)
    for key, day, partner, customer, cents in sorted(sales, key=lambda sale: (sale[1], sale[0])):
        quarter = f"2026-Q{(int(day[5:7]) - 1) // 3 + 1}"
        if customer not in seen:
            seen.add(customer)
            sums["bounty", partner, quarter] += 5_000
        before, run[customer] = run[customer], run[customer] + cents
        sums["running", partner, quarter] += rounded(bands(run[customer])) - rounded(bands(before))
        before, limit = paid[partner, quarter], 150_000
        paid[partner, quarter] += rounded(Fraction(cents, 10))
        sums["capped", partner, quarter] += min(paid[partner, quarter], limit) - min(before, limit)
        distinct[partner, quarter].add(customer)
        if tier[partner] == "gold":
            sums["gold", partner, quarter] += rounded(Fraction(cents * 2, 100))
    for (partner, quarter), customers in distinct.items():
        sums["distinct", partner, quarter] = 100 * len(customers)
    return {key: cents for key, cents in sums.items() if cents}


def main():
    draw = random.Random(20261128)
    partners = [1_000_003 + 7 * idx for idx in range(3_000)]
    tier = {partner: draw.choice(["silver", "gold"]) for partner in partners}
    customers = [2_000_000 + draw.randrange(5_000_000) for _ in range(40_000)] + list(range(65_500, 65_700))
    keys = draw.sample(range(1_000_000, 9_999_999), ROWS)
    sales = [
        (key, f"2026-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}", draw.choice(partners),
         draw.choice(customers), draw.randrange(-20_000, 200_000))
        for key in keys
    ]
    expected = totals(sales, tier)
    digests = set()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "keys.meed").write_text(PROGRAM)
        with open(folder / "partner.csv", "w") as file:
            file.write("id,tier\n" + "".join(f"{partner},{tier[partner]}\n" for partner in partners))
        for order in range(10):
            draw.shuffle(sales)
            with open(folder / "sale.csv", "w") as file:
                file.write("id,sold_on,partner,customer,amount\n")
                file.writelines(f"{k},{d},{p},{c},{a / 100:.2f}\n" for k, d, p, c, a in sales)
            for engine in ("jit", "interpreter"):
                for memory in ("4096", "1"):
                    out = folder / f"out-{order}-{engine}-{memory}"
                    tables = [arg for name in ("sale", "partner") for arg in ("--data", f"{name}={folder}/{name}.csv")]
                    command = [MEED, "run", f"{folder}/keys.meed", *tables, "--out", out, "--engine", engine,
                               "--memory", memory]
                    subprocess.run(command, check=True, capture_output=True)
                    digests.add(hashlib.sha256((out / "payments.csv").read_bytes()).hexdigest())
                    found = {}
                    for row in csv.DictReader(open(out / "totals.csv")):
                        whole, cents = row["amount"].split(".")
                        sign = -1 if whole.startswith("-") else 1
                        value = sign * (abs(int(whole)) * 100 + int(cents))
                        found[row["rule"], int(row["payee"]), row["period"]] = value
                    assert found == expected, f"order {order}, {engine}, --memory {memory}: totals differ"
            print(f"order {order}: {len(digests)} digest", flush=True)
    assert len(digests) == 1, digests
    print(f"{ROWS} rows, 40 runs, {len(expected)} totals equal to Python's, one digest {digests.pop()}")


main()
