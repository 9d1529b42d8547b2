#!/usr/bin/env python3
"""gen.py N OUT: larger tables of registrations and demo units, about N deals, the same for the same N."""
import csv, datetime as dt, os, random, sys

N, OUT = int(sys.argv[1]), sys.argv[2]
R = random.Random(N)
os.makedirs(OUT, exist_ok=True)


def write(name, head, rows):
    R.shuffle(rows)
    with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + rows)


def key(n):
    return f"{n}" if n % 3 else R.choice([f"K-{n}", f"0{n}"])


def day(first="2025-10-01", days=470):
    return dt.date.fromisoformat(first) + dt.timedelta(R.randrange(days))


def after(d, *edges):
    return d + dt.timedelta(R.choice([R.randrange(160), R.randrange(100), *edges]))


partners = [key(n) for n in range(1, 6 + N // 150)]
customers = [key(n) for n in range(1, 5 + N // 40)]
products = [["AX-40", "4200.00", "250.00"], ["BX-7", "899.96", "75.50"], ["9", "310.04", ""], ["CX-1", "15250.40", "600"]]
pairs = [(R.choice(customers), R.choice(products)[0]) for _ in range(4 + N // 8)]
registrations, deals, demos = [], [], []
for n in range(1, N + 1):
    registrations.append([key(n), day(), R.choice(partners), *R.choice(pairs), R.choice(["yes"] * 5 + ["no"])])
for n in range(1, N + 1):
    registration = R.choice(registrations)
    who = registration[2:5] if n % 12 else [R.choice(partners), *R.choice(pairs)]
    amount = f"{R.choice([R.randrange(1, 90) * 1000 + 1, R.randrange(100, 9000000) / 100, 1]):.2f}"
    deals.append([key(n), after(registration[1], 0, 90, 91, 150, 151, -1), *who, amount, "" if n % 9 == 0 else registration[0]])
for n in range(1, N // 2 + 1):
    d = R.choice(deals)
    demos.append([key(n), d[1] - dt.timedelta(R.choice([0, 60, 61, R.randrange(60), R.randrange(90)])), *d[2:5]] if n % 4 else
                 [key(n), day(), R.choice(partners), *R.choice(pairs)])
extensions = []
for n in range(1, N // 3 + 1):
    r = R.choice(registrations)
    extensions.append([key(n), after(r[1], 0, 90, 91, -1), r[0]])
cancellations = []
for n in range(1, N // 8 + 1):
    d = R.choice(deals)
    cancellations.append([key(n), after(d[1], 0), d[0], R.choice([d[5], f"{int(float(d[5])) // 3 + 1}.00", "0.33"])])
purchases = []
for n in range(1, N // 4 + 1):
    m = R.choice(demos)
    purchases.append([key(n), after(m[1], 60, 61, 90, 91, 120, 121), m[0]])
bad = N // 400 + 1
for row in R.sample(registrations, bad):
    row[R.choice([1, 2])] = "2026-02-30"
for row in R.sample(deals, bad):
    row[5] = R.choice(["0.00", "-5.00", "1.005", "much"])
for row in R.sample(extensions, bad):
    row[2] = "none"
demos += [list(row) for row in R.sample(demos, bad)]
write("partners", "id,name", [[p, "Firm " + p] for p in partners])
write("products", "id,list_price,demo_fee", products)
write("openings", "customer,product", [list(p) for p in dict.fromkeys(pairs)])
write("registrations", "id,registered_on,partner,customer,product,approved", registrations)
write("extensions", "id,extended_on,registration", extensions)
write("deals", "id,closed_on,partner,customer,product,amount,registration", deals)
write("cancellations", "id,canceled_on,deal,amount", cancellations)
write("demos", "id,placed_on,partner,customer,product", demos)
write("purchases", "id,bought_on,demo", purchases)
