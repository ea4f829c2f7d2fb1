"""What every authentication algorithm offers: the functions of TS 33.102 6.3 and Annex B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

RAND_OCTETS = 16
AMF_OCTETS = 2
RES_OCTETS = range(4, 17)
"""Lengths that RES may have (TS 33.102 6.3.7: 32 to 128 bits)."""


@dataclass(frozen=True, slots=True, repr=False)
class F2345:
    """What f2, f3, f4 and f5 give for one RAND: RES, CK (16 octets), IK (16) and AK (6)."""

    res: bytes
    ck: bytes
    ik: bytes
    ak: bytes


class Algorithm(Protocol):
    """One subscriber's algorithm with its keys inside. RAND has 16 octets, AMF 2; SQN is a number below 2**48.

    An object serves one thread at a time. Wrong lengths raise ValueError.
    """

    @property
    def res_octets(self) -> int:
        """The length of the RES that `f2345` gives: the longest that a subscriber can have."""
        ...

    def f1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-A, 8 octets."""
        ...

    def f1_star(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-S, 8 octets."""
        ...

    def f2345(self, rand: bytes) -> F2345:
        """RES at its full length, CK, IK and AK."""
        ...

    def f5_star(self, rand: bytes) -> bytes:
        """AK for resynchronisation, 6 octets."""
        ...


def check_res_length(algorithm: Algorithm, octets: int) -> None:
    """Raise ValueError unless RES can be cut to `octets` with this algorithm."""
    if octets not in RES_OCTETS:
        raise ValueError(f"a RES of {octets} octets is outside 4..16 (TS 33.102 6.3.7)")
    if octets > algorithm.res_octets:
        name = type(algorithm).__name__
        raise ValueError(f"{name} gives a RES of {algorithm.res_octets} octets, {octets} are not possible")
