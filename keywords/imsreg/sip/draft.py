"""Messages under construction, right or wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from imsreg.sip.fields import fold
from imsreg.sip.message import Message, Request, Response, parse
from imsreg.sip.names import COMPACT, LISTS, canonical, key_of
from imsreg.sip.split import split_list
from imsreg.sip.status import reason_phrase

_LENGTH = "Content-Length"


@dataclass(frozen=True, slots=True)
class DraftField:
    """One header field of a draft. `name` is written as it stands; `raw`, if there is one, is what goes out.

    `measured`: a Content-Length that follows the body.
    """

    name: str
    value: str
    raw: bytes | None = None
    measured: bool = False

    @property
    def key(self) -> str:
        """What tells headers apart: the long name in lower case."""
        return key_of(self.name)


@dataclass(slots=True)
class Draft:
    """A message under construction: mutable, in order, and any part of it may be wrong on purpose.

    Content-Length is computed and written last, unless a field of that name was added (then that one is written) or
    removed (then none is). Text becomes UTF-8, lone surrogates of surrogateescape the octets they stand for.
    """

    start_line: str
    fields: list[DraftField] = field(default_factory=list)
    body: bytes = b""
    compact: bool = False
    """Write the compact form of every name that has one (RFC 3261 7.3.3)."""
    _origin: Message | None = field(default=None, repr=False)
    _measure: bool = field(default=True, repr=False)

    @classmethod
    def request(cls, method: str, uri: str) -> Draft:
        """A request with nothing but its start line."""
        return cls(f"{method} {uri} SIP/2.0")

    @classmethod
    def response(cls, status: int, reason: str | None = None) -> Draft:
        """A response with nothing but its start line; the reason phrase is that of the status unless given."""
        return cls(f"SIP/2.0 {status} {reason_phrase(status) if reason is None else reason}")

    @classmethod
    def of(cls, message: Message) -> Draft:
        """A message to change. As long as nothing is changed, `to_bytes` gives its very octets.

        Fields that stay keep their octets, with folding and odd blanks. A Content-Length that was right follows the
        body; a wrong one stays as it is, and a message without one stays without.
        """
        return cls(message.start_line, _fields_of(message), message.body, _origin=message, _measure=False)

    def add(self, name: str, value: object, *, at: int | None = None) -> Draft:
        """Appends a field, or inserts it as the field with index `at`. Typed headers and numbers by their text."""
        self.fields.insert(len(self.fields) if at is None else at, DraftField(name, _text(value)))
        return self

    def set(self, name: str, value: object) -> Draft:
        """Gives a header one field: in the place of the first of that name, the others gone; else appended."""
        places = self._places(name)
        if not places:
            return self.add(name, value)
        self.fields[places[0]] = DraftField(self.fields[places[0]].name, _text(value))
        for place in reversed(places[1:]):
            del self.fields[place]
        return self

    def remove(self, name: str) -> Draft:
        """Takes every field of a header away. A message without Content-Length is made in this way, too."""
        key = key_of(name)
        self.fields = [kept for kept in self.fields if kept.key != key]
        if key == _LENGTH.lower():
            self._measure = False
        return self

    def prepend(self, name: str, value: object) -> Draft:
        """Adds a field before the first of that name, else at the top: the next Via, Route, Path (RFC 3261 16.6)."""
        places = self._places(name)
        return self.add(name, value, at=places[0] if places else 0)

    def fold(self) -> Draft:
        """Folds every field over several lines, which means the same (RFC 3261 7.3.1)."""
        self.fields = [replace(each, value=fold(each.value), raw=None) for each in self.fields]
        return self

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header in order, as `Message.values` gives them."""
        found = tuple(self.fields[place].value for place in self._places(name))
        if canonical(name) not in LISTS:
            return found
        return tuple(element for value in found for element in split_list(value))

    def value(self, name: str) -> str | None:
        """The value of the first field of a header, with all its commas, or None."""
        places = self._places(name)
        return self.fields[places[0]].value if places else None

    def clone(self) -> Draft:
        """An independent copy."""
        return replace(self, fields=list(self.fields))

    def to_bytes(self) -> bytes:
        """The octets to send, with CRLF as line ends."""
        if self._origin is not None and self._untouched(self._origin):
            return self._origin.raw
        lines = [_octets(self.start_line), *(self._line(each) for each in self.fields)]
        if self._measure and not self._places(_LENGTH):
            lines.append(self._line(DraftField(_LENGTH, "", measured=True)))
        return b"\r\n".join((*lines, b"", self.body))

    def to_message(self) -> Request | Response:
        """The draft as its receiver reads it. Raises MessageError if it can no longer be framed as SIP."""
        return parse(self.to_bytes())

    def _places(self, name: str) -> list[int]:
        key = key_of(name)
        return [place for place, each in enumerate(self.fields) if each.key == key]

    def _untouched(self, origin: Message) -> bool:
        return (
            not self.compact
            and self.start_line == origin.start_line
            and self.body == origin.body
            and self.fields == _fields_of(origin)
        )

    def _line(self, each: DraftField) -> bytes:
        name = COMPACT.get(canonical(each.name), each.name) if self.compact else each.name
        if each.measured and each.value != str(len(self.body)):
            return _octets(f"{name}: {len(self.body)}")
        if each.raw is None:
            return _octets(f"{name}: {each.value}")
        return each.raw if name == each.name else _octets(name) + each.raw[len(_octets(each.name)) :]


def _fields_of(message: Message) -> list[DraftField]:
    right = (_LENGTH, str(len(message.body)))
    return [
        DraftField(each.name_raw, each.value, each.raw, measured=(each.name, each.value) == right)
        for each in message.headers
    ]


def _text(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
