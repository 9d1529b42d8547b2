"""python3 gen.py N OUT: about N sales with their cancellations, always the same for the same N."""
import csv, datetime as dt, os, random, sys

def main(n, out):
    r = random.Random(n)
    first = dt.date(2025, 7, 1)
    persons, joined = [], {}
    for i in range(max(12, n // 25)):
        key = f"P-{i}" if i % 3 else str(100 + i)
        joined[key] = first + dt.timedelta(r.randrange(-400, 520))
        referrer = persons[r.randrange(max(0, i - 60), i)][0] if i and r.random() < .93 else ""
        persons.append([key, joined[key], referrer])
    persons += [["RING-1", first, "RING-2"], ["RING-2", first, "RING-3"], ["RING-3", first, "RING-1"], ["SELF", first, "SELF"],
                ["LOST", first, "NOBODY"], ["BELOW", first, "RING-2"]]
    keys = list(joined)
    sales, cancellations = [["S-0", first, keys[0], "C-1", "55.00"]], []
    for i in range(1, n):
        seller = r.choice(keys)
        sold = joined[seller] + dt.timedelta(r.choice([0, 1, 89, 90, 91, -1])) if r.random() < .2 else first + dt.timedelta(r.randrange(555))
        sold = max(sold, first)
        amount = r.choice(["100.00", "99.99", "250.50", "71.50"]) if r.random() < .3 else f"{r.randrange(1, 60000) / 100:.2f}"
        customer = f"C-{r.randrange(max(9, n // 6))}" if r.random() < .96 else ""
        odd = r.random()
        amount = "12,50" if odd < .003 else amount
        seller = "RING-1" if .003 <= odd < .006 else "BELOW" if .006 <= odd < .008 else seller
        sales.append([f"S-{i}" if i % 4 else str(i), sold, seller, customer, amount])
        if r.random() < .08:
            canceled = sold + dt.timedelta(r.randrange(-1, 120))
            cancellations.append([f"X{i}", canceled, sales[-1][0], r.choice([amount.replace(",", "."), "0.50", "30.00"])])
    os.makedirs(out, exist_ok=True)
    for name, head, rows in (("persons", "id joined_on referred_by", persons), ("sales", "id sold_on seller customer amount", sales),
                             ("cancellations", "id canceled_on sale amount", cancellations)):
        r.shuffle(rows)
        with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head.split())
            w.writerows(rows)

main(int(sys.argv[1]), sys.argv[2])
