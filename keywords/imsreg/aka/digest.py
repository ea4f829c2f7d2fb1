"""HTTP digest with octets as the password (RFC 7616 3.4, RFC 2617 3.2.2); `akav2` and RES say what AKA puts there."""

from __future__ import annotations

from imsreg.aka.digest_algorithms import DigestError, algorithm_of

__all__ = ("DigestError", "response", "rspauth", "userhash")


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
    session: tuple[str, str] | None = None,
) -> str:
    """The `response` of a request, in lower-case hexadecimal.

    All text as it stands on the wire with the quotes taken off, decoded with surrogateescape. With AKAv1-MD5 the
    password is RES as raw octets, and empty where `auts` goes along (RFC 3310 3.3, 3.4); `akav2` has that of AKAv2.
    Without qop, nc and cnonce do not count (RFC 2617 3.2.2.1), except that a -sess algorithm needs cnonce. `session`
    is the nonce and the cnonce with which the session of such an algorithm began, by default those of this request
    (RFC 7616 3.4.2). Raises DigestError.
    """
    chosen = algorithm_of(algorithm)
    hashed = chosen.hashed
    ha1 = hashed(b":".join((_octets(username), _octets(realm), password)))
    if chosen.session:
        if session is None and cnonce is None:
            raise DigestError(f"{chosen.name} needs cnonce")
        nonce_prime, cnonce_prime = session or (nonce, cnonce)
        ha1 = hashed(_octets(f"{ha1}:{nonce_prime}:{cnonce_prime}"))
    a2 = _octets(f"{method}:{uri}")
    if qop is None:
        return hashed(_octets(f"{ha1}:{nonce}:{hashed(a2)}"))
    kind = qop.lower()
    if kind not in ("auth", "auth-int"):
        raise DigestError("unknown qop; known are auth, auth-int")
    if nc is None or cnonce is None:
        raise DigestError("qop needs nc and cnonce")
    if kind == "auth-int":
        a2 += b":" + hashed(body).encode()
    return hashed(_octets(f"{ha1}:{nonce}:{nc}:{cnonce}:{qop}:{hashed(a2)}"))


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
    session: tuple[str, str] | None = None,
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
        session=session,
    )


def userhash(username: str, realm: str, algorithm: str = "MD5") -> str:
    """What stands for the user name where the server asks for `userhash` (RFC 7616 3.4.4). Raises DigestError."""
    return algorithm_of(algorithm).hashed(_octets(username) + b":" + _octets(realm))


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise DigestError("a parameter holds characters that stand for no octets") from None
