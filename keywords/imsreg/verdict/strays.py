"""Responses with a Via that leads to no request: whose they are all the same."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from imsreg.secagree.events import Fault
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.transcript.transcript import Transcript

_NO_REQUEST = (None, Fault.REPLAY)
"""What packets are that bring no request which the ladder does not have."""


def reclaimed(transcript: Transcript) -> Iterator[tuple[Exchange, Entry]]:
    """Each stray response of the DUT with the latest exchange before it that has its top branch.

    Else the latest with its Call-ID and CSeq, else with its Call-ID. Once a request has been sent in a spoiled packet,
    which is no message here, a response may answer that: then the Call-ID alone says nothing.

    A DUT that spoils Via or CSeq in its responses answers nothing for a transaction (RFC 3261 17.1.3), yet the
    response shows what it spoils.
    """
    begun = {exchange.request.number: exchange for exchange in transcript.exchanges if exchange.by_tester}
    strays = {entry.number for entry in transcript.strays if not entry.sent}
    spoiled = min((each.after for each in transcript.esp if each.event.injected not in _NO_REQUEST), default=inf)
    latest: dict[tuple[str, str], Exchange] = {}
    for entry in transcript.entries:
        exchange = begun.get(entry.number)
        if exchange is not None:
            latest.update((mark, exchange) for mark in _marks(entry))
        elif entry.number in strays:
            sure = entry.number <= spoiled
            marks = (mark for mark in _marks(entry) if sure or mark[0] != "Call-ID")
            owner = next((latest[mark] for mark in marks if mark in latest), None)
            if owner is not None:
                yield owner, entry


def _marks(entry: Entry) -> Iterator[tuple[str, str]]:
    """What tells whose a message is, the surest first."""
    message = entry.message
    if not isinstance(message, Request | Response):
        return
    try:
        via = message.get(Via)
    except HeaderError:
        via = None
    if via is not None and via.branch:
        yield "branch", via.branch
    if call_id := message.value("Call-ID"):
        yield "Call-ID and CSeq", f"{call_id} {message.value('CSeq')}"
        yield "Call-ID", call_id
