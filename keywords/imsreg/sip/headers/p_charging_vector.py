"""P-Charging-Vector (RFC 7315 5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import Params


@dataclass(frozen=True)
class PChargingVector(ParamHeader):
    """The charging identifiers. Values are without quotes; None: not written."""

    NAME = "P-Charging-Vector"

    params: Params

    @property
    def icid_value(self) -> str | None:
        """The IMS charging identity."""
        return self.params.get("icid-value")

    @property
    def icid_generated_at(self) -> str | None:
        """The host that made the IMS charging identity."""
        return self.params.get("icid-generated-at")

    @property
    def orig_ioi(self) -> str | None:
        """The originating operator."""
        return self.params.get("orig-ioi")

    @property
    def term_ioi(self) -> str | None:
        """The terminating operator."""
        return self.params.get("term-ioi")

    @classmethod
    def _read(cls, text: str) -> Self:
        params = Params.read(text)
        if not params:
            raise SyntaxFault("there is no parameter")
        return cls(params)

    def __str__(self) -> str:
        """Canonical text."""
        return str(self.params)[1:]
