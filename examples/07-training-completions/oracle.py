"""Larkfield learning rewards 2026, from the guide alone, in exact fractions."""
import csv, datetime, os, re, sys
from collections import Counter, defaultdict
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = datetime.timedelta(1)


def option(name, otherwise=None):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


DATA, OUT = option("--data", os.path.join(HERE, "data")), option("--out")
THROUGH = datetime.date.fromisoformat(option("--through", "2026-12-31"))
RULES = ["points", "cash", "track_bonus", "exchange"]
STEPS = [(800, 12000), (500, 6250), (200, 2000)]


def read(name):
    with open(os.path.join(DATA, name), newline="", encoding="utf-8") as f:
        return [dict(r, row=n) for n, r in enumerate(csv.DictReader(f), 1)]


def day(text):
    try:
        return datetime.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def percent(text):
    return Fraction(text[:-1]) / 100 if re.fullmatch(r"\d+(\.\d{1,2})?%", text) else None


def order(key):
    return (0, int(key), "") if re.fullmatch(r"0|[1-9]\d*", key) else (1, 0, key)


def money(c):
    return f"{c // 100}.{c % 100:02d}"


def quarter(d):
    return d.year * 4 + (d.month - 1) // 3


def name(q):
    return f"{q // 4}-Q{q % 4 + 1}"


def last_day(q):
    q += 1
    return datetime.date(q // 4, q % 4 * 3 + 1, 1) - DAY


persons = {r["id"] for r in read("persons.csv")}
bonus = {r["id"]: round(Fraction(r["bonus"]) * 100) for r in read("tracks.csv")}
courses = {r["id"]: r for r in read("courses.csv")}
tracks = defaultdict(list)
for k, c in courses.items():
    c["first"], c["last"] = day(c["launched_on"]), day(c["retired_on"]) or datetime.date.max
    c["mark"], c["worth"], c["cash"] = percent(c["pass_mark"]), int(c["worth"]), round(Fraction(c["cash"] or 0) * 100)
    tracks[c["track"]].append(k)


def offered(course, on):
    return courses[course]["first"] <= on <= courses[course]["last"]


rows, rejects = read("completions.csv"), []
twice = Counter(r["id"] for r in rows)
good = []
for r in rows:
    r["on"], r["mark"] = day(r["completed_on"]), percent(r["score"])
    bad = [c for c, wrong in [("id", twice[r["id"]] > 1), ("completed_on", not r["on"]), ("person", r["person"] not in persons),
                              ("course", r["course"] not in courses), ("score", r["score"] and r["mark"] is None)] if wrong]
    rejects += [("completion", r["row"], c) for c in bad]
    if not bad and r["on"] <= THROUGH:
        good.append(r)
good.sort(key=lambda r: (r["on"], order(r["id"])))

# the first pass of each course, and its attempt
attempts, passes, first = Counter(), [], {}
for r in good:
    c, place = courses[r["course"]], (r["person"], r["course"])
    exam = c["mark"] is not None
    if not exam or r["mark"] is not None:
        attempts[place] += 1
    if (not exam or (r["mark"] is not None and r["mark"] >= c["mark"])) and offered(r["course"], r["on"]) and place not in first:
        first[place] = r["on"]
        r["attempt"] = attempts[place]
        passes.append(r)

totals, moves, completed = Counter(), [], set()
got, cash, accounts = Counter(), Counter(), defaultdict(list)


def pay(rule, r, unit, amount, on):
    totals[rule, r, unit, name(quarter(on))] += amount


def move(person, lot, when, kind, amount):
    lot[2] += amount
    moves.append(["points_account", person, lot[0], when, kind, amount, lot[2]])


def close(q):
    """The exchange on the last day of a quarter, and what expires on it."""
    for person in sorted(accounts, key=order):
        lots = accounts[person]
        step, worth = next((s for s in STEPS if s[0] <= sum(l[2] for l in lots)), (0, 0))
        if step:
            pay("exchange", person, "USD", worth, last_day(q))
        for lot in lots:
            part = min(lot[2], step)
            step -= part
            if part:
                move(person, lot, last_day(q), "taken", -part)
        for lot in lots:
            if lot[1] + 2 == q and lot[2]:
                move(person, lot, last_day(q), "expired", -lot[2])


FIRST = quarter(datetime.date(2026, 1, 1))
q = FIRST
for r in passes:
    person, c, on = r["person"], courses[r["course"]], r["on"]
    while quarter(on) > q:
        close(q)
        q += 1
    needed = [first.get((person, k), on + DAY) for k in tracks[c["track"]] if offered(k, on)] if c["track"] else []
    complete = needed and max(needed) <= on and (person, c["track"]) not in completed
    if complete:
        completed.add((person, c["track"]))
    if quarter(on) < FIRST:
        continue
    p = min(c["worth"] // {1: 1, 2: 2}.get(r["attempt"], 4), 900 - got[person])
    got[person] += p
    if p:
        pay("points", person, "points", p, on)
        accounts[person].append([r["id"], quarter(on), 0])
        move(person, accounts[person][-1], on, "added", p)
    for rule, amount in [("cash", c["cash"]), ("track_bonus", bonus[c["track"]] if complete else 0)]:
        amount = min(amount, 60000 - cash[person])
        cash[person] += amount
        pay(rule, person, "USD", amount, on)
while last_day(q) <= THROUGH:
    close(q)
    q += 1
totals = [(r, "person", p, u, q, n if u == "points" else money(n))
          for (r, p, u, q), n in sorted(totals.items(), key=lambda x: (RULES.index(x[0][0]), order(x[0][1]), x[0][3])) if n]
decisions = [("passes", 1, "completion", r["id"], name(quarter(r["on"])), "attempt", r["attempt"]) for r in sorted(passes, key=lambda r: order(r["id"]))]


def write(file, head, lines):
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, file), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + lines)


if OUT:
    write("totals.csv" if "--through" not in sys.argv else f"totals@{THROUGH}.csv", "rule,payee_kind,payee,unit,period,amount", totals)
    if "--through" not in sys.argv:
        write("decisions.csv", "rule,version,of,key,period,name,value", decisions)
        write("movements.csv", "balance,key,lot,when,kind,amount,left", moves)
        write("rejects.csv", "record,row,column", sorted(rejects))
elif "--quiet" not in sys.argv:
    csv.writer(sys.stdout, lineterminator="\n").writerows(totals)
