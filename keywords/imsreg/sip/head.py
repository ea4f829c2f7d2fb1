"""The head of a message, start line and header fields, found and bounded before anything is read from it."""

from __future__ import annotations

import re
from typing import NamedTuple

from imsreg.sip.errors import MessageError

MAX_MESSAGE = 65536
"""Octets a message may have before it is refused."""
MAX_FIELDS = 256
"""Header fields a message may have before it is refused."""
MAX_FIELD = 8192
"""Octets a header field (or the start line) may have, folding included, before the message is refused."""

# A line end that no blank follows: with one it is a fold (RFC 3261 7.3.1).
_FIELD_END = re.compile(rb"\n(?![ \t])")


class Head(NamedTuple):
    """Where the parts of a message lie in its octets.

    `octets` are the start line and the header fields, without the last line end. `begin` is the offset of the start
    line, `body_at` that of the first octet after the empty line. `complete`: the empty line exists. `pieces` are the
    start line and the header fields, each with its folding and without its line end; `plain`: none of them is folded.
    """

    octets: bytes
    begin: int
    body_at: int
    complete: bool
    pieces: list[bytes]
    plain: bool


def cut_head(data: bytes) -> Head:
    """Finds the head by its empty line, with CRLF or LF as line ends; without one, everything is head.

    Line ends before the start line are passed over (RFC 3261 7.5). Raises MessageError beyond the bounds above.
    """
    if len(data) > MAX_MESSAGE:
        raise MessageError(f"a message of {len(data)} octets, more than the {MAX_MESSAGE} that are read", 1)
    begin = len(data) - len(data.lstrip(b"\r\n")) if data[:1] in (b"\r", b"\n") else 0
    head = _cut_plain_head(data, begin) or _cut_odd_head(data, begin)
    # Most heads are too small to exceed either bound.
    if len(head.octets) > MAX_FIELD or len(head.pieces) > MAX_FIELDS + 1:
        _check_bounds(head.pieces)
    return head


def _cut_plain_head(data: bytes, begin: int) -> Head | None:
    """The head if all its line ends are CRLF and none of its lines is folded, as in nearly all messages."""
    end = data.find(b"\r\n\r\n", begin)
    if end < 0:
        return None
    octets = data[begin:end]
    pieces = octets.split(b"\r\n")
    # With no LF alone there is no earlier empty line; a fold begins with a blank, which comes before "!".
    if octets.count(b"\n") >= len(pieces) or min(pieces) < b"!":
        return None
    return Head(octets, begin, end + 4, True, pieces, True)


def _cut_odd_head(data: bytes, begin: int) -> Head:
    crlf = data.find(b"\n\r\n", begin)
    lf = data.find(b"\n\n", begin, crlf + 1 if crlf >= 0 else len(data))
    end = lf if lf >= 0 else crlf
    if end < 0:
        # A CR behind the last line end is the half of an empty line, and no field.
        octets, body_at = data[begin:].rstrip(b"\r\n"), len(data)
    else:
        octets, body_at = data[begin:end].removesuffix(b"\r"), end + (2 if lf >= 0 else 3)
    *others, last = _FIELD_END.split(octets)
    pieces = [*(piece.removesuffix(b"\r") for piece in others), last]
    return Head(octets, begin, body_at, end >= 0, pieces, plain=not any(b"\n" in piece for piece in pieces))


def _check_bounds(pieces: list[bytes]) -> None:
    if len(pieces) > MAX_FIELDS + 1:
        raise MessageError(
            f"{len(pieces) - 1} header fields, more than the {MAX_FIELDS} that are read",
            1 + _lines(pieces[: MAX_FIELDS + 1]),
        )
    for index, piece in enumerate(pieces):
        if len(piece) > MAX_FIELD:
            raise MessageError(
                f"a line or header field of {len(piece)} octets, more than the {MAX_FIELD} that are read",
                1 + _lines(pieces[:index]),
            )


def _lines(pieces: list[bytes]) -> int:
    return sum(piece.count(b"\n") + 1 for piece in pieces)
