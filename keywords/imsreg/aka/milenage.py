"""Milenage, the example algorithm set that most operators use (TS 35.206)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from imsreg.aka.algorithm import AMF_OCTETS, F2345, RAND_OCTETS, check_octets, sqn_and_amf
from imsreg.secret import Secret

BLOCK = 16
"""Octets of a block, of K, of OP and of OPc."""

# TS 35.206 4.1: OUTi = E_K(rot(TEMP xor OPc, r_i) xor c_i) xor OPc. Rotations in octets, to the left.
ROTATIONS = {2: 0, 3: 4, 4: 8, 5: 12}
"""r2 to r5, in octets. r1 is in the way that the masks are made."""

_CONSTANTS = {2: 1, 3: 2, 4: 4, 5: 8}
# SQN and AMF stand twice in IN1, whose end is four blocks before the end of the five.
_IN1 = (1 << 64 | 1) << 8 * 4 * BLOCK
_number = int.from_bytes
_SPLIT = struct.Struct("8s 8s 6s2x8s 16s 16s 6s10x").unpack
"""MAC-A, MAC-S, AK, RES, CK, IK and AK* out of OUT1 to OUT5."""


class FullVector(NamedTuple):
    """What all seven functions give: MAC-A and MAC-S (8 octets each), AK (6), RES (8), CK and IK (16), AK* (6)."""

    mac_a: bytes
    mac_s: bytes
    ak: bytes
    res: bytes
    ck: bytes
    ik: bytes
    ak_star: bytes

    def __repr__(self) -> str:
        return "FullVector(<secret>)"


class Milenage:
    """Milenage with one subscriber's K and OPc.

    The key schedule is made once. Blocks that do not depend on each other go through the cipher in one call and are
    masked as one big number, because a call and a bytes object cost more than the AES rounds.
    """

    __slots__ = ("_encrypt", "_mask_1", "_mask_5", "_mask_234", "_masks", "_opc", "_opc_all", "_opc_triple")

    res_lengths = range(4, 9)

    def __init__(self, k: Secret, opc: Secret) -> None:
        check_octets("K", len(k), BLOCK)
        check_octets("OPc", len(opc), BLOCK)
        octets = opc.reveal()
        masks = input_masks(octets)
        self._encrypt = block_cipher(k)
        self._opc = _number(octets)
        self._opc_triple = _number(octets * 3)
        self._opc_all = _number(octets * 5)
        self._mask_1 = _number(masks[:16])
        self._mask_234 = _number(masks[16:64])
        self._mask_5 = _number(masks[64:])
        self._masks = _number(masks)

    @classmethod
    def from_op(cls, k: Secret, op: Secret) -> Milenage:
        """The algorithm for an operator's OP instead of the subscriber's OPc."""
        return cls(k, opc(k, op))

    def f1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-A: the first half of OUT1."""
        return self._out1(rand, sqn, amf)[:8]

    def f1_star(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-S: the second half of OUT1."""
        return self._out1(rand, sqn, amf)[8:]

    def f2345(self, rand: bytes) -> F2345:
        """RES and AK out of OUT2, CK is OUT3, IK is OUT4."""
        temp = self._temp(rand)
        blocks = _number(temp + _rotate(temp, 4) + _rotate(temp, 8)) ^ self._mask_234
        out = (_number(self._encrypt(blocks.to_bytes(48))) ^ self._opc_triple).to_bytes(48)
        return F2345(out[8:16], out[16:32], out[32:], out[:6])

    def f5_star(self, rand: bytes) -> bytes:
        """AK for resynchronisation: the first 48 bits of OUT5."""
        block = _number(_rotate(self._temp(rand), 12)) ^ self._mask_5
        return (_number(self._encrypt(block.to_bytes(16))) ^ self._opc).to_bytes(16)[:6]

    def full_vector(self, rand: bytes, sqn: int, amf: bytes) -> FullVector:
        """All seven functions for one RAND, SQN and AMF, in two calls of the cipher."""
        # As FullVector(...) does it, without unpacking the tuple and packing it again.
        return tuple.__new__(FullVector, _SPLIT(self.outputs(rand, sqn, amf)))

    def outputs(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """OUT1 to OUT5, 80 octets (TS 35.206 4.1): one number goes in and comes out of the cipher."""
        if len(rand) != RAND_OCTETS or len(amf) != AMF_OCTETS or sqn >> 48:
            check_octets("RAND", len(rand), RAND_OCTETS)
            sqn_and_amf(sqn, amf)
        temp = self._encrypt((_number(rand) ^ self._opc).to_bytes(16))
        twice = temp + temp
        blocks = _number(twice + twice[4:20] + twice[8:24] + twice[12:28]) ^ self._masks
        blocks ^= (sqn << 16 | _number(amf)) * _IN1
        return (_number(self._encrypt(blocks.to_bytes(80))) ^ self._opc_all).to_bytes(80)

    def _temp(self, rand: bytes) -> bytes:
        check_octets("RAND", len(rand), RAND_OCTETS)
        return self._encrypt((_number(rand) ^ self._opc).to_bytes(16))

    def _out1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        # The halves of IN1 are equal, so its rotation by 64 bits is IN1 itself; c1 is zero.
        block = _number(sqn_and_amf(sqn, amf) * 2) ^ self._mask_1 ^ _number(self._temp(rand))
        return (_number(self._encrypt(block.to_bytes(16))) ^ self._opc).to_bytes(16)


def block_cipher(key: Secret) -> Callable[[bytes], bytes]:
    """E_K of TS 35.206 for whole blocks, one after the other: AES with a key schedule made once."""
    return Cipher(AES(key.reveal()), ECB()).encryptor().update  # noqa: S305 (Milenage is made of single blocks)


def opc(k: Secret, op: Secret) -> Secret:
    """OPc of a subscriber: OP xor E_K(OP) (TS 35.206 4.1)."""
    check_octets("K", len(k), BLOCK)
    check_octets("OP", len(op), BLOCK)
    encrypted = block_cipher(k)(op.reveal())
    return Secret((_number(encrypted) ^ _number(op.reveal())).to_bytes(BLOCK))


def input_masks(octets: bytes) -> bytes:
    """What the inputs of OUT1 to OUT5 have besides TEMP, SQN and AMF: OPc rotated, and the constant. 80 octets."""
    masks = [_rotate(octets, 8)]
    for block, constant in _CONSTANTS.items():
        masks.append((_number(_rotate(octets, ROTATIONS[block])) ^ constant).to_bytes(BLOCK))
    return b"".join(masks)


def _rotate(block: bytes, octets: int) -> bytes:
    return block[octets:] + block[:octets]
