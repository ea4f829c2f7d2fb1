"""Where the body of a message ends: Content-Length against the octets that are there (RFC 3261 18.3, 20.14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imsreg.sip.defects import Defect
from imsreg.sip.errors import show
from imsreg.sip.fields import HeaderField


class Body(NamedTuple):
    """The body, the octets after it that belong to no message, and what was odd about the length."""

    octets: bytes
    surplus: bytes
    defects: tuple[Defect, ...]


def cut_body(lengths: Sequence[HeaderField], rest: bytes, *, stream: bool) -> Body:
    """Divides `rest`, everything after the empty line, by the Content-Length fields of the message.

    A datagram without a usable length: all of `rest` is the body (RFC 3261 18.3). A stream without one: the body is
    empty, since its end cannot be known. A length larger than what is there: the body is what is there. Never raises.
    """
    defects: list[Defect] = []
    length = _read_length(lengths, defects)
    if length is None:
        if not stream:
            return Body(rest, b"", tuple(defects))
        if not lengths:
            defects.append(Defect("no Content-Length on a stream: taken as 0", 1, "RFC 3261 20.14"))
        length = 0
    if length > len(rest):
        defects.append(
            Defect(
                f"Content-Length says {length}, but {_octets(len(rest))} came after the header",
                lengths[0].line,
                "RFC 3261 18.3",
            )
        )
    elif length < len(rest) and lengths:
        defects.append(
            Defect(
                f"Content-Length says {length}, but {_octets(len(rest))} came after the header: a surplus",
                lengths[0].line,
                "RFC 3261 18.3",
            )
        )
    return Body(rest[:length], rest[length:], tuple(defects))


def _read_length(lengths: Sequence[HeaderField], defects: list[Defect]) -> int | None:
    """The length all readable Content-Length fields agree on, else None."""
    read: int | None = None
    agreed = True
    for count, field in enumerate(lengths):
        if count == 1:
            defects.append(Defect("Content-Length is there more than once", field.line, "RFC 3261 7.3.1"))
        text = field.value
        # Twelve digits are far beyond any message, and few enough to convert safely.
        if not (text.isascii() and text.isdecimal() and len(text.lstrip("0")) <= 12):
            defects.append(Defect(f"Content-Length {show(text)} is no length", field.line, "RFC 3261 20.14"))
            agreed = False
            continue
        length = int(text[-12:])
        if read is not None and read != length:
            defects.append(
                Defect(f"a second Content-Length, {length}, contradicts {read}", field.line, "RFC 3261 20.14")
            )
            agreed = False
        read = length if read is None else read
    return read if agreed else None


def _octets(count: int) -> str:
    return "1 octet" if count == 1 else f"{count} octets"
