"""Milenage for many challenges of one subscriber at once. Needs numpy, which nothing else here does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imsreg.aka.algorithm import AMF_OCTETS, RAND_OCTETS, SQN_LIMIT, check_octets
from imsreg.aka.milenage import BLOCK, ROTATIONS, block_cipher, input_masks
from imsreg.secret import Secret

Octets = NDArray[np.uint8]
Words = NDArray[np.uint32]

_WORDS = BLOCK // 4
"""Every rotation of Milenage is by whole words of four octets, so their byte order does not matter."""

_CHUNK = 1024
"""Challenges that are worked on together: with more, the arrays do not stay in the cache."""


@dataclass(frozen=True, slots=True, repr=False)
class FullVectors:
    """What the seven functions give, one row for each challenge: the columns of `milenage.FullVector` as octets."""

    mac_a: Octets
    mac_s: Octets
    ak: Octets
    res: Octets
    ck: Octets
    ik: Octets
    ak_star: Octets


class MilenageBatch:
    """Milenage with one subscriber's K and OPc, as `milenage.Milenage`, for arrays of challenges.

    All blocks of a batch go through the cipher in two calls.
    """

    __slots__ = ("_encrypt", "_masks", "_opc")

    def __init__(self, k: Secret, opc: Secret) -> None:
        check_octets("K", len(k), BLOCK)
        check_octets("OPc", len(opc), BLOCK)
        self._encrypt = block_cipher(k)
        self._opc = _words(opc.reveal())
        self._masks = _words(input_masks(opc.reveal()))

    def full_vectors(self, rands: bytes, sqns: Sequence[int] | NDArray[np.uint64], amf: bytes) -> FullVectors:
        """Vectors for the RANDs, one after the other in `rands`, with the SQN of the same place, and one AMF.

        Raises ValueError if there are not as many RANDs of 16 octets as sequence numbers of 48 bits.
        """
        numbers = np.asarray(sqns, dtype=np.uint64)
        check_octets("AMF", len(amf), AMF_OCTETS)
        check_octets("the RANDs together", len(rands), RAND_OCTETS * len(numbers))
        if len(numbers) and int(numbers.max()) >= SQN_LIMIT:
            raise ValueError("SQN does not fit into 48 bits")
        out = np.empty((len(numbers), 5 * BLOCK), dtype=np.uint8)
        for start in range(0, len(numbers), _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = self._outputs(rands[start * BLOCK : (start + _CHUNK) * BLOCK], _in1(numbers[part], amf))
        return FullVectors(
            mac_a=out[:, :8],
            mac_s=out[:, 8:16],
            ak=out[:, 16:22],
            res=out[:, 24:32],
            ck=out[:, 32:48],
            ik=out[:, 48:64],
            ak_star=out[:, 64:70],
        )

    def _outputs(self, rands: bytes, in1: Words) -> Octets:
        """OUT1 to OUT5 of TS 35.206 4.1, a row for each RAND."""
        temps = _words(self._encrypt((_words(rands) ^ self._opc).tobytes()))
        blocks = np.empty((len(temps), 5, _WORDS), dtype=np.uint32)
        blocks[:, 0] = temps ^ in1
        for block, rotation in ROTATIONS.items():
            words = rotation // 4
            blocks[:, block - 1, : _WORDS - words] = temps[:, words:]
            blocks[:, block - 1, _WORDS - words :] = temps[:, :words]
        blocks ^= self._masks
        out = _words(self._encrypt(blocks.tobytes())).reshape(-1, 5, _WORDS) ^ self._opc
        return out.view(np.uint8).reshape(-1, 5 * BLOCK)


def _in1(numbers: NDArray[np.uint64], amf: bytes) -> Words:
    """SQN and AMF twice over, for each number."""
    half = (numbers << np.uint64(16) | np.uint64(int.from_bytes(amf))).astype(">u8")
    return np.tile(half.view(np.uint32).reshape(-1, 2), 2)


def _words(octets: bytes) -> Words:
    return np.frombuffer(octets, dtype=np.uint32).reshape(-1, _WORDS)
