"""What the eight transforms make of a packet that comes in, behind one interface."""

from __future__ import annotations

import hmac
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.modes import CBC

from imsreg.secagree.ciphers import block_cipher
from imsreg.secagree.formats import HEAD_OCTETS
from imsreg.secagree.hmac96 import ICV_OCTETS, hmac96
from imsreg.secagree.keys import EspKeys

_AT_BODY = HEAD_OCTETS + 8  # behind the IV of aes-gcm and aes-gmac
_TAG_OCTETS = 16


class Opener(Protocol):
    """The receiving end's algorithms."""

    def open(self, packet: bytes) -> bytes | None:
        """The body in the clear; None: the ICV is wrong. The packet must have the lengths of its format."""
        ...


def opener(keys: EspKeys) -> Opener:
    """The receiving end's algorithms with these keys."""
    if keys.transform.ealg == "aes-gcm":
        return _Gcm(keys)
    if keys.transform.alg == "aes-gmac":
        return _Gmac(keys)
    if keys.transform.ealg == "null":
        return _Plain(keys)
    return _Cbc(keys)


class _Plain:
    """An HMAC and no encryption."""

    def __init__(self, keys: EspKeys) -> None:
        self._icv = hmac96(keys.transform.alg, keys.integrity)

    def open(self, packet: bytes) -> bytes | None:
        covered = packet[:-ICV_OCTETS]
        intact = hmac.compare_digest(self._icv(covered), packet[-ICV_OCTETS:])
        return covered[HEAD_OCTETS:] if intact else None


class _Cbc(_Plain):
    """An HMAC over what a block cipher in CBC mode has encrypted."""

    def __init__(self, keys: EspKeys) -> None:
        super().__init__(keys)
        cipher = block_cipher(keys)
        self._block = cipher.block_size // 8
        self._decrypt = Cipher(cipher, CBC(bytes(self._block))).decryptor().update

    def open(self, packet: bytes) -> bytes | None:
        encrypted = super().open(packet)
        if encrypted is None:
            return None
        # In CBC mode a block needs only the block before it: with the IV as a first block of ciphertext, one decryptor
        # serves all packets. What that block becomes depends on the packet before, and is cut off.
        return self._decrypt(encrypted)[self._block :]


class _Gcm:
    """Encryption and ICV in one; the head is authenticated."""

    def __init__(self, keys: EspKeys) -> None:
        self._aead = AESGCM(keys.encryption.reveal())
        self._salt = keys.salt.reveal()

    def open(self, packet: bytes) -> bytes | None:
        nonce = self._salt + packet[HEAD_OCTETS:_AT_BODY]
        try:
            return self._aead.decrypt(nonce, packet[_AT_BODY:], packet[:HEAD_OCTETS])
        except InvalidTag:
            return None


class _Gmac:
    """The ICV of GCM over everything from the SPI to Next Header, nothing encrypted."""

    def __init__(self, keys: EspKeys) -> None:
        self._aead = AESGCM(keys.integrity.reveal())
        self._salt = keys.salt.reveal()

    def open(self, packet: bytes) -> bytes | None:
        covered = packet[:-_TAG_OCTETS]
        try:
            self._aead.decrypt(self._salt + packet[HEAD_OCTETS:_AT_BODY], packet[-_TAG_OCTETS:], covered)
        except InvalidTag:
            return None
        return covered[_AT_BODY:]
