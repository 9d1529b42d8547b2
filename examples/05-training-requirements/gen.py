"""gen.py N OUT: about N sales with their partners, levels, certificates, courses and returns, the same for the same N."""
import csv, datetime as dt, os, random, sys

n, out = int(sys.argv[1]), sys.argv[2]
r = random.Random(n)
os.makedirs(out, exist_ok=True)
start, day = dt.date(2026, 1, 1), dt.timedelta(1)
amount = lambda c: f"{c // 100}.{c % 100:02d}"
partners, history, certificates, courses, sales, returns = [], [], [], [], [], []
for i in range(max(4, n // 80)):
    p = f"Q-{i}" if i % 3 else str(1200 + i)
    partners.append([p])
    since = start - r.randrange(20, 500) * day
    while since < dt.date(2027, 1, 1) and r.random() < .95:
        until = since + r.choice([90, 181, 200, 400]) * day
        history.append([p, since, until if r.random() < .7 else "", r.choice(["authorized", "select", "select", "premier"])])
        if not history[-1][2]:
            break
        since = until + r.choice([1, 1, 1, 30]) * day
    for person in range(r.randrange(2, 7)):
        issued = start - r.randrange(-30, 420) * day
        while issued < dt.date(2027, 1, 10):
            valid = issued + r.choice([180, 365, 365, 730]) * day
            certificates.append([f"C{len(certificates)}" if i % 2 else str(5000 + len(certificates)), issued, p, f"E{person}", valid if r.random() < .9 else ""])
            issued = valid + r.choice([1, 1, 1, -20, 2, 40]) * day
    for person in range(r.randrange(1, 4)):
        for _ in range(r.randrange(1, 4)):
            courses.append([f"K{len(courses)}", start - r.randrange(-370, 400) * day, p, f"S{person}"])
for i in range(n):
    sold, c = start + r.randrange(-2, 368) * day, r.choice([r.randrange(1, 900000), 25 * r.randrange(1, 4000), 10000 * r.randrange(1, 300)])
    sales.append([f"{30001 + i}" if i % 4 else f"S-{i}", sold, r.choice(partners)[0], r.choice(["yes", "no"]), amount(c)])
    for part in range(r.choice([0] * 8 + [1, 1, 2])):
        returns.append([f"R{i}-{part}", sold + r.choice([0, 60, 61, -1] + [r.randrange(150) for _ in range(30)]) * day, sales[-1][0], amount(r.choice([c, c // 2, c // 3, c // 4]))])
for table, wrong in [(sales, [(1, "2026-02-30"), (2, "NOBODY"), (4, "1.000,00")]), (certificates, [(1, "soon"), (3, "")]), (courses, [(2, "NOBODY")])]:
    for row in r.sample(table, len(table) // 150):
        column, value = r.choice(wrong)
        row[column] = value
    r.shuffle(table)
for name, head, rows in [("partner", "id", partners), ("partner_history", "id,from,to,level", history), ("certificate", "id,issued_on,partner,person,valid_to", certificates),
                         ("course", "id,completed_on,partner,person", courses), ("sale", "id,sold_on,partner,registered,amount", sales), ("return", "id,returned_on,sale,amount", returns)]:
    with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + rows)
