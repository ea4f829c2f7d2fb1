"""Expires and Min-Expires (RFC 3261 20.19, 20.23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.headers.base import Header


@dataclass(frozen=True)
class DeltaSeconds(Header):
    """A time span in seconds, up to 2**32-1."""

    seconds: int

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(scan.number(text.strip(" \t"), scan.DELTA_SECONDS_LIMIT, "a time span in seconds"))

    def __str__(self) -> str:
        """Canonical text."""
        return str(self.seconds)


class Expires(DeltaSeconds):
    """How long a binding, a subscription or a request is to last."""

    NAME = "Expires"


class MinExpires(DeltaSeconds):
    """The shortest binding that a registrar accepts, in a 423."""

    NAME = "Min-Expires"
