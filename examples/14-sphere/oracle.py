"""What the Hearthside guide pays, worked out from README.md alone, in exact fractions.

python3 oracle.py [--data DIR] [--out DIR] [--through DATE] prints the totals; with --out it writes the expected tables."""
import csv, datetime as dt, os, re, sys
from collections import Counter, defaultdict
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
def option(name, otherwise):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise
DATA, OUT = option("--data", os.path.join(HERE, "data")), option("--out", None)
THROUGH = dt.date.fromisoformat(option("--through", "2026-12-31"))

def place(key):
    """Plain whole numbers first, by value, then all others letter by letter."""
    return (0, int(key), "") if re.fullmatch(r"0|[1-9]\d*", key) else (1, 0, key)

def even(x):
    return F(round(x * 100), 100)

def cents(x):
    assert x >= 0 and (x * 100).denominator == 1
    return f"{int(x * 100) // 100}.{int(x * 100) % 100:02d}"

def number(d):
    return d.year * 4 + (d.month - 1) // 3

def name(q):
    return f"{q // 4}-Q{q % 4 + 1}"

def last(q):
    return dt.date(q // 4 + (q % 4 == 3), (q % 4 * 3 + 3) % 12 + 1, 1) - dt.timedelta(1)

def day(cell):
    try:
        return dt.date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else None
    except ValueError:
        return None

def amount(cell):
    return F(cell) if re.fullmatch(r"\d+(\.\d{1,2})?", cell) and F(cell) > 0 else None

rejects = []
def read(record, date, ref=None, known=None):
    """The rows that can be taken, by key; the others are listed."""
    with open(os.path.join(DATA, record + "s.csv"), newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    twice, good = Counter(r["id"] for r in rows), {}
    for n, r in enumerate(rows, 1):
        r["row"], r["day"] = n, day(r[date])
        bad = ["id"] * (twice[r["id"]] > 1) + [date] * (r["day"] is None)
        if "amount" in r:
            r["amount"] = amount(r["amount"])
            bad += ["amount"] * (r["amount"] is None)
        bad += [ref] * (ref is not None and r[ref] not in known)
        rejects.extend([record, n, c] for c in bad)
        if not bad:
            good[r["id"]] = r
    return good

# Persons whose chain of referrers does not end with somebody whom nobody referred are set aside.
listed = read("person", "joined_on")
state = {}
for start in listed:
    path, p = [], start
    while p in listed and p not in state and p not in path and listed[p]["referred_by"]:
        path.append(p)
        p = listed[p]["referred_by"]
    fine = state.get(p, p in listed and p not in path)
    state.update((x, fine) for x in path + [p] * (p in listed))
rejects += [["person", listed[p]["row"], "referred_by"] for p in listed if not state[p]]
persons = {p: r for p, r in listed.items() if state[p]}
sales = read("sale", "sold_on", "seller", persons)
cancellations = read("cancellation", "canceled_on", "sale", sales)

left = {k: s["amount"] for k, s in sales.items()}
for c in sorted(cancellations.values(), key=lambda c: (c["day"], place(c["id"]))):
    if c["day"] > THROUGH:
        continue
    if c["day"] < sales[c["sale"]]["day"]:
        rejects.append(["cancellation", c["row"], "canceled_on"])
    elif c["amount"] > left[c["sale"]]:
        rejects.append(["cancellation", c["row"], "amount"])
    else:
        left[c["sale"]] -= c["amount"]

def above(p):
    """The referrer, the referrer's referrer and that one's, as far as there are some."""
    chain = []
    while persons[p]["referred_by"] and len(chain) < 3:
        p = persons[p]["referred_by"]
        chain.append(p)
    return chain

on_file = sorted((dict(s, amount=left[k]) for k, s in sales.items() if s["day"] <= THROUGH and left[k] > 0), key=lambda s: (s["day"], place(s["id"])))
counted = [s for s in on_file if s["day"] >= persons[s["seller"]]["day"]]
begin, end = min(number(s["day"]) for s in on_file), min(number(THROUGH), 2026 * 4 + 3)

own, reach, volume, circle = defaultdict(set), defaultdict(set), defaultdict(F), Counter()
totals, first = defaultdict(F), set()
for s in counted:
    q, chain = number(s["day"]), above(s["seller"])
    for level, p in enumerate([s["seller"]] + chain):
        if s["day"] < persons[p]["day"]:
            continue
        volume[p, q] += s["amount"]
        if s["customer"]:
            reach[p, q].add(s["customer"])
            if not level:
                own[p, q].add(s["customer"])
        if level and s["day"].year == 2026:
            totals["override", p, q] += even(s["amount"] * F([4, 2, 1][level - 1], 100))
    if s["amount"] >= 100 and s["seller"] not in first:
        first.add(s["seller"])
        if chain and s["day"].year == 2026 and (s["day"] - persons[s["seller"]]["day"]).days <= 90 and persons[chain[0]]["day"] <= s["day"]:
            totals["welcome", chain[0], q] += min(F(75), 200 - totals["welcome", chain[0], q])
for p in persons:
    for r in above(p):
        for q in range(max(begin, number(persons[p]["day"])), end + 1):
            circle[r, q] += 1

decisions = []
for p, r in persons.items():
    if r["day"] > THROUGH:
        continue
    for q in range(max(begin, number(r["day"])), end + 1):
        now, before = len(reach[p, q]), len(reach[p, q - 1])
        for what, v in (("circle", circle[p, q]), ("customers", len(own[p, q])), ("reach", now)):
            decisions.append(["sphere", 1, "person", p, name(q), what, v])
        if q < 2026 * 4:
            continue
        decisions.append(["growth", 1, "person", p, name(q), "gained", now - before])
        if now >= 3:
            rate = F(now - before, before) if before else None
            share = 1 if rate is None else 3 if rate >= 1 else 2 if rate >= F(1, 2) else 1 if rate >= F(1, 5) else 0
            totals["growth", p, q] += min(even(volume[p, q] * share / 100), F(75))

rules = ["growth", "override", "welcome"]
rows = [[rule, "person", p, "USD", name(q), cents(v)] for (rule, p, q), v in totals.items() if v]
rows.sort(key=lambda r: (rules.index(r[0]), place(r[2]), r[4]))
if OUT:
    os.makedirs(OUT, exist_ok=True)
    for table, head, body in (("totals", "rule payee_kind payee unit period amount", rows), ("decisions", "rule version of key period name value", decisions),
                              ("rejects", "record row column", rejects)):
        with open(os.path.join(OUT, table + ".csv"), "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head.split())
            w.writerows(body)
else:
    for r in rows:
        print(*r)
    for rule in rules:
        print(f"{rule}: {cents(sum(F(r[5]) for r in rows if r[0] == rule))} USD")
