"""Corvid Instruments, referral influence 2026, worked out from the README alone in exact fractions."""
import csv, datetime as dt, os, re, sys
from fractions import Fraction as F

def option(name, otherwise):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise

HERE = os.path.dirname(os.path.abspath(__file__))
DATA, OUT = option("--data", os.path.join(HERE, "data")), option("--out", None)
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
THROUGH = dt.date.fromisoformat(option("--through", LAST.isoformat()))
rejects = []

def order(key):
    return (0, int(key), "") if re.fullmatch(r"0|[1-9][0-9]*", key) else (1, 0, key)

def quarter(d):
    return f"{d.year}-Q{(d.month + 2) // 3}"

def money(cents):
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"

def half_even(x):
    whole, rest = divmod(x, 1)
    return int(whole) + (rest > F(1, 2) or (rest == F(1, 2) and whole % 2 == 1))

def next_year(d):
    return dt.date(d.year + 1, 2, 28) if (d.month, d.day) == (2, 29) else d.replace(year=d.year + 1)

def maybe_day(text):
    return dt.date.fromisoformat(text) if text else None

def amount(text):
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,2})?", text): raise ValueError(text)
    return F(text)

def known(rows):
    def read(text):
        if text not in rows: raise ValueError(text)
        return text
    return read

def one_of(words):
    def read(text):
        if text not in words: raise ValueError(text)
        return text
    return read

def load(record, file, columns):
    with open(os.path.join(DATA, file + ".csv"), newline="", encoding="utf-8") as f:
        raw = list(csv.DictReader(f))
    uses, good = {}, {}
    for r in raw: uses[r["id"]] = uses.get(r["id"], 0) + 1
    for n, r in enumerate(raw, 1):
        row, bad = {"id": r["id"], "row": n}, [] if uses[r["id"]] == 1 else ["id"]
        for c, read in columns.items():
            try: row[c] = read(r[c])
            except ValueError: bad.append(c)
        rejects.extend((record, n, c) for c in bad)
        if not bad: good[r["id"]] = row
    return good

def through(rows, when):
    return sorted((r for r in rows.values() if r[when] <= THROUGH), key=lambda r: (r[when], order(r["id"])))

day = dt.date.fromisoformat
WEIGHT = {"mention": 0, "talk": 1, "call": 2, "visit": 3, "pilot": 5}
RATE = {"microscopes": F(5, 100), "spectrometers": F(4, 100), "centrifuges": F(4, 100), "automation": F(6, 100), "software": F(8, 100),
        "reagents": F(25, 1000), "training": F(10, 100), "parts": F(1, 100)}
advisors = load("advisor", "advisors", {"agreement_ends": maybe_day})
touches = through(load("touch", "touches", {"touched_on": day, "advisor": known(advisors), "customer": str, "kind": one_of(WEIGHT), "reported_on": maybe_day}), "touched_on")
namings = through(load("naming", "namings", {"named_on": day, "customer": str, "advisor": known(advisors)}), "named_on")
every = load("purchase", "purchases", {"bought_on": day, "customer": str, "line": one_of(RATE), "amount": amount})
purchases = through(every, "bought_on")
returns = through(load("return", "returns", {"returned_on": day, "purchase": known(every), "amount": amount}), "returned_on")

def in_force(advisor, on):
    ends = advisors[advisor]["agreement_ends"]
    return ends is None or ends >= on

def halving(days, memo={}):
    """2 to the power of -days/45, rounded to 18 decimals in whole numbers: the w with w^45 * 2^days nearest to 10^810."""
    if days not in memo:
        low, high = 0, 10 ** 18
        while low < high:
            middle = (low + high + 1) // 2
            if middle ** 45 << days <= 10 ** 810: low = middle
            else: high = middle - 1
        memo[days] = low + ((2 * low + 1) ** 45 << days < 10 ** 810 << 45)
    return memo[days]

def shares(line, found, on):
    n = len(found)
    if line == "microscopes": return [1] * n
    if line == "spectrometers": return [1] + [0] * (n - 1)
    if line == "centrifuges": return [0] * (n - 1) + [1]
    if line == "automation": return [1] * n if n < 3 else [F(40)] + [F(20, n - 2)] * (n - 2) + [F(40)]
    if line == "software": return [WEIGHT[t["kind"]] for t in found]
    if line == "reagents": return [halving((on - t["touched_on"]).days) for t in found]

