"""HMAC cut to 96 bits, the ICV of six of the transforms (RFC 2403, RFC 2404; RFC 2104)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from imsreg.secret import Secret

ICV_OCTETS = 12

_BLOCK = 64
_HASHES = {"hmac-md5-96": hashlib.md5, "hmac-sha-1-96": hashlib.sha1}


def hmac96(alg: str, key: Secret) -> Callable[[bytes], bytes]:
    """The ICV of octets under a key of at most 64 octets.

    Both keyed hashes are made once: a copy of them costs less than the standard library's HMAC object.
    """
    octets = key.reveal().ljust(_BLOCK, b"\0")
    inner = _HASHES[alg](bytes(octet ^ 0x36 for octet in octets))
    outer = _HASHES[alg](bytes(octet ^ 0x5C for octet in octets))

    def icv(octets: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(octets)
        second.update(first.digest())
        return second.digest()[:ICV_OCTETS]

    return icv
