"""Seeded mutations of SIP messages and reginfo documents through every reader of the SIP room.

    python suites/properties/fuzz.py --count 100000 [--seed N] [--processes N] [--crashes DIR]
    python suites/properties/fuzz.py --seed N --only INDEX

Every mutant follows from the seed and its index. No reader may raise anything but the errors that it declares, take
more than 100 ms of processor time, or break one of the promises in `exercise.py`; no process may grow by more than
64 MiB. Each finding is written to a file with the command that shows it again. Exit 1 if there are any, 2 for usage.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))  # as a process of a pool begins without it

from exercise import LIMIT, Clock, TooSlow, read_message, read_reginfo, read_stream, run_lint
from havoc import Mutator, message_seeds, reginfo_seeds

from imsreg.sip.message import parse

CHUNK = 2_000
"""Mutants that a process works on before it reports."""
GROWTH = 64 << 20
"""Octets that a process may grow by after its first chunk."""
_REGINFO_EVERY = 16
_STREAM_EVERY = 4
_THOROUGH_EVERY = 8
_ATTEMPTS = 3
_SHOWN = 20


@dataclass(slots=True)
class Report:
    """What came of a chunk, or of all."""

    done: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    octets: int = 0
    longest: dict[str, float] = field(default_factory=dict)
    findings: list[tuple[int, str, bytes]] = field(default_factory=list)
    """Index, traceback, and the octets that caused it."""
    process: int = 0
    resident: int = 0
    """The largest resident size of the process so far, in octets."""

    def add(self, other: Report) -> None:
        """Takes the figures of a chunk in."""
        self.done += other.done
        self.messages += other.messages
        self.octets += other.octets
        self.findings += other.findings
        for reader, seconds in other.longest.items():
            self.longest[reader] = max(seconds, self.longest.get(reader, 0.0))


class Fuzzer:
    """Makes and exercises the mutants of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._messages = Mutator(message_seeds())
        self._documents = Mutator(reginfo_seeds())

    def mutant(self, index: int) -> tuple[str, bytes, Random]:
        """What was done, the octets, and the generator to go on with."""
        random = Random(self._seed << 32 | index)
        if index % _REGINFO_EVERY == 0:
            return "reginfo", self._documents.draw(random)[1], random
        return *self._messages.draw(random), random

    def exercise(self, index: int, report: Report, clock: Clock) -> None:
        """One mutant through its readers. What goes wrong is in the report; what is slow only if it always is."""
        for attempt in range(_ATTEMPTS):
            done, octets, random = self.mutant(index)
            try:
                message = self._read(index, done, octets, random, clock)
            except TooSlow:
                if attempt < _ATTEMPTS - 1:
                    continue
                report.findings.append((index, traceback.format_exc(limit=-6), octets))
            except Exception:
                report.findings.append((index, traceback.format_exc(limit=-6), octets))
            else:
                report.messages += message
            break
        report.done[done] += 1
        report.octets += len(octets)

    def _read(self, index: int, done: str, octets: bytes, random: Random, clock: Clock) -> bool:
        if done == "reginfo":
            read_reginfo(octets, clock)
            return False
        message = read_message(octets, clock, thorough=index % _THOROUGH_EVERY == 1)
        if index % _STREAM_EVERY == 2:
            read_stream(octets + self.mutant(index + 1)[1], random, clock)
        return message

    def chunk(self, indexes: range) -> Report:
        """A chunk of mutants."""
        report, clock = Report(), Clock()
        for index in indexes:
            self.exercise(index, report, clock)
        report.longest, report.process = clock.longest, os.getpid()
        report.resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        return report


_fuzzer: Fuzzer


def _begin(seed: int) -> None:
    global _fuzzer
    _fuzzer = Fuzzer(seed)
    run_lint(parse(message_seeds()[0]))  # compiles the grammar
    gc.freeze()  # a collection looks at all that every time, and its time would be that of some reader


