"""Tamarack Tools rebates 2026, from the guide: everything as it is known at each quarter's end, and what changed since the one before."""
import argparse, csv, datetime as dt, os, re
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
args = argparse.ArgumentParser()
args.add_argument("--data", default=os.path.join(HERE, "data"))
args.add_argument("--out")
args.add_argument("--through")
args.add_argument("--quiet", action="store_true")
args = args.parse_args()
THROUGH = dt.date.fromisoformat(args.through or "2026-12-31")


def read(name):
    with open(os.path.join(args.data, name + ".csv"), newline="", encoding="utf-8") as f:
        return list(enumerate(csv.DictReader(f), 1))


def write(name, head, rows):
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head] + rows)


def money(text):
    return F(text) if re.fullmatch(r"-?\d+(\.\d{1,2})?", text) else None


def day(text):
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def cents(x):
    """Half a cent away from zero."""
    n = (abs(x) * 200 + 1) // 2
    return int(n if x >= 0 else -n)


def show(c):
    return f"{'-' if c < 0 else ''}{abs(c) // 100}.{abs(c) % 100:02d}"


def plain(x):
    """An exact number whose decimals end, without trailing zeros."""
    assert x * 10**6 % 1 == 0
    text = f"{int(abs(x) * 10**6):07d}"
    text = (text[:-6] + "." + text[-6:]).rstrip("0").rstrip(".")
    return ("-" if x < 0 else "") + text


def key_order(k):
    return (0, int(k), "") if re.fullmatch(r"0|[1-9]\d*", k) else (1, 0, k)


def quarter(d):
    return f"{d.year}-Q{(d.month + 2) // 3}"


ENDS = {f"2026-Q{n}": dt.date(2026, *e) for n, e in enumerate([(3, 31), (6, 30), (9, 30), (12, 31)], 1)}
rejects, partners, sales, returns = [], {}, {}, []


def good(record, key_counts, n, r, checks):
    """Whether the row is none of the bad ones; each bad cell is listed."""
    bad = [c for c, ok in checks if not ok]
    if key_counts[r["id"]] > 1:
        bad.insert(0, "id")
    rejects.extend([record, n, c] for c in bad)
    return not bad


def counts(rows):
    found = {}
    for _, r in rows:
        found[r["id"]] = found.get(r["id"], 0) + 1
    return found


rows = read("partner")
known = counts(rows)
for n, r in rows:
    if good("partner", known, n, r, [("guaranteed", not r["guaranteed"] or money(r["guaranteed"]) is not None)]):
        partners[r["id"]] = money(r["guaranteed"]) if r["guaranteed"] else None
rows = read("sale")
known = counts(rows)
for n, r in rows:
    amount, d = money(r["amount"]), day(r["sold_on"])
    if good("sale", known, n, r, [("sold_on", d), ("partner", r["partner"] in partners), ("amount", amount is not None and amount >= 0)]):
        sales[r["id"]] = dict(r, amount=amount, day=d, back=[])
rows = read("return")
known = counts(rows)
for n, r in rows:
    amount, d = money(r["amount"]), day(r["returned_on"])
    if good("return", known, n, r, [("returned_on", d), ("sale", r["sale"] in sales), ("amount", amount is not None)]):
        returns.append(dict(r, n=n, amount=amount, day=d))
for r in sorted(returns, key=lambda r: (r["day"], key_order(r["id"]))):
    sale = sales[r["sale"]]
    if r["day"] > THROUGH:
        continue                                        # left for a later statement
    if r["day"] < sale["day"]:
        rejects.append(["return", r["n"], "returned_on"])
    elif r["amount"] < 0 or r["amount"] > sale["amount"] - sum(a for _, a in sale["back"]):
        rejects.append(["return", r["n"], "amount"])
    else:
        sale["back"].append((r["day"], r["amount"]))


def reached(x, tiers):
    return next((rate for bound, rate in tiers if x >= bound), F(0))


