"""What the Tamarack guide pays, worked out from README.md alone, in exact fractions.

python3 oracle.py [--data DIR] [--out DIR] [--through DATE] prints the totals; with --out it writes the expected tables."""
import csv, datetime as dt, os, re, sys
from collections import Counter, defaultdict
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
def option(name, otherwise):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise
DATA, OUT = option("--data", os.path.join(HERE, "data")), option("--out", None)
THROUGH = dt.date.fromisoformat(option("--through", "2026-12-31"))
FIRST = dt.date(2026, 1, 1)

def place(key):
    """Plain whole numbers first, by value, then all others letter by letter."""
    return (0, int(key), "") if re.fullmatch(r"0|[1-9]\d*", key) else (1, 0, key)

def even(x, digits):
    return F(round(x * 10 ** digits), 10 ** digits)

def cents(x):
    return f"{int(x * 100) // 100}.{int(x * 100) % 100:02d}"

def quarter(d):
    return f"{d.year}-Q{(d.month + 2) // 3}"

def day(cell):
    try:
        return dt.date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else None
    except ValueError:
        return None

def amount(cell):
    return F(cell) if re.fullmatch(r"\d+(\.\d{1,2})?", cell) and F(cell) > 0 else None

rejects = []
def read(record, dates, refs):
    """The rows that can be taken, by key; the others are listed."""
    with open(os.path.join(DATA, record + "s.csv"), newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    twice, good = Counter(r["id"] for r in rows), {}
    for n, r in enumerate(rows, 1):
        bad = ["id"] if twice[r["id"]] > 1 else []
        for c in dates:
            r[c] = day(r[c])
            bad += [c] * (r[c] is None)
        if "amount" in r:
            r["amount"] = amount(r["amount"])
            bad += ["amount"] * (r["amount"] is None)
        bad += [c for c, known in refs.items() if r[c] not in known]
        rejects.extend([record, n, c] for c in bad)
        if not bad:
            good[r["id"]] = dict(r, row=n)
    return good

advisors = read("advisor", [], {})
recs = read("recommendation", ["made_on", "reported_on"], {"advisor": advisors})
sales = read("sale", ["sold_on"], {})
notes = read("credit_note", ["issued_on"], {"sale": sales})

# What is left of each sale: the notes up to the day of the statement, in the order of their day and key.
left = {k: s["amount"] for k, s in sales.items()}
for n in sorted(notes.values(), key=lambda n: (n["issued_on"], place(n["id"]))):
    if n["issued_on"] > THROUGH:
        continue
    if n["issued_on"] < sales[n["sale"]]["sold_on"]:
        rejects.append(["credit_note", n["row"], "issued_on"])
    elif n["amount"] > left[n["sale"]]:
        rejects.append(["credit_note", n["row"], "amount"])
    else:
        left[n["sale"]] -= n["amount"]

bought = defaultdict(list)
for k, s in sales.items():
    if s["sold_on"] <= THROUGH:
        bought[s["customer"]].append((s["sold_on"], left[k]))

decisions, seen, counted = [], set(), defaultdict(list)
order = sorted((r for r in recs.values() if r["made_on"] <= THROUGH), key=lambda r: (r["made_on"], place(r["id"])))
for r in order:
    counts = (r["reported_on"] - r["made_on"]).days <= 30 and (not r["customer"] or (r["advisor"], r["customer"]) not in seen)
    decisions.append(["following", 1, "recommendation", r["id"], quarter(r["made_on"]), "counts", "yes" if counts else "no"])
    if counts:
        if r["customer"]:
            seen.add((r["advisor"], r["customer"]))
        r["revenue"] = sum((a for d, a in bought[r["customer"]] if r["customer"] and 0 <= (d - r["made_on"]).days <= 180), F(0))
        decisions.append(["following", 1, "recommendation", r["id"], quarter(r["made_on"]), "revenue", str(r["revenue"])])
        counted[r["advisor"], quarter(r["made_on"])].append(r)

worth = {}
for (a, q), mine in counted.items():
    led, revenue = sum(r["revenue"] > 0 for r in mine), sum(r["revenue"] for r in mine)
    worth[a, q] = even(revenue / len(mine), 2)
    for name, v in (("recommendations", F(len(mine))), ("share_led", even(F(led, len(mine)), 4)), ("followed", revenue), ("worth", worth[a, q])):
        decisions.append(["worth", 1, "advisor", a, q, name, str(v)])

totals = defaultdict(F)
quarters = [f"2026-Q{n}" for n in range(1, 5) if dt.date(2026, 3 * n - 2, 1) <= THROUGH]
for q in quarters:
    # The three biggest influencers: level advisors share what their places are paid.
    in_it = {a: sum(r["revenue"] for r in mine) for (a, p), mine in counted.items() if p == q and len(mine) >= 3}
    in_it = {a: v for a, v in in_it.items() if v > 0}
    for a, v in in_it.items():
        rank = 1 + sum(w > v for w in in_it.values())
        decisions.append(["podium", 1, "advisor", a, q, "place", str(rank)])
        level = sorted((b for b, w in in_it.items() if w == v), key=place)
        pot = sum({1: 250000, 2: 100000, 3: 50000}.get(p, 0) for p in range(rank, rank + len(level)))
        totals["podium", a, q] += F(pot // len(level) + (level.index(a) < pot % len(level)), 100)
    # The pathfinder: most recommendations that led to a purchase; level ones by whose last of these came earlier.
    led = {a: [r for r in mine if r["revenue"] > 0] for (a, p), mine in counted.items() if p == q}
    best = min(((-len(m), max((r["made_on"], place(r["id"])) for r in m), a) for a, m in led.items() if len(m) >= 2), default=None)
    if best:
        totals["pathfinder", best[2], q] += 400

quarters_before = {"2026-Q1": "2025-Q4", "2026-Q2": "2026-Q1", "2026-Q3": "2026-Q2", "2026-Q4": "2026-Q3"}
for r in order:
    q = quarter(r["made_on"])
    if r["made_on"] >= FIRST and "revenue" in r and r["revenue"] > 0:
        mine = worth.get((r["advisor"], quarters_before[q]), F(0))
        reward = even(r["revenue"] * (3 if mine >= 800 else 2 if mine >= 300 else 1) / 100, 2)
        totals["reward", r["advisor"], q] += min(reward, 250 - totals["reward", r["advisor"], q])

rules = ["podium", "pathfinder", "reward"]
rows = [[rule, "advisor", a, "USD", q, cents(v)] for (rule, a, q), v in totals.items() if v]
rows.sort(key=lambda r: (rules.index(r[0]), place(r[2]), r[4]))

def decimal(cell):
    """A fraction that ends, as a decimal number."""
    if "/" not in cell:
        return cell
    x = F(cell) * 10000
    assert x.denominator == 1
    return f"{x.numerator // 10000}.{x.numerator % 10000:04d}".rstrip("0")

for d in decisions:
    d[6] = decimal(d[6])
if OUT:
    os.makedirs(OUT, exist_ok=True)
    for name, head, body in (("totals", "rule payee_kind payee unit period amount", rows), ("decisions", "rule version of key period name value", decisions),
                             ("rejects", "record row column", rejects)):
        with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head.split())
            w.writerows(body)
else:
    for r in rows:
        print(*r)
    for rule in rules:
        print(f"{rule}: {cents(sum(F(r[5]) for r in rows if r[0] == rule))} USD")
