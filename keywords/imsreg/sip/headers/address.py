"""What the headers that hold an address share: name-addr or addr-spec, and parameters (RFC 3261 20.10, 25.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault, UriError, show
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, is_quoted, quote, unquote
from imsreg.sip.uri import Uri

_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*"'
_NAME_ADDR = re.compile(rf"(?P<display>(?:{_QUOTED}|[^\"<]++)*)<(?P<uri>[^<>]*+)>[ \t]*+", re.DOTALL)
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
            display = _display_name(match["display"])
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


def _display_name(text: str) -> str | None:
    name = text.strip(" \t")
    return unquote(name) if is_quoted(name) else name or None


def _why_unreadable(text: str) -> str:
    if not text.strip(" \t"):
        return "the address is missing"
    if "<" in text and ">" not in text:
        return "the '<' is never closed"
    if text.count('"') % 2:
        return "a quoted string does not end"
    return "neither a URI nor a display name and a URI in angle brackets"
