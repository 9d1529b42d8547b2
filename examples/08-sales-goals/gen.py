"""gen.py N OUT: about N sales with their people and goals, the same for the same N."""
import csv, datetime, os, random, sys

N, OUT = int(sys.argv[1]), sys.argv[2]
R, DAY, START = random.Random(N), datetime.timedelta(1), datetime.date(2025, 7, 1)
os.makedirs(OUT, exist_ok=True)


def key(n):
    return [f"{n}", f"S-{n}", f"0{n}"][n % 3]


persons, goals, sales = [], [], []
for n in range(max(3, N // 40)):
    edges = [datetime.date(2025, 10, 1), datetime.date(2025, 9, 30), datetime.date(2025, 4, 1)]
    hired = R.choice([START - R.randrange(900) * DAY] * 3 + [START + R.randrange(330) * DAY] + edges)
    left = R.choice([""] * 5 + [max(hired, START) + R.randrange(300) * DAY])
    persons.append([key(20 + n), hired, left, R.choice(["", "", f"{R.randrange(500, 3000)}.{R.choice(['00', '50', '25'])}"])])
    for q in range(1, 5):
        if R.random() < 0.9:
            goals.append([persons[-1][0], f"FY2026-Q{q}", f"{R.randrange(20, 110)}000.00", f"{R.randrange(1000, 6000)}.{R.choice(['00', '10', '01'])}"])
for n in range(N):
    amount = R.choice([f"{R.randrange(1000, 12000)}.{R.randrange(100):02d}"] * 8 + ["5000.00", f"-{R.randrange(100, 9000)}.00"])
    sales.append([key(n), START + R.randrange(-20, 370) * DAY, R.choice([R.choice(persons)[0]] * 30 + [""]), amount])
bad = R.sample(range(N), 2 * max(1, N // 300))
for n in range(len(bad) // 2):
    sales[bad[2 * n]][3], sales[bad[2 * n + 1]][2] = "1.250,00", "nobody"
    goals.append([key(20 + n), f"FY2026-Q{n % 4 + 1}", "1000.00", "500.00"])
    goals.append([f"nobody {n}", "FY2026-Q1", "50000.00", "500.00"])


def write(name, head, rows):
    R.shuffle(rows)
    with open(os.path.join(OUT, name), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + rows)


write("persons.csv", "id,hired_on,left_on,draw", persons)
write("goals.csv", "person,quarter,goal,payout", goals)
write("sales.csv", "id,sold_on,rep,amount", sales)
