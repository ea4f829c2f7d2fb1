"""How long until the first packet, and how long the whole suites take, against a bare Robot run of the same session.

    python suites/benchmarks/start_up.py [--rounds N]

Runs are interleaved and medians compared, so that only the ratios carry over to another machine. Limits: the first
packet leaves in under twice a bare one-test Robot run, and `robot suites/` takes under 75 ms a test: 15 s for the 200
tests that it began with.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from robot.api import TestSuite

from imsreg.paths import data
from imsreg.transcript.capture import read_capture

BARE = "*** Test Cases ***\nNothing\n    No Operation\n"
FIRST_TEST = "seed_registrations.robot"
RATIO_LIMIT = 2.0
PER_TEST_LIMIT = 0.075


def robot(*arguments: str) -> None:
    """One execution in a process of its own. Its exit code does not matter here, only its time."""
    command = [sys.executable, "-m", "robot", "--console", "none", *arguments]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bare(scratch: Path) -> float:
    """Seconds of a Robot run with one empty test, logs and all."""
    suite = scratch / "bare.robot"
    suite.write_text(BARE, encoding="utf-8")
    began = time.perf_counter()
    robot("--outputdir", str(scratch / "bare"), str(suite))
    return time.perf_counter() - began


def first_packet(scratch: Path) -> float:
    """Seconds from the start of `robot` to the first packet on the wire, as the capture has its time."""
    output = scratch / "first"
    began = time.time()
    robot("--outputdir", str(output), "--test", "Plain*", str(data("suites", "cscf", FIRST_TEST)))
    captures = sorted((output / "evidence").glob("*/wire.pcapng"))
    transcript = read_capture(captures[0])
    return transcript.began + transcript.entries[0].at - began


def suites(scratch: Path) -> float:
    """Seconds of `robot suites/` in one process."""
    began = time.perf_counter()
    robot("--outputdir", str(scratch / "suites"), str(data("suites")))
    return time.perf_counter() - began


def measure(rounds: int, scratch: Path) -> dict[str, float]:
    """Medians in seconds of interleaved rounds."""
    kinds: dict[str, Callable[[Path], float]] = {"bare": bare, "first packet": first_packet}
    seen: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, run in kinds.items():
            seen[kind].append(run(scratch))
    medians = {kind: statistics.median(values) for kind, values in seen.items()}
    return {**medians, "robot suites/": suites(scratch)}


def main() -> int:
    """Print the figures; 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: 5)")
    with tempfile.TemporaryDirectory(prefix="imsreg-bench-") as scratch:
        figures = measure(parser.parse_args().rounds, Path(scratch))
    ratio = figures["first packet"] / figures["bare"]
    for name, seconds in figures.items():
        print(f"{name:<16} {seconds:7.3f} s")
    per_test = figures["robot suites/"] / TestSuite.from_file_system(data("suites")).test_count
    print(f"{'a test of it':<16} {1000 * per_test:7.0f} ms  limit {1000 * PER_TEST_LIMIT:g}")
    print(f"{'ratio':<16} {ratio:7.2f}   first packet / bare run, limit {RATIO_LIMIT:g}")
    return int(ratio >= RATIO_LIMIT or per_test >= PER_TEST_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
