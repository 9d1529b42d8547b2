"""gen.py N OUT: about N registrations with their returns, the same for the same N."""
import csv, datetime, os, random, sys

N, OUT = int(sys.argv[1]), sys.argv[2]
R, DAY, START = random.Random(N), datetime.timedelta(1), datetime.date(2025, 1, 1)
os.makedirs(OUT, exist_ok=True)


def key(n):
    return [f"{n}", f"K-{n}", f"0{n}"][n % 3]


persons = [key(700 + n) for n in range(max(3, N // 25))]
few = persons[:max(2, len(persons) // 10)]
deals, returns = [], []
for n in range(N):
    on = START + R.randrange(735) * DAY
    closed = R.choice([on + R.randrange(200) * DAY] * 6 + [on, on + 180 * DAY, on + 181 * DAY, on - DAY, None])
    amount = R.choice(["5000.00", "4999.99", "5000.25", "6000.50", f"{R.randrange(3000, 30000)}.{R.randrange(100):02d}", f"{R.randrange(4500, 9000)}.00"])
    rep = R.choice([R.choice(persons)] * 6 + [R.choice(few)] * 4 + [""])
    customer, line, approved = f"C{R.randrange(max(5, N // 2))}", R.choice(["storage", "security", "fabric"]), R.choice(["yes"] * 8 + ["no"])
    deals.append([key(1000 + n), on, rep, customer, line, approved, closed or "", amount])
    for part in range(R.choice([0] * 9 + [1, 1, 2])):
        back = R.choice([amount, "500.00", "1000.01"])
        returns.append([f"R{len(returns)}", on + R.randrange(-3, 300) * DAY, deals[-1][0], back])
bad = R.sample(range(N), 2 * max(1, N // 200))
for n in range(0, len(bad), 2):
    deals[bad[n]][7], deals[bad[n + 1]][2] = "12,500.00", "nobody"
    returns.append([f"R{len(returns)}", START, f"X{n}", "1.00"])


def write(name, head, rows):
    R.shuffle(rows)
    with open(os.path.join(OUT, name), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + rows)


write("persons.csv", "id", [[p] for p in persons])
write("deals.csv", "id,registered_on,rep,customer,line,approved,closed_on,amount", deals)
write("returns.csv", "id,returned_on,deal,amount", returns)
