"""gen.py N OUT: about N sales with their partners, returns, activities and claims, the same for the same N."""
import csv, datetime as dt, os, random, sys

n, out = int(sys.argv[1]), sys.argv[2]
r = random.Random(n)
os.makedirs(out, exist_ok=True)
start = dt.date(2026, 1, 1)
amount = lambda c: f"{c // 100}.{c % 100:02d}"
partners = [[f"P{i}" if i % 3 else str(500 + i), r.choice(["registered", "silver", "gold"])] for i in range(max(4, n // 60))]
sales, returns, activities, claims = [], [], [], []
for i in range(n):
    day, c = start + dt.timedelta(r.randrange(-10, 368)), r.choice([r.randrange(1, 2500000), 100000 * r.randrange(1, 30), 25 * r.randrange(1, 40000)])
    sales.append([f"{7001 + i}" if i % 4 else f"S-{i}", day, r.choice(partners)[0], amount(c)])
    for part in range(r.choice([0] * 8 + [1, 1, 2])):
        returns.append([f"R{i}-{part}", day + dt.timedelta(r.choice([-1, 0] + [r.randrange(120)] * 40)), sales[-1][0], amount(r.choice([c, c // 2, c // 3, c // 4]))])
for i in range(n // 4):
    day = start + dt.timedelta(r.randrange(360))
    due, planned = day + dt.timedelta(r.randrange(20, 120)), r.choice([r.randrange(1, 900000), 50000 * r.randrange(1, 14), r.randrange(1, 60000)])
    activities.append([f"A-{i}", day, r.choice(partners)[0], r.choice(["event", "digital", "print"]), amount(planned), due])
    for part in range(r.choice([0, 1, 1, 1, 2])):
        held = day + dt.timedelta(r.randrange(-1, 60))
        proved = "" if r.random() < .05 else r.choice([due, due + dt.timedelta(1)] + [held + dt.timedelta(r.randrange(30))] * 6)
        claims.append([f"{90001 + 3 * i + part}" if i % 2 else f"C{i}-{part}", proved, f"A-{i}", held, amount(r.choice([planned, planned * 9 // 10, planned // 3, planned + 7]))])
for table, wrong in [(sales, [(1, "2026-02-30"), (2, "NOBODY"), (3, "1.000,00")]), (activities, [(3, "radio"), (4, "-1.00")]), (claims, [(2, "A-NONE"), (4, "")])]:
    for row in r.sample(table, len(table) // 150):
        column, value = r.choice(wrong)
        row[column] = value
    r.shuffle(table)
for name, head, rows in [("partner", "id,level", partners), ("sale", "id,sold_on,partner,net", sales), ("return", "id,returned_on,sale,net", returns),
                         ("activity", "id,approved_on,partner,kind,planned,proof_due", activities), ("claim", "id,proved_on,activity,held_on,cost", claims)]:
    with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + rows)
