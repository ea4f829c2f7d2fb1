"""Event (RFC 6665 8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, read_value


@dataclass(frozen=True)
class Event(ParamHeader):
    """The event package, "reg" for registration state (RFC 3680), with its template if there is one."""

    NAME = "Event"

    package: str
    params: Params = NO_PARAMS

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(*read_value(text, "the event package"))

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.package}{self.params}"
