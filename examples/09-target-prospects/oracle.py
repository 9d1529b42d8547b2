"""Halyard Data, target prospects 2026, worked out from the README alone in exact fractions."""
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

def days(text):
    return dt.date.fromisoformat(text)

def amount(text):
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,2})?", text): raise ValueError(text)
    return F(text)

def known(rows):
    def read(text):
        if text not in rows: raise ValueError(text)
        return text
    return read

def one_of(*words):
    def read(text):
        if text not in words: raise ValueError(text)
        return words.index(text)
    return read

def maybe(read):
    return lambda text: read(text) if text else None

def count(text):
    if not re.fullmatch(r"[0-9]+", text): raise ValueError(text)
    return int(text)

def load(record, file, columns, key=("id",)):
    with open(os.path.join(DATA, file + ".csv"), newline="", encoding="utf-8") as f:
        raw = list(csv.DictReader(f))
    keys = [tuple(r[k] for k in key) for r in raw]
    uses, good = {}, {}
    for k in keys: uses[k] = uses.get(k, 0) + 1
    for n, (r, k) in enumerate(zip(raw, keys), 1):
        row, bad = {"id": r.get("id")}, [] if uses[k] == 1 else [key[0]]
        for c, read in columns.items():
            try: row[c] = read(r[c])
            except ValueError: bad.append(c)
        rejects.extend((record, n, c) for c in bad)
        if not bad:
            row["row"] = n
            good[k if len(key) > 1 else k[0]] = row
    return good

RANKS = ("Staff", "Manager", "Director", "VP", "Chief")
sellers = load("seller", "sellers", {})
accounts = load("account", "accounts", {"customer_since": maybe(days)})
targets = load("target", "targets", {"account": known(accounts), "quarter": str, "priority": one_of("standard", "strategic")}, ("account", "quarter"))
contacts = load("contact", "contacts", {"account": known(accounts), "rank": maybe(one_of(*RANKS))})
meetings = load("meeting", "meetings", {"held_on": days, "seller": known(sellers), "contact": known(contacts), "minutes": count, "reported_on": maybe(days)})
opportunities = load("opportunity", "opportunities", {"opened_on": days, "account": known(accounts), "value": amount})
voids = load("void", "voids", {"voided_on": days, "meeting": known(meetings)})

gone = set()
for v in sorted(voids.values(), key=lambda v: (v["voided_on"], order(v["id"]))):
    if v["voided_on"] > THROUGH: continue
    if v["voided_on"] < meetings[v["meeting"]]["held_on"]: rejects.append(("void", v["row"], "voided_on"))
    elif v["meeting"] in gone: rejects.append(("void", v["row"], "meeting"))
    else: gone.add(v["meeting"])

def customer(account, day):
    since = accounts[account]["customer_since"]
    return since is not None and since <= day

standing = sorted((m for m in meetings.values() if m["held_on"] <= THROUGH and m["id"] not in gone), key=lambda m: (m["held_on"], order(m["id"])))
decisions, of_account = [], {}
for m in standing:
    m["account"] = contacts[m["contact"]]["account"]
    m["rank"] = contacts[m["contact"]]["rank"]
    m["target"] = targets.get((m["account"], quarter(m["held_on"])))
    in_time = m["reported_on"] is not None and 0 <= (m["reported_on"] - m["held_on"]).days <= 7
    m["valid"] = bool(m["target"]) and not customer(m["account"], m["held_on"]) and m["minutes"] >= 20 and in_time
    m["qualified"] = m["valid"] and m["rank"] is not None and m["rank"] >= 2
    of_account.setdefault(m["account"], []).append(m)
    for name in ("valid", "qualified"):
        decisions.append(("meeting_check", 1, "meeting", m["id"], quarter(m["held_on"]), name, "yes" if m[name] else "no"))

FEE = [[12000, 18000, 27500], [20000, 30000, 45000]]
lines, credits, monthly, met, wide = [], [], {}, set(), set()
for m in standing:
    if m["held_on"] < FIRST: continue
    if m["qualified"] and m["account"] not in met:
        met.add(m["account"])
        fee = FEE[m["target"]["priority"]][m["rank"] - 2]
        month = m["seller"], m["held_on"].month
        paid = min(fee, 70000 - monthly.get(month, 0))
        monthly[month] = monthly.get(month, 0) + paid
        lines.append((m["held_on"], 0, order(m["id"]), "first_meetings", m["seller"], paid))
    if m["valid"] and (m["account"], quarter(m["held_on"])) not in wide:
        near = [x for x in of_account[m["account"]] if x["valid"] and 0 <= (m["held_on"] - x["held_on"]).days <= 30]
        if len({x["contact"] for x in near}) >= 3 and any(x["qualified"] for x in near):
            wide.add((m["account"], quarter(m["held_on"])))
            each, spare = divmod(50000, len(near))
            for i, x in enumerate(sorted(near, key=lambda x: (order(x["seller"]), x["held_on"], order(x["id"])))):
                part = each + (i < spare)
                credits.append(("breadth", "meeting", m["id"], x["id"], x["seller"], money(part)))
                lines.append((m["held_on"], 0, order(m["id"]), "breadth", x["seller"], part))
opened = set()
for o in sorted(opportunities.values(), key=lambda o: (o["opened_on"], order(o["id"]))):
    if not FIRST <= o["opened_on"] <= THROUGH or customer(o["account"], o["opened_on"]) or o["account"] in opened: continue
    near = [x for x in of_account.get(o["account"], []) if x["qualified"] and 0 <= (o["opened_on"] - x["held_on"]).days <= 90]
    if near:
        opened.add(o["account"])
        due = min(max(half_even(o["value"] / 2), 10000), 75000)
        lines.append((o["opened_on"], 1, order(o["id"]), "openings", near[-1]["seller"], due))

RULES = ["first_meetings", "breadth", "openings"]
totals, capped = {}, {}
for day, event, key, rule, seller, cents in sorted(lines, key=lambda l: (*l[:3], RULES.index(l[3]))):
    cap = seller, quarter(day)
    paid = min(cents, 90000 - capped.get(cap, 0))
    capped[cap] = capped.get(cap, 0) + paid
    totals[rule, seller, cap[1]] = totals.get((rule, seller, cap[1]), 0) + paid

for s in sorted(sellers, key=order):
    for q in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
        if THROUGH >= dt.date(2026, int(q[-1]) * 3 - 2, 1):
            reached = {m["account"] for m in standing if m["qualified"] and m["seller"] == s and quarter(m["held_on"]) == q}
            decisions.append(("reach", 1, "seller", s, q, "targets_met", str(len(reached))))

rows = [(r, "seller", s, "USD", q, money(c)) for (r, s, q), c in sorted(totals.items(), key=lambda t: (RULES.index(t[0][0]), order(t[0][1]), t[0][2])) if c]
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
        write("rejects", "record,row,column", rejects)
