"""What the tolerant parser overlooked in the head of a message: findings for a report, never errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from imsreg.sip.errors import show
from imsreg.sip.fields import HeaderField


class Defect(NamedTuple):
    """Something that a conformant message would not have: what, in which line (the start line is 1), against what."""

    what: str
    line: int
    clause: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what} ({self.clause})"


TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
"""token (RFC 3261 25.1)."""

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_NUL = re.compile(rb"\x00")
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


def octet_defects(head: bytes) -> list[Defect]:
    """Octets that have no place in a head (start line and header fields), each kind once, at its first place."""
    found: list[Defect] = []

    def note(what: str, position: int, clause: str) -> None:
        found.append(Defect(what, 1 + head.count(b"\n", 0, position), clause))

    for pattern, what, clause in (
        (_BARE_LF, "the line ends with LF alone, not with CRLF", "RFC 3261 7"),
        (_BARE_CR, "a CR that no LF follows", "RFC 3261 7"),
        (_NUL, "a NUL octet", "RFC 3261 25.1"),
        (_CONTROL, "a control character", "RFC 3261 25.1"),
    ):
        if place := pattern.search(head):
            note(what, place.start(), clause)
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        note(f"the octet 0x{head[error.start]:02x} is not UTF-8", error.start, "RFC 3261 7")
    return found


def field_defects(fields: Sequence[HeaderField]) -> list[Defect]:
    """Lines that are not `field-name: field-value`."""
    found: list[Defect] = []
    for field in fields:
        name = field.name_raw
        if TOKEN.fullmatch(name):
            continue
        if b":" not in field.raw:
            what = f"no colon in {show(field.raw)}: the line has no header name"
        elif not name:
            what = f"the header name before the colon is missing in {show(field.raw)}"
        else:
            what = f"the header name {show(name)} is no token"
        found.append(Defect(what, field.line, "RFC 3261 7.3.1"))
    return found
