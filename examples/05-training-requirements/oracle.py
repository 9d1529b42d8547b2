"""Quillmark training requirements 2026, from the guide: who is certified is counted on every single day."""
import argparse, csv, datetime as dt, os, re
from collections import Counter, defaultdict
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
args = argparse.ArgumentParser()
args.add_argument("--data", default=os.path.join(HERE, "data"))
args.add_argument("--out")
args.add_argument("--through")
args.add_argument("--quiet", action="store_true")
args = args.parse_args()
DAY, LAST = dt.timedelta(1), dt.date.fromisoformat(args.through or "2026-12-31")


def read(name):
    with open(os.path.join(args.data, name + ".csv"), newline="", encoding="utf-8") as f:
        return list(enumerate(csv.DictReader(f), 1))


def write(name, head, rows):
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head] + rows)


def money(text):
    return F(text) if re.fullmatch(r"-?\d+(\.\d{1,2})?", text) else None


def plain(text):
    return money(text) is not None and money(text) >= 0


def day(text):
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def cents(x):
    """Half a cent to the even cent, as whole cents."""
    return round(x * 100)


def show(c):
    return f"{'-' if c < 0 else ''}{abs(c) // 100}.{abs(c) % 100:02d}"


def key_order(k):
    return (0, int(k), "") if re.fullmatch(r"0|[1-9]\d*", k) else (1, 0, k)


def quarter(d):
    return d.year, (d.month + 2) // 3


