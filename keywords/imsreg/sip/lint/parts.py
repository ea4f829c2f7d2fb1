"""Pieces of a value with their places: elements of a list, parameters, URIs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# A quoted string or a URI in angle brackets swallows what separates elsewhere. Possessive: nothing steps back.
_PIECE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"?|<[^>]*+>?|[^"<,;]++|[,;]', re.DOTALL)
_BLANKS = b" \t\r\n"


class Part(NamedTuple):
    """Octets of a message, and the index in the message where they begin."""

    octets: bytes
    at: int

    @property
    def text(self) -> str:
        """The octets as text."""
        return self.octets.decode("utf-8", "surrogateescape")

    def slice(self, begin: int, end: int | None = None) -> Part:
        """A piece of the part."""
        return Part(self.octets[begin:end], self.at + begin)

    def strip(self) -> Part:
        """The part without the blanks and folds around it."""
        begin = len(self.octets) - len(self.octets.lstrip(_BLANKS))
        return Part(self.octets.strip(_BLANKS), self.at + begin)

    def cut(self, separator: bytes) -> list[Part]:
        """The pieces between commas or semicolons outside quoted strings and angle brackets, blanks stripped."""
        found: list[Part] = []
        begin = 0
        for piece in _PIECE.finditer(self.octets):
            if piece.group() == separator:
                found.append(self.slice(begin, piece.start()).strip())
                begin = piece.end()
        found.append(self.slice(begin).strip())
        return found


class Parameter(NamedTuple):
    """One parameter: the whole of it, its name in lower case, and its value as written (None: there is none).

    The name is "" where the parameter is nothing but a quoted string, as in P-Access-Network-Info.
    """

    whole: Part
    name: str
    value: Part | None

    @property
    def unquoted(self) -> str | None:
        """The value without quotes, None if there is none. Escapes stay: nothing that lint reads has any."""
        return None if self.value is None else self.value.text.strip('"')


def parameters(parts: list[Part]) -> Iterator[Parameter]:
    """The parts as parameters."""
    for part in parts:
        if part.octets.startswith(b'"'):
            yield Parameter(part, "", part)
            continue
        name, equals, _ = part.octets.partition(b"=")
        value = part.slice(len(name) + 1).strip() if equals else None
        yield Parameter(part, name.decode("utf-8", "surrogateescape").strip(" \t\r\n").lower(), value)


def address_uri(element: Part) -> tuple[Part, bool]:
    """The URI of a name-addr or addr-spec with its parameters, and whether angle brackets stand around it."""
    for piece in _PIECE.finditer(element.octets):
        if piece.group().startswith(b"<"):
            return element.slice(piece.start() + 1, piece.end() - 1), True
    return element.cut(b";")[0], False


def uri_scheme(uri: Part) -> str:
    """The scheme of a URI in lower case."""
    return uri.text.partition(":")[0].lower()


_HOSTPORT = re.compile(rb"(?P<host>\[[^\]]*\]|[^:;?]*)(?::(?P<port>[0-9]*))?")


class SipUri(NamedTuple):
    """A sip or sips URI that follows its grammar, in parts. `headers` begins at the question mark."""

    host: Part
    port: Part | None
    parameters: list[Parameter]
    headers: Part | None


def sip_uri(uri: Part) -> SipUri:
    """The parts of a sip or sips URI that follows its grammar."""
    # Behind the host there is no "@"; the subaddress of a telephone number in the user part may have some.
    sign = uri.octets.rfind(b"@")
    host = 1 + (sign if sign >= 0 else uri.octets.index(b":"))
    match = _HOSTPORT.match(uri.octets, host)
    assert match is not None
    rest, question, headers = uri.octets[match.end() :].partition(b"?")
    pieces = uri.slice(match.end(), match.end() + len(rest)).cut(b";")
    return SipUri(
        uri.slice(*match.span("host")),
        None if match["port"] is None else uri.slice(*match.span("port")),
        list(parameters(pieces[1:])),
        uri.slice(len(uri.octets) - len(headers) - 1) if question else None,
    )
