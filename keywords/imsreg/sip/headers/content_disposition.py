"""Content-Disposition (RFC 3261 20.11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, read_value


@dataclass(frozen=True)
class ContentDisposition(ParamHeader):
    """What the body is for, in lower case: "session", "render", ... or an extension."""

    NAME = "Content-Disposition"

    disposition: str
    params: Params = NO_PARAMS

    @property
    def optional(self) -> bool:
        """Whether a recipient that does not understand the body may ignore it; without the parameter it may not."""
        return (self.params.get("handling") or "").lower() == "optional"

    @classmethod
    def _read(cls, text: str) -> Self:
        disposition, params = read_value(text, "the disposition")
        return cls(disposition.lower(), params)

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.disposition}{self.params}"
