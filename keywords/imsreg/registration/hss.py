"""The HSS with its AuC, as far as registration asks it over Cx (TS 29.228 6.1 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.vector import AuthenticationVector
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.seams import Seams
from imsreg.secret import Secret
from imsreg.sip.errors import UriError
from imsreg.sip.uri import Uri


@dataclass(frozen=True, slots=True)
class ImplicitSet:
    """What a server assignment tells the S-CSCF: the implicit set in HSS order and which of it is barred.

    `record` is the address of record under which the bindings of the whole set are kept: to register or de-register
    one of its identities is to do so with all (TS 23.228 5.2.1a).
    """

    impi: str
    identities: tuple[str, ...]
    barred: tuple[str, ...]
    record: str

    @property
    def associated(self) -> tuple[str, ...]:
        """The identities that P-Associated-URI lists: the set without the barred ones, the default first."""
        return tuple(i for i in self.identities if i not in self.barred)


class Refused(Exception):
    """The HSS refuses: `reason` is one of "user unknown", "identities do not match", "identity barred",
    "authentication scheme not supported".
    """

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
            if s.algorithm is not None
        }
        self._holders: dict[str, list[str]] = {}
        for subscriber in self._by_impi.values():
            for impu in subscriber.impus:
                self._holders.setdefault(_address_of_record(impu), []).append(subscriber.impi)
        self.home_domains = frozenset(s.home_domain.lower() for s in self._by_impi.values())
        """The domains that this network is the home of, in lower case."""

    def home_domain(self, impi: str) -> str:
        """The home domain of a subscriber. Raises Refused if unknown."""
        return self._subscriber(impi).home_domain

    def knows(self, record: str) -> bool:
        """Whether an address of record is the public identity of a subscriber."""
        return record in self._holders

    def authorise(self, impi: str, record: str) -> ImplicitSet:
        """User registration status query and the set that a server assignment brings (TS 29.228 6.1.1, 6.1.2).

        `record` is the public identity as an address of record. Raises Refused with the first reason that applies. A
        barred identity passes if its implicit set has one that is not barred (6.1.1.1 step 4).
        """
        subscriber = self._subscriber(impi)
        holders = self._holders.get(record, ())
        if impi not in holders:
            raise Refused("identities do not match" if holders else "user unknown")
        identities = self._seam("hss.identities", list(subscriber.impus), impi=impi)
        implicit_set = ImplicitSet(
            impi, tuple(identities), tuple(subscriber.barred), _address_of_record(subscriber.impus[0])
        )
        if not implicit_set.associated:
            raise Refused("identity barred")
        return implicit_set

    def private_identity(self, record: str) -> str | None:
        """The IMPI of a public identity when the first REGISTER carries no Authorization (TS 24.229 5.3.1.2).

        The rule takes the public identity without its scheme. Where that is nobody who may register it, the first one
        who may is meant: what a UE registers is as a rule no temporary identity.
        """
        holders = self._holders.get(record, ())
        derived = record.partition(":")[2]
        return derived if derived in holders else next(iter(holders), None)

    def password(self, impi: str) -> Secret | None:
        """The password of a subscriber for SIP digest, None for one with AKA keys. Raises Refused if unknown.

        Over Cx it would be H(A1) (TS 29.228 6.3).
        """
        return self._subscriber(impi).password

    def vector(self, impi: str) -> AuthenticationVector:
        """One fresh authentication vector (multimedia authentication, TS 29.228 6.3).

        Raises Refused if the user is unknown or has no AKA keys. No vector is given twice (TS 33.203 6.1.1).
        """
        subscriber, centre = self._subscriber(impi), self._centre(impi)
        vector = centre.vector(self._random.randbytes(16))
        return self._seam("hss.vector", vector, subscriber=subscriber, sqn=centre.sqn)

    def resynchronise(self, impi: str, rand: bytes, auts: bytes) -> bool:
        """Set SQN from AUTS; False if its MAC-S is wrong, and then nothing changes (TS 33.102 6.3.5).

        Raises Refused if the user is unknown or has no AKA keys.
        """
        subscriber, centre = self._subscriber(impi), self._centre(impi)
        before = centre.sqn
        if not centre.resynchronise(rand, auts):
            return False
        centre.sqn = self._seam("hss.resynchronised", centre.sqn, subscriber=subscriber, before=before)
        return True

    def _subscriber(self, impi: str) -> Subscriber:
        subscriber = self._by_impi.get(impi)
        if subscriber is None:
            raise Refused("user unknown")
        return subscriber

    def _centre(self, impi: str) -> AuthenticationCentre:
        centre = self._centres.get(impi)
        if centre is None:
            raise Refused("authentication scheme not supported")
        return centre


def _address_of_record(impu: str) -> str:
    try:
        return Uri.parse(impu).address_of_record()
    except UriError:
        return impu
