"""What a subscriber authenticates with, by the name of the algorithm in the subscriber file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from imsreg.aka.algorithm import RES_OCTETS, Algorithm
from imsreg.aka.milenage import BLOCK, Milenage
from imsreg.aka.tuak import KEY_OCTETS, TOP_OCTETS, Tuak, TuakLengths
from imsreg.aka.tuak import RES_OCTETS as TUAK_RES_OCTETS
from imsreg.aka.xor import Xor
from imsreg.identity.keys import SubscriberKeys

AlgorithmName = Literal["milenage", "tuak", "xor", "sip-digest"]
"""The values of `algorithm`: three for AKA, and one for a password."""

RES_LENGTHS: dict[str, Sequence[int]] = {
    "milenage": Milenage.res_lengths,
    "tuak": tuple(n for n in RES_OCTETS if n in TUAK_RES_OCTETS),
    "xor": Xor.res_lengths,
}
"""Octets of RES that are possible with each algorithm, in ascending order."""


def check_res(name: AlgorithmName, octets: int) -> None:
    """Raise ValueError unless RES can have so many octets with this algorithm for AKA."""
    possible = RES_LENGTHS[name]
    if octets not in possible:
        listed = f"{possible[0]} to {possible[-1]}" if isinstance(possible, range) else ", ".join(map(str, possible))
        raise ValueError(f"{name} has a RES of {listed} octets, {octets} are not possible")


def aka_algorithm(name: AlgorithmName, keys: SubscriberKeys, res_length: int, iterations: int) -> Algorithm:
    """The algorithm with the keys inside. `res_length` and `iterations` are those of TUAK, which depends on them.

    Raises InputError for keys that it does not take, KeysMissing where there are none.
    """
    if name == "tuak":
        keys.only("k", "topc", "top")
        given = keys.either("topc", "top")
        k, value = keys.key("k", *KEY_OCTETS), keys.key(given, TOP_OCTETS)
        make = Tuak if given == "topc" else Tuak.from_top
        return make(k, value, TuakLengths(res=res_length), iterations)
    if name == "xor":
        keys.only("k")
        return Xor(keys.key("k", BLOCK))
    keys.only("k", "opc", "op")
    given = keys.either("opc", "op")
    k, value = keys.key("k", BLOCK), keys.key(given, BLOCK)
    return Milenage(k, value) if given == "opc" else Milenage.from_op(k, value)