def divide(line, fee, found, on):
    """The cents of each touch, or None where nobody gets anything."""
    if line == "training":
        parts = []
        for t in found: parts.append(min(6000, fee - sum(parts)))
        return parts
    if line == "parts": return [fee] * len(found)
    weights = shares(line, found, on)
    if not sum(weights): return None
    exact = [F(fee) * w / sum(weights) for w in weights]
    parts = [int(e) for e in exact]
    spare = sorted(range(len(found)), key=lambda i: (parts[i] - exact[i], order(found[i]["advisor"]), i))
    for i in spare[:fee - sum(parts)]: parts[i] += 1
    return parts

decisions, of_customer, reached = [], {}, {}
for t in touches:
    in_time = t["reported_on"] is not None and 0 <= (t["reported_on"] - t["touched_on"]).days <= 14
    counts = in_time and in_force(t["advisor"], t["touched_on"])
    decisions.append(("evidence", 1, "touch", t["id"], quarter(t["touched_on"]), "counts", "yes" if counts else "no"))
    if counts:
        of_customer.setdefault(t["customer"], []).append(t)
        reached.setdefault((t["advisor"], quarter(t["touched_on"])), set()).add(t["customer"])
named_by = {}
for n in namings:
    if in_force(n["advisor"], n["named_on"]): named_by.setdefault(n["customer"], []).append(n)

RULES = ["named_fee", *RATE]
totals, credits, uncredited, first, moved, paid = {}, [], [], {}, {}, {}
def pay(rule, advisor, on, cents):
    totals[rule, advisor, quarter(on)] = totals.get((rule, advisor, quarter(on)), 0) + cents
for p in purchases:
    on, line = p["bought_on"], p["line"]
    begin = first.setdefault(p["customer"], on)
    word = next((n for n in named_by.get(p["customer"], []) if n["named_on"] <= on < next_year(n["named_on"])), None)
    in_year = on < next_year(begin)
    decisions.append(("standing", 1, "purchase", p["id"], quarter(on), "in_year", "yes" if in_year else "no"))
    if word: decisions.append(("standing", 1, "purchase", p["id"], quarter(on), "named", word["advisor"]))
    if on < FIRST or not in_year: continue
    fee = half_even(p["amount"] * RATE[line] * 100)
    if word:
        paid[p["id"]] = [("named_fee", word["advisor"], fee)]
    else:
        found = [t for t in of_customer.get(p["customer"], []) if 0 <= (on - t["touched_on"]).days <= 180]
        parts = divide(line, fee, found, on) if found else None
        if parts is None:
            uncredited.append((line, "purchase", p["id"], money(fee)))
        credits += [(line, "purchase", p["id"], t["id"], t["advisor"], money(c)) for t, c in zip(found, parts or [])]
        paid[p["id"]] = [(line, t["advisor"], c) for t, c in zip(found, parts or [])]
        for t in found if line == "microscopes" else []:
            moved[t["advisor"], quarter(on)] = moved.get((t["advisor"], quarter(on)), 0) + p["amount"] / len(found)
    for rule, who, c in paid[p["id"]]: pay(rule, who, on, c)
back = {}
for r in returns:
    p = every[r["purchase"]]
    before = back.get(p["id"], F(0))
    if r["returned_on"] < p["bought_on"]: rejects.append(("return", r["row"], "returned_on")); continue
    if before + r["amount"] > p["amount"]: rejects.append(("return", r["row"], "amount")); continue
    back[p["id"]] = before + r["amount"]
    for rule, who, c in paid.get(p["id"], []):
        pay(rule, who, r["returned_on"], half_even(c * before / p["amount"]) - half_even(c * back[p["id"]] / p["amount"]))

def decimal(cents):
    return money(cents).rstrip("0").rstrip(".")
for a in sorted(advisors, key=order):
    for q in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
        decisions.append(("influence", 1, "advisor", a, q, "reached", str(len(reached.get((a, q), ())))))
        decisions.append(("influence", 1, "advisor", a, q, "microscope_sales", decimal(half_even(moved.get((a, q), F(0)) * 100))))

rows = [(r, "advisor", a, "USD", q, money(c)) for (r, a, q), c in sorted(totals.items(), key=lambda t: (RULES.index(t[0][0]), order(t[0][1]), t[0][2])) if c]
if OUT is None:
    for r in rows: print(*r)
else:
    os.makedirs(OUT, exist_ok=True)
    def write(name, head, body):
        with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, lineterminator="\n").writerows([head.split(","), *body])
    write("totals" if THROUGH == LAST else f"totals@{THROUGH}", "rule,payee_kind,payee,unit,period,amount", rows)
    if THROUGH == LAST:
        write("decisions", "rule,version,of,key,period,name,value", decisions)
        write("credits", "rule,event,key,found_key,payee,amount", credits)
        write("uncredited", "rule,event,key,amount", uncredited)
        write("rejects", "record,row,column", rejects)
