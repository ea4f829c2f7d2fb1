"""A challenge of the S-CSCF: the value that carries it, what is kept of it, what answers it (TS 24.229 5.4.1.2)."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace
from typing import TypedDict

from imsreg.aka import digest
from imsreg.aka.vector import AuthenticationVector
from imsreg.registration.schemes import Scheme
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.message import Request

REG_AWAIT_AUTH = 240.0
"""Seconds that an S-CSCF waits for the answer to its challenge (TS 24.229 table 7.8.1: 4 minutes)."""

NONCE_LIFETIME = 3600.0
"""Seconds for which a client may go on with a nonce after a right answer; then a challenge says that it is stale."""

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

    def header(self, vector: AuthenticationVector | None) -> str:
        """The WWW-Authenticate value (RFC 3261 20.44, RFC 3310 3.1). With `keys` and a vector it is for Mw alone."""
        keyed = vector if self.keys else None
        value = WwwAuthenticate.of(
            {
                "realm": self.realm,
                "nonce": self.nonce,
                "algorithm": self.algorithm,
                "qop": self.qop,
                "opaque": self.opaque,
                "stale": self.stale,
                "ik": keyed.ik.reveal().hex() if keyed is not None else None,
                "ck": keyed.ck.reveal().hex() if keyed is not None else None,
            }
        )
        return f"{value}, {self.extra}" if self.extra else str(value)


@dataclass(frozen=True, slots=True)
class OpenChallenge:
    """A challenge that has been sent and may still be answered: a newer one makes it void (TS 33.203 6.1.2.3).

    `until` is the clock value in seconds at which its time is over; `count` is the highest nc of a right answer.
    """

    impi: str
    call_id: str
    scheme: Scheme
    sent: Challenge
    until: float
    count: int = 0

    def is_answered_by(self, authorization: Authorization, request: Request) -> bool:
        """Whether a REGISTER answers this challenge, rightly or wrongly: same nonce and Call-ID (24.229 5.4.1.2.2).

        A nonce that clients may go on with is not bound to a Call-ID.
        """
        same_call = (request.value("Call-ID") or "") == self.call_id
        return authorization.nonce == self.sent.nonce and (self.scheme.counts or same_call)

    def counts_up(self, authorization: Authorization) -> bool:
        """Whether nc is higher than in every right answer before: else it is a replay (RFC 7616 3.4)."""
        return _count(authorization) > self.count

    def going_on(self, authorization: Authorization, until: float) -> OpenChallenge:
        """The challenge after a right answer, for the next one."""
        return replace(self, count=_count(authorization), until=until)

    def verifies(self, authorization: Authorization, request: Request) -> bool:
        """Whether the response is the digest over the password, for the nonce that it names (TS 33.203 6.1.1).

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
        """What the 200 to this answer says: that the network knows the password too (RFC 3310 3.5, RFC 7616 3.5).

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
            "password": self.scheme.password.reveal(),
            "uri": authorization.uri or "",
            "nonce": authorization.nonce or "",
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


def _count(authorization: Authorization) -> int:
    """The number in nc. Without qop there is none, and then a nonce is good for one request."""
    if authorization.qop is None:
        return 1
    return int(authorization.nc, 16) if authorization.nc and _NC.fullmatch(authorization.nc) else 0


def is_digest(credentials: str) -> bool:
    """Whether an Authorization value is for the Digest scheme; others say nothing to AKA (RFC 3261 22.4)."""
    return _DIGEST.match(credentials) is not None
