"""P-Visited-Network-ID (RFC 7315 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, quote, read_value


@dataclass(frozen=True)
class PVisitedNetworkId(ParamHeader):
    """A network that the request passes: its name without quotes."""

    NAME = "P-Visited-Network-ID"
    LIST = True

    network: str
    params: Params = NO_PARAMS

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(*read_value(text, "the network", free=True))

    def __str__(self) -> str:
        """Canonical text: the name is quoted, which every name may be."""
        return f"{quote(self.network)}{self.params}"
