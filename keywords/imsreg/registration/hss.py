"""The HSS with its AuC, as far as registration asks it over Cx (TS 29.228 6.1 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.vector import AuthenticationVector
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.seams import Seams
from imsreg.sip.uri import Uri, equivalent


@dataclass(frozen=True, slots=True)
class ImplicitSet:
    """What a server assignment tells the S-CSCF: the implicit set in HSS order and which of it is barred."""

    impi: str
    identities: tuple[str, ...]
    barred: tuple[str, ...]

    @property
    def associated(self) -> tuple[str, ...]:
        """The identities that P-Associated-URI lists: the set without the barred ones, the default first."""
        return tuple(i for i in self.identities if i not in self.barred)


class Refused(Exception):
    """The HSS refuses: `reason` is one of "user unknown", "identities do not match", "identity barred"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Hss:
    """Subscribers, their authentication centre and their implicit registration sets.

    `random` draws RAND: a seeded generator makes a run repeatable. An SQN at the AuC lives as long as this object.
    """

    def __init__(self, subscribers: Iterable[Subscriber], random: Random, seams: Seams | None = None) -> None:
        self._random = random
        self._seam = seams or Seams()
        self._by_impi = {s.impi: s for s in subscribers}
        self._centres = {
            s.impi: AuthenticationCentre(s.algorithm, sqn=s.sqn, amf=s.amf, res_length=s.res_length)
            for s in self._by_impi.values()
        }

    @property
    def home_domains(self) -> frozenset[str]:
        """The domains that this network is the home of, in lower case."""
        return frozenset(s.home_domain.lower() for s in self._by_impi.values())

    def home_domain(self, impi: str) -> str:
        """The home domain of a subscriber. Raises Refused if unknown."""
        subscriber = self._by_impi.get(impi)
        if subscriber is None:
            raise Refused("user unknown")
        return subscriber.home_domain

    def authorise(self, impi: str, impu: str) -> ImplicitSet:
        """User registration status query (TS 29.228 6.1.1): raises Refused with the first reason that applies.

        A barred public identity passes if its implicit set has one that is not barred (6.1.1.1 step 4).
        """
        subscriber = self._by_impi.get(impi)
        if subscriber is None:
            raise Refused("user unknown")
        if not any(_same_identity(impu, known) for known in subscriber.impus):
            known_elsewhere = any(_same_identity(impu, k) for s in self._by_impi.values() for k in s.impus)
            raise Refused("identities do not match" if known_elsewhere else "user unknown")
        profile = self._profile(subscriber)
        if not profile.associated:
            raise Refused("identity barred")
        return profile

    def private_identity(self, impu: str) -> str | None:
        """The IMPI of a public identity when the first REGISTER carries no Authorization (TS 24.229 5.3.1.2)."""
        for subscriber in self._by_impi.values():
            if any(_same_identity(impu, known) for known in subscriber.impus):
                return subscriber.impi
        return None

    def vector(self, impi: str) -> AuthenticationVector:
        """One fresh authentication vector (multimedia authentication, TS 29.228 6.3). Raises Refused if unknown."""
        centre = self._centre(impi)
        vector = centre.vector(self._random.randbytes(16))
        return self._seam("hss.vector", vector, impi=impi)

    def resynchronise(self, impi: str, rand: bytes, auts: bytes) -> bool:
        """Set SQN from AUTS; False if its MAC-S is wrong, and then nothing changes (TS 33.102 6.3.5)."""
        centre = self._centre(impi)
        before = centre.sqn
        done = centre.resynchronise(rand, auts)
        kept = self._seam("hss.resynchronised", done, impi=impi)
        if done and not kept:
            centre.sqn = before
        return kept

    def profile(self, impi: str) -> ImplicitSet:
        """The implicit registration set, as a server assignment answer brings it. Raises Refused if unknown."""
        subscriber = self._by_impi.get(impi)
        if subscriber is None:
            raise Refused("user unknown")
        return self._profile(subscriber)

    def _profile(self, subscriber: Subscriber) -> ImplicitSet:
        identities: Sequence[str] = self._seam("hss.identities", list(subscriber.impus), impi=subscriber.impi)
        return ImplicitSet(subscriber.impi, tuple(identities), tuple(subscriber.barred))

    def _centre(self, impi: str) -> AuthenticationCentre:
        centre = self._centres.get(impi)
        if centre is None:
            raise Refused("user unknown")
        return centre


def _same_identity(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return equivalent(Uri.parse(one), Uri.parse(other))
    except ValueError:
        return False
