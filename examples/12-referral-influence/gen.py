"""gen.py N OUT: about N events of the same form, the same for the same N."""
import csv, datetime as dt, os, random, sys

n, out = int(sys.argv[1]), sys.argv[2]
r = random.Random(n)
def key(prefix, i): return str(i) if r.random() < 0.4 else f"{prefix}{i}"
DAY = dt.timedelta(1)

advisors = [[key("A", i), r.choice(["", "", "", dt.date(2026, 4, 30), dt.date(2025, 10, 31)])] for i in range(1, max(6, n // 50))]
customers = [key("C", i) for i in range(1, max(8, n // 12))]
LINES = ["microscopes", "spectrometers", "centrifuges", "automation", "software", "reagents", "training", "parts"]
start = {c: dt.date(2025, 2, 1) + DAY * r.randrange(600) for c in customers}
team = {c: r.sample(advisors, 4) for c in customers}
touches, namings, purchases, returns = [], [], [], []
for i in range(n // 2):
    c = r.choice(customers)
    on = start[c] + DAY * r.choice([-200, -181, -180, -90, -45, -30, 0, 0, 20, 60, 100, r.randrange(-150, 300)])
    report = "" if r.random() < 0.05 else on + DAY * r.choice([0, 1, 2, 5, 14, 14, 15, -1, 3, 4])
    touches.append([key("T", i), on, r.choice(team[c])[0], c, r.choice(["mention", "talk", "call", "visit", "pilot"]), report])
for i in range(n // 40):
    c = r.choice(customers)
    on = start[c] + DAY * r.choice([-364, -365, -366, -100, 0, 0, 30, r.randrange(-200, 300)])
    namings.append([key("N", i), on, c, r.choice(team[c])[0]])
for i in range(n * 2 // 5):
    c = r.choice(customers)
    on = start[c] + DAY * r.choice([0, 0, 30, 60, 180, 181, 364, 365, r.randrange(400)])
    price = r.choice([r.randrange(1000, 5000), r.randrange(10000, 900000), r.randrange(1, 80) * 12500])
    purchases.append([key("P", i), on, c, r.choice(LINES), f"{price / 100:.2f}"])
    if r.random() < 0.15:
        part = r.choice([price, price // 2, price // 3])
        for j in range(r.choice([1, 1, 2, 3])):
            returns.append([f"R{i}-{j}", on + DAY * r.choice([-1, 0, 10, 40, 100, 100]), purchases[-1][0], f"{part / 100:.2f}"])

os.makedirs(out, exist_ok=True)
for name, head, rows in (("advisors", "id,agreement_ends", advisors), ("touches", "id,touched_on,advisor,customer,kind,reported_on", touches),
                         ("namings", "id,named_on,customer,advisor", namings), ("purchases", "id,bought_on,customer,line,amount", purchases),
                         ("returns", "id,returned_on,purchase,amount", returns)):
    r.shuffle(rows)
    with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(","), *rows])
