"""Which bindings the DUT must hold, worked out from what it granted on the wire (RFC 3261 10.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Message, Response
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.core_notices import Notice

SLACK = 2.0
"""Seconds by which two clocks may disagree before a binding counts as alive or gone."""


@dataclass(frozen=True, slots=True)
class Granted:
    """One contact as the last 200 that touched it left it: `until` in seconds of the transcript, `entry` that 200.

    `impi`, Call-ID and CSeq are those of the REGISTER that it answers. `doubted`: a NOTIFY has said since that the
    network has ended it, or that it lasts shorter.
    """

    uri: Uri
    since: float
    until: float
    entry: int
    impi: str = ""
    call_id: str = ""
    cseq: int = -1
    doubted: bool = False

    def alive(self, at: float) -> bool:
        """Certainly alive at that time."""
        return not self.doubted and at < self.until - SLACK

    def gone(self, at: float) -> bool:
        """Certainly over at that time."""
        return at >= self.until + SLACK


class Ledger:
    """The bindings before each attempt, by its number. A 200 without the contact grants nothing.

    What the network ends by itself it need not say in any response: `notices` are what NOTIFY requests said.
    """

    def __init__(self, attempts: Sequence[Attempt], notices: Sequence[Notice] = ()) -> None:
        self._notices = notices
        self._before: dict[int, tuple[Granted, ...]] = {}
        self._after: dict[str, list[tuple[int, tuple[Granted, ...]]]] = {}
        books: dict[str, tuple[Granted, ...]] = {}
        for attempt in attempts:
            self._before[attempt.number] = books.get(attempt.record, ())
            if attempt.status // 100 == 2 and attempt.final is not None:
                books[attempt.record] = tuple(_after(books.get(attempt.record, ()), attempt, attempt.final))
                kept = self._after.setdefault(attempt.record, [])
                kept.append((attempt.final_entry.number, books[attempt.record]))

    def before(self, attempt: Attempt) -> tuple[Granted, ...]:
        """What had been granted to the attempt's address of record before it, dead ones included."""
        number = attempt.final_entry.number if attempt.final is not None else inf
        return self._with_doubts(attempt.record, self._before[attempt.number], number)

    def at(self, record: str, number: int) -> tuple[Granted, ...]:
        """What the responses before message `number` had granted to an address of record, dead ones included."""
        earlier = [book for entry, book in self._after.get(record, ()) if entry < number]
        return self._with_doubts(record, earlier[-1] if earlier else (), number)

    def _with_doubts(self, record: str, book: tuple[Granted, ...], number: float) -> tuple[Granted, ...]:
        """What is left certain by the notices before message `number`."""
        before = [notice for notice in self._notices if notice.number < number]
        return tuple(
            replace(granted, doubted=True)
            if any(granted.entry < notice.number and notice.doubts(record, granted.uri) for notice in before)
            else granted
            for granted in book
        )


def _after(book: Sequence[Granted], attempt: Attempt, response: Response) -> Iterator[Granted]:
    at, entry = attempt.final_entry.at, attempt.final_entry.number
    if any(c.star for c in attempt.contacts):
        for held in book:
            yield replace(held, until=min(held.until, at), entry=entry)
        return
    for held in book:
        if not any(equivalent(held.uri, c.uri) for c in attempt.contacts):
            yield held
    for contact in attempt.contacts:
        seconds = 0 if requested_seconds(attempt, contact) == 0 else granted_seconds(response, contact.uri)
        if seconds is not None:
            yield Granted(contact.uri, at, at + seconds, entry, attempt.impi, attempt.call_id, attempt.cseq)


def requested_seconds(attempt: Attempt, contact: Contact) -> int | None:
    """What a request asks for a contact: its expires parameter, else Expires, else None (RFC 3261 10.2.1.1)."""
    return contact.expires if contact.expires is not None else expires_header(attempt.request)


def granted_seconds(response: Response, uri: Uri) -> int | None:
    """What a 200 grants a contact: its expires parameter, else Expires. None if it is not listed or unreadable."""
    try:
        for contact in response.get_all(Contact):
            if not contact.star and equivalent(contact.uri, uri):
                return contact.expires if contact.expires is not None else expires_header(response)
    except HeaderError:
        return None
    return None


def expires_header(message: Message) -> int | None:
    """The seconds in Expires; None if it is absent or cannot be read."""
    try:
        header = message.get(Expires)
    except HeaderError:
        return None
    return header.seconds if header is not None else None
