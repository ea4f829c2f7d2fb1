"""Messages out of a stream of octets (RFC 3261 7.5, 18.3) and the keep-alives between them (RFC 5626 4.4.1)."""

from __future__ import annotations

import re
from enum import Enum
from typing import TypeAlias

from imsreg.errors import ImsRegError
from imsreg.sip.message import MAX_MESSAGE


class KeepAlive(Enum):
    """What peers send between messages to keep a flow open; the value is what it looks like on the wire."""

    PING = b"\r\n\r\n"
    PONG = b"\r\n"


Frame: TypeAlias = bytes | KeepAlive
"""The octets of one message, or a keep-alive."""

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"\n(?:content-length|l)[ \t]*:(.*(?:\n[ \t].*)*)", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_MAX_DIGITS = 12  # far beyond any message, and few enough to convert safely


class FramingError(ImsRegError):
    """The stream cannot be divided into messages any more.

    `why` says what happened, `frames` are those that were complete before it, `data` are the octets of the message
    that broke the framing, as far as they were kept.
    """

    def __init__(self, why: str, frames: list[Frame], data: bytes) -> None:
        self.why = why
        self.frames = frames
        self.data = data
        super().__init__(why)


class StreamFramer:
    """Divides what one connection delivers, in pieces of any size, into frames.

    A message ends where its Content-Length says; one without a usable Content-Length ends with its header, and the
    parser notes the defect. No more than MAX_MESSAGE octets are kept from one call to the next. After a FramingError
    the place where the next message begins is unknown, so everything that follows is dropped.
    """

    def __init__(self) -> None:
        self.lost = False
        """Whether a FramingError has been raised."""
        self._buffer = bytearray()
        self._searched = 0  # octets of the message at the front in which no empty line ends
        self._size = 0  # octets of the message at the front; 0 while its header is not complete
        self._pongs_due = 0

    @property
    def idle(self) -> bool:
        """Whether a new framer in its place would go on just the same."""
        return not (self.lost or self._buffer or self._pongs_due)

    @property
    def pending(self) -> bytes:
        """The beginning of a message whose end has not come."""
        return bytes(self._buffer).lstrip(b"\r\n")

    def expect_pong(self) -> None:
        """A ping has been sent: the next single CRLF between two messages is its pong and no half of a ping."""
        self._pongs_due += 1

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises FramingError for a message of more than MAX_MESSAGE octets."""
        if self.lost:
            return []
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        start = 0
        while True:
            if not self._size:
                start = self._skip_line_ends(start, frames)
                self._size = self._measure(start)
            if self._size > MAX_MESSAGE or (not self._size and len(buffer) - start > MAX_MESSAGE):
                raise self._lose(start, frames)
            if not self._size or len(buffer) - start < self._size:
                break
            frames.append(bytes(buffer[start : start + self._size]))
            start += self._size
            self._size = self._searched = 0
        del buffer[:start]
        return frames

    def _skip_line_ends(self, start: int, frames: list[Frame]) -> int:
        """The place after the line ends from `start` on; the keep-alives among them go to `frames`.

        A CRLF at the end of the buffer stays there: it may be the first half of a ping.
        """
        buffer = self._buffer
        while start < len(buffer) and buffer[start] in b"\r\n":
            if self._pongs_due and buffer.startswith(KeepAlive.PONG.value, start):
                self._pongs_due -= 1
                frames.append(KeepAlive.PONG)
                start += 2
            elif buffer.startswith(KeepAlive.PING.value, start):
                frames.append(KeepAlive.PING)
                start += 4
            elif KeepAlive.PING.value.startswith(buffer[start : start + 4]):
                break
            else:
                start += 1
        return start

    def _measure(self, start: int) -> int:
        """Octets of the message at `start`, 0 as long as its header is not complete."""
        # The last two octets that were searched may begin the empty line.
        empty_line = _EMPTY_LINE.search(self._buffer, start + max(0, self._searched - 2), start + MAX_MESSAGE)
        if empty_line is None:
            self._searched = len(self._buffer) - start
            return 0
        return empty_line.end() - start + _content_length(bytes(self._buffer[start : empty_line.end()]))

    def _lose(self, start: int, frames: list[Frame]) -> FramingError:
        announced = f"{self._size} octets" if self._size else "no end of its header"
        kept = bytes(self._buffer[start : start + MAX_MESSAGE])
        self.lost = True
        self._buffer.clear()
        return FramingError(
            f"a message with {announced}, more than the {MAX_MESSAGE} that are read; "
            "what follows on this connection is dropped",
            frames,
            kept,
        )


def _content_length(head: bytes) -> int:
    """The length that all Content-Length fields of `head` agree on, read as the parser reads them; else 0."""
    lengths: set[int] = set()
    for found in _LENGTH.finditer(head):
        value = _FOLD.sub(b" ", found[1].removesuffix(b"\r")).strip(b" \t")
        if not value.isdigit() or len(value.lstrip(b"0")) > _MAX_DIGITS:
            return 0
        lengths.add(int(value[-_MAX_DIGITS:]))
    return lengths.pop() if len(lengths) == 1 else 0
