"""gen.py N OUT: about N rows of the academy's file with their catalog, the same for the same N."""
import csv, datetime, os, random, sys

N, OUT = int(sys.argv[1]), sys.argv[2]
R, DAY, START = random.Random(N), datetime.timedelta(1), datetime.date(2025, 6, 1)
os.makedirs(OUT, exist_ok=True)


def key(n):
    return [f"{n}", f"P-{n}", f"0{n}"][n % 3]


persons = [key(100 + n) for n in range(max(3, N // 25))]
tracks = [[f"track {n}", f"{R.randrange(50, 200)}.{R.choice(['00', '50', '25'])}"] for n in range(6)]
courses = []
for n in range(30):
    launched = R.choice([START - 100 * DAY] * 4 + [START + R.randrange(400) * DAY])
    retired = R.choice([None] * 4 + [launched + R.randrange(200, 500) * DAY])
    courses.append([f"LK-{n}", launched, retired or "", R.choice(tracks)[0] if n % 4 else "", R.choice(["", "80%", "75%", "66.67%"]), R.randrange(20, 260),
                    R.choice(["", f"{R.randrange(10, 90)}.00", "12.50"])])
rows = []
for n in range(N):
    course = R.choice(courses)
    on = R.choice([START + R.randrange(585) * DAY] * 6 + [datetime.date(2026, R.choice([3, 6]), 30), course[2] or START])
    score = R.choice([course[4] or "", f"{R.randrange(60, 101)}%", f"{R.randrange(70, 99)}.{R.randrange(100):02d}%", "79.99%", ""])
    rows.append([key(n + 1), on, R.choice(persons), course[0], score])
bad = R.sample(range(N), 3 * max(1, N // 300))
for n in range(0, len(bad), 3):
    rows[bad[n]][4], rows[bad[n + 1]][2], rows[bad[n + 2]][3] = "passed", "nobody", "LK-99"


def write(name, head, lines):
    R.shuffle(lines)
    with open(os.path.join(OUT, name), "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([head.split(",")] + lines)


write("persons.csv", "id", [[p] for p in persons])
write("tracks.csv", "id,bonus", tracks)
write("courses.csv", "id,launched_on,retired_on,track,pass_mark,worth,cash", courses)
write("completions.csv", "id,completed_on,person,course,score", rows)
