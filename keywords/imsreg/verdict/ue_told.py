"""What a transcript tells of the UE under test beside its messages: what it was told, and how long it was watched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

from imsreg.transcript.entries import Event
from imsreg.transcript.transcript import Transcript

Action = Literal["register", "deregister", "reset"]

# The words of imsreg.tester.ue_case, which a capture keeps: it is judged as the run was.
_TOLD = re.compile(r"the UE (?:is|was) told to (register|deregister|reset)")
_PASS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?(?:e\+[0-9]{2})?) s pass")

PATIENCE = 30.0
"""Seconds for which a UE must have been watched before its silence counts: a little less than 64 T1 of RFC 3261."""

TRANSACTION = 32.0
"""Seconds after which a UE may have given its request up: 64 T1 of RFC 3261."""


@dataclass(frozen=True, slots=True)
class Told:
    """The UE was told to do something, after so many messages of the transcript."""

    action: Action
    after: int
    at: float


class Watch:
    """The commands that the UE got, and the time during which the tester listened."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    @cached_property
    def commands(self) -> tuple[Told, ...]:
        """What the UE was told, in order."""
        found = ((event, _TOLD.fullmatch(event.text)) for event in self._transcript.events if event.kind == "note")
        return tuple(Told(cast(Action, told[1]), event.after, event.at) for event, told in found if told)

    @cached_property
    def until(self) -> float:
        """When the tester last listened: the last thing that happened, or the end of a time that it let pass.

        Nobody listened where a transcript was overheard: packets may have been lost before they came by.
        """
        if self._transcript.overheard:
            return 0.0
        times = [entry.at for entry in self._transcript.entries[-1:]]
        times += [event.at + _span(event) for event in self._transcript.events]
        return max(times, default=0.0)

    def told_between(self, earlier: int, later: int | None = None) -> Action | None:
        """The last thing that the UE was told after message `earlier`, and before `later` if there is one."""
        between = (c.action for c in reversed(self.commands) if earlier <= c.after and (not later or c.after < later))
        return next(between, None)


def _span(event: Event) -> float:
    """`Advance Time` is noted when it begins."""
    passed = _PASS.fullmatch(event.text) if event.kind == "clock" else None
    return float(passed[1]) if passed else 0.0
