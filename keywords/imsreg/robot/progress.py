"""Progress of a run in the terminal, and what became of its tests."""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from robot.api.interfaces import ListenerV3
from robot.result import Message
from robot.result import TestCase as ResultTest
from robot.running import TestCase as RunningTest

from imsreg.robot.bench import Bench
from imsreg.text import safe_text
from imsreg.verdict.runners import WORST_FIRST, Word, word

WIDTH = 20
SHOWN: tuple[Word, ...] = ("PASS", "FAIL", "KNOWN", "NON-STRICT", "N/A", "INCONCLUSIVE")


class Progress(ListenerV3):
    """One line that is written over on a terminal; one line a test elsewhere."""

    ROBOT_LISTENER_PRIORITY = -1
    """After the library's listener, which gives each test the status that its rulings have."""

    def __init__(self, bench: Bench, total: int, stream: TextIO) -> None:
        self._bench = bench
        self._total = total
        self._stream = stream
        self._done = 0
        self._rewrite = stream.isatty()
        self.failed = 0
        """Tests that failed by an assertion of their own: no ruling says so."""
        self.inconclusive = 0
        """Tests that ended INCONCLUSIVE, whatever their requirements got elsewhere."""
        self.interrupted = False
        """Whether a signal ended the run: Robot Framework's exit code does not tell it from failures."""

    def start_test(self, data: RunningTest, result: ResultTest) -> None:
        """Show which test runs."""
        if self._rewrite:
            self._write(safe_text(data.name, limit=60), end="")

    def end_test(self, data: RunningTest, result: ResultTest) -> None:
        """Count the test, if it was begun."""
        if "robot:exit" in result.tags:
            return
        self._done += 1
        if result.failed and "inconclusive" in result.tags:
            self.inconclusive += 1
        elif result.failed:
            self.failed += 1
        self._write(safe_text(data.name, limit=60), end="" if self._rewrite and self._done < self._total else "\n")

    def message(self, message: Message) -> None:
        """Notice a signal."""
        self.interrupted = self.interrupted or (message.message or "").startswith("Received signal")

    @property
    def done(self) -> int:
        """Tests that have been run."""
        return self._done

    def _write(self, name: str, end: str) -> None:
        bar = "#" * (WIDTH * self._done // self._total if self._total else WIDTH)
        counted = self._counts()
        tally = "  ".join(f"{w} {counted[w]}" for w in SHOWN)
        line = f"[{bar:.<{WIDTH}}] {self._done}/{self._total}  {tally}   {name}"
        print(f"\r\x1b[K{line}" if self._rewrite else line, end=end, file=self._stream, flush=True)

    def _counts(self) -> Counter[Word]:
        """Requirements by their worst verdict so far."""
        worst: dict[str, Word] = {}
        judgements = [judgement for session in self._bench.sessions for judgement in session.judgements.values()]
        for judgement in judgements:
            for ruling in (*judgement.rulings, *judgement.in_passing):
                found = word(ruling)
                known = worst.get(ruling.requirement)
                if known is None or WORST_FIRST.index(found) < WORST_FIRST.index(known):
                    worst[ruling.requirement] = found
        return Counter(worst.values())
