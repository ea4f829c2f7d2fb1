"""P-Charging-Function-Addresses (RFC 7315 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import Params


@dataclass(frozen=True)
class PChargingFunctionAddresses(ParamHeader):
    """Where charging data go. Addresses are as written, without quotes; the first of a kind is the one to use first."""

    NAME = "P-Charging-Function-Addresses"
    LIST = True

    params: Params

    @property
    def ccf(self) -> tuple[str, ...]:
        """The functions for offline charging: ccf, then ccf-2."""
        return self._addresses("ccf")

    @property
    def ecf(self) -> tuple[str, ...]:
        """The functions for online charging: ecf, then ecf-2."""
        return self._addresses("ecf")

    def _addresses(self, kind: str) -> tuple[str, ...]:
        names = (kind, f"{kind}-2")
        found = [param for name in names for param in self.params.all if param.name.lower() == name]
        return tuple(param.value for param in found if param.value)

    @classmethod
    def _read(cls, text: str) -> Self:
        params = Params.read(text)
        if not params:
            raise SyntaxFault("there is no parameter")
        return cls(params)

    def __str__(self) -> str:
        """Canonical text."""
        return str(self.params)[1:]
