"""Header fields: folding and compact names undone, nothing lost (RFC 3261 7.3)."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import NamedTuple

from imsreg.sip.names import canonical_from_wire, key_from_wire, key_of

_FOLD = re.compile(rb"\r?\n[ \t]++")
_QUOTED_OR_BLANK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"|(?P<blank> )', re.DOTALL)


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


class FieldTable:
    """The header fields among the pieces of a head, of which the first is the start line. Made when asked for.

    `plain`: no piece is folded. Nothing here raises.
    """

    __slots__ = ("_all", "_lines", "_named", "_pieces", "_places", "_plain")

    def __init__(self, pieces: list[bytes], plain: bool) -> None:
        self._pieces = pieces
        self._plain = plain
        self._all: tuple[HeaderField, ...] | None = None
        self._lines: list[int] | None = None
        self._named: dict[str, tuple[HeaderField, ...]] = {}
        self._places: dict[str, list[int]] | None = None

    def all(self) -> tuple[HeaderField, ...]:
        """Every field in order."""
        if self._all is None:
            self._all = tuple([self._field(place) for place in range(1, len(self._pieces))])
        return self._all

    def named(self, name: str) -> tuple[HeaderField, ...]:
        """The fields of a header, by long or compact name in any case."""
        key = key_of(name)
        found = self._named.get(key)
        if found is None:
            places = self._index().get(key, ())
            found = self._named[key] = tuple([self._field(place) for place in places])
        return found

    def _field(self, place: int) -> HeaderField:
        raw = self._pieces[place]
        name, colon, value = raw.partition(b":")
        if not colon:
            name, value = b"", raw
        text = value.decode("utf-8", "surrogateescape") if self._plain else unfold(value)
        line = place + 1 if self._plain else self._line(place)
        # A third of the time that the constructor of a named tuple takes.
        return tuple.__new__(HeaderField, (canonical_from_wire(name), text.strip(" \t"), raw, line))

    def _index(self) -> dict[str, list[int]]:
        """The places of the fields by key."""
        if self._places is None:
            index = self._places = {}
            pieces = self._pieces
            for place in range(1, len(pieces)):
                name, colon, _ = pieces[place].partition(b":")
                key = key_from_wire(name) if colon else ""
                if key in index:
                    index[key].append(place)
                else:
                    index[key] = [place]
        return self._places

    def _line(self, place: int) -> int:
        if self._lines is None:
            self._lines = list(accumulate((piece.count(b"\n") + 1 for piece in self._pieces), initial=1))
        return self._lines[place]


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
