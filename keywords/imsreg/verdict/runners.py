"""What verdicts are called in the runners, and the exit class of a run: one table for all adapters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from imsreg.errors import ExitClass
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.summary import Summary, counts
from imsreg.verdict.verdict import Ruling, Verdict

Word = Literal["FAIL", "INCONCLUSIVE", "KNOWN", "NON-STRICT", "PASS", "N/A"]

WORST_FIRST: tuple[Word, ...] = ("FAIL", "INCONCLUSIVE", "KNOWN", "NON-STRICT", "PASS", "N/A")
"""The order in which the words of several tests on one requirement outweigh each other."""


@dataclass(frozen=True)
class Status:
    """How a test ends: in Robot, in pytest (Allure follows its runner), with this message and these tags added."""

    word: Word
    robot: Literal["PASS", "FAIL", "SKIP"]
    pytest: Literal["passed", "failed", "skipped", "xfailed"]
    message: str
    tags: tuple[str, ...] = ()


def word(ruling: Ruling) -> Word:
    """A ruling's verdict, with KNOWN for the FAIL that is a known deviation found again.

    A test in which a deviation does not show is a PASS: only the whole run knows whether it has gone (`exit_class`).
    """
    if ruling.unexpected_pass:
        return "PASS"
    if ruling.known and ruling.verdict is Verdict.FAIL:
        return "KNOWN"
    return ruling.verdict.value


def status(rulings: Iterable[Ruling], catalogue: Catalogue) -> Status:
    """The status of a test from its rulings on the ids that it decides, at least one: the worst of them.

    The message holds the findings (FAIL, NON-STRICT) or reasons of the rulings that made the status.
    """
    by_word: dict[Word, list[Ruling]] = {}
    for ruling in rulings:
        by_word.setdefault(word(ruling), []).append(ruling)
    if not by_word:
        raise ValueError("a test that decides no requirement has no status")
    worst = min(by_word, key=WORST_FIRST.index)
    group = by_word[worst]
    reasons = "; ".join(dict.fromkeys(ruling.reason for ruling in group))
    texts = "\n\n".join(
        finding.text(catalogue[finding.requirement])
        for ruling in group
        for finding in ruling.findings
        if finding.kind == worst or ruling.unexpected_pass
    )
    match worst:
        case "FAIL":
            return Status(worst, "FAIL", "failed", texts)
        case "INCONCLUSIVE":
            return Status(worst, "FAIL", "failed", f"INCONCLUSIVE {reasons}", tags=("inconclusive",))
        case "KNOWN":
            return Status(worst, "SKIP", "xfailed", f"KNOWN: {reasons}")
        case "N/A":
            return Status(worst, "SKIP", "skipped", f"N/A: {reasons}")
        case "NON-STRICT" | "PASS":
            return Status(worst, "PASS", "passed", texts)


def exit_class(summary: Summary) -> ExitClass:
    """What the verdicts of a run make of its exit code. A FAIL found in passing counts like any other."""
    tally = counts(summary)
    if tally["FAIL"]:
        return ExitClass.FAILED
    return ExitClass.INCONCLUSIVE if tally["INCONCLUSIVE"] else ExitClass.CONFORMANT
