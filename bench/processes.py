"""Runs commands and measures them: wall time, peak memory, and what a command reports of its stages."""

import json
import os
import subprocess
import sys
import time


def run(command, scratch, threads=1):
    """Runs a command; its wall time in seconds, its own peak memory in KiB, and what it reports of itself."""
    processors = sorted(os.sched_getaffinity(0))[-threads:] if hasattr(os, "sched_setaffinity") else None
    only = (lambda: os.sched_setaffinity(0, processors)) if processors else None
    with open(scratch / "out", "w+b") as out, open(scratch / "err", "w+b") as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, preexec_fn=only)
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
