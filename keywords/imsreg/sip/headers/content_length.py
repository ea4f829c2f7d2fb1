"""Content-Length (RFC 3261 20.14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.headers.base import Header


@dataclass(frozen=True)
class ContentLength(Header):
    """The length of the body in octets, as the message claims it."""

    NAME = "Content-Length"

    octets: int

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(scan.number(text.strip(" \t"), 2**32 - 1, "the length of the body"))

    def __str__(self) -> str:
        """Canonical text."""
        return str(self.octets)
