"""The race: program P from Parquet to written payments, by every engine that is here, on the same data.

    run.py [ROWS] [--runs N] [--runs-slow N] [--keep DIR] [--bin DIR] [--threads N]

Generates the data where it is absent, under `bench/data/ROWS`. Contenders run one after the other, round by round, each in
a process of its own on one thread; times are wall times of whole processes, medians over the rounds, and ratios are taken
within a round before their median is. All payments must have one digest, or the race fails. Prints a Markdown table.

Builds nothing: `cargo build --release -p meed-cli -p meed-bench` comes before. What is not installed is listed as such.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.machinery import PathFinder
from pathlib import Path
from statistics import median

BENCH = Path(__file__).resolve().parent


class Contender:
    """An engine: how to run it, and what its runs gave."""

    def __init__(self, name, command, slow, missing=None):
        self.name = name
        self.command = command
        self.slow = slow
        self.missing = missing
        self.walls = []
        self.peaks = []
        self.stages = []
        self.digest = None


def installed(module):
    """Whether a Python module can be imported; this folder, which holds a file named like one, does not count."""
    return PathFinder.find_spec(module, [path for path in sys.path if Path(path).resolve() != BENCH]) is not None


def run(command, scratch):
    """Runs a command; its wall time in seconds, its own peak memory in KiB, and what it reports of itself."""
    with open(scratch / "out", "w+b") as out, open(scratch / "err", "w+b") as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        texts = [err.read().decode(errors="replace"), out.read().decode(errors="replace")]
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{texts[0][-2000:]}")
    # Linux counts kibibytes, macOS bytes.
    peak = usage.ru_maxrss // 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return wall, peak, report_of(texts[0]) or report_of(texts[1])


def report_of(text):
    """The JSON object on the last line, or nothing where that is something else."""
    lines = text.strip().splitlines()
    try:
        report = json.loads(lines[-1]) if lines else {}
    except json.JSONDecodeError:
        return {}
    return report if isinstance(report, dict) else {}


def stages_of(report):
    """Seconds by stage, whether they stand under `seconds` or at the top, as numbers or as their text."""
    stages = {}
    for name, value in report.get("seconds", report).items():
        if name in ("all", "rows", "lines", "peak_kib"):
            continue
        try:
            stages[name] = float(value)
        except (TypeError, ValueError):
            pass
    return stages


def contenders(data, programs, threads):
    """Every engine, with its command up to the file it writes to."""
    meed, hand = programs / "meed", programs / "meed-bench"
    script = lambda name: [sys.executable, str(BENCH / name), str(data), "--threads", str(threads), "--lines"]
    not_built = lambda program: None if program.exists() else "not built"
    not_installed = lambda module: None if installed(module) else "not installed"
    run_meed = [str(meed), "run", str(data / "settlement.meed"), "--data", str(data), "--format", "parquet", "--timings"]
    return [
        Contender("Meed", run_meed + ["--out"], False, not_built(meed)),
        Contender("Meed, all rows in memory", run_meed + ["--memory", "1000000", "--out"], False, not_built(meed)),
        Contender("hand-written Rust", [str(hand), "hand", str(data), "--lines"], False, not_built(hand)),
        Contender("DuckDB", script("duckdb.py"), True, not_installed("duckdb")),
        Contender("Polars", script("polars_.py"), True, not_installed("polars")),
    ]


def payments_in(out):
    """The payments an engine wrote: the file itself, or the one named payments in the folder."""
    return out / "payments.parquet" if out.is_dir() else out


def race(racers, runs, runs_slow, hand, keep):
    """Runs every racer round by round, and takes the digest of its last payments."""
    with tempfile.TemporaryDirectory(dir=keep) as scratch:
        scratch = Path(scratch)
        for number in range(runs):
            for racer in racers:
                last = (runs_slow if racer.slow else runs) - 1
                if number > last:
                    continue
                out = scratch / f"{racers.index(racer)}-{number}.parquet"
                wall, peak, report = run(racer.command + [str(out)], scratch)
                racer.walls.append(wall)
                racer.peaks.append(peak)
                racer.stages.append(stages_of(report))
                print(f"round {number + 1}: {racer.name} {wall:.3f} s", file=sys.stderr)
                payments = payments_in(out)
                if number == last:
                    racer.digest = subprocess.check_output([str(hand), "digest", str(payments)], text=True)
                payments.unlink()


def table(racers, absent, rows):
    """The results as Markdown: one line per contender, then its stages."""
    first = racers[0]
    text = [
        f"Program P, {rows:,} deals, from Parquet to written payments; medians of "
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
    parser.add_argument("--threads", type=int, default=1, help="threads of DuckDB and Polars")
    arguments = parser.parse_args()
    if arguments.runs < 1 or (arguments.runs_slow or 1) < 1:
        parser.error("every contender needs a run")

    hand = arguments.bin / "meed-bench"
    if not hand.exists():
        sys.exit(f"{hand} is not there: cargo build --release -p meed-cli -p meed-bench")
    data = (arguments.keep or BENCH / "data" / str(arguments.rows)).resolve()
    if not (data / "settlement.meed").exists():
        subprocess.check_call([str(hand), "generate", str(arguments.rows), str(data)])

    everyone = contenders(data, arguments.bin, arguments.threads)
    racers = [contender for contender in everyone if not contender.missing]
    absent = [contender for contender in everyone if contender.missing]
    race(racers, arguments.runs, arguments.runs_slow or arguments.runs, hand, data.parent)
    print(table(racers, absent, arguments.rows))
    if len({racer.digest for racer in racers}) > 1:
        print("\nThe engines disagree:\n")
        for racer in racers:
            print(f"{racer.name}\n{racer.digest}")
        sys.exit(1)
    print("\nThe payments of all contenders here have one digest.")


if __name__ == "__main__":
    main()
