#!/usr/bin/env python3
"""Registrations and demo units of Nordquay Power, worked out from the guide.  oracle.py [--data DIR] [--out DIR] [--through DATE]"""
import csv, datetime as dt, os, re, sys
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST, rejects, lines, decisions = dt.date(2026, 1, 1), [], [], []


def option(name, otherwise):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


def order(key):
    return (0, int(key), "") if re.fullmatch(r"0|[1-9]\d*", key) else (1, 0, key)


def need(good, value):
    if not good:
        raise ValueError
    return value


def date(cell):
    return need(re.fullmatch(r"\d{4}-\d\d-\d\d", cell), dt.date.fromisoformat(cell))


def money(cell):
    need(re.fullmatch(r"-?\d+(\.\d{1,2})?", cell), 0)
    return need(F(cell) > 0, F(cell))


text = lambda cell: need(cell, cell)
yes_no = lambda cell: need(cell in ("yes", "no"), cell == "yes")
known = lambda rows: lambda cell: need(cell in rows, rows.get(cell))
maybe = lambda read: lambda cell: read(cell) if cell else None


def table(record, name, **columns):
    """The good rows by key, in the order of the guide; the others are set aside, with their first bad column."""
    with open(os.path.join(DATA, name + ".csv"), newline="", encoding="utf-8") as f:
        raw = list(csv.DictReader(f))
    seen, good = {}, []
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
            row["day"] = next((row[c] for c in columns if c.endswith("_on")), FIRST)
            good.append(row)
    return {r["id"]: r for r in sorted(good, key=lambda r: (r["day"], order(r["id"])))}


def quarter(d):
    return f"{d.year}-Q{(d.month + 2) // 3}"


def cents(x):
    n, rest = divmod(x * 100, 1)
    return F(n + (1 if rest > F(1, 2) or rest == F(1, 2) and n % 2 else 0), 100)


def pay(rule, partner, day, amount):
    if FIRST <= day <= THROUGH:
        lines.append((rule, partner["id"], quarter(day), amount))


def until(r, days):
    return r["day"] + dt.timedelta(days)


DATA, OUT, THROUGH = option("--data", os.path.join(HERE, "data")), option("--out", None), date(option("--through", "2026-12-31"))
partners, products = table("partner", "partners"), table("product", "products", list_price=money, demo_fee=maybe(money))
same = lambda r: (r["partner"]["id"], r["customer"], r["product"]["id"])
who = dict(partner=known(partners), customer=text, product=known(products))
with open(os.path.join(DATA, "openings.csv"), newline="", encoding="utf-8") as f:
    openings = {(o["customer"], o["product"]) for o in csv.DictReader(f) if o["product"] in products}
registrations = table("registration", "registrations", registered_on=date, **who, approved=yes_no)
for key, r in list(registrations.items()):
    if same(r)[1:] not in openings:
        rejects.append(["registration", r["row"], "customer"])
        del registrations[key]
extensions = table("extension", "extensions", extended_on=date, registration=known(registrations))
deals = table("deal", "deals", closed_on=date, **who, amount=money, registration=maybe(known(registrations)))
cancellations = table("cancellation", "cancellations", canceled_on=date, deal=known(deals), amount=money)
demos = table("demo", "demos", placed_on=date, **who)
purchases = table("purchase", "purchases", bought_on=date, demo=known(demos))

# registrations and extensions, day by day
in_force = {}
for day, kind, _, r in sorted([(r["day"], 0, order(r["id"]), r) for r in registrations.values()] + [(e["day"], 1, order(e["id"]), e) for e in extensions.values()],
                              key=lambda x: x[:3]):
    if kind:
        r = r["registration"]
        if "last" in r and r["day"] <= day <= until(r, 90):
            r["last"] = until(r, 150)
    elif FIRST <= day and r["approved"]:
        holder = in_force.get(same(r)[1:])
        granted = not (holder and day <= holder["last"])
        if granted:
            r["last"], in_force[same(r)[1:]] = until(r, 90), r
        if day <= THROUGH:
            decisions.append(["grant", 1, "registration", r["id"], quarter(day), "granted", "yes" if granted else "no"])

