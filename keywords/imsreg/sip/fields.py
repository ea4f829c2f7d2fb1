"""Header fields: folding and compact names undone, nothing lost (RFC 3261 7.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from imsreg.sip.names import canonical_from_wire

_FOLD = re.compile(rb"\r?\n[ \t]++")
_QUOTED_OR_BLANK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?P<blank> )', re.DOTALL)


class HeaderField(NamedTuple):
    """One header field. A named tuple because a message makes dozens of them and a frozen dataclass costs twice.

    `name` is the canonical long name ("Via" also for "v"), unknown names as on the wire, "" for a line that has none.
    `value` is unfolded (each CRLF and the blanks after it are one space), outer blanks stripped, UTF-8 with
    surrogateescape. `raw` is the whole field as on the wire, with folding, without the final line end. `line` is the
    1-based line of the message where it begins (the start line is 1).
    """

    name: str
    value: str
    raw: bytes
    line: int

    @property
    def name_raw(self) -> str:
        """The name as on the wire, without the blanks around it."""
        name, colon, _ = self.raw.partition(b":")
        return name.decode("utf-8", "surrogateescape").strip(" \t") if colon else ""

    @property
    def compact(self) -> bool:
        """Whether the wire has the compact form of the name (RFC 3261 7.3.3)."""
        return len(self.name_raw) == 1 < len(self.name)


def parse_fields(pieces: list[bytes]) -> tuple[HeaderField, ...]:
    """The header fields among the pieces of a head; the first piece is the start line. Never raises."""
    fields: list[HeaderField] = []
    line = pieces[0].count(b"\n") + 2
    for raw in pieces[1:]:
        name, colon, value = raw.partition(b":")
        if not colon:
            name, value = b"", raw
        fields.append(HeaderField(canonical_from_wire(name.strip(b" \t")), unfold(value).strip(" \t"), raw, line))
        line += raw.count(b"\n") + 1
    return tuple(fields)


def unfold(octets: bytes) -> str:
    """A piece of a head as text: folds are one space, UTF-8 with surrogateescape."""
    if b"\n" in octets:
        octets = _FOLD.sub(b" ", octets)
    return octets.decode("utf-8", "surrogateescape")


def fold(value: str) -> str:
    """A value folded at each of its blanks outside quoted strings, the first fold with a tab; without any, in front."""
    folds = iter(("\r\n\t",))
    folded = _QUOTED_OR_BLANK.sub(lambda m: next(folds, "\r\n ") if m["blank"] else m[0], value)
    return folded if folded != value else f"\r\n {value}"
