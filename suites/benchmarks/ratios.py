"""Ratios between ways to do the same, measured side by side: rounds are interleaved, medians compared."""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Way = Callable[[], object]


class Ratio(NamedTuple):
    """How many times faster one way has to be than another; `least` None: printed, not judged."""

    name: str
    fast: str
    slow: str
    least: float | None


def rounds(description: str) -> int:
    """The number of rounds, from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=25, help="interleaved rounds (default: 25)")
    return int(parser.parse_args().rounds)


def measure(ways: Mapping[str, Way], count: int, seconds: float = 0.02) -> dict[str, float]:
    """Median seconds of one call of each way over `count` interleaved rounds, each of about `seconds`."""
    repeats = {name: max(1, round(seconds / _once(way))) for name, way in ways.items()}
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(count):
        for name, way in ways.items():
            seen[name].append(_time(way, repeats[name]))
    return {name: statistics.median(values) for name, values in seen.items()}


def report(title: str, figures: Mapping[str, float], ratios: Sequence[Ratio]) -> int:
    """Prints a table; 1 if a ratio is below its least."""
    width = max(map(len, (*figures, *(ratio.name for ratio in ratios))))
    print(title)
    for name, seconds in figures.items():
        print(f"  {name:<{width}} {1e6 * seconds:12.2f} us")
    failed = False
    for name, fast, slow, least in ratios:
        found = figures[slow] / figures[fast]
        limit = "" if least is None else f", at least {least:g} wanted"
        print(f"  {name:<{width}} {found:12.2f} times{limit}")
        failed |= least is not None and found < least
    print()
    return int(failed)


def _once(way: Way) -> float:
    way()
    return min(_time(way, 1) for _ in range(3))


def _time(way: Way, repeats: int) -> float:
    gc.disable()
    began = time.perf_counter()
    for _ in range(repeats):
        way()
    taken = time.perf_counter() - began
    gc.enable()
    return taken / repeats
