"""The AuC behind an attendant: vectors that are right, and those that are wrong in one way (TS 33.102 6.3, Annex C)."""

from __future__ import annotations

from random import Random

from imsreg.aka.algorithm import RAND_OCTETS
from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.sqn import DELTA, SEQ_BITS, join, split
from imsreg.aka.vector import AuthenticationVector, generate, open_autn
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.core_messages import Av, CannotWrite

MAX_DRAWS = 10_000
"""RANDs that are tried for a RES of a certain kind: one of 4 octets has a NUL inside in 1 of 128 cases."""


class AttendantAuc:
    """Vectors of one subscriber with AKA keys. `random` draws RAND."""

    def __init__(self, subscriber: Subscriber, random: Random) -> None:
        if subscriber.algorithm is None:
            raise CannotWrite(f"{subscriber.name} has a password and no AKA keys")
        self._algorithm = subscriber.algorithm
        self._subscriber = subscriber
        self._random = random
        self._accepted: int | None = None
        self._centre = AuthenticationCentre(
            subscriber.algorithm, sqn=subscriber.sqn, amf=subscriber.amf, res_length=subscriber.res_length
        )

    @property
    def sqn(self) -> int:
        """The SQN from which the next right vector goes on."""
        return self._centre.sqn

    def forget_usim(self) -> None:
        """Whatever USIM the next challenge meets may be another one: nothing is known of what it has accepted."""
        self._accepted = None

    def vector(self, av: Av) -> AuthenticationVector:
        """A vector with a RAND of its own. One that a USIM refuses for its SQN leaves the AuC where it is.

        Raises CannotWrite where there is no such vector.
        """
        match av:
            case Av.RIGHT:
                return self._centre.vector(self._rand())
            case Av.WRONG_MAC:
                right = self._centre.vector(self._rand())
                autn = bytes((*right.autn[:-1], right.autn[-1] ^ 0x01))
                return AuthenticationVector(right.rand, autn, right.xres, right.ck, right.ik)
            case Av.SQN_TOO_OLD:
                return self._generate(self._old())
            case Av.SQN_TOO_FAR:
                return self._generate(self._far())
            case Av.RES_WITH_NUL:
                return self._centre.vector(self._rand_with_nul())

    def accepted(self, vector: AuthenticationVector) -> None:
        """The USIM has answered this vector rightly, so that it has taken its SQN: the AuC goes on above it."""
        sqn = open_autn(self._algorithm, vector.rand, vector.autn)
        if sqn is not None:
            self._accepted = sqn
            self._centre.sqn = max(self._centre.sqn, sqn)

    def resynchronise(self, rand: bytes, auts: bytes) -> bool:
        """Go on from SQN_MS; False, and nothing changes, if MAC-S is wrong (TS 33.102 6.3.5)."""
        if not self._centre.resynchronise(rand, auts):
            return False
        self._accepted = self._centre.sqn
        return True

    def _generate(self, sqn: int) -> AuthenticationVector:
        who = self._subscriber
        return generate(self._algorithm, self._rand(), sqn, who.amf, who.res_length)

    def _old(self) -> int:
        # The array of a USIM begins with zeros and takes only what is higher (C.2.2), so that SEQ zero is never fresh.
        return join(0, split(self._centre.sqn)[1]) if self._accepted is None else self._accepted

    def _far(self) -> int:
        seq, ind = split(max(self._centre.sqn, self._accepted or 0))
        # Twice delta: a USIM that is ahead of this AuC, though by less than delta, refuses it as well.
        far = seq + 2 * DELTA
        if far >> SEQ_BITS:
            raise CannotWrite("there is no SQN further ahead than delta: SEQ has come near its end")
        return join(far, ind)

    def _rand(self) -> bytes:
        # A UE that cuts RES at an octet 0x00 shows it where a test asks for one, and not in one of some thirty others.
        for _ in range(MAX_DRAWS):
            rand = self._random.randbytes(RAND_OCTETS)
            if 0 not in self._res(rand):
                return rand
        raise CannotWrite(f"every RES of {MAX_DRAWS} has an octet 0x00")

    def _rand_with_nul(self) -> bytes:
        for _ in range(MAX_DRAWS):
            rand = self._random.randbytes(RAND_OCTETS)
            if 0 in self._res(rand)[1:-1]:
                return rand
        raise CannotWrite(f"no RES of {MAX_DRAWS} has an octet 0x00 between others")

    def _res(self, rand: bytes) -> bytes:
        return self._algorithm.f2345(rand).res[: self._subscriber.res_length]
