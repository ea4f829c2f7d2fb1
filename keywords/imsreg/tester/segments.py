"""Messages on a TCP connection in segments of a test's choice (RFC 3261 7.5, 18.3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from imsreg.errors import InputError
from imsreg.net.link import Link
from imsreg.sip.flow import Flow, Packet

PAUSE = 0.1
"""Seconds of the link between two segments, so that nobody on the way puts them together again."""


def pieces_for(flow: Flow, octets: Sequence[bytes], at: Sequence[int]) -> list[bytes]:
    """The segments of a stream of messages on a flow; see `cut`. Raises InputError if the flow is no stream, too."""
    if not flow.reliable:
        raise InputError("segments", flow.transport, "has none", "power the UE on with transport=TCP")
    return cut(b"".join(octets), at)


def cut(octets: bytes, at: Sequence[int]) -> list[bytes]:
    """The octets in pieces, cut before each of the places `at`; a negative one counts from the end.

    Raises InputError for a place that is not inside.
    """
    places = {place + len(octets) if place < 0 else place for place in at}
    for place in places:
        if not 0 < place < len(octets):
            raise InputError("segments", str(place), f"is no place inside {len(octets)} octets", "cut between octets")
    return [octets[begin:end] for begin, end in pairwise((0, *sorted(places), len(octets)))]


def note_of(messages: int, segments: int) -> str:
    """What the transcript says before such messages, for the checks."""
    return f"the next {messages} messages leave in {segments} segments"


def send_pieces(
    link: Link, outbox: deque[Packet], flow: Flow, pieces: Sequence[bytes], start: Callable[[], None]
) -> None:
    """Have `start` put the messages into a node's outbox; what leaves on the flow are the pieces in their place."""

    def first() -> None:
        waiting = len(outbox)
        start()
        while len(outbox) > waiting:
            outbox.pop()
        outbox.append(Packet(flow, pieces[0]))

    link.call(first)
    for piece in pieces[1:]:
        link.wait(lambda: False, PAUSE)
        link.call(partial(outbox.append, Packet(flow, piece)))
