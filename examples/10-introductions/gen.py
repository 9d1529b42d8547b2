"""gen.py N OUT: about N events of the same form, the same for the same N."""
import csv, datetime as dt, os, random, sys

n, out = int(sys.argv[1]), sys.argv[2]
r = random.Random(n)
def key(prefix, i): return str(i) if r.random() < 0.4 else f"{prefix}{i}"

introducers = [[key("X", i), r.choice(["", dt.date(2026, 2, 1), dt.date(2025, 1, 1), dt.date(2025, 1, 1), dt.date(2025, 6, 1)])] for i in range(1, max(6, n // 40))]
customers = [[key("C", i), r.choice(["N", "N", "N", "N", "", "Y"])] for i in range(1, max(8, n // 4))]
introductions, purchases, departures = [], [], []
for i, (c, _) in enumerate(customers):
    on = dt.date(2025, 5, 1) + dt.timedelta(r.randrange(600))
    team = r.sample(introducers, 3)
    for j in range(r.choice([0, 1, 1, 2, 3])):
        introductions.append([key(f"I{i}-", 10 * i + j), on + dt.timedelta(r.choice([0, 0, 7, 13, 14, 15, 40, 190])), r.choice(team)[0], c])
    first = on + dt.timedelta(r.choice([0, 5, 30, 60, 90, 120, 180, 181, 184, 190]) + r.randrange(5))
    day = first
    for j in range(r.randrange(0, 4)):
        price = r.choice([0, 99900, 99999, 100000, 499999, 500000, 1999999, 2000000, 5000000, r.randrange(1, 6000000)])
        purchases.append([key(f"P{i}-", 10 * i + j), day, c, f"{price / 100:.2f}"])
        day += dt.timedelta(r.randrange(0, 70))
    if r.random() < 0.35:
        departures.append([key(f"L{i}-", 2 * i), first + dt.timedelta(r.choice([0, 30, 60, 89, 90, 91, 120])), c])
        if r.random() < 0.2: departures.append([key(f"K{i}-", 2 * i + 1), first + dt.timedelta(r.choice([30, 60, 90])), c])

os.makedirs(out, exist_ok=True)
for name, head, rows in (("introducers", "id,enrolled_on", introducers), ("customers", "id,public_body", customers),
                         ("introductions", "id,introduced_on,introducer,customer", introductions),
                         ("purchases", "id,bought_on,customer,amount", purchases), ("departures", "id,left_on,customer", departures)):
    r.shuffle(rows)
    with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(","), *rows])
