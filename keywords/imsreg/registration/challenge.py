"""A challenge of the S-CSCF: the value that carries it, what is kept of it, what answers it (TS 24.229 5.4.1.2)."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TypedDict

from imsreg.aka import digest
from imsreg.aka.vector import AuthenticationVector
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.message import Request

REG_AWAIT_AUTH = 240.0
"""Seconds that an S-CSCF waits for the answer to its challenge (TS 24.229 table 7.8.1: 4 minutes)."""

_DIGEST = re.compile(r"digest(?:[ \t]|$)", re.IGNORECASE)
_NC = re.compile(r"(?!0{8})[0-9A-Fa-f]{8}")  # RFC 7616 3.4: the first request with a nonce counts one


@dataclass(frozen=True, slots=True)
class Challenge:
    """The parameters of one 401. An optional one that is None is left out, and `extra` is written behind them.

    `keys` says that ik and ck go along for the P-CSCF (TS 33.203 6.1.1).
    """

    realm: str
    nonce: str
    algorithm: str | None = "AKAv1-MD5"
    qop: str | None = "auth"
    opaque: str | None = None
    stale: str | None = None
    keys: bool = True
    extra: str = ""

    def header(self, vector: AuthenticationVector) -> str:
        """The WWW-Authenticate value (RFC 3261 20.44, RFC 3310 3.1). With `keys` it is for Mw alone."""
        value = WwwAuthenticate.of(
            {
                "realm": self.realm,
                "nonce": self.nonce,
                "algorithm": self.algorithm,
                "qop": self.qop,
                "opaque": self.opaque,
                "stale": self.stale,
                "ik": vector.ik.reveal().hex() if self.keys else None,
                "ck": vector.ck.reveal().hex() if self.keys else None,
            }
        )
        return f"{value}, {self.extra}" if self.extra else str(value)


@dataclass(frozen=True, slots=True)
class OpenChallenge:
    """A challenge that has been sent and not yet answered: a newer one makes it void (TS 33.203 6.1.2.3).

    `until` is the clock value in seconds at which reg-await-auth ends.
    """

    impi: str
    call_id: str
    vector: AuthenticationVector
    sent: Challenge
    until: float

    def is_answered_by(self, authorization: Authorization, request: Request) -> bool:
        """Whether a REGISTER answers this challenge, rightly or wrongly: same nonce and Call-ID (24.229 5.4.1.2.2)."""
        return authorization.nonce == self.sent.nonce and (request.value("Call-ID") or "") == self.call_id

    def verifies(self, authorization: Authorization, request: Request) -> bool:
        """Whether the response is the digest over XRES with the challenge's own parameters (TS 33.203 6.1.1).

        qop may be missing, for the sake of old clients, but is one of those on offer if it is there (RFC 3261 22.4
        item 8, RFC 2617 3.2.2). The digest `uri` counts as received: it need not equal the Request-URI (22.4 item 6).
        """
        if (authorization.username, authorization.realm) != (self.impi, self.sent.realm):
            return False
        if authorization.qop is not None:
            offered = [option.strip().lower() for option in (self.sent.qop or "").split(",")]
            if authorization.qop.lower() not in offered or not _NC.fullmatch(authorization.nc or ""):
                return False
        try:
            expected = digest.response(method=request.method, body=request.body, **self._hashed(authorization))
        except digest.DigestError:
            return False
        given = (authorization.response or "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(expected.encode(), given)

    def proof(self, authorization: Authorization) -> AuthenticationInfo | None:
        """What the 200 to this answer says: that the network knows XRES as well (RFC 3310 3.5, RFC 7616 3.5).

        None for an answer of which no digest can be computed.
        """
        try:
            rspauth = digest.rspauth(**self._hashed(authorization))
        except digest.DigestError:
            return None
        return AuthenticationInfo.of(
            {
                "qop": authorization.qop,
                "rspauth": rspauth,
                "cnonce": authorization.cnonce if authorization.qop is not None else None,
                "nc": authorization.nc if authorization.qop is not None else None,
            }
        )

    def _hashed(self, authorization: Authorization) -> _Hashed:
        return {
            "username": self.impi,
            "realm": self.sent.realm,
            "password": self.vector.xres.reveal(),
            "uri": authorization.uri or "",
            "nonce": self.sent.nonce,
            "algorithm": self.sent.algorithm or "MD5",
            "qop": authorization.qop,
            "nc": authorization.nc,
            "cnonce": authorization.cnonce,
        }


class _Hashed(TypedDict):
    """What goes into a digest of either side."""

    username: str
    realm: str
    password: bytes
    uri: str
    nonce: str
    algorithm: str
    qop: str | None
    nc: str | None
    cnonce: str | None


def is_digest(credentials: str) -> bool:
    """Whether an Authorization value is for the Digest scheme; others say nothing to AKA (RFC 3261 22.4)."""
    return _DIGEST.match(credentials) is not None
