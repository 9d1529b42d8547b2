#!/usr/bin/env python3
"""Kills runs at every point that matters and at random ones, and demands after each that the folder shows one whole run.

    cargo build -p meed-cli && python3 tests/kill_runs.py [--kills 100] [--rows 20000] [--seed 1] [--meed target/debug/meed]

First, where `strace` is installed: every call of a run that names, links, renames, syncs or removes a file is made to fail, and
the run is killed at it, one call after the other. Then runs are killed after random times. Two runs take turns, through different
days, so that old and new can be told apart. After each kill `run.json`, every table that it names, and every name that people
open must be those of the run before or of the new one; at the end a run that is let alone must leave no unfinished file.
Standard library only."""

import argparse
import collections
import hashlib
import itertools
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = """
program killed { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity team { key id }
event deal { key id   when closed_on   team team   amount money }
rule shares { for each deal   pay team 10% of amount }
"""
TABLES = ["payments.csv", "totals.csv", "decisions.csv"]
DAYS = ["2026-06-30", "2026-12-31"]
CALLS = "rename,renameat,renameat2,symlink,symlinkat,fsync,fdatasync,unlink,unlinkat,mkdir,mkdirat,rmdir,flock,fchmod"


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--meed", type=Path, default=Path("target/debug/meed"))
    return parser.parse_args()


class Bench:
    """A folder with a program, its tables and its outputs."""

    def __init__(self, place, meed, n_rows):
        self.place, self.meed, self.out = place, meed.resolve(), place / "out"
        (place / "killed.meed").write_text(PROGRAM)
        (place / "teams.csv").write_text("id\n" + "".join(f"T{n}\n" for n in range(50)))
        rows = (f"D{n},2026-{n % 12 + 1:02}-05,T{n % 50},{n % 900}.25\n" for n in range(n_rows))
        (place / "deals.csv").write_text("id,closed_on,team,amount\n" + "".join(rows))

    def words(self, day):
        tables = ["--data", "team=teams.csv", "--data", "deal=deals.csv"]
        return [self.meed, "run", "killed.meed", *tables, "--through", day, "--out", "out"]

    def run(self, day, before=()):
        words = [*before, *self.words(day)]
        return subprocess.run(words, cwd=self.place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def start(self, day):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(self.words(day), cwd=self.place, **quiet)

    def day(self):
        """The day of the run that the folder shows, once all of it is as `run.json` says; `None` if it shows none."""
        path = self.out / "run.json"
        if not path.exists():
            shown = [name for name in TABLES if (self.out / name).exists()]
            assert not shown, f"no run.json, and {shown}"
            return None
        said = json.loads(path.read_text())
        assert [table["file"] for table in said["tables"]] == TABLES, said
        for table in said["tables"]:
            content = (self.out / table["file"]).read_bytes()
            assert len(content) == table["size"], f"{table['file']} of {len(content)} bytes"
            assert hashlib.sha256(content).hexdigest() == table["sha256"], table["file"]
            assert content.count(b"\n") == table["rows"] + 1, table["file"]
        return said["through"]


def at_every_call(bench):
    """Lets each call fail, and kills the run at it; in a new folder, and in one that shows a run."""
    found = collections.Counter()
    for before in [None, DAYS[0]]:
        for call, n_calls in calls(bench, before).items():
            for what, n in itertools.product(["signal=KILL", "error=EIO"], range(1, n_calls + 1)):
                fresh(bench, before)
                inject = ["-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={n}"]
                ended = bench.run(DAYS[1], ["strace", *inject])
                assert "panicked" not in ended.stderr, ended.stderr
                after = bench.day()
                at = f"{what} at {call} {n}: the folder shows {after}, before {before}, exit {ended.returncode}"
                assert after in (before, DAYS[1]), at
                assert ended.returncode != 0 or after == DAYS[1], at
                found[(what, "before" if after == before else "new", f"exit {ended.returncode}")] += 1
                again = bench.run(DAYS[1])
                assert again.returncode == 0 and bench.day() == DAYS[1], at + again.stderr
                tidy(bench)
    return found


def fresh(bench, before):
    shutil.rmtree(bench.out, ignore_errors=True)
    assert before is None or bench.run(before).returncode == 0


def calls(bench, before):
    """How often a run makes each call."""
    fresh(bench, before)
    with tempfile.NamedTemporaryFile("r") as trace:
        bench.run(DAYS[1], ["strace", "-f", "-qq", "-o", trace.name, "-e", f"trace={CALLS}"])
        made = collections.Counter(re.findall(r"^\d+ +(\w+)\(", trace.read(), re.M))
    assert made["fsync"] > 3 and sum(made.values()) > 15, made
    return made


def tidy(bench):
    hidden = sorted(path.name.split("-")[0] for path in (bench.out / ".meed").iterdir())
    assert hidden == ["current", "lock", "run"], hidden
    shown = sorted(path.name for path in bench.out.iterdir())
    assert shown == sorted([".meed", "run.json", *TABLES]), shown


def at_random(bench, n_kills, rng):
    shutil.rmtree(bench.out, ignore_errors=True)
    start = time.monotonic()
    assert bench.run(DAYS[0]).returncode == 0
    whole = time.monotonic() - start
    found, before = collections.Counter(), DAYS[0]
    signals = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
    n_killed = 0
    while n_killed < n_kills:
        day = DAYS[0] if before == DAYS[1] else DAYS[1]
        child, told = bench.start(day), rng.choice(signals)
        # Most of the time where files are written and shown.
        time.sleep(whole * rng.choice([rng.uniform(0, 1.1), rng.uniform(0.7, 1.1)]))
        child.send_signal(told)
        code = child.wait()
        after = bench.day()
        assert after in (before, day), f"{after} after {before}"
        if code == 0:
            assert after == day, "all is well, and the run before is shown"
        if code in (130, 143):
            assert after == before, "stopped, and the new run is shown"
            tidy(bench)
        n_killed += code != 0
        found[(told.name, "before" if after == before else "new", f"exit {code}")] += 1
        before = after
    assert bench.run(DAYS[0]).returncode == 0
    tidy(bench)
    return found


def main():
    given = options()
    if not given.meed.exists():
        sys.exit(f"{given.meed} is not there: cargo build -p meed-cli")
    with tempfile.TemporaryDirectory() as place:
        if shutil.which("strace"):
            (Path(place) / "calls").mkdir()
            report("at every call", at_every_call(Bench(Path(place) / "calls", given.meed, 20)))
        else:
            print("skipped: without strace no single call can be made to fail")
        (Path(place) / "random").mkdir()
        bench = Bench(Path(place) / "random", given.meed, given.rows)
        report(f"at random, seed {given.seed}", at_random(bench, given.kills, random.Random(given.seed)))


def report(what, found):
    print(what)
    for kind, count in sorted(found.items()):
        print(f"  {count:4} {', '.join(kind)}")


if __name__ == "__main__":
    main()
