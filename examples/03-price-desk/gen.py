#!/usr/bin/env python3
"""gen.py N OUT: larger tables of the price desk, about N quotes and as many sales, the same for the same N."""
import csv, datetime as dt, os, random, sys

N, OUT = int(sys.argv[1]), sys.argv[2]
R = random.Random(N)
os.makedirs(OUT, exist_ok=True)


def write(name, head, rows, shuffled=True):
    if shuffled:
        R.shuffle(rows)
    with open(os.path.join(OUT, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + rows)


def key(n):
    return R.choice([f"{n}", f"K-{n}", f"0{n}", f"K{n:06d}"])


def day(first="2025-06-01", days=410):
    return dt.date.fromisoformat(first) + dt.timedelta(R.randrange(days))


partners = [key(n) for n in range(1, 8 + N // 100)]
customers = [key(n) for n in range(1, 10 + N // 20)]
products = []
for n in range(1, 40):
    price = R.choice([R.randrange(2000, 90000), R.randrange(10, 90) * 10000, R.randrange(100, 4000) * 1000 + R.choice([0, 2500, 9975])])
    floor = R.choice(["", "", f"{price * R.randrange(65, 95) // 100 / 10000:.2f}"])
    products.append([key(n), R.choice(["sensors", "sensors", "controllers", "services"]), f"{price // 10000}.{price % 10000:04d}", floor])
agreements = []
for n in range(1, N // 30 + 5):
    signed = day()
    agreements.append([key(n), f"PA-{n}", signed, signed + dt.timedelta(R.choice([0, 30, 90, 200])), R.choice(customers), R.choice(["", "sensors", "controllers", "services"]),
                       R.choice(["2%", "12.5%", "20%", "33.333%", "45%"]), R.choice(["yes", "no"])])
    if n % 9 == 0:
        agreements.append([key(n) + "b", f"PB-{n}"] + agreements[-1][2:6] + ["15%", "no"])
quotes = []
for n in range(1, N + 1):
    quotes.append([f"{n}" if n % 3 else f"Q{n}", day(), R.choice(partners), R.choice(customers), R.choice(products)[0],
                   R.choice([R.randrange(1, 30), R.randrange(1, 400), 19, 20, 39, 40, 99, 100, 249, 250]), R.choice(["", "", "", "0%", "1.25%", "2.5%", "9%", "50%"])])
sales = []
for n in range(1, N + 1):
    q = R.choice(quotes)
    sales.append([f"{n}" if n % 4 else f"S{n}", q[1] + dt.timedelta(R.choice([0, 60, 61, -1, R.randrange(75), R.randrange(60)])), q[0], R.randrange(1, max(2, q[5]))])
returns = []
for n in range(1, N // 10 + 1):
    s = R.choice(sales)
    returns.append([key(n) + "r", s[1] + dt.timedelta(R.randrange(90)), s[0], R.choice([s[3], R.randrange(1, s[3] + 1)])])
bad = N // 500 + 1
for row in R.sample(quotes, bad):
    row[1] = "31.06.2025"
spoiled = R.sample(sales, 3 * bad)
for row in spoiled[:bad]:
    row[3] = R.choice(["0", "many", "1.5"])
for row in spoiled[bad:2 * bad]:
    row[2] = "nobody"
sales += [list(row) for row in spoiled[2 * bad:]]
write("partners", "id,level", [[p, R.choice(["", "authorized", "preferred", "premier"])] for p in partners])
write("products", "id,family,list_price,floor_price", products)
write("agreements", "id,paper,signed_on,through,customer,family,discount,stacks", agreements)
write("quotes", "id,quoted_on,partner,customer,product,quantity,bid", quotes)
write("sales", "id,sold_on,quote,quantity", sales)
write("sale_returns", "id,returned_on,sale,quantity", returns)
