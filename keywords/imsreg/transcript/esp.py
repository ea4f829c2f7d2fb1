"""The record of one packet with ESP in it, or in the clear at a protected port, as a line of a transcript."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.events import EspEvent

_OK = "ok"  # secagree.events.Fate.OK


@dataclass(frozen=True, slots=True)
class EspEntry:
    """One packet of the tester's side.

    `number` is 1-based among these records, `at` seconds since the transcript began, like `event.at`; `after` is the
    number of the last message before it (0: before all). A message that came in the packet follows its record, a
    message that was sent precedes it.
    """

    number: int
    at: float
    event: EspEvent
    after: int

    @classmethod
    def of(cls, number: int, at: float, event: EspEvent, after: int, *, octets: bool = True) -> EspEntry:
        """An entry whose event has the time of the transcript; without its octets, if there is no room for them."""
        return cls(number, at, replace(event, at=at, octets=event.octets if octets else b""), after)

    @property
    def noteworthy(self) -> bool:
        """Whether it says more than that a packet passed as it should: the message in that one tells of it."""
        return self.event.fate != _OK or self.event.injected is not None
