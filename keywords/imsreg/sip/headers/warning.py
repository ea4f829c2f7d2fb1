"""Warning (RFC 3261 20.43)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import Header
from imsreg.sip.params import is_quoted, quote, unquote

_WARNING = re.compile(r"[ \t]*+(?P<code>[0-9]{3})[ \t]++(?P<agent>[^\s\",]++)[ \t]++(?P<text>.*)", re.DOTALL)


@dataclass(frozen=True)
class Warning(Header):  # noqa: A001 - the name of the header
    """More about the status of a response: a code, who says so (host and port, or a pseudonym), text for people."""

    NAME = "Warning"
    LIST = True

    code: int
    agent: str
    text: str

    @classmethod
    def _read(cls, text: str) -> Self:
        match = _WARNING.match(text)
        if match is None:
            raise SyntaxFault("a Warning is a code of three digits, an agent and a quoted text")
        words = match["text"].strip(" \t")
        if not words:
            raise SyntaxFault("the text is missing", match.start("text") + 1)
        return cls(int(match["code"]), match["agent"], unquote(words) if is_quoted(words) else words)

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.code:03} {self.agent} {quote(self.text)}"
