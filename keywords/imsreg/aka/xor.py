"""The algorithm of test USIMs, which XORs K and RAND (TS 34.108 8.1.2)."""

from __future__ import annotations

from imsreg.aka.algorithm import F2345, RAND_OCTETS, RES_OCTETS, check_octets, sqn_and_amf
from imsreg.secret import Secret

KEY_OCTETS = 16


class Xor:
    """The test algorithm with one subscriber's K. Who sees a RAND and its RES knows K: it protects nothing.

    RES may have every length. f1 and f1* are the same function, as are f5 and f5*.
    """

    __slots__ = ("_k",)

    res_lengths = RES_OCTETS

    def __init__(self, k: Secret) -> None:
        check_octets("K", len(k), KEY_OCTETS)
        self._k = int.from_bytes(k.reveal())

    def f1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-A: the first 64 bits of XDOUT xor SQN and AMF."""
        cdout = int.from_bytes(sqn_and_amf(sqn, amf))
        return (int.from_bytes(self._xdout(rand)[:8]) ^ cdout).to_bytes(8)

    def f1_star(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-S: as MAC-A."""
        return self.f1(rand, sqn, amf)

    def f2345(self, rand: bytes) -> F2345:
        """RES is XDOUT, CK and IK are XDOUT rotated by 8 and 16 bits, AK its bits 24 to 71."""
        xdout = self._xdout(rand)
        return F2345(res=xdout, ck=xdout[1:] + xdout[:1], ik=xdout[2:] + xdout[:2], ak=xdout[3:9])

    def f5_star(self, rand: bytes) -> bytes:
        """AK for resynchronisation: as AK."""
        return self._xdout(rand)[3:9]

    def _xdout(self, rand: bytes) -> bytes:
        check_octets("RAND", len(rand), RAND_OCTETS)
        return (int.from_bytes(rand) ^ self._k).to_bytes(KEY_OCTETS)
