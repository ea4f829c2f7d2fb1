"""How each transform lays out an ESP packet: head, IV, body, ICV (RFC 4303 2).

RFC 2403 (hmac-md5-96), RFC 2404 (hmac-sha-1-96), RFC 2451 (des-ede3-cbc), RFC 3602 (aes-cbc), RFC 4106 (aes-gcm),
RFC 4543 (aes-gmac).
"""

from __future__ import annotations

from typing import NamedTuple

from imsreg.secagree.transforms import Transform

HEAD_OCTETS = 8
"""SPI and sequence number."""
TRAILER_OCTETS = 2
"""Pad Length and Next Header."""

_HMAC_ICV = 12
_CIPHERS = {"null": (0, 4), "aes-cbc": (16, 16), "des-ede3-cbc": (8, 8)}


class Format(NamedTuple):
    """Octets of the IV and of the ICV, and what the octets of the body are a multiple of.

    The body is payload, padding, Pad Length and Next Header. It fills the blocks of the cipher, and four octets where
    there are none (RFC 4303 2.4).
    """

    iv: int
    icv: int
    block: int

    @property
    def overhead(self) -> int:
        """Octets of a packet that are not its body."""
        return HEAD_OCTETS + self.iv + self.icv


def format_of(transform: Transform) -> Format:
    """The format of one of the eight combinations."""
    if transform.alg == "aes-gmac" or transform.ealg == "aes-gcm":
        return Format(iv=8, icv=16, block=4)
    iv, block = _CIPHERS[transform.ealg]
    return Format(iv, _HMAC_ICV, block)
