"""The lines of a transcript: messages, and the events between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from imsreg.sip.errors import MessageError
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import Request, Response, parse
from imsreg.transcript.redaction import presentable

EventKind = Literal["clock", "transport", "note"]

_LABEL_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One message, or one piece of a stream that is none, as it passed between tester and DUT.

    `number` is 1-based and the one that the ladder and every finding use, `at` seconds since the transcript began,
    `sent` true if the tester sent it. `message` is None if `raw` is no SIP message; `error` then says why, and is None
    for a keep-alive, which is not meant to be one.
    """

    number: int
    at: float
    sent: bool
    flow: Flow
    raw: bytes = field(repr=False)
    message: Request | Response | None
    error: str | None

    @classmethod
    def of(cls, number: int, at: float, sent: bool, flow: Flow, raw: bytes) -> Entry:
        """An entry with `raw` read as a message, tolerantly. Never raises, whatever the octets are."""
        message: Request | Response | None = None
        error: str | None = None
        if not _is_keep_alive(raw):
            try:
                message = parse(raw, stream=flow.reliable)
            except MessageError as fault:
                error = str(fault)
        return cls(number, at, sent, flow, raw, message, error)

    @property
    def source(self) -> Address:
        """The address that it came from."""
        return self.flow.local if self.sent else self.flow.remote

    @property
    def destination(self) -> Address:
        """The address that it went to."""
        return self.flow.remote if self.sent else self.flow.local

    @property
    def label(self) -> str:
        """What to call it in a line: the method, the status with its reason, "keep-alive" or "unreadable"."""
        if isinstance(self.message, Request):
            return presentable(self.message.method, limit=_LABEL_LIMIT)
        if isinstance(self.message, Response):
            return presentable(f"{self.message.status} {self.message.reason}".rstrip(), limit=_LABEL_LIMIT)
        return "keep-alive" if self.error is None else "unreadable"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is no message: the clock was advanced, the transport failed, the test has something to say.

    `after` is the number of the last entry before it (0: before all), `flow` the one that it concerns, if any.
    """

    at: float
    kind: EventKind
    text: str
    flow: Flow | None
    after: int


def _is_keep_alive(raw: bytes) -> bool:
    """Line ends alone: CRLF CRLF and its answer CRLF on a stream, the same in a datagram (RFC 5626 3.5.1)."""
    return not raw.strip(b"\r\n")
