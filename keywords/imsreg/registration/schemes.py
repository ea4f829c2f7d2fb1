"""How a subscriber proves who he is: IMS AKA by his vector, SIP digest by his password (TS 33.203 6.1, Annex N)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from imsreg.aka import nonce
from imsreg.aka.vector import AuthenticationVector
from imsreg.secret import Secret
from imsreg.sip.headers.authorization import Authorization


class Procedure(StrEnum):
    """How a REGISTER is dealt with (TS 24.229 5.4.1.1)."""

    CHALLENGE = "challenge"
    VERIFY = "verify"
    RESYNCHRONISE = "resynchronise"
    MAC_FAILURE = "mac failure"
    ACCEPT = "accept"
    """Without authentication, which only a security association can justify: never in modes none and headers."""


class Scheme(Protocol):
    """What one challenge is made of, and what may be made of its answer."""

    algorithm: ClassVar[str]
    counts: ClassVar[bool]
    """Whether a client may go on with the nonce and count nc up, under whatever Call-ID (RFC 7616 3.4)."""

    @property
    def nonce(self) -> str:
        """The nonce of the challenge."""

    @property
    def password(self) -> Secret:
        """The octets that the digest is over."""

    @property
    def vector(self) -> AuthenticationVector | None:
        """The vector that has keys for the P-CSCF, if there is one."""

    def procedure(self, authorization: Authorization) -> Procedure:
        """How an answer to the challenge is dealt with."""


@dataclass(frozen=True, slots=True)
class Aka:
    """A vector, good for one answer, which may also be a report of the USIM (RFC 3310 3; TS 33.203 6.1.1)."""

    algorithm: ClassVar[str] = "AKAv1-MD5"
    counts: ClassVar[bool] = False

    vector: AuthenticationVector
    server_data: bytes = b""

    @property
    def nonce(self) -> str:
        """RAND, AUTN and the server's own data (RFC 3310 3.2)."""
        return nonce.encode(self.vector.rand, self.vector.autn, self.server_data)

    @property
    def password(self) -> Secret:
        """XRES."""
        return self.vector.xres

    def procedure(self, authorization: Authorization) -> Procedure:
        """An answer may report a synchronisation failure (RFC 3310 3.4), or a MAC failure by an empty response."""
        if authorization.auts:
            return Procedure.RESYNCHRONISE
        return Procedure.VERIFY if authorization.response else Procedure.MAC_FAILURE


@dataclass(frozen=True, slots=True)
class SipDigest:
    """A password, and a nonce that means nothing (RFC 3261 22.4)."""

    algorithm: ClassVar[str] = "MD5"
    counts: ClassVar[bool] = True

    password: Secret
    nonce: str
    vector: None = None

    def procedure(self, authorization: Authorization) -> Procedure:
        """There is nothing but the response."""
        return Procedure.VERIFY
