#!/usr/bin/env python3
"""The price desk of Halden Instruments, worked out from the guide.  oracle.py [--data DIR] [--out DIR] [--through DATE]"""
import csv, datetime as dt, os, re, sys
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
LEVELS, FAMILIES = ("", "authorized", "preferred", "premier"), ("sensors", "controllers", "services")
LIMIT = {"sensors": F(30, 100), "controllers": F(24, 100), "services": F(10, 100)}
START = dt.date(2025, 7, 1)
rejects, totals, decisions = [], {}, []


def option(name, otherwise):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


def order(key):
    return (0, int(key), "") if re.fullmatch(r"0|[1-9]\d*", key) else (1, 0, key)


def matched(pattern):
    def read(cell):
        if not re.fullmatch(pattern, cell):
            raise ValueError(cell)
        return F(cell.rstrip("%"))
    return read


def one_of(values):
    return lambda cell: cell if cell in values else int("no")


def count(cell):
    n = int(matched(r"\d+")(cell))
    return n if 1 <= n <= 100000 else int("no")


def percent(cell):
    return matched(r"-?\d+(\.\d+)?%")(cell) / 100


def bid(cell):
    p = percent(cell or "0%")
    return p if 0 <= p <= F(1, 2) else int("no")


def floor(cell):
    return price(cell) if cell else None


def known(rows):
    return lambda cell: rows[cell] if cell in rows else int("no")


date = lambda cell: dt.date.fromisoformat(matched_date(cell))
matched_date = lambda cell: cell if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else "no"
price = matched(r"-?\d+(\.\d{1,4})?")
text = lambda cell: cell if cell else int("no")


def table(record, name, **columns):
    """The good rows by key; the others are set aside, with their first bad column."""
    with open(os.path.join(DATA, name + ".csv"), newline="", encoding="utf-8") as f:
        raw = list(csv.DictReader(f))
    seen, good = {}, {}
    for r in raw:
        seen[r["id"]] = seen.get(r["id"], 0) + 1
    for n, r in enumerate(raw, 1):
        row, bad = {"id": r["id"], "row": n}, "id" if seen[r["id"]] > 1 or not r["id"] else None
        for c, read in columns.items():
            try:
                row[c] = read(r[c].strip())
            except ValueError:
                bad = bad or c
        if bad:
            rejects.append([record, n, bad])
        else:
            good[r["id"]] = row
    return good


def quarter(d):
    m = d.year * 12 + d.month - 7
    return f"FY{m // 12 + 1}-Q{m % 12 // 3 + 1}"


def half_even(x):
    n, rest = divmod(x * 100, 1)
    return F(n + (1 if rest > F(1, 2) or rest == F(1, 2) and n % 2 else 0), 100)


def standard(level, family, n):
    goods = family != "services"
    rows = [(level == "premier" and family == "sensors" and n >= 100, 220), (level == "premier" and goods, 160),
            (level == "preferred" and family == "sensors" and n >= 100, 150), (level == "preferred" and family == "sensors" and n >= 20, 110),
            (level == "preferred" and family == "controllers" and n >= 10, 95), (goods and n >= 250, 75), (not goods and n >= 40, 50),
            (level in ("authorized", "preferred") and family == "sensors", 30)]
    return F(next((p for fits, p in rows if fits), 0), 1000)


def promotion(family, n, day):
    best = (F(0), "")
    for r in PROMOTIONS:
        first, last = (dt.datetime.strptime(r[c], "%m/%d/%Y").date() if r[c] else None for c in ("First day", "Last day"))
        fits = (r["Family"] in ("", family) and (not first or first <= day) and (not last or day <= last) and n >= int(r["Min qty"] or 0)
                and n <= int(r["Max qty"] or n))
        if fits and F(r["Extra %"]) / 100 > best[0]:
            best = (F(r["Extra %"]) / 100, r["Code"])
    return best


