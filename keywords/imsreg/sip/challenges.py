"""The challenges of a response: one header field each, as many as the server likes (RFC 3261 7.3.1, 20.44)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.message import Response

PASSWORD_ALGORITHMS = ("md5", "sha-256")
"""The algorithms that a UE with a password answers, in lower case; a challenge without one means MD5 (RFC 7616 3.3)."""

_CARRIERS = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}


def digest_challenges(response: Response) -> Iterator[tuple[int, WwwAuthenticate]]:
    """Line and value of each Digest challenge of a 401 or 407, in order.

    What cannot be read, or has another scheme, is passed over.
    """
    carrier = _CARRIERS.get(response.status)
    for field in response.fields(carrier) if carrier is not None else ():
        with suppress(HeaderError):
            challenge = WwwAuthenticate.parse(field.value)
            if challenge.scheme.lower() == "digest":
                yield field.line, challenge


def aka_challenge(response: Response) -> WwwAuthenticate | None:
    """The challenge that a UE with AKA credentials answers: the topmost for AKAv1-MD5 (RFC 3310 3.1, RFC 8760 2.4).

    For want of one, the first Digest challenge, whatever it asks for; None if there is none.
    """
    found = [challenge for _, challenge in digest_challenges(response)]
    return next((c for c in found if (c.algorithm or "").lower() == "akav1-md5"), found[0] if found else None)


def password_challenge(response: Response) -> WwwAuthenticate | None:
    """The challenge that a UE with a password answers: the topmost that it knows (RFC 8760 2.4), or None."""
    challenges = (challenge for _, challenge in digest_challenges(response))
    return next((c for c in challenges if (c.algorithm or "md5").lower() in PASSWORD_ALGORITHMS), None)
