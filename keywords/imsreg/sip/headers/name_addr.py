"""The headers that hold an address: name-addr or addr-spec, and parameters (RFC 3261 20.10, 25.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.errors import SyntaxFault, UriError, show
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, quote, unquote
from imsreg.sip.uri import Uri

_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NAME_ADDR = re.compile(rf"(?P<display>(?:{_QUOTED}|[^\"<]++)*+)<(?P<uri>[^<>]*+)>[ \t]*+", re.DOTALL)
# Without angle brackets the parameters are those of the header, not of the URI (RFC 3261 20).
_ADDR_SPEC = re.compile(r"[ \t]*+(?P<uri>[^;<>\"\s]++)[ \t]*+")


@dataclass(frozen=True)
class NameAddr(ParamHeader):
    """An address with its display name (unquoted; None: there is none) and the parameters of the header."""

    display_name: str | None
    uri: Uri
    params: Params = NO_PARAMS

    @classmethod
    def of(cls, uri: Uri | str, params: Mapping[str, str | int | None] | None = None) -> Self:
        """An address to send, without display name. Raises UriError."""
        given = params if isinstance(params, Params) else Params.of(params or {})
        return cls(None, Uri.parse(uri) if isinstance(uri, str) else uri, given)

    @classmethod
    def _read(cls, text: str) -> Self:
        match = _NAME_ADDR.match(text)
        display = None
        if match is not None:
            display = _display_name(match["display"].strip(" \t"))
        else:
            match = _ADDR_SPEC.match(text)
            if match is None:
                raise SyntaxFault(_why_unreadable(text))
        end = match.end()
        if end < len(text) and text[end] != ";":
            raise SyntaxFault(f"';' or the end was expected after the URI, not {show(text[end])}", end + 1)
        try:
            uri = Uri.parse(match["uri"])
        except UriError as error:
            raise SyntaxFault(error.why, match.start("uri") + error.column) from None
        return cls(display, uri, Params.read(text, end))

    def __str__(self) -> str:
        """Canonical text: a display name is quoted, the URI always in angle brackets."""
        display = "" if self.display_name is None else f"{quote(self.display_name)} "
        return f"{display}<{self.uri}>{self.params}"


class _Tagged(NameAddr):
    @property
    def tag(self) -> str | None:
        """The tag parameter, or None."""
        return self.params.get("tag")


class From(_Tagged):
    """RFC 3261 20.20."""

    NAME = "From"


class To(_Tagged):
    """RFC 3261 20.39."""

    NAME = "To"


class Contact(NameAddr):
    """RFC 3261 20.10. The contact "*" has an empty scheme and `star`."""

    NAME = "Contact"
    LIST = True

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(None, Uri("*", scheme="")) if text == "*" else super()._read(text)

    @property
    def star(self) -> bool:
        """Whether this is "*", every contact of the address-of-record (RFC 3261 10.2.2)."""
        return self.uri.text == "*"

    @property
    def expires(self) -> int | None:
        """The expires parameter in seconds; None if it is absent, or no delta-seconds up to 2**32-1."""
        return scan.optional_number(self.params.get("expires"), scan.DELTA_SECONDS_LIMIT)

    @property
    def q(self) -> float | None:
        """The q parameter between 0 and 1; None if it is absent or no qvalue."""
        return scan.qvalue(self.params.get("q"))

    def __str__(self) -> str:
        """Canonical text."""
        return "*" if self.star else super().__str__()


class Route(NameAddr):
    """RFC 3261 20.34."""

    NAME = "Route"
    LIST = True


class RecordRoute(NameAddr):
    """RFC 3261 20.30."""

    NAME = "Record-Route"
    LIST = True


class Path(NameAddr):
    """RFC 3327 4."""

    NAME = "Path"
    LIST = True


class ServiceRoute(NameAddr):
    """RFC 3608 5."""

    NAME = "Service-Route"
    LIST = True


class PAssociatedUri(NameAddr):
    """RFC 7315 5.1."""

    NAME = "P-Associated-URI"
    LIST = True


class PAssertedIdentity(NameAddr):
    """RFC 3325 9.1."""

    NAME = "P-Asserted-Identity"
    LIST = True


def _display_name(text: str) -> str | None:
    if re.fullmatch(_QUOTED, text, re.DOTALL):
        return unquote(text)
    return text or None


def _why_unreadable(text: str) -> str:
    if not text.strip(" \t"):
        return "the address is missing"
    if "<" in text and ">" not in text:
        return "the '<' is never closed"
    if text.count('"') % 2:
        return "a quoted string does not end"
    return "neither a URI nor a display name and a URI in angle brackets"
