#!/usr/bin/env python3
"""gen.py N OUT: larger tables of placements, about N placements and N purchases, the same for the same N."""
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


def day(first="2025-12-01", days=420):
    return dt.date.fromisoformat(first) + dt.timedelta(R.randrange(days))


def amount():
    return f"{R.choice([R.randrange(100, 12000000) / 100, R.randrange(1, 4000) * 20 + 0.2, R.randrange(1, 90) * 1000]):.2f}"


persons = [key(n) for n in range(1, 8 + N // 60)]
customers = [key(n) for n in range(1, 6 + N // 8)]
products, history = [], []
for n in range(1, 9):
    products.append(key(n))
    for first, last in R.choice([[("2025-01-01", "")], [("2025-01-01", "2026-05-31"), ("2026-06-01", "")], [("2026-02-01", "2026-06-30"), ("2026-08-01", "2026-12-31")]]):
        history.append([products[-1], first, last, f"{R.randrange(5000, 30000) / 100:.2f}"])
placements, purchases = [], []
while len(placements) < N:
    customer, product, placed = R.choice(customers), R.choice(products), day()
    for _ in range(R.choice([1, 1, 1, 2, 3])):
        confirmed = placed + dt.timedelta(R.choice([0, 21, 22, -1, R.randrange(21), R.randrange(21)]))
        placements.append([key(len(placements) + 1), placed, R.choice(persons), customer, product, R.choice(["poc", "evaluation"]), R.choice([confirmed] * 7 + [""])])
for n in range(1, N + 1):
    m = R.choice(placements)
    bought = m[1] + dt.timedelta(R.choice([0, 120, 121, -1, R.randrange(120), R.randrange(200)]))
    purchases.append([key(n), bought, *m[3:5], amount()])
returns = []
for n in range(1, N // 6 + 1):
    u = R.choice(purchases)
    returns.append([key(n), u[1] + dt.timedelta(R.randrange(150)), u[0], R.choice([u[4], amount(), "33.33", "100.00"])])
bad = N // 400 + 1
for row in R.sample(placements, bad):
    row[R.choice([2, 6])] = "nobody"
spoiled = R.sample(purchases, 2 * bad)
for row in spoiled[:bad]:
    row[4] = R.choice(["0.00", "-1.00", "10.005"])
purchases += [[row[0]] + R.choice(purchases[:bad])[1:4] + ["20.00"] for row in spoiled[bad:]]
write("persons", "id,role", [[p, R.choice(["seller", "engineer"])] for p in persons])
write("products", "id", [[p] for p in products])
write("product_history", "id,from,to,fee", history)
write("placements", "id,placed_on,person,customer,product,kind,confirmed_on", placements)
write("purchases", "id,bought_on,customer,product,amount", purchases)
write("purchase_returns", "id,returned_on,purchase,amount", returns)
