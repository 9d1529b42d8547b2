"""Brightwater sales goals, fiscal year 2026, from the guide alone, in exact fractions."""
import csv, datetime, os, re, sys
from collections import Counter
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = datetime.timedelta(1)


def option(name, otherwise=None):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


DATA, OUT = option("--data", os.path.join(HERE, "data")), option("--out")
THROUGH = datetime.date.fromisoformat(option("--through", "2026-06-30"))
RULES = ["payout", "draw", "recovery"]
POINTS = [(60, 30), (85, 70), (100, 100), (125, 175), (150, 300)]


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


def plain(x):
    """A number of at most four decimals, without zeros at its end."""
    return f"{'-' if x < 0 else ''}{abs(x) // 1}.{abs(x) % 1 * 10000 // 1:04d}".rstrip("0").rstrip(".")


def month_start(m):
    """The first day of fiscal month m, counted from 0."""
    return datetime.date(2025 + (m + 6) // 12, (m + 6) % 12 + 1, 1)


def curve(a):
    """The share of the target payout, in percent, for an attainment in percent."""
    if a < POINTS[0][0]:
        return 0
    for (x0, y0), (x1, y1) in zip(POINTS, POINTS[1:]):
        if a <= x1:
            return y0 + Fraction(y1 - y0, x1 - x0) * (a - x0)
    return POINTS[-1][1]


persons = {r["id"]: r for r in read("persons.csv")}
for p in persons.values():
    p["from"], p["to"] = day(p["hired_on"]), day(p["left_on"]) or datetime.date.max
rejects, goals, sales = [], {}, []
lines = read("goals.csv")
twice = Counter((r["person"], r["quarter"]) for r in lines)
for r in lines:
    r["goal"], r["payout"] = number(r["goal"]), number(r["payout"])
    bad = [c for c, wrong in [("person", r["person"] not in persons or twice[r["person"], r["quarter"]] > 1),
                              ("goal", r["goal"] is None or r["goal"] < 1000)] if wrong]
    rejects += [("goal", r["row"], c) for c in bad]
    if not bad:
        goals[r["person"], r["quarter"]] = r
rows = read("sales.csv")
twice = Counter(r["id"] for r in rows)
sold = Counter()
for r in rows:
    on, amount = day(r["sold_on"]), number(r["amount"])
    bad = [c for c, wrong in [("id", twice[r["id"]] > 1), ("sold_on", not on), ("rep", r["rep"] and r["rep"] not in persons),
                              ("amount", amount is None)] if wrong]
    rejects += [("sale", r["row"], c) for c in bad]
    if not bad and r["rep"] and month_start(0) <= on <= THROUGH and persons[r["rep"]]["from"] <= on <= persons[r["rep"]]["to"]:
        sold[r["rep"], ((on.year - 2025) * 12 + on.month - 7) // 3] += amount


def share(p, first, last):
    """Days employed over the days from first to last."""
    days = (min(p["to"], last) - max(p["from"], first)).days + 1
    return Fraction(max(days, 0), (last - first).days + 1)


totals, moves, decisions, owed = Counter(), [], [], {k: [] for k in persons}


def move(person, lot, when, kind, c):
    lot[1] += c
    moves.append(("draw_owed", person, lot[0], when, kind, money(c), money(lot[1])))


for m in range(12):
    first, last = month_start(m), month_start(m + 1) - DAY
    if last > THROUGH:
        break
    for k in sorted(persons, key=order):
        p = persons[k]
        if p["draw"]:
            advance = min(cents(number(p["draw"]) * share(p, first, last)), 750000 - sum(lot[1] for lot in owed[k]))
            if advance > 0:
                name = f"FY2026-M{m + 1:02d}"
                owed[k].append([name, 0])
                move(k, owed[k][-1], last, "added", advance)
                totals["draw", k, name] += advance
    if m % 3 < 2:
        continue
    q, first = m // 3, month_start(m - 2)
    name = f"FY2026-Q{q + 1}"
    for k in sorted(persons, key=order):
        p, line = persons[k], goals.get((k, name))
        part = share(p, first, last)
        if not line or not part:
            continue
        goal = line["goal"] if part == 1 else int(part * line["goal"] + Fraction(1, 2))
        attainment = sold[k, q] / goal
        attainment = Fraction(int(attainment * 10000), 10000)
        decisions.append(("payout", 1, "person", k, name, "attainment", plain(attainment)))
        payout = cents(Fraction(curve(attainment * 100), 100) * part * line["payout"])
        hired = (p["from"].year - 2025) * 12 + p["from"].month - 7
        if q - hired // 3 <= 1:
            payout = max(payout, -int(-(Fraction(8, 10) * part * line["payout"] * 100) // 1))
        totals["payout", k, name] += payout
        for lot in owed[k]:
            back = min(lot[1], payout)
            payout -= back
            totals["recovery", k, name] -= back
            if back:
                move(k, lot, last, "taken", -back)
totals = [(r, "person", k, "USD", period, money(c))
          for (r, k, period), c in sorted(totals.items(), key=lambda x: (RULES.index(x[0][0]), order(x[0][1]), x[0][2])) if c]
suffix = "" if "--through" not in sys.argv else f"@{THROUGH}"


def write(file, head, lines):
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, file), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + lines)


if OUT:
    write(f"totals{suffix}.csv", "rule,payee_kind,payee,unit,period,amount", totals)
    if not suffix:
        write("decisions.csv", "rule,version,of,key,period,name,value", sorted(decisions, key=lambda d: (order(d[3]), d[4])))
        write("movements.csv", "balance,key,lot,when,kind,amount,left", moves)
        write("rejects.csv", "record,row,column", sorted(rejects))
elif "--quiet" not in sys.argv:
    csv.writer(sys.stdout, lineterminator="\n").writerows(totals)
