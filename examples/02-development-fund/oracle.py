"""Fennel Street development fund 2026, from the guide: the days one after the other, with one ledger of lots for each fund."""
import argparse, csv, datetime as dt, os, re
from collections import Counter
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
args = argparse.ArgumentParser()
args.add_argument("--data", default=os.path.join(HERE, "data"))
args.add_argument("--out")
args.add_argument("--through")
args.add_argument("--quiet", action="store_true")
args = args.parse_args()
FIRST, LAST = dt.date(2026, 1, 1), dt.date.fromisoformat(args.through or "2026-12-31")


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
    """Half a cent to the even cent, as whole cents."""
    return round(x * 100)


def show(c):
    return f"{'-' if c < 0 else ''}{abs(c) // 100}.{abs(c) % 100:02d}"


def key_order(k):
    return (0, int(k), "") if re.fullmatch(r"0|[1-9]\d*", k) else (1, 0, k)


def month_end(m):
    """The last day of the month m of 2026; m may be beyond 12."""
    return dt.date(2026 + m // 12, m % 12 + 1, 1) - dt.timedelta(1)


rejects = []


def good(record, checks):
    """The rows of a table none of whose cells is bad, by their key."""
    rows, kept = read(record), {}
    known = Counter(r["id"] for _, r in rows)
    for n, r in rows:
        bad = ["id"] * (known[r["id"]] > 1) + [column for column, ok in checks(r) if not ok]
        rejects.extend([record, n, column] for column in bad)
        if not bad:
            kept[r["id"]] = dict(r, row=n)
    return kept


RATES = {"registered": (F(1, 100), F(15, 1000)), "silver": (F(2, 100), F(25, 1000)), "gold": (F(3, 100), F(4, 100))}
CAPS = {"event": 400000, "digital": 250000, "print": 80000}
plain = lambda text: money(text) is not None and money(text) >= 0
partners = good("partner", lambda r: [("level", r["level"] in RATES)])
sales = good("sale", lambda r: [("sold_on", day(r["sold_on"])), ("partner", r["partner"] in partners), ("net", plain(r["net"]))])
returns = good("return", lambda r: [("returned_on", day(r["returned_on"])), ("sale", r["sale"] in sales), ("net", plain(r["net"]))])
activities = good("activity", lambda r: [("approved_on", day(r["approved_on"])), ("partner", r["partner"] in partners), ("kind", r["kind"] in CAPS),
                                         ("planned", plain(r["planned"])), ("proof_due", day(r["proof_due"]))])
claims = good("claim", lambda r: [("proved_on", not r["proved_on"] or day(r["proved_on"])), ("activity", r["activity"] in activities),
                                  ("held_on", day(r["held_on"])), ("cost", plain(r["cost"]))])
left = {k: money(s["net"]) for k, s in sales.items()}
todo = []                                   # (day, what comes first on a day, order, what, row)
for k, r in sorted(returns.items(), key=lambda i: (day(i[1]["returned_on"]), key_order(i[0]))):
    back, sold = day(r["returned_on"]), day(sales[r["sale"]]["sold_on"])
    if back > LAST:
        continue                            # left for a later statement
    if back < sold:
        rejects.append(["return", r["row"], "returned_on"])
    elif money(r["net"]) > left[r["sale"]]:
        rejects.append(["return", r["row"], "net"])
    else:
        left[r["sale"]] -= money(r["net"])
        if sold >= FIRST:
            todo.append((back, 3, (sold.month, key_order(k)), "return", r))
net, monthly = Counter(), {}                # (partner, month) -> net sales so far; what the month has come to
for k, s in sales.items():
    if FIRST <= day(s["sold_on"]) <= LAST:
        net[s["partner"], day(s["sold_on"]).month] += money(s["net"])
for k, a in activities.items():
    todo += [(day(a["approved_on"]), 1, key_order(k), "approval", a), (day(a["proof_due"]), 5, key_order(k), "due", a)]
todo += [(day(c["proved_on"]), 2, key_order(k), "claim", c) for k, c in claims.items() if c["proved_on"]]
todo += [(month_end(m), 4, m, "month", m) for m in range(1, 13)] + [(dt.date(2026, m, 1), 0, m, "half", m // 6 + 1) for m in (1, 7)]

lots, moves, paid = {}, [], Counter()       # (balance, key) -> [[lot, last day, cents]], oldest first


def move(balance, key, lot, when, kind, c):
    lot[2] += c
    if c:
        moves.append([balance, key, lot[0], when, kind, show(c), show(lot[2])])


def add(balance, key, name, until, when, c):
    lot = [name, until, 0]
    lots.setdefault((balance, key), []).append(lot)
    move(balance, key, lot, when, "added", c)


def held(balance, key):
    return sum(lot[2] for lot in lots.get((balance, key), []))


def take(balance, key, c, when, kind="taken"):
    for lot in lots.get((balance, key), []):
        part = min(lot[2], c)
        move(balance, key, lot, when, kind, -part)
        c -= part


def pay(rule, partner, when, c):
    paid[rule, partner, f"2026-Q{(when.month + 2) // 3}"] += c


def accrual(partner, month):
    low, high = RATES[partners[partner]["level"]]
    x = net[partner, month]
    return cents(low * min(x, 20000) + high * max(x - 20000, 0))


def expire(until):
    for (balance, key), mine in lots.items():
        for lot in mine:
            if lot[1] and lot[1] < until:
                move(balance, key, lot, lot[1], "expired", -lot[2])


advance, settled = {}, set()
todo = sorted((t for t in todo if FIRST <= t[0] <= LAST), key=lambda t: t[:3])
for i, (when, _, _, what, r) in enumerate(todo):
    if i and todo[i - 1][0].month != when.month:
        expire(when)
    if what == "half":
        for p in partners:
            add("print_allowance", p, f"2026-H{r}", month_end(6 * r), when, 100000)
    elif what == "approval":
        approved = min(cents(money(r["planned"]) * F(6, 10)), CAPS[r["kind"]])
        add("approved", r["id"], r["id"], None, when, approved)
        if r["kind"] != "print":
            advance[r["id"]] = min(cents(F(approved * 4, 1000)), held("mdf", r["partner"]))
            take("mdf", r["partner"], advance[r["id"]], when)
            take("approved", r["id"], advance[r["id"]], when)
            pay("advances", r["partner"], when, advance[r["id"]])
    elif what == "claim":
        a = activities[r["activity"]]
        if a["id"] in settled or when > day(a["proof_due"]) or day(r["held_on"]) < day(a["approved_on"]):
            continue
        settled.add(a["id"])
        from_ = [("approved", a["id"]), ("mdf", a["partner"])] + [("print_allowance", a["partner"])] * (a["kind"] == "print")
        c = min([max(cents(money(r["cost"]) * F(6, 10)) - advance.get(a["id"], 0), 0)] + [held(*b) for b in from_])
        for b in from_:
            take(*b, c, when)
        pay("print_claims" if a["kind"] == "print" else "claims", a["partner"], when, c)
    elif what == "return":
        p, m = sales[r["sale"]]["partner"], day(sales[r["sale"]]["sold_on"]).month
        net[p, m] -= money(r["net"])
        following = todo[i + 1] if i + 1 < len(todo) else None
        if following and following[0] == when and following[3] == "return" and following[2][0] == m:
            continue                        # all returns of the day for a month together
        for p in {sales[t[4]["sale"]]["partner"] for t in todo if t[0] == when and t[3] == "return" and t[2][0] == m}:
            if (p, m) in monthly:
                take("mdf", p, monthly[p, m] - accrual(p, m), when, "added")
                monthly[p, m] = accrual(p, m)
    elif what == "month":
        for p in partners:
            monthly[p, r] = accrual(p, r)
            add("mdf", p, f"2026-{r:02d}", month_end(r + 6), when, monthly[p, r])
    elif r["id"] in advance and r["id"] not in settled:
        pay("unproven", r["partner"], when, -advance[r["id"]])
expire(LAST + dt.timedelta(1))
RULES = ["advances", "claims", "print_claims", "unproven"]
totals = sorted(([rule, "partner", p, "USD", q, show(c)] for (rule, p, q), c in paid.items() if c), key=lambda t: (RULES.index(t[0]), key_order(t[2]), t[4]))
if args.out:
    write("totals" + (f"@{LAST}" if args.through else ""), ["rule", "payee_kind", "payee", "unit", "period", "amount"], totals)
    if not args.through:
        write("movements", ["balance", "key", "lot", "when", "kind", "amount", "left"], moves)
        write("rejects", ["record", "row", "column"], rejects)
elif not args.quiet:
    for t in totals:
        print(*t, sep=",")
    for p in partners:
        print(f"the fund of {p} holds {show(held('mdf', p))}")
