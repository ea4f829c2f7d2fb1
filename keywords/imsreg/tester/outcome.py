"""Why a scenario ended before its end."""

from __future__ import annotations

from typing import Literal, cast, get_args

from imsreg.errors import ImsRegError
from imsreg.transcript.circumstances import Stop

InconclusiveClass = Literal[
    "target-unreachable",
    "no-answer",
    "no-request",
    "device",
    "transport",
    "unexpected",
    "leftovers",
    "precondition",
    "tool",
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
        """Whether the DUT gave no sign of life: two such tests in a row call for a sanity check."""
        return self.kind in ("target-unreachable", "no-answer", "no-request", "transport")


class NotApplicable(ImsRegError):
    """The profile or the tester's host lacks what the scenario needs: the test is N/A, with this reason."""


_NOT_APPLICABLE = "not-applicable"


def stop_of(stopped: ScenarioStopped | NotApplicable) -> Stop:
    """`stopped` as a transcript keeps it."""
    return Stop(stopped.kind if isinstance(stopped, ScenarioStopped) else _NOT_APPLICABLE, str(stopped))


def restored(stop: Stop | None) -> ScenarioStopped | NotApplicable | None:
    """What `stop_of` was made from. Raises ValueError for a kind that there is not."""
    if stop is None:
        return None
    if stop.kind == _NOT_APPLICABLE:
        return NotApplicable(stop.text)
    if stop.kind not in get_args(InconclusiveClass):
        raise ValueError(f'a scenario cannot be stopped by "{stop.kind}"')
    return ScenarioStopped(cast(InconclusiveClass, stop.kind), stop.text)
