"""Why a scenario ended before its end."""

from __future__ import annotations

from typing import Literal

from imsreg.errors import ImsRegError

InconclusiveClass = Literal[
    "target-unreachable", "no-answer", "transport", "unexpected", "leftovers", "precondition", "tool"
]


class ScenarioStopped(ImsRegError):
    """The scenario cannot go on. What the transcript shows so far is judged all the same.

    `kind` is the class of the INCONCLUSIVE that remains where no requirement failed.
    """

    def __init__(self, kind: InconclusiveClass, text: str) -> None:
        super().__init__(text)
        self.kind: InconclusiveClass = kind

    @property
    def silent(self) -> bool:
        """Whether the DUT gave no sign of life: two such tests in a row call for the sanity REGISTER."""
        return self.kind in ("target-unreachable", "no-answer", "transport")


class NotApplicable(ImsRegError):
    """The profile or the tester's host lacks what the scenario needs: the test is N/A, with this reason."""
