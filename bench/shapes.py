"""Other shapes of program P's work, settled by Meed alone: keys as text, CSV, and many rules.

Every shape is settled by one thread, round by round with the plain one. Payments of the same deals must have one digest however
their tables are written; programs of many rules must pay what one of their rules pays, as often as they have rules.
"""

import subprocess
import tempfile
from pathlib import Path
from statistics import median

from processes import run, stages_of

ROWS = 1_000_000
RULE = """rule r{number} {{
  for each deal
  where registered and amount >= ${least}
  pay partner 2% of amount
}}
"""


def prepare(folder, hand, *more):
    """A folder with the deals in one shape."""
    if not (folder / "settlement.meed").exists():
        subprocess.check_call([str(hand), "generate", str(ROWS), str(folder), *more])
    return folder


def many_rules(plain, n_rules, folder):
    """A program of so many rules over the plain deals, each with a bound of its own."""
    head = (plain / "settlement.meed").read_text().split("schedule volume_bands", 1)[0]
    head = head.replace("parameter bounty = $500\n", "")
    path = folder / f"{n_rules}.meed"
    path.write_text(head + "".join(RULE.format(number=number, least=1000 + number % 7) for number in range(n_rules)))
    return path


def table(programs, keep, rounds):
    """The results as Markdown."""
    meed, hand = programs / "meed", programs / "meed-bench"
    plain = prepare(keep / "plain", hand)
    text = prepare(keep / "text", hand, "--text-keys", "--csv")
    csv = prepare(keep / "csv", hand, "--csv")
    lines = ["| shape | seconds | times plain | load | rules | write |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    with tempfile.TemporaryDirectory(dir=keep) as scratch:
        scratch = Path(scratch)
        command = lambda data, source, format: [
            *[str(meed), "run", str(plain / "settlement.meed"), "--data", str(data), "--data", f"deal={data / source}"],
            *["--threads", "1", "--timings", "--format", format],
        ]
        shapes = {
            "keys as numbers, Parquet": command(plain, "deals.parquet", "parquet"),
            "keys as text, Parquet": command(text, "deals.parquet", "parquet"),
            "keys as numbers, CSV in and out": command(csv, "deals.csv", "csv"),
            "keys as text, CSV in and out": command(text, "deals.csv", "csv"),
        }
        for n_rules in (1, 10, 100, 1000):
            program = many_rules(plain, n_rules, scratch)
            data = ["--data", str(plain), "--data", f"deal={plain / 'deals.parquet'}"]
            # Lines of a thousand rules are not written: it is the rules that are measured.
            rest = ["--threads", "1", "--timings", "--format", "parquet", "--only", "totals"]
            shapes[f"{n_rules:,} rules, totals only"] = [str(meed), "run", str(program), *data, *rest]
        walls = {name: [] for name in shapes}
        stages = {name: [] for name in shapes}
        digests = {}
        for number in range(rounds):
            for name, start in shapes.items():
                out = scratch / f"{number}-{len(digests)}-{list(shapes).index(name)}"
                wall, _, report = run([*start, "--out", str(out)], scratch)
                walls[name].append(wall)
                stages[name].append(stages_of(report))
                payments = next(out.glob("payments.*"), None)
                if number == 0 and payments:
                    digests[name] = subprocess.check_output([str(hand), "digest", str(payments)], text=True)
    first = next(iter(walls.values()))
    for name in shapes:
        ratio = median(own / base for own, base in zip(walls[name], first))
        seconds = [median(stage.get(key, 0.0) for stage in stages[name]) for key in ("load", "rules_and_lines", "write")]
        cells = " | ".join(f"{value:.2f}" for value in seconds)
        lines.append(f"| {name} | {median(walls[name]):.2f} | {ratio:.2f} | {cells} |")
    if len(set(digests.values())) > 1:
        raise SystemExit("the shapes of the same deals do not pay the same")
    return "\n".join(lines)