# deals and what of them was canceled
for d in deals.values():
    d["left"], d["bonus"], d["back"], r = d["amount"], F(0), F(0), d["registration"]
    if r and "last" in r and same(r) == same(d) and FIRST <= d["day"] and r["day"] <= d["day"] <= r["last"]:
        d["bonus"] = min(cents(d["amount"] * F(45, 1000)), F(2500), 6000 - r.get("earned", 0))
        r["earned"] = r.get("earned", 0) + d["bonus"]
        pay("registration_bonus", d["partner"], d["day"], d["bonus"])
for c in cancellations.values():
    d = c["deal"]
    if c["day"] > THROUGH:
        continue
    if c["day"] < d["day"] or c["amount"] > d["left"]:
        rejects.append(["cancellation", c["row"], "canceled_on" if c["day"] < d["day"] else "amount"])
        continue
    d["left"] -= c["amount"]
    back = cents(d["bonus"] * (d["amount"] - d["left"]) / d["amount"])
    pay("registration_bonus", d["partner"], c["day"], d["back"] - back)
    d["back"] = back
real, shown, used = {}, {}, {}
for d in deals.values():
    if d["left"] and d["day"] <= THROUGH:
        real.setdefault(same(d), []).append(d)

# demo units
for m in demos.values():
    place = (m["partner"]["id"], quarter(m["day"]))
    m["counts"] = m["product"]["demo_fee"] is not None and used.get(place, 0) < 3
    if m["counts"]:
        used[place] = used.get(place, 0) + 1
        m["sold"] = any(m["day"] <= d["day"] <= until(m, 60) for d in real.get(same(m), []))
        shown.setdefault(same(m), []).append(m)
        if m["day"] <= THROUGH:
            decisions.append(["demos", 1, "demo", m["id"], quarter(m["day"]), "led_to_sale", "yes" if m["sold"] else "no"])
for d in sorted((d for ds in real.values() for d in ds), key=lambda d: (d["day"], order(d["id"]))):
    mine = [m for m in shown.get(same(d), []) if m["day"] <= d["day"] <= until(m, 60)]
    if mine and d["day"] >= FIRST and not mine[-1].get("paid"):
        mine[-1]["paid"] = True
        pay("demo_fee", d["partner"], d["day"], d["product"]["demo_fee"])
for p in purchases.values():
    m = p["demo"]
    age = (p["day"] - m["day"]).days
    if m["counts"] and not m["sold"] and 61 <= age <= 120 and p["day"] >= FIRST and not m.get("bought"):
        m["bought"] = True
        pay("unsold_units", m["partner"], p["day"], cents(m["product"]["list_price"] * (F(30, 100) if age <= 90 else F(375, 1000))))

totals = {}
for rule, partner, period, amount in lines:
    totals[rule, partner, period] = totals.get((rule, partner, period), 0) + amount
show = lambda v: ("-" if v < 0 else "") + f"{abs(v) // 1}.{abs(v) % 1 * 100 // 1:02d}"
ranked = sorted(totals.items(), key=lambda t: (["registration_bonus", "demo_fee", "unsold_units"].index(t[0][0]), order(t[0][1]), t[0][2]))
tables = {"totals": [["rule", "payee_kind", "payee", "unit", "period", "amount"]] + [[r, "partner", p, "USD", q, show(v)] for (r, p, q), v in ranked if v],
          "decisions": [["rule", "version", "of", "key", "period", "name", "value"]] + decisions,
          "rejects": [["record", "row", "column"]] + sorted(rejects, key=lambda r: r[:2])}
for name, rows in tables.items():
    if OUT:
        os.makedirs(OUT, exist_ok=True)
        with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, lineterminator="\n").writerows(rows)
    elif name == "totals":
        print("\n".join(",".join(map(str, r)) for r in rows))