def evaluate(on):
    """(rule, partner, period) -> cents, and the decisions, as known on a day."""
    net, paid, told = {}, {}, []
    for s in sales.values():
        if s["day"] <= on:
            left = s["amount"] - sum(a for d, a in s["back"] if d <= on)
            for key in ((s["partner"], quarter(s["day"]), s["family"]), (s["partner"], s["day"].year)) + ((s["partner"], s["day"].year, "tools"),) * (s["family"] == "tools"):
                net[key] = net.get(key, F(0)) + left
    for p in partners:
        for q, end in ENDS.items():
            if dt.date(2026, 3 * int(q[-1]) - 2, 1) > on:
                continue
            tools, supplies = net.get((p, q, "tools"), F(0)), net.get((p, q, "supplies"), F(0))
            rate = reached(tools, [(120000, F(5, 100)), (60000, F(35, 1000)), (25000, F(2, 100))])
            told.append(["tools_rebate", 1, "partner", p, q, "tools_rate", plain(rate)])
            paid["tools_rebate", p, q] = cents(rate * tools)
            first, second = min(supplies, 10000), min(max(supplies - 10000, 0), 30000)
            paid["supplies_rebate", p, q] = cents(first / 100 + second * F(25, 1000) + max(supplies - 40000, 0) * F(4, 100))
        year, before, tools = net.get((p, 2026), F(0)), net.get((p, 2025), F(0)), net.get((p, 2026, "tools"), F(0))
        paid["loyalty", p, "2026"] = cents(reached(year, [(300000, F(1, 100)), (150000, F(5, 1000))]) * year)
        if before > 0:
            growth = max(year - before * F(11, 10), F(0))
            told.append(["growth", 1, "partner", p, "2026", "above_last_year", plain(growth)])
            paid["growth", p, "2026"] = min(cents(growth * F(3, 100)), 500000)
        else:
            paid["newcomer", p, "2026"] = min(cents(year * F(15, 1000)), 250000)
        quarters = F(sum(paid.get(("tools_rebate", p, q), 0) for q in ENDS), 100)
        whole = reached(tools, [(480000, F(5, 100)), (240000, F(35, 1000)), (100000, F(2, 100))]) * tools
        paid["tools_true_up", p, "2026"] = cents(max(whole - quarters, F(0)))
        if partners[p] is not None:
            have = sum(paid.get((rule, p, t), 0) for rule in RULES for t in [*ENDS, "2026"])
            paid["guarantee", p, "2026"] = max(cents(partners[p]) - have, 0)
    return paid, told


RULES = ["tools_rebate", "supplies_rebate", "loyalty", "growth", "newcomer", "tools_true_up", "guarantee"]
booked, before = {}, {}
for q, end in ENDS.items():
    if dt.date(2026, 3 * int(q[-1]) - 2, 1) > THROUGH:
        break
    on = min(end, THROUGH)
    now, told = evaluate(on)
    for (rule, p, period), c in now.items():
        if period == "2026" and on != THROUGH:
            continue                                    # the year is worked out on its last day, or on the statement's
        late = period if period in ("2026", q) else q
        booked[rule, p, late] = booked.get((rule, p, late), 0) + c - before.get((rule, p, period), 0)
    before = {k: c for k, c in now.items() if k[2] != "2026"}
totals = [[rule, "partner", p, "USD", period, show(c)] for (rule, p, period), c in booked.items() if c]
totals.sort(key=lambda t: (RULES.index(t[0]), key_order(t[2]), t[4]))
if args.out:
    write("totals" + (f"@{THROUGH}" if args.through else ""), ["rule", "payee_kind", "payee", "unit", "period", "amount"], totals)
    if not args.through:
        write("decisions", ["rule", "version", "of", "key", "period", "name", "value"], told)
        write("rejects", ["record", "row", "column"], rejects)
elif not args.quiet:
    for t in totals:
        print(*t, sep=",")
