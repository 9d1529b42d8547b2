"""The race: program P from Parquet to written payments, by every engine that is here, on the same data.

    run.py [ROWS] [--runs N] [--runs-slow N] [--keep DIR] [--bin DIR] [--threads N …] [--shapes]

Generates the data where it is absent, under `bench/data/ROWS`. Contenders run one after the other, round by round, each in
a process of its own, once for each number of threads; on one thread each process has one processor. Times are wall times of
whole processes, medians over the rounds, and ratios are taken within a round before their median is. All payments must have
one digest, or the race fails; totals that are written alone must be those that are written beside payments. Prints Markdown.

With `--shapes` Meed alone settles other shapes of the same work too: keys as text, CSV in and out, and programs of 1 to 1,000
rules over a million deals.

Builds nothing: `cargo build --release -p meed-cli -p meed-bench` comes before. What is not installed is listed as such.
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.machinery import PathFinder
from pathlib import Path
from statistics import median

import shapes
from processes import run, stages_of

BENCH = Path(__file__).resolve().parent


class Contender:
    """An engine: how to run it, and what its runs gave."""

    def __init__(self, name, command, slow, missing=None):
        self.name = name
        self.command = command
        self.slow = slow
        self.missing = missing
        # Payments, or totals alone.
        self.table = "payments"
        self.walls = []
        self.peaks = []
        self.stages = []
        self.digest = None
        self.totals = None


def installed(module):
    """Whether a Python module can be imported; this folder, which holds a file named like one, does not count."""
    return PathFinder.find_spec(module, [path for path in sys.path if Path(path).resolve() != BENCH]) is not None


def contenders(data, programs, threads):
    """Every engine, with its command up to the file it writes to."""
    meed, hand = programs / "meed", programs / "meed-bench"
    script = lambda name: [sys.executable, str(BENCH / name), str(data), "--threads", str(threads), "--lines"]
    not_built = lambda program: None if program.exists() else "not built"
    not_installed = lambda module: None if installed(module) else "not installed"
    run_meed = meed_command(meed, data, threads)
    totals = Contender("Meed, totals only", run_meed + ["--only", "totals", "--out"], False, not_built(meed))
    totals.table = "totals"
    return [
        Contender("Meed", run_meed + ["--out"], False, not_built(meed)),
        Contender("Meed, all rows in memory", run_meed + ["--memory", "1000000", "--out"], False, not_built(meed)),
        totals,
        Contender("hand-written Rust", [str(hand), "hand", str(data), "--lines"], False, not_built(hand)),
        Contender("DuckDB", script("duckdb.py"), True, not_installed("duckdb")),
        Contender("Polars", script("polars_.py"), True, not_installed("polars")),
    ]


def meed_command(meed, data, threads):
    """Meed over the data of a folder, up to the format and the folder for its outputs."""
    program = [str(meed), "run", str(data / "settlement.meed"), "--data", str(data)]
    return program + ["--threads", str(threads), "--timings", "--format", "parquet"]


def written(out, table):
    """The table an engine wrote: the file itself, or the one of that name in the folder."""
    return out / f"{table}.parquet" if out.is_dir() else out


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def race(racers, runs, runs_slow, hand, keep, threads):
    """Runs every racer round by round, and takes the digest of its last payments."""
    with tempfile.TemporaryDirectory(dir=keep) as scratch:
        scratch = Path(scratch)
        for number in range(runs):
            for racer in racers:
                last = (runs_slow if racer.slow else runs) - 1
                if number > last:
                    continue
                out = scratch / f"{racers.index(racer)}-{number}.parquet"
                wall, peak, report = run(racer.command + [str(out)], scratch, threads)
                racer.walls.append(wall)
                racer.peaks.append(peak)
                racer.stages.append(stages_of(report))
                print(f"round {number + 1}: {racer.name} {wall:.3f} s", file=sys.stderr)
                table = written(out, racer.table)
                if number == last and racer.table == "payments":
                    racer.digest = subprocess.check_output([str(hand), "digest", str(table)], text=True)
                if number == last and out.is_dir():
                    racer.totals = sha256(out / "totals.parquet")
                if out.is_dir():
                    shutil.rmtree(out)
                else:
                    table.unlink()


def table(racers, absent, rows, threads):
    """The results as Markdown: one line per contender, then its stages."""
    first = racers[0]
    text = [
        f"Program P, {rows:,} deals, from Parquet to written payments, threads: {threads}; medians of "
        + ", ".join(f"{len(racer.walls)} ({racer.name})" for racer in racers)
        + f" runs; {platform.machine()}, {os.cpu_count()} processors.",
        "",
        f"| contender | seconds | million rows/s | times {first.name} | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for racer in racers:
        wall = median(racer.walls)
        ratio = median(own / base for own, base in zip(racer.walls, first.walls))
        peak = median(racer.peaks) / 1024
        text.append(f"| {racer.name} | {wall:.3f} | {rows / wall / 1e6:.2f} | {ratio:.2f} | {peak:,.0f} |")
    text += [f"| {racer.name} | {racer.missing} | | | |" for racer in absent]
    text += ["", "| contender | stage | seconds | million rows/s |", "| --- | --- | ---: | ---: |"]
    for racer in racers:
        for stage in racer.stages[0]:
            seconds = median(stages.get(stage, 0.0) for stages in racer.stages)
            speed = f"{rows / seconds / 1e6:.2f}" if seconds > 0 else ""
            text.append(f"| {racer.name} | {stage} | {seconds:.3f} | {speed} |")
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description="Races the engines on program P.")
    parser.add_argument("rows", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5, help="rounds")
    parser.add_argument("--runs-slow", type=int, help="rounds that DuckDB and Polars take part in; by default all")
    parser.add_argument("--keep", type=Path, help="folder for the data, instead of bench/data/ROWS")
    parser.add_argument("--bin", type=Path, default=BENCH.parent / "target" / "release", help="folder of the programs")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads, a race for each")
    parser.add_argument("--shapes", action="store_true", help="also keys as text, CSV, and many rules")
    arguments = parser.parse_args()
    if arguments.runs < 1 or (arguments.runs_slow or 1) < 1:
        parser.error("every contender needs a run")

    hand = arguments.bin / "meed-bench"
    if not hand.exists():
        sys.exit(f"{hand} is not there: cargo build --release -p meed-cli -p meed-bench")
    data = (arguments.keep or BENCH / "data" / str(arguments.rows)).resolve()
    if not (data / "settlement.meed").exists():
        subprocess.check_call([str(hand), "generate", str(arguments.rows), str(data)])

    for threads in arguments.threads:
        everyone = contenders(data, arguments.bin, threads)
        racers = [contender for contender in everyone if not contender.missing]
        absent = [contender for contender in everyone if contender.missing]
        race(racers, arguments.runs, arguments.runs_slow or arguments.runs, hand, data.parent, threads)
        print(table(racers, absent, arguments.rows, threads))
        if not agree(racers):
            sys.exit(1)
    if arguments.shapes:
        print(shapes.table(arguments.bin, data.parent, arguments.runs))


def agree(racers):
    """Whether all payments have one digest, and all totals of Meed are the same; says what differs."""
    payments = [racer for racer in racers if racer.table == "payments"]
    if len({racer.digest for racer in payments}) > 1:
        print("\nThe engines disagree:\n")
        for racer in payments:
            print(f"{racer.name}\n{racer.digest}")
        return False
    if len({racer.totals for racer in racers if racer.totals}) > 1:
        print("\nTotals alone are not those beside payments.")
        return False
    print("\nThe payments of all contenders here have one digest, and so have Meed's totals.\n")
    return True


if __name__ == "__main__":
    main()
