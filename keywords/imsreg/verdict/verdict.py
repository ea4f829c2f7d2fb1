"""The verdicts, what a finding says, and the ruling that one test gives on one requirement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from imsreg.text import safe_text
from imsreg.verdict.deviation import Deviation
from imsreg.verdict.requirement import Requirement


class Verdict(StrEnum):
    """From worst to best; N/A last, because it says nothing about the DUT."""

    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NON_STRICT = "NON-STRICT"
    PASS = "PASS"  # noqa: S105 - a verdict, no password
    NA = "N/A"


_WORST_FIRST = tuple(Verdict)

Kind = Literal["FAIL", "NON-STRICT", "OBSERVATION"]

Cause = Literal[
    "precondition",
    "no-answer",
    "no-request",
    "device",
    "target-unreachable",
    "transport",
    "unexpected",
    "leftovers",
    "tool",
    "keys",
]
"""The class of an INCONCLUSIVE: what stood between the test, or the analysis of its capture, and a verdict."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of one or more verdicts: FAIL > INCONCLUSIVE > NON-STRICT > PASS > N/A. ValueError if there is none."""
    return min(verdicts, key=_WORST_FIRST.index)


@dataclass(frozen=True)
class Finding:
    """One thing that was found, in text that is safe for reports. `entry` numbers the message in the transcript."""

    kind: Kind
    requirement: str
    expected: str
    actual: str
    where: str
    entry: int | None
    test: str
    reproduce: str

    def text(self, row: Requirement) -> str:
        """The finding as all reports show it: clause, expected, actual, where, and how to see it again."""
        return (
            f"{row.heading} [{row.id}] {row.level.upper()}: {row.text}\n"
            f"Expected: {self.expected}\n"
            f"  Actual: {self.actual}\n"
            f"   Where: {self.where}\n"
            f"Reproduce: {self.reproduce}"
        )


@dataclass(frozen=True)
class Ruling:
    """What one test says about one requirement.

    `reason` explains N/A and INCONCLUSIVE (there it begins with its Cause, "precondition: ..."), and repeats why a
    known deviation is accepted. `known` is the deviation that was found again; `unexpected_pass` marks the FAIL of a
    test in which a deviation of the profile did not show. `evidence` are the transcript entries which show that the
    precondition ran.
    """

    requirement: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    known: Deviation | None = None
    evidence: tuple[int, ...] = ()
    unexpected_pass: bool = False

    @property
    def lacks_keys(self) -> bool:
        """Whether the keys of a subscriber would decide it, which nobody has given."""
        return self.verdict is Verdict.INCONCLUSIVE and self.reason.startswith("keys: ")

    @classmethod
    def not_applicable(cls, requirement: str, reason: str) -> Ruling:
        """N/A: the profile says that the DUT, or the preflight that the tester's host, lacks what it takes."""
        return cls(requirement, Verdict.NA, reason=safe_text(reason))

    @classmethod
    def inconclusive(cls, requirement: str, cause: Cause, reason: str) -> Ruling:
        """INCONCLUSIVE: nothing could be said about the DUT."""
        return cls(requirement, Verdict.INCONCLUSIVE, reason=safe_text(f"{cause}: {reason}"))
