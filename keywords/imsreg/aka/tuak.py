"""TUAK, the second algorithm set of 3GPP, made of Keccak (TS 35.231)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import shake_256

from imsreg.aka.algorithm import AMF_OCTETS, F2345, RAND_OCTETS, check_octets, sqn_and_amf
from imsreg.secret import Secret

TOP_OCTETS = 32
"""Octets of TOP and of TOPc."""

KEY_OCTETS = (16, 32)
"""Octets that K may have; CK and IK too."""

RES_OCTETS = (4, 8, 16, 32)
"""Octets that RES may have in TUAK. TS 33.102 6.3.7 has no room for the longest."""

ITERATIONS = range(1, 256)
"""How often an operator may let Keccak-f run; the upper end is ours."""

_ALGONAME = b"TUAK1.0"
_KEY_FIELD = 32
_RATE = 136
_LENGTH_BITS = {4: 0x00, 8: 0x08, 16: 0x10, 32: 0x20}
_NO_SQN = bytes(AMF_OCTETS + 6)


@dataclass(frozen=True, slots=True)
class TuakLengths:
    """Octets of what an operator's TUAK gives; the defaults are those of TS 33.102 with a RES of 8 octets.

    They go into the computation: a short RES is no part of a longer one. Raises ValueError for a length that TUAK
    does not have.
    """

    res: int = 8
    mac: int = 8
    ck: int = 16
    ik: int = 16

    def __post_init__(self) -> None:
        _one_of("RES", self.res, RES_OCTETS)
        _one_of("MAC", self.mac, RES_OCTETS[1:])
        _one_of("CK", self.ck, KEY_OCTETS)
        _one_of("IK", self.ik, KEY_OCTETS)


class Tuak:
    """TUAK with one subscriber's K and TOPc; `iterations` of Keccak-f are run for one output, as the operator chose.

    TS 35.231 pads its 96 octets of input as SHAKE256 does a message, and takes no more of the state than SHAKE256
    gives out. So one iteration is SHAKE256 of that message, and further ones are its further output.
    """

    __slots__ = ("_instance_2345", "_instance_mac", "_iterations", "_key", "_lengths", "_long_key", "_topc")

    def __init__(self, k: Secret, topc: Secret, lengths: TuakLengths | None = None, iterations: int = 1) -> None:
        _check(k, iterations)
        check_octets("TOPc", len(topc), TOP_OCTETS)
        lengths = lengths or TuakLengths()
        self._lengths = lengths
        self._topc = topc.reveal()
        self._key = k.reveal()
        self._long_key = len(k) == KEY_OCTETS[1]
        self._iterations = iterations
        self._instance_mac = _LENGTH_BITS[lengths.mac]
        self._instance_2345 = 0x40 | _LENGTH_BITS[lengths.res] | (lengths.ck == 32) << 2 | (lengths.ik == 32) << 1

    @classmethod
    def from_top(cls, k: Secret, top: Secret, lengths: TuakLengths | None = None, iterations: int = 1) -> Tuak:
        """The algorithm for an operator's TOP instead of the subscriber's TOPc."""
        return cls(k, topc(k, top, iterations), lengths, iterations)

    @property
    def res_lengths(self) -> tuple[int, ...]:
        """The one length that was asked for: a shorter RES is no part of it."""
        return (self._lengths.res,)

    def f1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-A, of the length that was asked for."""
        return self._mac(self._instance_mac, rand, sqn, amf)

    def f1_star(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-S, of the length that was asked for."""
        return self._mac(0x80 | self._instance_mac, rand, sqn, amf)

    def f2345(self, rand: bytes) -> F2345:
        """RES, CK, IK and AK, from one output."""
        out, lengths = self._out(self._instance_2345, rand, _NO_SQN), self._lengths
        return F2345(
            res=_field(out, 0, lengths.res),
            ck=_field(out, 32, lengths.ck),
            ik=_field(out, 64, lengths.ik),
            ak=_field(out, 96, 6),
        )

    def f5_star(self, rand: bytes) -> bytes:
        """AK for resynchronisation."""
        return _field(self._out(0xC0, rand, _NO_SQN), 96, 6)

    def _mac(self, instance: int, rand: bytes, sqn: int, amf: bytes) -> bytes:
        # AMF comes before SQN here, and every field is turned round: SQN and AMF as they are, turned round as one.
        return _field(self._out(instance, rand, sqn_and_amf(sqn, amf)[::-1]), 0, self._lengths.mac)

    def _out(self, instance: int, rand: bytes, rest: bytes) -> bytes:
        check_octets("RAND", len(rand), RAND_OCTETS)
        return _keccak(self._topc, instance | self._long_key, rand[::-1] + rest, self._key, self._iterations)


def topc(k: Secret, top: Secret, iterations: int = 1) -> Secret:
    """TOPc of a subscriber (TS 35.231 6.1). It depends on the number of iterations too."""
    _check(k, iterations)
    check_octets("TOP", len(top), TOP_OCTETS)
    nothing = bytes(RAND_OCTETS) + _NO_SQN
    out = _keccak(top.reveal(), len(k) == KEY_OCTETS[1], nothing, k.reveal(), iterations)
    return Secret(_field(out, 0, TOP_OCTETS))


def _check(k: Secret, iterations: int) -> None:
    _one_of("K", len(k), KEY_OCTETS)
    if iterations not in ITERATIONS:
        raise ValueError(f"{iterations} iterations of Keccak are outside {ITERATIONS[0]}..{ITERATIONS[-1]}")


def _keccak(top: bytes, instance: int, middle: bytes, key: bytes, iterations: int) -> bytes:
    """The part of the state that TUAK uses, after so many iterations. Octets stand in it in reverse, field by field."""
    message = b"".join((top[::-1], bytes((instance,)), _ALGONAME[::-1], middle, key[::-1].ljust(_KEY_FIELD, b"\0")))
    skipped = _RATE * (iterations - 1)
    return shake_256(message).digest(skipped + _RATE)[skipped:]


def _field(out: bytes, start: int, octets: int) -> bytes:
    return out[start : start + octets][::-1]


def _one_of(name: str, octets: int, possible: tuple[int, ...]) -> None:
    if octets not in possible:
        lengths = ", ".join(map(str, possible[:-1]))
        raise ValueError(f"{name} has {octets} octets, TUAK has {lengths} or {possible[-1]}")
