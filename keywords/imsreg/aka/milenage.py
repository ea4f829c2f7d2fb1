"""Milenage, the example algorithm set that most operators use (TS 35.206)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from imsreg.aka.algorithm import AMF_OCTETS, F2345, RAND_OCTETS
from imsreg.secret import Secret

BLOCK = 16
"""Octets of a block, of K, of OP and of OPc."""

# TS 35.206 4.1: OUTi = E_K(rot(TEMP xor OPc, r_i) xor c_i) xor OPc. Rotations in octets, to the left.
_ROTATIONS = {2: 0, 3: 4, 4: 8, 5: 12}
_CONSTANTS = {2: 1, 3: 2, 4: 4, 5: 8}
_SQN_LIMIT = 1 << 48


class Milenage:
    """Milenage with one subscriber's K and OPc.

    The key schedule is made once. The blocks of f2 to f5 go through the cipher in one call and are masked as one big
    number, because a call and a bytes object cost more than the AES rounds.
    """

    __slots__ = ("_encrypt", "_mask_5", "_mask_234", "_opc", "_opc_rotated", "_opc_triple")

    res_octets = 8

    def __init__(self, k: Secret, opc: Secret) -> None:
        _check("K", len(k), BLOCK)
        _check("OPc", len(opc), BLOCK)
        octets = opc.reveal()
        self._encrypt = Cipher(AES(k.reveal()), ECB()).encryptor().update  # noqa: S305 (TS 35.206 is single blocks)
        self._opc = int.from_bytes(octets)
        self._opc_rotated = int.from_bytes(_rotate(octets, 8))
        self._opc_triple = int.from_bytes(octets * 3)
        self._mask_234 = int.from_bytes(b"".join(_mask(octets, block) for block in (2, 3, 4)))
        self._mask_5 = int.from_bytes(_mask(octets, 5))

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
        blocks = int.from_bytes(temp + _rotate(temp, _ROTATIONS[3]) + _rotate(temp, _ROTATIONS[4])) ^ self._mask_234
        out = (int.from_bytes(self._encrypt(blocks.to_bytes(3 * BLOCK))) ^ self._opc_triple).to_bytes(3 * BLOCK)
        return F2345(res=out[8:16], ck=out[16:32], ik=out[32:48], ak=out[:6])

    def f5_star(self, rand: bytes) -> bytes:
        """AK for resynchronisation: the first 48 bits of OUT5."""
        block = int.from_bytes(_rotate(self._temp(rand), _ROTATIONS[5])) ^ self._mask_5
        return (int.from_bytes(self._encrypt(block.to_bytes(BLOCK))) ^ self._opc).to_bytes(BLOCK)[:6]

    def _temp(self, rand: bytes) -> bytes:
        _check("RAND", len(rand), RAND_OCTETS)
        return self._encrypt((int.from_bytes(rand) ^ self._opc).to_bytes(BLOCK))

    def _out1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        _check("AMF", len(amf), AMF_OCTETS)
        if not 0 <= sqn < _SQN_LIMIT:
            raise ValueError("SQN does not fit into 48 bits")
        # The halves of IN1 are equal, so its rotation by 64 bits is IN1 itself; c1 is zero.
        in1 = int.from_bytes((sqn.to_bytes(6) + amf) * 2)
        block = in1 ^ self._opc_rotated ^ int.from_bytes(self._temp(rand))
        return (int.from_bytes(self._encrypt(block.to_bytes(BLOCK))) ^ self._opc).to_bytes(BLOCK)


def opc(k: Secret, op: Secret) -> Secret:
    """OPc of a subscriber: OP xor E_K(OP) (TS 35.206 4.1)."""
    _check("K", len(k), BLOCK)
    _check("OP", len(op), BLOCK)
    encrypted = Cipher(AES(k.reveal()), ECB()).encryptor().update(op.reveal())  # noqa: S305
    return Secret((int.from_bytes(encrypted) ^ int.from_bytes(op.reveal())).to_bytes(BLOCK))


def _rotate(block: bytes, octets: int) -> bytes:
    return block[octets:] + block[:octets]


def _mask(octets: bytes, block: int) -> bytes:
    """What the input of OUT`block` has besides the rotated TEMP: the rotated OPc and the constant."""
    return (int.from_bytes(_rotate(octets, _ROTATIONS[block])) ^ _CONSTANTS[block]).to_bytes(BLOCK)


def _check(name: str, octets: int, wanted: int) -> None:
    if octets != wanted:
        raise ValueError(f"{name} has {octets} octets, {wanted} are wanted")
