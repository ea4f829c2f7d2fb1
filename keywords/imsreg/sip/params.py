"""Parameters: the `;name=value` after a header value or in a URI, and the comma-separated ones of Digest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from imsreg.sip.errors import SyntaxFault, show

_NAME = r'(?P<name>[^\s;,="<>]++)'
_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*"'
_BLANKS = r"[ \t]*+"
# generic-param = token [ EQUAL gen-value ], EQUAL = SWS "=" SWS (RFC 3261 25.1). An unquoted value may hold more than
# token and host allow, all but blanks, quotes and the separator: what came is to be described.
_PARAM = {
    separator: re.compile(
        rf'[ \t{separator}]*+{_NAME}{_BLANKS}(?:={_BLANKS}(?P<value>{_QUOTED}|[^\s"{separator}]*+))?{_BLANKS}',
        re.DOTALL,
    )
    for separator in ";,"
}
_SEPARATORS = {separator: re.compile(rf"[ \t{separator}]*+") for separator in ";,"}
# Parameters without blanks and quotes, as most are: these need no more than to be split.
_PLAIN = re.compile(r'(?:;[^\s;,="<>]++(?:=[^\s";]*+)?)+')
_BARE_STRING = re.compile(rf"(?P<name>)(?P<value>{_QUOTED}){_BLANKS}", re.DOTALL)
_VALUE = re.compile(rf'{_BLANKS}(?P<value>{_QUOTED}|[^\s;,="<>]++){_BLANKS}', re.DOTALL)
_BARE = re.compile(r'[^\s;,="<>]++')
_QUOTED_STRING = re.compile(_QUOTED, re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Param(NamedTuple):
    """One parameter: name as written, value without quotes and escapes (None: no "="), and whether it was quoted.

    A parameter that is nothing but a quoted string has the name "".
    """

    name: str
    value: str | None = None
    quoted: bool = False

    def __str__(self) -> str:
        if self.value is None:
            return self.name
        value = quote(self.value) if self.quoted else self.value
        return f"{self.name}={value}" if self.name else value


class Params(Mapping[str, "str | None"]):
    """Parameters in order; immutable. A mapping from name, in any case, to value (None: there without a value).

    A name that comes twice is twice in `all`; the mapping has the first.
    """

    __slots__ = ("_values", "all")

    def __init__(self, params: Iterable[Param] = ()) -> None:
        self.all: tuple[Param, ...] = tuple(params)
        """Every parameter as it came."""
        self._values: dict[str, str | None] = {}
        for param in self.all:
            self._values.setdefault(param.name.lower(), param.value)

    @classmethod
    def of(cls, values: Mapping[str, str | int | None]) -> Params:
        """Parameters from plain values, none of them quoted."""
        return cls(Param(name, None if value is None else str(value)) for name, value in values.items())

    @classmethod
    def read(cls, text: str, at: int = 0) -> Params:
        """The `;`-separated parameters from index `at` to the end. Raises SyntaxFault."""
        if at == len(text):
            return NO_PARAMS
        if not _PLAIN.fullmatch(text, at):
            return cls(read_params(text, at, ";"))
        parts = [part.partition("=") for part in text[at + 1 :].split(";")]
        return cls([Param(name, value if equals else None) for name, equals, value in parts])

    def with_param(self, name: str, value: str | int | None = None, *, quoted: bool = False) -> Params:
        """A copy with one parameter set: in its place if it is there, else at the end."""
        new = Param(name, None if value is None else str(value), quoted)
        if name not in self:
            return Params((*self.all, new))
        key = name.lower()
        first = next(index for index, param in enumerate(self.all) if param.name.lower() == key)
        return Params((*self.all[:first], new, *(p for p in self.all[first + 1 :] if p.name.lower() != key)))

    def without(self, *names: str) -> Params:
        """A copy without these parameters."""
        gone = {name.lower() for name in names}
        return Params(param for param in self.all if param.name.lower() not in gone)

    def quoted(self, name: str) -> bool:
        """Whether the value of the parameter is a quoted string."""
        return next((param.quoted for param in self.all if param.name.lower() == name.lower()), False)

    def __getitem__(self, name: str) -> str | None:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Params({str(self)!r})"

    def __str__(self) -> str:
        """Each parameter with its semicolon in front, as it follows a header value."""
        return "".join(f";{param}" for param in self.all)


NO_PARAMS = Params()


def read_params(text: str, at: int, separator: str, *, bare_strings: bool = False) -> list[Param]:
    """The parameters of `text` from index `at` to its end, empty ones passed over. Raises SyntaxFault.

    `bare_strings`: a quoted string alone is a parameter too, one without a name.
    """
    read = _PARAM[separator].match
    length = len(text)
    found: list[Param] = []
    while at < length:
        match = read(text, at)
        if match is None:
            at = _end(_SEPARATORS[separator], text, at)
            if at == length:
                break
            match = _BARE_STRING.match(text, at) if bare_strings else None
            if match is None:
                raise SyntaxFault(f"a parameter name was expected, not {show(text[at])}", at + 1)
        at = match.end()
        if at < length and text[at] != separator:
            why = (
                "the quoted string does not end"
                if text[at] == '"'
                else f"'{separator}' was expected, not {show(text[at])}"
            )
            raise SyntaxFault(why, at + 1)
        name, value = match.groups()
        if value is not None and value.startswith('"'):
            found.append(Param(name, unquote(value), quoted=True))
        else:
            found.append(Param(name, value))
    return found


def read_value(text: str, what: str, *, free: bool = False, bare_strings: bool = False) -> tuple[str, Params]:
    """A token, named `what` in errors, and the parameters after it. Raises SyntaxFault.

    The token may stand in quotes; `free`: what stands in quotes need be no token. `bare_strings` as in `read_params`.
    """
    match = _VALUE.match(text)
    if match is None:
        raise SyntaxFault(f"{what} is missing", 1)
    if match.end() < len(text) and text[match.end()] != ";":
        raise SyntaxFault(f"';' was expected after {what}, not {show(text[match.end()])}", match.end() + 1)
    value = match["value"]
    if value.startswith('"'):
        value = unquote(value)
        if not (free or _BARE.fullmatch(value)):
            raise SyntaxFault(f"{what} is a token, not {show(match['value'])}", match.start("value") + 1)
    if bare_strings:
        return value, Params(read_params(text, match.end(), ";", bare_strings=True))
    return value, Params.read(text, match.end())


def quote(text: str) -> str:
    """`text` as a quoted-string (RFC 3261 25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_quoted(text: str) -> bool:
    """Whether `text` is one quoted-string from end to end (RFC 3261 25.1)."""
    return _QUOTED_STRING.fullmatch(text) is not None


def unquote(text: str) -> str:
    """What a quoted-string, given with its quotes, stands for."""
    inside = text[1:-1]
    return _ESCAPE.sub(r"\1", inside) if "\\" in inside else inside


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