def days_of(y, q):
    first = dt.date(y, 3 * q - 2, 1)
    return first, dt.date(y + q // 4, 3 * q % 12 + 1, 1) - DAY


def before(y, q):
    return (y, q - 1) if q > 1 else (y - 1, 4)


rejects = []


def good(record, checks, unique=True):
    """The rows none of whose cells is bad."""
    rows, kept = read(record), []
    known = Counter(r["id"] for _, r in rows)
    for n, r in rows:
        bad = ["id"] * (unique and known[r["id"]] > 1) + [column for column, ok in checks(r) if not ok]
        rejects.extend([record, n, column] for column in bad)
        if not bad:
            kept.append(dict(r, row=n))
    return kept


partners = {r["id"] for r in good("partner", lambda r: [])}
known = lambda r: ("partner", r["partner"] in partners)
NEED = {"authorized": (1, 0, F(1, 100)), "select": (2, 1, F(2, 100)), "premier": (3, 2, F(35, 1000))}
spans = defaultdict(list)
for r in good("partner_history", lambda r: [("id", r["id"] in partners), ("from", day(r["from"])), ("to", not r["to"] or day(r["to"])), ("level", r["level"] in NEED)], False):
    spans[r["id"]].append((day(r["from"]), day(r["to"]) or dt.date.max, r["level"], r["row"]))
for p, mine in spans.items():
    wrong = [s for s in mine if s[1] < s[0]]
    mine = [s for s in mine if s not in wrong]
    shared = [s for s in mine if any(s is not t and s[0] <= t[1] and t[0] <= s[1] for t in mine)]
    rejects += [["partner_history", s[3], "to"] for s in wrong] + [["partner_history", s[3], "from"] for s in shared]
    spans[p] = [s for s in mine if s not in shared]
certificates = good("certificate", lambda r: [("issued_on", day(r["issued_on"])), known(r), ("person", r["person"]), ("valid_to", not r["valid_to"] or day(r["valid_to"]))])
courses = good("course", lambda r: [("completed_on", day(r["completed_on"])), known(r), ("person", r["person"])])
sales = {r["id"]: dict(r, day=day(r["sold_on"]), back=[]) for r in good("sale", lambda r: [
    ("sold_on", day(r["sold_on"])), known(r), ("registered", r["registered"] in ("yes", "no")), ("amount", plain(r["amount"]))])}
returns = good("return", lambda r: [("returned_on", day(r["returned_on"])), ("sale", r["sale"] in sales), ("amount", plain(r["amount"]))])
for r in sorted(returns, key=lambda r: (day(r["returned_on"]), key_order(r["id"]))):
    s, d = sales[r["sale"]], day(r["returned_on"])
    if d > LAST:
        continue                            # left for a later statement
    if d < s["day"]:
        rejects.append(["return", r["row"], "returned_on"])
    elif money(r["amount"]) > money(s["amount"]) - sum(a for _, a in s["back"]):
        rejects.append(["return", r["row"], "amount"])
    else:
        s["back"].append((d, money(r["amount"])))


def net(s, until):
    return money(s["amount"]) - sum(a for d, a in s["back"] if d <= until)


held, trained, sold = defaultdict(list), defaultdict(list), defaultdict(list)
dates = []
for c in certificates:
    if day(c["issued_on"]) <= LAST:
        held[c["partner"]].append((day(c["issued_on"]), day(c["valid_to"]) or dt.date.max, c["person"]))
        dates.append(day(c["issued_on"]))
for c in courses:
    if day(c["completed_on"]) <= LAST:
        trained[c["partner"]].append((day(c["completed_on"]), c["person"]))
        dates.append(day(c["completed_on"]))
for s in sales.values():
    sold[s["partner"], quarter(s["day"])].append(s)

first, last = quarter(min(dates)), quarter(LAST)
paid, decisions, met = Counter(), [], {}
tell = lambda rule, of, key, period, name, value: decisions.append([rule, 1, of, key, "%d-Q%d" % period, name, value])
q = first
while q <= last:
    begin, end = days_of(*q)
    for p in partners:
        level = next((s[2] for s in spans[p] if s[0] <= end <= s[1]), None)
        if level is None:
            continue
        engineers, people, rate = NEED[level]
        here = [h for h in held[p] if h[0] <= end and h[1] >= begin]
        lowest, since, d = None, None, begin
        while d <= end:
            n = len({h[2] for h in here if h[0] <= d <= h[1]})
            lowest = n if lowest is None else min(lowest, n)
            since = d if since is None and n < engineers else since
            d += DAY
        window = dt.date(end.year - 1, end.month, 1)
        window = dt.date(window.year + window.month // 12, window.month % 12 + 1, 1)
        n = len({who for d, who in trained[p] if window <= d <= end})
        met[p, q] = lowest >= engineers and n >= people
        tell("standing", "partner", p, q, "lowest", lowest)
        tell("standing", "partner", p, q, "trained", n)
        tell("standing", "partner", p, q, "met", "yes" if met[p, q] else "no")
        if since:
            tell("shortage", "partner", p, q, "short_since", since)
        if q[0] == 2026:
            amount = cents(rate * sum(net(s, min(end, LAST)) for s in sold[p, q] if s["day"] <= LAST))
            if met[p, q]:
                paid["rebate", p, q] = amount
            else:
                tell("lost_rebates", "partner", p, q, "rebate_lost", show(amount))
    q = (q[0], q[1] + 1) if q[1] < 4 else (q[0] + 1, 1)
for (p, q), some in sold.items():
    for s in some:
        amount = net(s, min(s["day"] + 60 * DAY, LAST))
        if q[0] == 2026 and s["day"] <= LAST and s["registered"] == "yes" and (p, before(*q)) in met and amount > 0:
            if met[p, before(*q)]:
                paid["registered_sales", p, q] += cents(amount * F(3, 100))
            else:
                tell("lost_bonuses", "sale", s["id"], q, "bonus_lost", show(cents(amount * F(3, 100))))
totals = sorted(([rule, "partner", p, "USD", "%d-Q%d" % q, show(c)] for (rule, p, q), c in paid.items() if c), key=lambda t: (-ord(t[0][2]), key_order(t[2]), t[4]))
decisions.sort(key=lambda t: (t[0], key_order(t[3]), t[4]))
if args.out:
    write("totals" + (f"@{LAST}" if args.through else ""), ["rule", "payee_kind", "payee", "unit", "period", "amount"], totals)
    if not args.through:
        write("decisions", ["rule", "version", "of", "key", "period", "name", "value"], decisions)
        write("rejects", ["record", "row", "column"], rejects)
elif not args.quiet:
    for t in totals + [t for t in decisions if t[5] in ("short_since", "rebate_lost", "bonus_lost")]:
        print(*t, sep=",")
