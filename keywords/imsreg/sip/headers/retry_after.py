"""Retry-After (RFC 3261 20.33)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params

# delta-seconds [ comment ] *( SEMI retry-param ); a comment reaches to the last ")".
_RETRY_AFTER = re.compile(r"[ \t]*+(?P<seconds>[0-9]++)[ \t]*+(?:\((?P<comment>.*)\)[ \t]*+)?(?=;|$)", re.DOTALL)


@dataclass(frozen=True)
class RetryAfter(ParamHeader):
    """How many seconds to wait, and perhaps why."""

    NAME = "Retry-After"

    seconds: int
    comment: str | None = None
    params: Params = NO_PARAMS

    @classmethod
    def _read(cls, text: str) -> Self:
        match = _RETRY_AFTER.match(text)
        if match is None:
            raise SyntaxFault("a Retry-After is a number of seconds, perhaps a comment in parentheses, and parameters")
        seconds = scan.number(
            match["seconds"], scan.DELTA_SECONDS_LIMIT, "the time to wait", match.start("seconds") + 1
        )
        return cls(seconds, match["comment"], Params.read(text, match.end()))

    def __str__(self) -> str:
        """Canonical text."""
        comment = "" if self.comment is None else f" ({self.comment})"
        return f"{self.seconds}{comment}{self.params}"
