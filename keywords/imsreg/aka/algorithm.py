"""What every authentication algorithm offers: the functions of TS 33.102 6.3 and Annex B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

RAND_OCTETS = 16
AMF_OCTETS = 2
SQN_LIMIT = 1 << 48
"""SQN is below this: it has 48 bits (TS 33.102 6.3.7)."""

RES_OCTETS = range(4, 17)
"""Lengths that RES may have (TS 33.102 6.3.7: 32 to 128 bits)."""


@dataclass(slots=True, repr=False)
class F2345:
    """What f2, f3, f4 and f5 give for one RAND: RES, CK and IK (16 octets each as a rule), and AK (6).

    Not frozen: one is made for every challenge, and a frozen one takes as long to make as the ciphers take.
    """

    res: bytes
    ck: bytes
    ik: bytes
    ak: bytes


class Algorithm(Protocol):
    """One subscriber's algorithm with its keys inside. RAND has 16 octets, AMF 2; SQN is a number below 2**48.

    An object serves one thread at a time. Wrong lengths raise ValueError.
    """

    @property
    def res_lengths(self) -> Sequence[int]:
        """The octets that RES may be cut to, in ascending order; `f2345` gives as many as the last."""
        ...

    def f1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-A, 8 octets: AUTN has no room for more."""
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
    if octets not in algorithm.res_lengths:
        name, longest = type(algorithm).__name__, algorithm.res_lengths[-1]
        raise ValueError(f"{name} gives a RES of {longest} octets, {octets} are not possible")


def check_octets(name: str, octets: int, wanted: int) -> None:
    """Raise ValueError unless `name` has as many octets as are wanted."""
    if octets != wanted:
        raise ValueError(f"{name} has {octets} octets, {wanted} are wanted")


def sqn_and_amf(sqn: int, amf: bytes) -> bytes:
    """SQN and AMF in 8 octets, as every f1 takes them. Raises ValueError for what does not fit its field."""
    check_octets("AMF", len(amf), AMF_OCTETS)
    if not 0 <= sqn < SQN_LIMIT:
        raise ValueError("SQN does not fit into 48 bits")
    return sqn.to_bytes(6) + amf
