"""What Content-Type and Accept share: a type, a subtype and parameters (RFC 3261 25.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault, show
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params

_WORD = r"[^\s/;,=\"<>]++"
_MEDIA = re.compile(rf"[ \t]*+(?P<type>{_WORD})[ \t]*+/[ \t]*+(?P<subtype>{_WORD})[ \t]*+")


@dataclass(frozen=True)
class Media(ParamHeader):
    """A media type; type and subtype in lower case, since they ignore case."""

    type: str
    subtype: str
    params: Params = NO_PARAMS

    @property
    def media_type(self) -> str:
        """Type and subtype without parameters, as in "application/reginfo+xml"."""
        return f"{self.type}/{self.subtype}"

    @classmethod
    def _read(cls, text: str) -> Self:
        match = _MEDIA.match(text)
        if match is None:
            raise SyntaxFault("a media type is type/subtype")
        end = match.end()
        if end < len(text) and text[end] != ";":
            raise SyntaxFault(f"';' was expected after the media type, not {show(text[end])}", end + 1)
        return cls(match["type"].lower(), match["subtype"].lower(), Params.read(text, end))

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.media_type}{self.params}"
