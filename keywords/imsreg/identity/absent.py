"""What stands in for secrets that nobody has given: everything but what they compute can be told of a subscriber."""

from __future__ import annotations

from typing import NoReturn

from imsreg.aka.algorithm import F2345, RES_OCTETS
from imsreg.errors import InputError
from imsreg.secret import Secret


class KeysMissing(InputError):
    """Keys or a password of a subscriber that are needed are not there."""

    def again(self) -> KeysMissing:
        """The same error, to be raised once more."""
        return KeysMissing(self.where, self.field, self.problem, self.remedy)


class AbsentAlgorithm:
    """An algorithm without keys. Whatever it is asked to compute, it raises KeysMissing."""

    res_lengths = RES_OCTETS

    def __init__(self, missing: KeysMissing) -> None:
        self._missing = missing

    def f1(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-A."""
        self._refuse()

    def f1_star(self, rand: bytes, sqn: int, amf: bytes) -> bytes:
        """MAC-S."""
        self._refuse()

    def f2345(self, rand: bytes) -> F2345:
        """RES, CK, IK and AK."""
        self._refuse()

    def f5_star(self, rand: bytes) -> bytes:
        """AK for resynchronisation."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise self._missing.again()


class AbsentPassword(Secret):
    """A password that nobody has given: to reveal it raises KeysMissing."""

    __slots__ = ("_missing",)

    def __init__(self, missing: KeysMissing) -> None:
        super().__init__(b"")
        self._missing = missing

    def reveal(self) -> NoReturn:
        """Raises KeysMissing."""
        raise self._missing.again()
