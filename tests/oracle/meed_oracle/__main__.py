"""The command: `python3 -m meed_oracle TREE.json --data FOLDER [--through DAY] [--set name=value] [--table payments]`.

With `--jobs FOLDER` it answers every `NAME.job.json` of a folder with a `NAME.out.json`, for tests that have many programs.
A job has the tree, tables by record (header and rows), the day and the parameters.
"""

import argparse
import csv
import json
import sys
from datetime import date
from pathlib import Path

from . import closes, holds, output
from .program import Program
from .settle import Run
from .trouble import Fault, Unknown

sys.setrecursionlimit(20_000)


def answer(job):
    """The tables of a job, or the fault that stops it, or what this evaluator does not know."""
    try:
        through = date.fromisoformat(job["through"]) if job.get("through") else None
        run = Run(job["tree"], job["tables"], through, job.get("set"), job.get("sheets"))
        if run.program.settled is not None:
            run.booked = closes.book((job["tree"], job["tables"], job.get("set"), job.get("sheets")), run)
        run.dues = holds.hold(run)
        return {
            "payments": output.payments(run),
            "totals": output.totals(run),
            "decisions": output.decisions(run),
            "credits": output.credits(run),
            "uncredited": output.uncredited(run),
            "differences": output.differences(run),
            "held": output.held(run),
            "movements": output.movements(run),
            "rejects": output.rejects(run),
            "unasked_faults": run.has_unasked_faults,
        }
    except Fault as fault:
        return {"fault": str(fault)}
    except Unknown as unknown:
        return {"unknown": str(unknown)}


def answer_all(folder):
    for path in sorted(Path(folder).glob("*.job.json")):
        out = path.with_name(path.name.removesuffix(".job.json") + ".out.json")
        job = json.loads(path.read_text(encoding="utf-8"))
        out.write_text(json.dumps(answer(job), ensure_ascii=False), encoding="utf-8")


def tables_in(trees, folder):
    """The tables of a folder by record: a file bears the name of the record's source, or its own name or that with an `s`."""
    files = {path.stem.lower(): path for path in Path(folder).glob("*.csv")}
    found = {}
    for record in Program(trees, {}).records.values():
        names = [record.table.removesuffix(".csv")] if record.table else [record.name, record.name + "s"]
        for name in names:
            if name.lower() in files:
                with files[name.lower()].open(encoding="utf-8-sig", newline="") as file:
                    header, *rows = csv.reader(file)
                found[record.name] = {"header": header, "rows": rows}
                break
    return found


def main():
    parser = argparse.ArgumentParser(prog="meed_oracle")
    parser.add_argument("tree", nargs="?", help="what `meed show tree --json PROGRAM` wrote")
    parser.add_argument("--data", help="a folder of CSV tables")
    parser.add_argument("--through")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--table", default="payments", choices=["payments", "totals", "decisions", "credits", "uncredited", "differences", "held", "movements", "rejects"])
    parser.add_argument("--jobs", help="answer every job of this folder")
    options = parser.parse_args()
    if options.jobs:
        answer_all(options.jobs)
        return 0
    if not options.tree or not options.data:
        parser.error("name a tree and --data, or --jobs")
    trees = json.loads(Path(options.tree).read_text(encoding="utf-8"))
    job = {
        "tree": trees,
        "tables": tables_in(trees, options.data),
        "through": options.through,
        "set": dict(one.split("=", 1) for one in options.set),
        "sheets": {path.name: path.read_text(encoding="utf-8-sig") for path in Path(options.data).glob("../*.csv")},
    }
    found = answer(job)
    if options.table not in found:
        print(next(iter(found.items())), file=sys.stderr)
        return 1
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(getattr(output, options.table.upper()))
    writer.writerows(sorted(found[options.table]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
