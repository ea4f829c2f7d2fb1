"""How a test ends in Robot Framework: by its rulings, by what stopped its scenario, or by an assertion of its own."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from robot.result import TestCase

from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.runners import Status, status
from imsreg.verdict.verdict import Ruling

if TYPE_CHECKING:
    from imsreg.tester.judge import Judgement

_LISTED = re.compile(r"^\d+\) ", re.MULTILINE)
_TEARDOWN = "\n\nAlso teardown failed:\n"


def status_of(
    judgement: Judgement,
    catalogue: Catalogue,
    stopped: ScenarioStopped | NotApplicable | None,
    result: TestCase,
    told: Collection[str],
) -> Status | None:
    """The status of a test that ended in Robot Framework as `result` says; None leaves that as it is.

    `told` are the failures that the library's keywords raised themselves: any other is the test's own, and counts
    unless N/A or a known deviation explains it.
    """
    ruled = status(judgement.rulings, catalogue) if judgement.rulings else None
    own = result.failed and _failures(result.message) > sum(text in result.message for text in told)
    if ruled is not None and ruled.robot != "PASS":
        if own and ruled.word == "INCONCLUSIVE":
            return None
        return replace(ruled, message=f"{ruled.message}\n\n{result.message}") if own and ruled.word == "FAIL" else ruled
    if result.failed and not own and isinstance(stopped, ScenarioStopped):
        # Its own requirements hold, or it has none; what it was to show did not happen.
        reason = Ruling.inconclusive("", stopped.kind, str(stopped)).reason
        return Status("INCONCLUSIVE", "FAIL", "failed", f"INCONCLUSIVE {reason}", ("inconclusive",))
    return ruled if result.passed else None


def _failures(message: str) -> int:
    """How many failures Robot Framework has put into one message."""
    return max(1, len(_LISTED.findall(message))) + (_TEARDOWN in message)
