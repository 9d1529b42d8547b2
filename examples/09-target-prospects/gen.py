"""gen.py N OUT: about N events of the same form, the same for the same N."""
import csv, datetime as dt, os, random, sys

n, out = int(sys.argv[1]), sys.argv[2]
r = random.Random(n)
start = dt.date(2025, 11, 1)
def day(span=440): return start + dt.timedelta(r.randrange(span))
def key(prefix, i): return str(i) if r.random() < 0.3 else f"{prefix}{i}"

sellers = [key("S", i) for i in range(1, max(6, n // 60))]
accounts = [[key("A", i), day(700) if r.random() < 0.15 else ""] for i in range(1, max(6, n // 10))]
quarters = ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
targets = [[a, q, r.choice(["standard", "standard", "strategic"])] for a, _ in accounts for q in quarters if r.random() < 0.6]
contacts, desk, focus = [], {}, {}
for i, (a, _) in enumerate(accounts):
    focus[a] = day(400), r.sample(sellers, 3)
    desk[a] = [key(f"C{i}-", i * 6 + j) for j in range(r.randrange(2, 6))]
    contacts += [[c, a, r.choice(["Staff", "Manager", "Manager", "Director", "VP", "Chief", ""])] for c in desk[a]]
meetings, voids, opportunities = [], [], []
for i in range(int(n * 0.7)):
    a = r.choice(accounts)[0]
    on = focus[a][0] + dt.timedelta(r.randrange(60)) if r.random() < 0.6 else day()
    report = "" if r.random() < 0.05 else on + dt.timedelta(r.choice([0, 0, 1, 2, 3, 5, 7, 8]))
    k = key("M", i)
    meetings.append([k, on, r.choice(focus[a][1]), r.choice(desk[a]), r.choice([15, 19, 20, 25, 30, 45, 60]), report])
    if r.random() < 0.06:
        voids.append([f"V{i}", on + dt.timedelta(r.randrange(60)), k])
        if r.random() < 0.05: voids.append([f"W{i}", on - dt.timedelta(1), k])
for i in range(int(n * 0.25)):
    a = r.choice(accounts)[0]
    opportunities.append([key("O", i), focus[a][0] + dt.timedelta(r.randrange(150)), a, f"{r.randrange(0, 20000000) / 100:.2f}"])

os.makedirs(out, exist_ok=True)
for name, head, rows in (("sellers", "id,partner", [[s, "P" + str(len(s))] for s in sellers]), ("accounts", "id,customer_since", accounts),
                         ("targets", "account,quarter,priority", targets), ("contacts", "id,account,rank", contacts),
                         ("meetings", "id,held_on,seller,contact,minutes,reported_on", meetings), ("voids", "id,voided_on,meeting", voids),
                         ("opportunities", "id,opened_on,account,value", opportunities)):
    r.shuffle(rows)
    with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(","), *rows])
