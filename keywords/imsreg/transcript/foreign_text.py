"""Where a SIP message begins, in a datagram and in a stream of which octets may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imsreg.sip.framing import FramingError, StreamFramer

MAX_LINE = 4096
SIP_PORTS = (5060, 5061)

_REQUEST = rb"[!-~]{1,64} [^\r\n]{1,%d} SIP/[0-9.]{0,5}[ \t]*\r?\n" % MAX_LINE
_RESPONSE = rb"SIP/[0-9.]{1,5} [0-9]{3}(?: [^\r\n]{0,%d})?\r?\n" % MAX_LINE
_START_LINE = re.compile(rb"(?:%s|%s)" % (_RESPONSE, _REQUEST), re.IGNORECASE)
_CUT_START = re.compile(rb"SIP/[0-9.]{1,5} |[!-~]{1,64} (?:sips?|tel|urn):", re.IGNORECASE)
# In the middle of a stream a header field must follow: a body may hold a start line, too (message/sipfrag).
_START = re.compile(rb"^(?:%s|%s)[!-9;-~]{1,64}[ \t]*:" % (_RESPONSE, _REQUEST), re.IGNORECASE | re.MULTILINE)
# Behind a gap "EGISTER sip:..." is the rest of a start line, and begins nothing.
_KNOWN_START = re.compile(
    rb"SIP/[0-9.]{1,5} [0-9]|(?:REGISTER|INVITE|ACK|BYE|CANCEL|OPTIONS|SUBSCRIBE|NOTIFY|PUBLISH|MESSAGE|INFO|UPDATE"
    rb"|PRACK|REFER) (?:sips?|tel|urn):",
    re.IGNORECASE,
)
# What shows a message whose start line cannot be read.
_VIA = re.compile(rb"\n(?:via|v)[ \t]*:", re.IGNORECASE)
_CALL = re.compile(rb"\n(?:call-id|i|cseq)[ \t]*:", re.IGNORECASE)
_UNFINISHED_LINE = re.compile(rb"[!-~][^\r\n\0]{0,%d}\r?\Z" % (MAX_LINE + 128))


def begins(octets: bytes) -> bool:
    """Whether a datagram, or a frame of a stream, begins with the start line of a message (RFC 3261 7.1, 7.2, 7.5)."""
    return _START_LINE.match(octets.lstrip(b"\r\n")) is not None


def is_sip(octets: bytes) -> bool:
    """Whether a datagram at a place for SIP is a message, though perhaps one whose start line cannot be read."""
    return begins(octets) or (_VIA.search(octets) is not None and _CALL.search(octets) is not None)


def may_begin(octets: bytes) -> bool:
    """Whether the first octets of a datagram, of which the rest is not there, are those of a message."""
    return _CUT_START.match(octets.lstrip(b"\r\n")) is not None


class SipText:
    """One direction of a TCP connection as messages. What is none is left out.

    `seeking`: the beginning of the stream is not known, the first message is to be found in it. `sip`: this is a place
    for SIP, where a message may have a start line that cannot be read.
    """

    def __init__(self, *, seeking: bool, sip: bool) -> None:
        self._sip = sip
        self._framer = None if seeking else StreamFramer()
        self._begun = False  # what is pending begins a message

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._framer is not None and self._begun

    def lost(self) -> None:
        """Octets are missing: the next message is to be found again."""
        self._framer, self._begun = None, False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that `data` completes."""
        if self._framer is None:
            begin = _beginning(data)
            if begin is None:
                return
            self._framer, data = StreamFramer(), data[begin:]
        while True:
            frames = self._framed(self._framer, data)
            yield from frames
            if self._framer is None or (self._begun and not frames):
                return
            pending = self._framer.pending
            self._begun = begins(pending)
            if not pending or self._begun or _UNFINISHED_LINE.match(pending):
                return
            found = _START.search(pending, 1)  # no message begins here
            if found is None:
                self.lost()
                return
            self._framer, data = StreamFramer(), pending[found.start() :]

    def _framed(self, framer: StreamFramer, data: bytes) -> list[bytes]:
        try:
            frames = framer.feed(data)
        except FramingError as error:
            frames = error.frames
            self.lost()
        found = (self._message(frame) for frame in frames if isinstance(frame, bytes))
        return [message for message in found if message]

    def _message(self, frame: bytes) -> bytes:
        """A frame, or what of it is a message behind the rest of a body that was longer than announced."""
        if begins(frame):
            return frame
        found = _START.search(frame)
        if found:
            return frame[found.start() :]
        return frame if self._sip and is_sip(frame) else b""


def _beginning(piece: bytes) -> int | None:
    """Where in a piece of a stream the first message begins. At its very beginning the start line may be cut."""
    if _KNOWN_START.match(piece):
        return 0
    found = _START.search(piece, 1)
    return found.start() if found else None
