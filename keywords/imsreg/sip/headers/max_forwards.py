"""Max-Forwards (RFC 3261 20.22)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.headers.base import Header


@dataclass(frozen=True)
class MaxForwards(Header):
    """How many hops a request may still take: 0 to 255."""

    NAME = "Max-Forwards"

    hops: int

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(scan.number(text.strip(" \t"), 255, "the number of hops"))

    def __str__(self) -> str:
        """Canonical text."""
        return str(self.hops)
