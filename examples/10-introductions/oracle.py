"""Tamarack Payroll, introductions 2026, worked out from the README alone in exact fractions."""
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

def six_months_after(d):
    year, month = d.year + (d.month + 5) // 12, (d.month + 5) % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(year, month, min(d.day, last))

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

def yes_no(text):
    if text not in ("Y", "N", ""): raise ValueError(text)
    return text == "Y"

def load(record, file, columns):
    with open(os.path.join(DATA, file + ".csv"), newline="", encoding="utf-8") as f:
        raw = list(csv.DictReader(f))
    uses, good = {}, {}
    for r in raw: uses[r["id"]] = uses.get(r["id"], 0) + 1
    for n, r in enumerate(raw, 1):
        row, bad = {"id": r["id"]}, [] if uses[r["id"]] == 1 else ["id"]
        for c, read in columns.items():
            try: row[c] = read(r[c])
            except ValueError: bad.append(c)
        rejects.extend((record, n, c) for c in bad)
        if not bad: good[r["id"]] = row
    return good

def through(rows, when):
    return sorted((r for r in rows.values() if r[when] <= THROUGH), key=lambda r: (r[when], order(r["id"])))

introducers = load("introducer", "introducers", {"enrolled_on": maybe_day})
customers = load("customer", "customers", {"public_body": yes_no})
introductions = through(load("introduction", "introductions", {"introduced_on": dt.date.fromisoformat, "introducer": known(introducers), "customer": known(customers)}), "introduced_on")
purchases = through(load("purchase", "purchases", {"bought_on": dt.date.fromisoformat, "customer": known(customers), "amount": amount}), "bought_on")
departures = through(load("departure", "departures", {"left_on": dt.date.fromisoformat, "customer": known(customers)}), "left_on")

decisions, counting, seen = [], {}, set()
for i in introductions:
    enrolled = introducers[i["introducer"]]["enrolled_on"]
    if enrolled is not None and enrolled <= i["introduced_on"] and (i["introducer"], i["customer"]) not in seen:
        seen.add((i["introducer"], i["customer"]))
        counting.setdefault(i["customer"], []).append(i)
        decisions.append(("standing", 1, "introduction", i["id"], quarter(i["introduced_on"]), "counts", "yes"))

def bounty(price):
    if price < 1000: return F(100)
    if price < 5000: return F(250)
    if price < 20000: return F(600)
    return min(price * 3 / 100, F(1500))

lines, credits, first, yearly = [], [], {}, {}
for p in purchases:
    if p["amount"] == 0 or p["customer"] in first: continue
    first[p["customer"]] = p
    p["parts"] = []
    if p["bought_on"] < FIRST or customers[p["customer"]]["public_body"]: continue
    alive = [i for i in counting.get(p["customer"], []) if i["introduced_on"] <= p["bought_on"] <= six_months_after(i["introduced_on"])]
    if not alive: continue
    winners = [i for i in alive if (i["introduced_on"] - alive[0]["introduced_on"]).days <= 14]
    whole = half_even(bounty(p["amount"]) * 100)
    each, spare = divmod(whole, len(winners))
    for place, i in enumerate(sorted(winners, key=lambda i: (order(i["introducer"]), i["introduced_on"], order(i["id"])))):
        part = each + (place < spare)
        credits.append(("bounties", "purchase", p["id"], i["id"], i["introducer"], money(part)))
        paid = min(part, 180000 - yearly.get(i["introducer"], 0))
        yearly[i["introducer"]] = yearly.get(i["introducer"], 0) + paid
        p["parts"].append((i["introducer"], paid))
        lines.append((p["bought_on"], 0, order(p["id"]), place, "purchase", p["id"], i["introducer"], paid))
left = set()
for d in departures:
    p = first.get(d["customer"])
    if p is None or d["customer"] in left or not 0 <= (d["left_on"] - p["bought_on"]).days <= 90: continue
    left.add(d["customer"])
    for place, (who, paid) in enumerate(p["parts"]):
        lines.append((d["left_on"], 1, order(d["id"]), place, "departure", d["id"], who, -paid))

totals, waiting = {}, {}
for line in sorted(lines):
    if not line[7]: continue
    account = waiting.setdefault(line[6], [])
    account.append(line)
    if sum(l[7] for l in account) >= 25000:
        for l in account:
            totals[l[6], quarter(l[0])] = totals.get((l[6], quarter(l[0])), 0) + l[7]
        account.clear()
held = [("bounties", "introducer", who, "USD", l[4], l[5], quarter(l[0]), money(l[7])) for who in sorted(waiting, key=order) for l in waiting[who]]
rows = [("bounties", "introducer", who, "USD", q, money(c)) for (who, q), c in sorted(totals.items(), key=lambda t: (order(t[0][0]), t[0][1])) if c]
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
        write("held", "rule,payee_kind,payee,unit,event,key,period,amount", held)
        write("rejects", "record,row,column", rejects)
