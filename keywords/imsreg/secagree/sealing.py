"""What the eight transforms do to a packet on its way out, behind one interface, and where its IV comes from."""

from __future__ import annotations

from random import Random
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.modes import CBC

from imsreg.secagree.ciphers import block_cipher
from imsreg.secagree.hmac96 import hmac96
from imsreg.secagree.keys import EspKeys

_IV_OCTETS = 8
_IV_VALUES = 1 << 64


class Sealer(Protocol):
    """The sending end's algorithms."""

    def seal(self, head: bytes, body: bytes, iv: bytes | None) -> bytes:
        """The whole packet: head (SPI and sequence number), IV, protected body, ICV.

        `iv`, of the length of the format; None: the next of the end's own. An HMAC alone has none, whatever is given.
        Raises ValueError for a body that does not fill the blocks of the cipher.
        """
        ...


def sealer(keys: EspKeys, random: Random) -> Sealer:
    """The sending end's algorithms with these keys; `random` makes the IVs."""
    if keys.transform.ealg == "aes-gcm":
        return _Gcm(keys, random)
    if keys.transform.alg == "aes-gmac":
        return _Gmac(keys, random)
    if keys.transform.ealg == "null":
        return _Plain(keys)
    return _Cbc(keys, random)


class _Plain:
    """An HMAC and no encryption."""

    def __init__(self, keys: EspKeys) -> None:
        self._icv = hmac96(keys.transform.alg, keys.integrity)

    def seal(self, head: bytes, body: bytes, iv: bytes | None) -> bytes:
        packet = head + body
        return packet + self._icv(packet)


class _Cbc:
    """An HMAC over what a block cipher in CBC mode has encrypted."""

    def __init__(self, keys: EspKeys, random: Random) -> None:
        self._icv = hmac96(keys.transform.alg, keys.integrity)
        self._cipher = block_cipher(keys)
        self._block = self._cipher.block_size // 8
        self._random_block = random.randbytes
        self._encrypt = Cipher(self._cipher, CBC(random.randbytes(self._block))).encryptor().update

    def seal(self, head: bytes, body: bytes, iv: bytes | None) -> bytes:
        if len(body) % self._block:
            raise ValueError(f"{len(body)} octets do not fill blocks of {self._block}")
        if iv is None:
            # One encryptor goes on from packet to packet, which costs much less than one for each. A random block in
            # front of the body comes out as a block that nobody without the key can foresee, with which the body is
            # chained: that is the IV (RFC 3602 2, RFC 2451 3).
            packet = head + self._encrypt(self._random_block(self._block) + body)
        else:
            packet = head + iv + Cipher(self._cipher, CBC(iv)).encryptor().update(body)
        return packet + self._icv(packet)


class _Counted:
    """AES-GCM under a key for which no IV may ever repeat (RFC 4106 3.1, RFC 4543 3.1).

    All four associations of a set share key and salt, so that IVs which begin at 1 everywhere would repeat: each end
    counts from a random place.
    """

    def __init__(self, key: bytes, keys: EspKeys, random: Random) -> None:
        self._aead = AESGCM(key)
        self._salt = keys.salt.reveal()
        self._next = random.getrandbits(8 * _IV_OCTETS)

    def _iv(self) -> bytes:
        iv = self._next
        self._next = (iv + 1) % _IV_VALUES
        return iv.to_bytes(_IV_OCTETS, "big")


class _Gcm(_Counted):
    """Encryption and ICV in one; the head is authenticated."""

    def __init__(self, keys: EspKeys, random: Random) -> None:
        super().__init__(keys.encryption.reveal(), keys, random)

    def seal(self, head: bytes, body: bytes, iv: bytes | None) -> bytes:
        iv = self._iv() if iv is None else iv
        return head + iv + self._aead.encrypt(self._salt + iv, body, head)


class _Gmac(_Counted):
    """The ICV of GCM over everything from the SPI to Next Header, nothing encrypted."""

    def __init__(self, keys: EspKeys, random: Random) -> None:
        super().__init__(keys.integrity.reveal(), keys, random)

    def seal(self, head: bytes, body: bytes, iv: bytes | None) -> bytes:
        iv = self._iv() if iv is None else iv
        packet = head + iv + body
        return packet + self._aead.encrypt(self._salt + iv, b"", packet)
