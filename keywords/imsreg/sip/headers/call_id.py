"""Call-ID (RFC 3261 20.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault, show
from imsreg.sip.headers.base import Header


@dataclass(frozen=True)
class CallId(Header):
    """The identifier of a call or of a UE's registrations. Compared octet by octet."""

    NAME = "Call-ID"

    text: str

    @classmethod
    def _read(cls, text: str) -> Self:
        value = text.strip(" \t")
        if not value:
            raise SyntaxFault("the Call-ID is empty")
        if odd := re.search(r"[\s,;]", value):
            raise SyntaxFault(f"{show(odd.group())} cannot be in a Call-ID", odd.start() + 1)
        return cls(value)

    def __str__(self) -> str:
        """Canonical text."""
        return self.text
