"""Corvane Networks deal registration rewards 2026, from the guide alone, in exact fractions: everything anew at each quarter's end, and the difference."""
import csv, datetime, os, re, sys
from collections import Counter
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = datetime.timedelta(1)


def option(name, otherwise=None):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


DATA, OUT, THROUGH = option("--data", os.path.join(HERE, "data")), option("--out"), option("--through")
RULES = ["commission", "milestone", "growth"]
rejects = []


def read(name):
    with open(os.path.join(DATA, name), newline="", encoding="utf-8") as f:
        return [dict(r, row=n) for n, r in enumerate(csv.DictReader(f), 1)]


def number(text):
    return Fraction(text) if re.fullmatch(r"-?\d+(\.\d{1,2})?", text) else None


def day(text):
    try:
        return datetime.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def order(key):
    return (0, int(key), "") if re.fullmatch(r"0|[1-9]\d*", key) else (1, 0, key)


def cents(x):
    """To whole cents, half to even."""
    return round(Fraction(x) * 100)


def money(c):
    return f"{'-' if c < 0 else ''}{abs(c) // 100}.{abs(c) % 100:02d}"


def quarter(d):
    return d.year * 4 + (d.month - 1) // 3


def name(q):
    return f"{q // 4}-Q{q % 4 + 1}"


def last_day(q):
    q += 1
    return datetime.date(q // 4, q % 4 * 3 + 1, 1) - DAY


persons = {r["id"] for r in read("persons.csv")}
rows = read("deals.csv")
twice = Counter(r["id"] for r in rows)
deals, returns = {}, {}
for r in rows:
    r["on"], r["closed"], r["size"] = day(r["registered_on"]), day(r["closed_on"]), number(r["amount"])
    bad = [c for c, wrong in [("id", twice[r["id"]] > 1), ("registered_on", not r["on"]), ("rep", r["rep"] and r["rep"] not in persons),
                              ("closed_on", r["closed_on"] and not r["closed"]), ("amount", r["size"] is None)] if wrong]
    rejects += [("deal", r["row"], c) for c in bad]
    if not bad:
        deals[r["id"]] = r
back = read("returns.csv")
for r in back:
    r["on"], r["size"] = day(r["returned_on"]), number(r["amount"])
taken = Counter()
for r in sorted(back, key=lambda r: (r["on"], order(r["id"]))):
    d = deals.get(r["deal"])
    known = r["on"] <= datetime.date(2026, 12, 31)
    bad = "deal" if not d else "returned_on" if r["on"] < d["on"] else "amount" if known and taken[r["deal"]] + r["size"] > d["size"] else None
    if bad:
        rejects.append(("return", r["row"], bad))
    else:
        taken[r["deal"]] += r["size"]
        returns.setdefault(r["deal"], []).append(r)

# 1: the first approved of a calendar year, whatever comes back
protected, seen = set(), set()
for k, d in sorted(deals.items(), key=lambda x: (x[1]["on"], order(x[0]))):
    place = (d["customer"], d["line"], d["on"].year)
    if d["approved"] == "yes" and place not in seen:
        seen.add(place)
        protected.add(k)
# 2, apart from what comes back: the deals that can count, in the order of closing
closing = sorted((k for k in protected if deals[k]["rep"] and deals[k]["closed"] and deals[k]["closed"].year == 2026
                  and 0 <= (deals[k]["closed"] - deals[k]["on"]).days <= 180), key=lambda k: (deals[k]["closed"], order(k)))
by_quarter = {}
for k, d in deals.items():
    if d["rep"] and d["approved"] == "yes":
        by_quarter.setdefault((d["rep"], quarter(d["on"])), []).append(k)


def left(k, on):
    return deals[k]["size"] - sum(r["size"] for r in returns.get(k, []) if r["on"] <= on)


def registrations(rep, q, on):
    return sum(left(k, on) >= 5000 for k in by_quarter.get((rep, q), []) if deals[k]["on"] <= on)


FIRST = quarter(datetime.date(2026, 1, 1))
GROWTH = {(rep, q): (registrations(rep, q, last_day(q)), registrations(rep, q - 4, last_day(q))) for q in range(FIRST, FIRST + 4) for rep in persons}


def evaluate(on):
    """All lines as known on a day, {(rule, rep, event or quarter): cents}, and the numbers of the deals that count."""
    lines, numbers, count = [], {}, Counter()
    for k in closing:
        d, amount = deals[k], left(k, on)
        if d["closed"] > on or amount < 5000:
            continue
        count[d["rep"]] += 1
        n = numbers[k] = count[d["rep"]]
        rate = Fraction(2, 100) if n < 5 else Fraction(3, 100) if n < 10 else Fraction(45, 1000)
        lines.append((d["closed"], 0, order(k), 0, d["rep"], k, min(cents(rate * amount), 120000)))
        lines.append((d["closed"], 0, order(k), 1, d["rep"], k, {5: 25000, 10: 60000, 25: 200000}.get(n, 0)))
    for (rep, q), (now, then) in GROWTH.items():
        if last_day(q) <= on and now >= 3 and then >= 1 and 4 * now >= 5 * then:
            lines.append((last_day(q), 1, order(rep), 2, rep, q, min(7500 * (now - then), 60000)))
    paid, result = Counter(), {}
    for _, _, _, rule, rep, what, c in sorted(lines, key=lambda l: l[:4]):
        c = min(c, 900000 - paid[rep])
        paid[rep] += c
        result[rule, rep, what] = c
    return result, numbers


through = day(THROUGH) if THROUGH else last_day(FIRST + 3)
totals, before, numbers = Counter(), {}, {}
for q in range(FIRST, quarter(min(through, last_day(FIRST + 3))) + 1):
    now, numbers = evaluate(min(last_day(q), through))
    for k in {**before, **now}:
        totals[k[0], k[1], name(q)] += now.get(k, 0) - before.get(k, 0)
    before = now
totals = [(RULES[r], "person", rep, "USD", q, money(c)) for (r, rep, q), c in sorted(totals.items(), key=lambda x: (x[0][0], order(x[0][1]), x[0][2])) if c]
decisions = [("counted", 1, "deal", k, name(quarter(deals[k]["closed"])), "nth", n) for k, n in numbers.items()]
for (rep, q), (now, then) in GROWTH.items():
    decisions += [("growth", 1, "person", rep, name(q), "registered", now), ("growth", 1, "person", rep, name(q), "year_before", then)]


def write(file, head, lines):
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, file), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + lines)


if OUT:
    write(f"totals@{THROUGH}.csv" if THROUGH else "totals.csv", "rule,payee_kind,payee,unit,period,amount", totals)
    if not THROUGH:
        write("decisions.csv", "rule,version,of,key,period,name,value", sorted(decisions, key=lambda d: (d[0], order(d[3]), d[4:6])))
        write("rejects.csv", "record,row,column", sorted(rejects))
elif "--quiet" not in sys.argv:
    csv.writer(sys.stdout, lineterminator="\n").writerows(totals)
