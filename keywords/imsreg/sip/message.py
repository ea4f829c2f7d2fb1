"""SIP messages as they came: tolerant to read, immutable, with every octet kept (RFC 3261 7)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, TypeVar, cast

from imsreg.sip.body import Body, cut_body
from imsreg.sip.defects import Defect, field_defects, octet_defects
from imsreg.sip.errors import HeaderError, MessageError
from imsreg.sip.fields import FieldTable, HeaderField, unfold
from imsreg.sip.head import MAX_FIELD, MAX_FIELDS, MAX_MESSAGE, Head, cut_head
from imsreg.sip.headers.base import Header
from imsreg.sip.names import LISTS, canonical
from imsreg.sip.split import split_list
from imsreg.sip.start_line import RequestLine, StatusLine, parse_start_line, start_line_defects
from imsreg.text import safe_text

__all__ = [
    "MAX_FIELD",
    "MAX_FIELDS",
    "MAX_MESSAGE",
    "Defect",
    "HeaderError",
    "HeaderField",
    "Message",
    "MessageError",
    "Request",
    "Response",
    "parse",
]

H = TypeVar("H", bound=Header)


class Message:
    """What a request and a response share. Made by `parse` alone; never changes.

    Only the start line is read at once; fields, body, defects and typed headers are when somebody asks for them.
    """

    raw: Final[bytes]
    """Every octet that `parse` was given."""
    start_line: Final[str]
    """The start line as written, unfolded, UTF-8 with surrogateescape."""
    version: Final[str]

    def __init__(self, raw: bytes, head: Head, start_line: str, version: str, stream: bool) -> None:
        self.raw = raw
        self.start_line = start_line
        self.version = version
        self._head = head
        self._fields = FieldTable(head.pieces, head.plain)
        self._stream = stream
        self._typed: dict[type[Header], tuple[Header, ...]] = {}
        self._first: dict[type[Header], Header | None] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {safe_text(self.start_line, limit=80)!r}>"

    @property
    def headers(self) -> tuple[HeaderField, ...]:
        """Every header field in order. A line without a name is there too, under the name ""."""
        return self._fields.all()

    @property
    def body(self) -> bytes:
        """The body as far as it came (RFC 3261 18.3)."""
        return self._body.octets

    @property
    def surplus(self) -> bytes:
        """The octets of a datagram after the body that Content-Length measures."""
        return self._body.surplus

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """What the parser overlooked to read this message, in the order of lines."""
        found = start_line_defects(self.start_line)
        head = self._head
        if b"\n" in head.pieces[0]:
            found.append(Defect("the start line is folded", 1, "RFC 3261 7.3.1"))
        if head.begin and not self._stream:
            found.append(Defect("line ends before the start line of a datagram", 1, "RFC 3261 7.5"))
        found += octet_defects(self.raw[head.begin : head.body_at])
        found += field_defects(self.headers)
        found += self._body.defects
        if not head.complete:
            found.append(Defect("no empty line ends the header", 1 + head.octets.count(b"\n"), "RFC 3261 7"))
        return tuple(sorted(found, key=lambda defect: defect.line))

    def fields(self, name: str) -> tuple[HeaderField, ...]:
        """The fields of a header, by long or compact name in any case."""
        return self._fields.named(name)

    def field(self, name: str) -> HeaderField | None:
        """The first field of a header, or None."""
        found = self.fields(name)
        return found[0] if found else None

    def value(self, name: str) -> str | None:
        """The value of the first field of a header, with all its commas, or None."""
        found = self.fields(name)
        return found[0].value if found else None

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header in order: several fields, and the elements of comma lists (RFC 3261 7.3.1).

        Commas separate only in headers that are lists by their specification (`imsreg.sip.names.LISTS`).
        """
        name = canonical(name)
        if name not in LISTS:
            return tuple(field.value for field in self.fields(name))
        return tuple(element for field in self.fields(name) for element in split_list(field.value))

    def option_tags(self, name: str) -> tuple[str, ...]:
        """The option tags of Supported, Require, ... over all fields, in lower case (tokens ignore case)."""
        return tuple(tag.lower() for tag in self.values(name))

    def get_all(self, header: type[H]) -> tuple[H, ...]:
        """Every value of a header, typed. Parsed once. Raises HeaderError, with the line, if one cannot be read."""
        known = self._typed.get(header)
        if known is None:
            known = self._typed[header] = tuple(self._parse_typed(header))
        return cast("tuple[H, ...]", known)

    def get(self, header: type[H]) -> H | None:
        """The first value of a header, typed, or None. Raises HeaderError, with the line, if it cannot be read."""
        if header not in self._first:
            self._first[header] = next(self._parse_typed(header), None)
        return cast("H | None", self._first[header])

    def _parse_typed(self, header: type[H]) -> Iterator[H]:
        for field in self.fields(header.NAME):
            for text in split_list(field.value) if header.LIST else (field.value,):
                try:
                    yield header.parse(text)
                except HeaderError as error:
                    raise HeaderError(error.name, error.text, error.why, error.column, field.line) from None

    @cached_property
    def _body(self) -> Body:
        return cut_body(self.fields("Content-Length"), self.raw[self._head.body_at :], stream=self._stream)


class Request(Message):
    """A request (RFC 3261 7.1)."""

    method: Final[str]
    """As written: methods are case-sensitive (RFC 3261 7.1)."""
    request_uri: Final[str]
    """As written; `imsreg.sip.uri.Uri` reads it."""

    def __init__(self, raw: bytes, head: Head, start_line: str, line: RequestLine, stream: bool) -> None:
        super().__init__(raw, head, start_line, line.version, stream)
        self.method = line.method
        self.request_uri = line.uri


class Response(Message):
    """A response (RFC 3261 7.2)."""

    status: Final[int]
    """The status code; three digits unless `defects` says otherwise."""
    reason: Final[str]

    def __init__(self, raw: bytes, head: Head, start_line: str, line: StatusLine, stream: bool) -> None:
        super().__init__(raw, head, start_line, line.version, stream)
        self.status = line.status
        self.reason = line.reason


def parse(data: bytes, *, stream: bool = False) -> Request | Response:
    """Reads one message: a whole datagram or, with `stream`, the octets that framing cut out of a stream.

    Whatever can be framed is read; `Message.defects` says what had to be overlooked. Raises MessageError if the start
    line is that of no SIP message, or beyond MAX_MESSAGE octets, MAX_FIELDS fields or MAX_FIELD octets in one of them.
    The time is linear in the length of `data`.
    """
    head = cut_head(data)
    start_line = unfold(head.pieces[0])
    line = parse_start_line(start_line)
    if isinstance(line, RequestLine):
        return Request(data, head, start_line, line, stream)
    return Response(data, head, start_line, line, stream)
