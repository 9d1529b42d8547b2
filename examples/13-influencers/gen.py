"""python3 gen.py N OUT: about N recommendations and sales with their credit notes, always the same for the same N."""
import csv, datetime as dt, os, random, sys

def main(n, out):
    r = random.Random(n)
    advisors = [f"ADV-{i}" if i % 3 else str(40 + 7 * i) for i in range(max(8, n // 60))]
    customers = [f"C-{i:04d}" if i % 2 else str(i) for i in range(max(8, n // 8))]
    first = dt.date(2025, 9, 1)
    recommendations, sales, notes = [], [], []
    for i in range(n // 2):
        made = first + dt.timedelta(r.randrange(495))
        reported = made + dt.timedelta(r.choice([0, 1, 3, 10, 29, 30, 31, 45] if r.random() < .5 else [2]))
        customer = r.choice(customers) if r.random() < .93 else ""
        advisor = r.choice(advisors) if r.random() < .995 else "NOBODY"
        recommendations.append([f"R-{i}" if i % 2 else str(i), made, reported, advisor, customer])
        if customer and r.random() < .6:
            sold = made + dt.timedelta(r.choice([0, 1, 179, 180, 181]) if r.random() < .2 else r.randrange(220))
            amount = r.choice(["250.50", "100.00", "1200.00"]) if r.random() < .3 else f"{r.randrange(1, 400000) / 100:.2f}"
            sales.append([f"S-{i}" if i % 5 else str(i), sold, customer, amount if r.random() < .995 else "n/a"])
            if r.random() < .12:
                issued = sold + dt.timedelta(r.randrange(-1, 150))
                notes.append([f"N{i}", issued, sales[-1][0], r.choice([sales[-1][3].replace("n/a", "9.00"), "0.50", "120.00"])])
    for i in range(n // 5):
        sales.append([f"X{i}", first + dt.timedelta(r.randrange(495)), r.choice(customers), f"{r.randrange(1, 900000) / 100:.2f}"])
    os.makedirs(out, exist_ok=True)
    for name, head, rows in (("advisors", "id studio", [[a, ""] for a in advisors]),
                             ("recommendations", "id made_on reported_on advisor customer", recommendations),
                             ("sales", "id sold_on customer amount", sales), ("credit_notes", "id issued_on sale amount", notes)):
        with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head.split())
            w.writerows(rows)

main(int(sys.argv[1]), sys.argv[2])