def decide(q):
    family, listed, low = q["product"]["family"], q["product"]["list_price"], q["product"]["floor_price"]
    base = usual = standard(q["partner"]["level"], family, q["quantity"])
    more, code = promotion(family, q["quantity"], q["quoted_on"])
    mine = [a for a in by_customer.get(q["customer"], []) if a["family"] in ("", family) and a["signed_on"] <= q["quoted_on"] <= a["through"]]
    deal = max(mine, key=lambda a: (a["signed_on"], order(a["id"])), default=None)
    if deal:
        base = deal["discount"]
    extra = more + q["bid"] if not deal or deal["stacks"] == "yes" else F(0)
    given = max(base, min(base + extra, LIMIT[family]))
    unit = min(listed, -(-(listed * (1 - given)) // F(1, 20)) * F(1, 20))
    raised = low is not None and unit < low
    if raised:
        unit = low
    basis = ("floor" if raised else "agreement" if deal else "limit" if given < base + extra else "promotion" if code else "bid" if q["bid"] > 0
             else "standard" if usual > 0 else "list")
    return {"standard_discount": usual, "discount": given, "basis": basis, "unit_price": unit, "net_price": unit * q["quantity"],
            "agreement": deal["paper"] if deal else "", "promotion": code}


def shown(v):
    if isinstance(v, str):
        return v
    s = f"{int(v * 10 ** 12):013d}"
    return (s[:-12] + "." + s[-12:]).rstrip("0").rstrip(".")


DATA, OUT, THROUGH = option("--data", os.path.join(HERE, "data")), option("--out", None), dt.date.fromisoformat(option("--through", "2026-06-30"))
with open(os.path.join(HERE, "promotions.csv"), newline="", encoding="utf-8") as f:
    PROMOTIONS = list(csv.DictReader(f))
partners = table("partner", "partners", level=one_of(LEVELS))
products = table("product", "products", family=one_of(FAMILIES), list_price=price, floor_price=floor)
agreements = table("agreement", "agreements", paper=text, signed_on=date, through=date, customer=text, family=one_of(FAMILIES + ("",)), discount=percent,
                   stacks=one_of(("yes", "no")))
quotes = table("quote", "quotes", quoted_on=date, partner=known(partners), customer=text, product=known(products), quantity=count, bid=bid)
sales = table("sale", "sales", sold_on=date, quote=known(quotes), quantity=count)
returns = table("sale_return", "sale_returns", returned_on=date, sale=known(sales), quantity=count)
by_customer = {}
for a in agreements.values():
    by_customer.setdefault(a["customer"], []).append(a)
for s in sales.values():
    s["left"] = s["quantity"]
for r in sorted(returns.values(), key=lambda r: (r["returned_on"], order(r["id"]))):
    s = r["sale"]
    if r["returned_on"] > THROUGH:
        continue
    if r["returned_on"] < s["sold_on"] or r["quantity"] > s["left"]:
        rejects.append(["sale_return", r["row"], "returned_on" if r["returned_on"] < s["sold_on"] else "quantity"])
    else:
        s["left"] -= r["quantity"]
for q in sorted(quotes.values(), key=lambda q: (q["quoted_on"], order(q["id"]))):
    q["price"], q["open"] = decide(q), q["quantity"]
    if q["quoted_on"] <= THROUGH:
        decisions += [["price", 1, "quote", q["id"], quarter(q["quoted_on"]), k, shown(v)] for k, v in q["price"].items() if v != ""]
for s in sorted(sales.values(), key=lambda s: (s["sold_on"], order(s["id"]))):
    q = s["quote"]
    if START <= s["sold_on"] <= min(THROUGH, dt.date(2026, 6, 30)) and q["quoted_on"] <= s["sold_on"] <= q["quoted_on"] + dt.timedelta(60):
        units = min(s["left"], q["open"])
        q["open"] -= units
        below = q["product"]["list_price"] - q["price"]["unit_price"]
        key = (q["partner"]["id"], quarter(s["sold_on"]))
        credit = min(half_even(F(75, 100) * below * units), 4000 - totals.get(key, 0))
        totals[key] = totals.get(key, 0) + credit

tables = {"totals": [["rule", "payee_kind", "payee", "unit", "period", "amount"]] +
          [["stock_credit", "partner", p, "USD", t, f"{v // 1}.{v % 1 * 100 // 1:02d}"]
           for (p, t), v in sorted(totals.items(), key=lambda x: (order(x[0][0]), x[0][1])) if v],
          "decisions": [["rule", "version", "of", "key", "period", "name", "value"]] + decisions,
          "rejects": [["record", "row", "column"]] + sorted(rejects, key=lambda r: r[:2])}
if OUT:
    os.makedirs(OUT, exist_ok=True)
for name, rows in tables.items():
    if OUT:
        with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, lineterminator="\n").writerows(rows)
    elif name == "totals":
        print("\n".join(",".join(map(str, r)) for r in rows))
