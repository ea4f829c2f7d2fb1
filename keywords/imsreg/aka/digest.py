"""HTTP digest with octets as the password (RFC 2617 3.2.2, RFC 7616 3.4), which AKAv1 fills with RES (RFC 3310 3.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class DigestError(ValueError):
    """A digest that cannot be computed: an unknown algorithm or qop, or parameters that qop needs and lacks."""


def _md5(octets: bytes) -> str:
    return hashlib.md5(octets, usedforsecurity=False).hexdigest()


_HASHES: dict[str, Callable[[bytes], str]] = {"MD5": _md5, "AKAv1-MD5": _md5}


def response(
    *,
    username: str,
    realm: str,
    password: bytes,
    method: str,
    uri: str,
    nonce: str,
    algorithm: str = "MD5",
    qop: str | None = None,
    nc: str | None = None,
    cnonce: str | None = None,
    body: bytes = b"",
) -> str:
    """The `response` of a request, in lower-case hexadecimal.

    All text as it stands on the wire with the quotes taken off, decoded with surrogateescape. With AKAv1-MD5 the
    password is RES as raw octets, and empty where `auts` goes along (RFC 3310 3.3, 3.4). Without qop, nc and cnonce do
    not count (RFC 2617 3.2.2.1). Raises DigestError.
    """
    hashed = _hash(algorithm)
    a1 = b":".join((_octets(username), _octets(realm), password))
    a2 = _octets(f"{method}:{uri}")
    if qop is None:
        return hashed(_octets(f"{hashed(a1)}:{nonce}:{hashed(a2)}"))
    kind = qop.lower()
    if kind not in ("auth", "auth-int"):
        raise DigestError("unknown qop; known are auth, auth-int")
    if nc is None or cnonce is None:
        raise DigestError("qop needs nc and cnonce")
    if kind == "auth-int":
        a2 += b":" + hashed(body).encode()
    return hashed(_octets(f"{hashed(a1)}:{nonce}:{nc}:{cnonce}:{qop}:{hashed(a2)}"))


def rspauth(
    *,
    username: str,
    realm: str,
    password: bytes,
    uri: str,
    nonce: str,
    algorithm: str = "MD5",
    qop: str | None = None,
    nc: str | None = None,
    cnonce: str | None = None,
    body: bytes = b"",
) -> str:
    """The `rspauth` with which a server proves that it knows the password too (RFC 7616 3.5, RFC 3310 3.5).

    As `response`, except that A2 has no method, and `body` is that of the server's response. Raises DigestError.
    """
    return response(
        username=username,
        realm=realm,
        password=password,
        method="",
        uri=uri,
        nonce=nonce,
        algorithm=algorithm,
        qop=qop,
        nc=nc,
        cnonce=cnonce,
        body=body,
    )


def _hash(algorithm: str) -> Callable[[bytes], str]:
    for name, hashed in _HASHES.items():
        if name.lower() == algorithm.lower():
            return hashed
    raise DigestError(f"unknown digest algorithm; known are {', '.join(_HASHES)}")


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise DigestError("a parameter holds characters that stand for no octets") from None
