"""The two block ciphers of CBC mode (RFC 3602, RFC 2451)."""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from imsreg.secagree.keys import EspKeys


def block_cipher(keys: EspKeys) -> AES | TripleDES:
    """The cipher of aes-cbc or des-ede3-cbc with its key."""
    key = keys.encryption.reveal()
    return AES(key) if keys.transform.ealg == "aes-cbc" else TripleDES(key)
