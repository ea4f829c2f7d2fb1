"""What goes in a packet that is wrong on purpose: no message of the ladder, so a note names the request in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from imsreg.sip.errors import MessageError
from imsreg.sip.matching import ClientKey
from imsreg.sip.message import Request, parse
from imsreg.transcript.entries import Event

_LEAD = "a spoiled packet follows, and in it"
_NOTE = re.compile(rf"{_LEAD} the request with branch ([!-~]{{1,200}})")


class Carried(NamedTuple):
    """A request that was sent in a spoiled packet, after so many messages of the transcript."""

    branch: str
    after: int


def spoiled_note(data: bytes) -> str:
    """The note to be made before `data` is sent in a spoiled packet: octets that are no request have no answer."""
    branch = _branch(data)
    return f"{_LEAD} {'no request' if branch is None else f'the request with branch {branch}'}"


def carried(events: Iterable[Event]) -> Iterator[Carried]:
    """The requests that such notes name, in order."""
    for event in events:
        found = _NOTE.fullmatch(event.text) if event.kind == "note" else None
        if found is not None:
            yield Carried(found[1], event.after)


def _branch(data: bytes) -> str | None:
    try:
        message = parse(data)
    except MessageError:
        return None
    key = ClientKey.of_request(message) if isinstance(message, Request) else None
    return None if key is None else key.branch
