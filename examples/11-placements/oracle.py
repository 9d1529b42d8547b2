#!/usr/bin/env python3
"""Placement fees of Lumenar Diagnostics, worked out from the guide.  oracle.py [--data DIR] [--out DIR] [--through DATE]"""
import csv, datetime as dt, os, re, sys
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST, LAST, rejects, decisions, credits, lines, used = dt.date(2026, 1, 1), dt.date(2026, 12, 31), [], [], [], [], {}


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
one_of = lambda *values: lambda cell: need(cell in values, cell)
known = lambda rows: lambda cell: need(cell in rows, rows.get(cell))
maybe = lambda read: lambda cell: read(cell) if cell else None


def read(name):
    with open(os.path.join(DATA, name + ".csv"), newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def table(record, name, **columns):
    """The good rows by key, in the order of the guide; the others are set aside, with their first bad column."""
    raw, seen, good = read(name), {}, []
    for r in raw:
        seen[r["id"]] = seen.get(r["id"], 0) + 1
    for n, r in enumerate(raw, 1):
        row, bad = {"id": r["id"], "row": n}, "id" if seen[r["id"]] > 1 or not r["id"] else None
        for c, take in columns.items():
            try:
                row[c] = take(r[c].strip())
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
    return n + (1 if rest > F(1, 2) or rest == F(1, 2) and n % 2 else 0)


def within(room, key, n):
    """What a limit leaves of n cents."""
    n = min(n, room - used.get(key, 0))
    used[key] = used.get(key, 0) + n
    return n


def pay(rule, kind, row, total, sharers):
    """Shares whole cents among placements; what each person gets of it within the limits."""
    got, q = {}, quarter(row["day"])
    for i, m in enumerate(sorted(sharers, key=lambda m: (order(m["person"]["id"]), order(m["id"])))):
        person, n = m["person"]["id"], total // len(sharers) + (i < total % len(sharers))
        credits.append([rule, kind, row["id"], m["id"], person, n])
        if rule == "placement_fee":
            n = within(50000, (rule, person, q), n)
        n = within(200000, (person, q), n)
        lines.append((rule, person, q, n))
        got[person] = got.get(person, 0) + n
    return got


DATA, OUT, THROUGH = option("--data", os.path.join(HERE, "data")), option("--out", None), min(LAST, date(option("--through", "2026-12-31")))
spans = {}
for r in read("product_history"):
    spans.setdefault(r["id"], []).append((date(r["from"]), date(r["to"]) if r["to"] else dt.date.max, F(r["fee"])))
persons, products = table("person", "persons", role=one_of("seller", "engineer")), table("product", "products")
placements = table("placement", "placements", placed_on=date, person=known(persons), customer=text, product=known(products), kind=one_of("poc", "evaluation"),
                   confirmed_on=maybe(date))
purchases = table("purchase", "purchases", bought_on=date, customer=text, product=known(products), amount=money)
returns = table("purchase_return", "purchase_returns", returned_on=date, purchase=known(purchases), amount=money)

first, converted = {}, set()
for m in placements.values():
    if FIRST <= m["day"] <= THROUGH:
        m["fee"] = next((fee for a, b, fee in spans.get(m["product"]["id"], []) if a <= m["day"] <= b), None)
        counts = m["fee"] is not None and m["confirmed_on"] is not None and 0 <= (m["confirmed_on"] - m["day"]).days <= 21
        decisions.append(["counting", 1, "placement", m["id"], quarter(m["day"]), "counts", "yes" if counts else "no"])
        group = first.setdefault((m["customer"], m["product"]["id"]), []) if counts else None
        if counts and (not group or group[0]["day"] == m["day"]):
            group.append(m)
leading = {g[0]["id"]: g for g in first.values()}
for day, kind, _, r in sorted([(m["day"], 0, order(m["id"]), m) for m in placements.values()] + [(u["day"], 1, order(u["id"]), u) for u in purchases.values()],
                              key=lambda x: x[:3]):
    if not kind and r["id"] in leading:
        pay("placement_fee", "placement", r, cents(r["fee"] * (F(3, 2) if r["kind"] == "poc" else 1)), leading[r["id"]])
    if kind and FIRST <= day <= THROUGH:
        group = first.get((r["customer"], r["product"]["id"]), [])
        if group and 0 <= (day - group[0]["day"]).days <= 120 and group[0]["id"] not in converted:
            converted.add(group[0]["id"])
            r["got"] = pay("conversion", "purchase", r, cents(min(max(r["amount"] * F(25, 1000), F(150)), F(1800))), group)
for t in returns.values():
    u = t["purchase"]
    back = u.setdefault("back", F(0)) + t["amount"]
    if t["day"] > THROUGH:
        continue
    if t["day"] < u["day"] or back > u["amount"]:
        rejects.append(["purchase_return", t["row"], "returned_on" if t["day"] < u["day"] else "amount"])
        continue
    for person, n in u.get("got", {}).items():
        lines.append(("conversion", person, quarter(t["day"]), cents(n * u["back"] / u["amount"] / 100) - cents(n * back / u["amount"] / 100)))
    u["back"] = back

totals = {}
for rule, person, period, n in lines:
    totals[rule, person, period] = totals.get((rule, person, period), 0) + n
show = lambda n: f"{'-' if n < 0 else ''}{abs(n) // 100}.{abs(n) % 100:02d}"
ranked = sorted(totals.items(), key=lambda t: (["placement_fee", "conversion"].index(t[0][0]), order(t[0][1]), t[0][2]))
tables = {"totals": [["rule", "payee_kind", "payee", "unit", "period", "amount"]] + [[r, "person", p, "USD", q, show(n)] for (r, p, q), n in ranked if n],
          "decisions": [["rule", "version", "of", "key", "period", "name", "value"]] + decisions,
          "credits": [["rule", "event", "key", "found_key", "payee", "amount"]] + [c[:5] + [show(c[5])] for c in credits],
          "rejects": [["record", "row", "column"]] + sorted(rejects, key=lambda r: r[:2])}
for name, rows in tables.items():
    if OUT:
        os.makedirs(OUT, exist_ok=True)
        with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, lineterminator="\n").writerows(rows)
    elif name == "totals":
        print("\n".join(",".join(map(str, r)) for r in rows))
