"""The digest algorithms by name: a hash, -sess or not, AKAv1 or AKAv2 in front or not (RFC 7616 3.3, 3310, 4169)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from imsreg.text import safe_text


class DigestError(ValueError):
    """A digest that cannot be computed: an unknown algorithm or qop, or parameters that they need and lack."""


@dataclass(frozen=True, slots=True)
class DigestAlgorithm:
    """One algorithm. `aka` is the version of HTTP Digest AKA, 0 for a password that somebody has chosen."""

    name: str
    hash: str
    session: bool
    aka: int
    hashed: Callable[[bytes], str]
    """H of RFC 7616: octets to lower-case hexadecimal."""

    def prf(self, key: bytes, text: bytes) -> bytes:
        """HMAC with the hash of this algorithm (RFC 4169 2.1), as raw octets."""
        return hmac.digest(key, text, self.hash)


def _md5(octets: bytes) -> str:
    return hashlib.md5(octets, usedforsecurity=False).hexdigest()


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _sha512_256(octets: bytes) -> str:
    return hashlib.new("sha512_256", octets).hexdigest()


_HASHES = (("MD5", "md5", _md5), ("SHA-256", "sha256", _sha256), ("SHA-512-256", "sha512_256", _sha512_256))

ALGORITHMS = {
    name.lower(): DigestAlgorithm(name, digest, bool(session), aka, hashed)
    for aka, prefix in enumerate(("", "AKAv1-", "AKAv2-"))
    for hash_name, digest, hashed in _HASHES
    for session in ("", "-sess")
    for name in (f"{prefix}{hash_name}{session}",)
}
"""Every algorithm that can be computed, by its name in lower case.

RFC 3310 3.1 and RFC 4169 put their prefix before any digest algorithm; AKAv1-MD5 is the one of IMS AKA.
"""


def algorithm_of(name: str | None) -> DigestAlgorithm:
    """The algorithm of that name in whatever case, MD5 if there is none (RFC 7616 3.3). Raises DigestError."""
    try:
        return ALGORITHMS["md5" if name is None else name.lower()]
    except KeyError:
        known = ", ".join(algorithm.name for algorithm in ALGORITHMS.values())
        raise DigestError(f"unknown digest algorithm {safe_text(name or '')!r}; known are {known}") from None
