"""Security-Client, Security-Server and Security-Verify (RFC 3329 2.2, TS 33.203 Annex H)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, read_value

_SPI_LIMIT = 2**32 - 1


@dataclass(frozen=True)
class SecurityMechanism(ParamHeader):
    """One mechanism on a list, "ipsec-3gpp" for IMS AKA. Names of algorithms are as written; None: not written."""

    LIST = True

    mechanism: str
    params: Params = NO_PARAMS

    @property
    def alg(self) -> str | None:
        """The integrity algorithm."""
        return self.params.get("alg")

    @property
    def ealg(self) -> str | None:
        """The encryption algorithm; absent it means null."""
        return self.params.get("ealg")

    @property
    def prot(self) -> str | None:
        """The protocol; absent it means esp."""
        return self.params.get("prot")

    @property
    def mod(self) -> str | None:
        """The mode; absent it means trans."""
        return self.params.get("mod")

    @property
    def q(self) -> float | None:
        """The preference between 0 and 1; None if it is absent or no qvalue."""
        return scan.qvalue(self.params.get("q"))

    @property
    def spi_c(self) -> int | None:
        """The SPI of the inbound association at the protected client port; None if absent or no 32-bit number."""
        return scan.optional_number(self.params.get("spi-c"), _SPI_LIMIT)

    @property
    def spi_s(self) -> int | None:
        """The SPI of the inbound association at the protected server port; None if absent or no 32-bit number."""
        return scan.optional_number(self.params.get("spi-s"), _SPI_LIMIT)

    @property
    def port_c(self) -> int | None:
        """The protected client port; None if absent or no port."""
        return scan.optional_number(self.params.get("port-c"), 65535)

    @property
    def port_s(self) -> int | None:
        """The protected server port; None if absent or no port."""
        return scan.optional_number(self.params.get("port-s"), 65535)

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(*read_value(text, "the mechanism name"))

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.mechanism}{self.params}"


class SecurityClient(SecurityMechanism):
    """What the UE offers."""

    NAME = "Security-Client"


class SecurityServer(SecurityMechanism):
    """What the P-CSCF chose or offers."""

    NAME = "Security-Server"


class SecurityVerify(SecurityMechanism):
    """What the UE returns of Security-Server, so that a change on the way shows."""

    NAME = "Security-Verify"
