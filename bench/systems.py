"""What the fourteen systems of `examples/` take at a size: seconds, peak memory, rows a second.

    systems.py [--events N] [--runs N] [--only TEXT] [--keep DIR] [--bin DIR] [--memory MIB] [--engines]

Each system's own `gen.py` writes tables with about N events (1,000,000), bad rows among them; `meed run` reads them as CSV, settles
them with rejected rows set aside, and writes its tables. Time is that of the whole process, the best of so many runs (3), peak
memory what the system reports for it. Builds nothing: `cargo build --release -p meed-cli` comes before. With `--keep DIR` tables
stay there, and tables that are there already are used again. With `--engines` each is settled by the interpreter, by one thread and
with little memory too, and all of its tables must have the digests of the first run, or the script fails. Prints a Markdown table.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def generated(system, n, folder):
    """The tables of a system, for a number that its generator takes."""
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        subprocess.run([sys.executable, system / "gen.py", str(n), part], check=True)
        part.rename(folder)
    return folder


def run(meed, system, data, out, memory, *more):
    """One run: seconds of the process, peak MiB, and its `run.json`."""
    command = [meed, "run", system / "program.meed", "--data", data, "--out", out, "--rejects", out / "rejects.csv", "--timings"]
    command += ["--through", through(system)]
    if memory is not None:
        command += ["--memory", str(memory)]
    command += more
    before = time.monotonic()
    with open(os.devnull, "wb") as nowhere, tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(part) for part in command], stdout=nowhere, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"{system.name}: {said.read().decode()[-2000:]}")
    return seconds, usage.ru_maxrss / 1024, json.loads((out / "run.json").read_text())


def through(system):
    """The last day of the program."""
    text = (system / "program.meed").read_text()
    return text.split("active ", 1)[1].split(" to ", 1)[1].split()[0]


def digests(told):
    """The digest of each table that was written."""
    return {table["table"]: table["sha256"] for table in told["tables"]}


def engines(meed, system, data, out, told):
    """Settles otherwise what was settled, and says which of the ways gave other tables."""
    ways = {
        "interpreter": ["--engine", "interpreter"],
        "one thread": ["--threads", "1"],
        "64 MiB": ["--memory", "64"],
    }
    return [way for way, more in ways.items() if digests(run(meed, system, data, out, None, *more)[2]) != digests(told)]


def rows(told):
    """Rows of events that were read, and payments."""
    events = sum(entry["read"] for entry in told["account"] if entry.get("rule") is None)
    return events, sum(total["payments"] for total in told["totals"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--bin", type=Path, default=ROOT / "target" / "release")
    parser.add_argument("--memory", type=int)
    parser.add_argument("--engines", action="store_true")
    args = parser.parse_args()
    meed = args.bin / "meed"
    differ = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print("| system | events | payments | seconds | thousand events/s | peak MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for system in sorted((ROOT / "examples").glob("[0-9][0-9]-*")):
            if args.only not in system.name:
                continue
            out = Path(scratch) / system.name
            # How many events a generator makes of its number differs from system to system.
            small = generated(system, 2_000, folder / f"{system.name}-2000")
            n_small = rows(run(meed, system, small, out, None)[2])[0]
            n = max(args.events * 2_000 // max(n_small, 1), 1)
            data = generated(system, n, folder / f"{system.name}-{n}")
            taken = [run(meed, system, data, out, args.memory) for _ in range(args.runs)]
            seconds, peak, told = min(taken, key=lambda one: one[0])
            n_events, n_payments = rows(told)
            rate = n_events / seconds / 1e3
            print(f"| {system.name} | {n_events:,} | {n_payments:,} | {seconds:.2f} | {rate:,.0f} | {peak:,.0f} |", flush=True)
            if args.engines:
                differ += [f"{system.name}, {way}" for way in engines(meed, system, data, out, told)]
    if differ:
        sys.exit("\nOther tables than those of the first run: " + "; ".join(differ))


if __name__ == "__main__":
    main()
