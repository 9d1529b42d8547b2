"""gen.py N OUT: about N sales with their partners and returns, the same for the same N."""
import csv, datetime as dt, os, random, sys

n, out = int(sys.argv[1]), sys.argv[2]
r = random.Random(n)
os.makedirs(out, exist_ok=True)
partners = [str(4001 + 3 * i) if i % 3 else f"P-{i}" for i in range(max(4, n // 40))]
sales, returns = [], []
for i in range(n):
    day = dt.date(2025, 1, 1) + dt.timedelta(r.randrange(735))
    amount = r.choice([r.randrange(1, 4000000), r.randrange(1, 40) * 100000, r.randrange(1, 400000)])
    key = f"{20001 + i}" if i % 5 else f"S-{i}"
    sales.append([key, day, r.choice(partners), r.choice(["tools"] * 5 + ["supplies"] * 3 + ["services", ""]), f"{amount // 100}.{amount % 100:02d}"])
    for part in range(r.choice([0] * 12 + [1, 2])):
        back = r.choice([amount] + [amount // 3, amount // 4, r.randrange(1, amount // 2 + 2)] * 3)
        returns.append([f"R{i}-{part}", day + dt.timedelta(r.randrange(-2, 150)), key, f"{back // 100}.{back % 100:02d}"])
for row in r.sample(sales, n // 200):
    column, value = r.choice([(1, "2026-02-30"), (2, "UNKNOWN"), (4, "1.250.00"), (4, "-5.00"), (0, sales[0][0])])
    row[column] = value
r.shuffle(sales)
for name, head, rows in [("partner", ["id", "guaranteed"], [[p, r.choice(["", "", "2500.00", "40000.00"])] for p in partners]),
                         ("sale", ["id", "sold_on", "partner", "family", "amount"], sales), ("return", ["id", "returned_on", "sale", "amount"], returns)]:
    with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head] + rows)
