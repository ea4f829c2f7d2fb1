"""CSeq (RFC 3261 20.16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import Header


@dataclass(frozen=True)
class CSeq(Header):
    """The sequence number, up to 2**32-1 (a conformant one is below 2**31, RFC 3261 8.1.1.5), and the method."""

    NAME = "CSeq"

    number: int
    method: str

    @classmethod
    def _read(cls, text: str) -> Self:
        parts = text.split()
        if len(parts) != 2:
            raise SyntaxFault("a CSeq is a number, a blank and a method")
        column = text.index(parts[0]) + 1
        return cls(scan.number(parts[0], 2**32 - 1, "the sequence number", column), parts[1])

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.number} {self.method}"
