"""Credentials: the digest in them, and what they must leave as the challenge had it (RFC 7616 3.4, RFC 3261 22.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.aka import digest
from imsreg.aka.akav2 import aka_password
from imsreg.aka.nonce import Nonce
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate

NC_NOT_FIRST = "nc is not 00000001 although the nonce is new"
"""The fault of credentials that count wrongly from the first use of a nonce on."""

FIRST_USE = 1
"""The nonce count of a nonce that is used for the first time."""


def credential_faults(authorization: Authorization, challenge: WwwAuthenticate, request_uri: str) -> Iterator[str]:
    """What is wrong with credentials beside their response: a DUT may refuse these however right that is."""
    if (authorization.realm or "") != (challenge.realm or ""):
        yield "the realm is not that of the challenge"
    if challenge.opaque is not None and authorization.opaque != challenge.opaque:
        yield "opaque is not that of the challenge"
    if (authorization.algorithm or "MD5").lower() != (challenge.algorithm or "MD5").lower():
        yield "the algorithm is not that of the challenge"
    if authorization.uri != request_uri:
        yield "the digest uri is not the Request-URI"
    qop = authorization.qop
    if (qop.lower() not in challenge.qop_options) if qop is not None else challenge.qop_options:
        yield "qop is not one of the challenge's"
    elif qop is not None and not _first_use(authorization.nc):
        yield NC_NOT_FIRST


def password_of(subscriber: Subscriber, challenge: Nonce | None, algorithm: str | None) -> bytes | None:
    """What the right response of a subscriber is over: his password, or what RES for the challenge's RAND gives.

    `algorithm` is that of the credentials: with AKAv2 there is more to it than RES (RFC 4169 2.1). None for a
    subscriber with AKA keys where the challenge has no RAND.
    """
    if subscriber.password is not None:
        return subscriber.password.reveal()
    if subscriber.algorithm is None or challenge is None:
        return None
    out = subscriber.algorithm.f2345(challenge.rand)
    res = Secret(out.res[: subscriber.res_length])
    try:
        return aka_password(algorithm, res, Secret(out.ck), Secret(out.ik)).reveal()
    except digest.DigestError:
        return res.reveal()  # the algorithm is none of AKA, which is a fault of its own


def digest_over(
    authorization: Authorization, password: bytes, *, method: str, body: bytes, qop: str | None
) -> str | None:
    """The digest that `password` gives with everything else as the credentials have it.

    `method` is "" for what a server proves. None for an algorithm or a qop of which no digest can be computed.
    """
    try:
        return digest.response(
            username=authorization.username or "",
            realm=authorization.realm or "",
            password=password,
            method=method,
            uri=authorization.uri or "",
            nonce=authorization.nonce or "",
            algorithm=authorization.algorithm or "MD5",
            qop=qop,
            nc=authorization.nc,
            cnonce=authorization.cnonce,
            body=body,
        )
    except digest.DigestError:
        return None


def _first_use(nc: str | None) -> bool:
    try:
        return nc is not None and len(nc) == 8 and int(nc, 16) == FIRST_USE
    except ValueError:
        return False
