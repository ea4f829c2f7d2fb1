"""The USIM or ISIM: what it makes of a challenge (TS 33.102 6.3.3)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from imsreg.aka.algorithm import F2345, Algorithm, check_res_length
from imsreg.aka.sqn import SqnArray
from imsreg.aka.vector import Autn, build_auts
from imsreg.secret import Secret


@dataclass(frozen=True, slots=True)
class Accepted:
    """The network is genuine and the vector fresh: RES (4 to 16 octets), CK (16) and IK (16)."""

    res: Secret
    ck: Secret
    ik: Secret


@dataclass(frozen=True, slots=True)
class SyncFailure:
    """The network is genuine, its SQN is out of range: AUTS (14 octets) tells it the highest one accepted."""

    auts: bytes


@dataclass(frozen=True, slots=True)
class MacFailure:
    """MAC-A is wrong: whoever sent this does not know K. No AUTS then, and SQN is not looked at."""


class Usim:
    """One subscriber's application on the card, with its array of sequence numbers.

    `res_length` is the length in octets that RES is cut to. Raises ValueError if the algorithm's is shorter.
    """

    def __init__(self, algorithm: Algorithm, res_length: int, sqn: SqnArray) -> None:
        check_res_length(algorithm, res_length)
        self.sqn = sqn
        self._algorithm = algorithm
        self._res_length = res_length

    def authenticate(self, rand: bytes, autn: bytes) -> Accepted | SyncFailure | MacFailure:
        """The outcome for RAND and AUTN, 16 octets each: MAC first, SQN second."""
        token = Autn.parse(autn)
        out = self._algorithm.f2345(rand)
        sqn = token.sqn(out.ak)
        if not hmac.compare_digest(self._algorithm.f1(rand, sqn, token.amf), token.mac):
            return MacFailure()
        return self._accepted(out) if self.sqn.accept(sqn) else self.out_of_step(rand)

    def accepted(self, rand: bytes) -> Accepted:
        """RES and keys for RAND, 16 octets, whatever AUTN says."""
        return self._accepted(self._algorithm.f2345(rand))

    def out_of_step(self, rand: bytes) -> SyncFailure:
        """The report of a synchronisation failure for RAND, 16 octets, whatever AUTN says."""
        return SyncFailure(build_auts(self._algorithm, rand, self.sqn.highest))

    def _accepted(self, out: F2345) -> Accepted:
        return Accepted(Secret(out.res[: self._res_length]), Secret(out.ck), Secret(out.ik))
