"""What a person should know about a capture: where it lacks something, and where the network refused something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

TroubleKind = Literal[
    "cut",
    "damaged",
    "gap",
    "refused",
    "unanswered",
    "unreachable",
    "fragments",
    "unreadable",
    "unfinished",
    "many",
    "twice",
]
"""What happened.

"cut": packets are shorter than they were (snap length). "damaged": the file makes no sense from some octet on. "gap":
octets of a TCP stream are missing. "refused": a SYN was answered by RST. "unanswered": a SYN was answered by nothing.
"unreachable": ICMP says that a SIP packet did not arrive. "fragments": IP packets of which a fragment is missing.
"unreadable": the link type of frames is not known. "unfinished": messages on TCP that do not end. "many": more than is
read. "twice": packets that the capture has twice.
"""

MAX_TEXTS = 200
"""Different texts that are kept; what is beyond is left out."""


class Place(NamedTuple):
    """A packet of the capture: seconds since the epoch, and its number from 1 as Wireshark counts.

    `order` counts packets in the order in which they are looked at.
    """

    at: float
    packet: int
    order: int


NOWHERE = Place(0.0, 0, 0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happened `count` times, at `at` and in packet number `packet` for the first time."""

    kind: TroubleKind
    count: int
    at: float
    packet: int
    text: str


class Troubles:
    """Collects troubles; those of one kind with the same text are one."""

    def __init__(self) -> None:
        self._found: dict[tuple[TroubleKind, str], tuple[int, Place]] = {}

    def note(self, kind: TroubleKind, text: str, place: Place) -> None:
        """Something has happened once more."""
        count, first = self._found.get((kind, text), (0, place))
        if count or len(self._found) < MAX_TEXTS:
            self._found[kind, text] = count + 1, min(first, place, key=lambda each: each.order)

    def all(self) -> tuple[Trouble, ...]:
        """Everything, in the order of the packets where it began."""
        found = sorted(self._found.items(), key=lambda each: each[1][1].order)
        return tuple(Trouble(kind, count, place.at, place.packet, text) for (kind, text), (count, place) in found)
