"""P-Access-Network-Info (RFC 7315 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, read_value


@dataclass(frozen=True)
class PAccessNetworkInfo(ParamHeader):
    """The access: its type or class as written, and what is known of the cell or line, in `params`.

    The grammar also has quoted strings that no name stands before: they are parameters with the name "".
    """

    NAME = "P-Access-Network-Info"
    LIST = True

    access: str
    params: Params = NO_PARAMS

    @property
    def network_provided(self) -> bool:
        """Whether the network, not the UE, says so."""
        return "network-provided" in self.params

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(*read_value(text, "the access type", bare_strings=True))

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.access}{self.params}"