def _chunk(indexes: range) -> Report:
    return _fuzzer.chunk(indexes)


def reports(seed: int, indexes: range, processes: int) -> Iterator[Report]:
    """Chunk by chunk, as they are ready."""
    parts = [indexes[at : at + CHUNK] for at in range(0, len(indexes), CHUNK)]
    if processes == 1:
        yield from map(Fuzzer(seed).chunk, parts)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (seed,)) as pool:
        yield from pool.imap_unordered(_chunk, parts)


def run(seed: int, count: int, processes: int) -> tuple[Report, int]:
    """All mutants, and by how many octets the process that grew most has grown. Progress goes to standard error."""
    terminal = sys.stderr.isatty()
    total, first, growth, last = Report(), dict[int, int](), 0, time.monotonic()
    for report in reports(seed, range(count), processes):
        total.add(report)
        growth = max(growth, report.resident - first.setdefault(report.process, report.resident))
        if time.monotonic() - last > (1 if terminal else 15):
            last = time.monotonic()
            line = f"{total.done.total():>9,} of {count:,}, {len(total.findings)} findings"
            print(line, end="\r" if terminal else "\n", file=sys.stderr, flush=True)
    return total, growth


def write_crashes(findings: list[tuple[int, str, bytes]], seed: int, folder: Path) -> None:
    """The octets of each finding, and beside them what happened and how to see it again."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, trace, octets in findings:
        again = f"python suites/properties/fuzz.py --seed {seed} --only {index}\n\n"
        (folder / f"{seed}-{index}.octets").write_bytes(octets)
        (folder / f"{seed}-{index}.txt").write_text(again + trace, encoding="utf-8", errors="backslashreplace")


def print_figures(report: Report, growth: int, seconds: float, processes: int) -> None:
    """The table."""
    done = report.done.total()
    named = sum(count for name, count in report.done.items() if name not in ("havoc", "reginfo"))
    print(f"mutants          {done:>12,}   {report.done['havoc']:,} of havoc, {named:,} named, rest reginfo")
    print(f"read as messages {report.messages:>12,}   the others are refused")
    print(f"octets           {report.octets:>12,}")
    print(f"seconds          {seconds:>12.1f}   {done / seconds:,.0f} mutants/s in {processes} process(es)")
    for reader, longest in sorted(report.longest.items()):
        print(f"{reader:<16} {1000 * longest:>9.1f} ms   longest, limit {1000 * LIMIT:.0f} ms")
    print(f"growth           {growth / 2**20:>8.1f} MiB   of a process after its first {CHUNK:,}, limit {GROWTH >> 20}")
    print(f"findings         {len(report.findings):>12,}")


def show_one(seed: int, index: int) -> int:
    """One mutant: what it is, and what comes of it."""
    fuzzer, report = Fuzzer(seed), Report()
    done, octets, _ = fuzzer.mutant(index)
    print(f"{done}: {octets!r}")
    fuzzer.exercise(index, report, Clock())
    for _, trace, _ in report.findings:
        print(trace)
    return int(bool(report.findings))


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and say by the exit code whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="mutants (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, help="the mutants follow from it (default: 1)")
    parser.add_argument("--processes", type=int, default=2, help="default: 2")
    parser.add_argument("--only", type=int, metavar="INDEX", help="show one mutant and what comes of it")
    parser.add_argument("--crashes", type=Path, default=Path("results/fuzz"), help="folder for findings")
    options = parser.parse_args(arguments)
    if options.only is not None:
        return show_one(options.seed, options.only)
    began = time.perf_counter()
    report, growth = run(options.seed, options.count, options.processes)
    print_figures(report, growth, time.perf_counter() - began, options.processes)
    if report.findings:
        write_crashes(report.findings[:_SHOWN], options.seed, options.crashes)
        print(f"the first {min(_SHOWN, len(report.findings))} findings are in {options.crashes}")
    if growth > GROWTH:
        print("a process grew too much")
    return int(bool(report.findings) or growth > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
