"""One REGISTER of a UE under test: what it is for, which challenge it answers, what it got."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imsreg.aka import nonce
from imsreg.aka.vector import open_auts
from imsreg.identity.subscribers import Subscriber
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request, Response
from imsreg.sip.uri import Uri, equivalent
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.verdict.bindings import expires_header
from imsreg.verdict.request_exchange import RequestExchange
from imsreg.verdict.ue_challenges import Posed
from imsreg.verdict.ue_told import Action


class Purpose(StrEnum):
    """What an exchange of REGISTER requests is for, from its first request to the last answer."""

    INITIAL = "an initial registration"
    REFRESH = "a re-registration"
    DEREGISTRATION = "a de-registration"
    FETCH = "a fetch of the bindings"


class Stage(StrEnum):
    """What one request is in such an exchange."""

    FIRST = "the first request"
    ANSWER = "a response to a challenge"
    SYNC_FAILURE = "auts in answer to a challenge"
    MAC_FAILURE = "an empty response to a challenge, without auts"
    LONGER = "the request after a 423"


REPORTS = frozenset((Stage.SYNC_FAILURE, Stage.MAC_FAILURE))


@dataclass(slots=True, eq=False)
class UeRegister(RequestExchange):
    """One REGISTER exchange of the UE. `authorization` is None also where it cannot be read; `fault` says why then.

    `follows` is the UE's REGISTER before it, `answers` the one whose challenge it answers, `told` what the UE was told
    to do since `follows`. `posed` is the challenge that it got. `anchor` is the accepted registration that a refresh or
    de-registration goes on from. `stale_sqn_ms`: its auts tells an SQN_MS below one that the UE had accepted.
    `astray` are final responses where a UE does not take them, and `settled` is the one in its place that came in spite
    of them.
    """

    exchange: Exchange
    request: Request
    subscriber: Subscriber | None
    record: str
    authorization: Authorization | None
    fault: str
    contacts: tuple[Contact, ...]
    follows: UeRegister | None = None
    told: Action | None = None
    stage: Stage = Stage.FIRST
    purpose: Purpose = Purpose.INITIAL
    answers: UeRegister | None = None
    anchor: UeRegister | None = None
    posed: Posed | None = None
    stale_sqn_ms: bool = False
    astray: tuple[Entry, ...] = ()
    settled: Entry | None = None

    @property
    def concluded(self) -> Entry | None:
        """The entry of the final response that counts, None while there is none: the first that did not go astray."""
        if self.settled is None and self.exchange.final not in self.astray:
            return self.exchange.final
        return self.settled

    @property
    def cseq(self) -> int:
        """The number in CSeq, -1 if it cannot be read."""
        try:
            header = self.request.get(CSeq)
        except HeaderError:
            return -1
        return header.number if header is not None else -1

    @property
    def emergency(self) -> bool:
        """Whether it is about an emergency registration: its contact has the parameter sos (TS 24.229 7.2A.13)."""
        return any(_for_emergencies(contact.uri) for contact in self.contacts if not contact.star)

    @property
    def by_aka(self) -> bool:
        """Whether the subscriber has AKA keys."""
        return self.subscriber is not None and self.subscriber.algorithm is not None

    @property
    def by_password(self) -> bool:
        """Whether the subscriber has a password: what is said about IMS AKA does not hold for him."""
        return self.subscriber is not None and self.subscriber.algorithm is None

    @property
    def binds(self) -> bool:
        """Whether it asks for a contact with an expiry above zero, or for one that cannot be read."""
        if not self.contacts:
            return self.request.field("Contact") is not None and expires_header(self.request) != 0
        return any(not contact.star and self.asked(contact) != 0 for contact in self.contacts)

    @property
    def challenge(self) -> WwwAuthenticate | None:
        """The challenge that it answers."""
        if self.answers is None or self.answers.posed is None:
            return None
        algorithm = self.authorization.algorithm if self.authorization is not None else None
        return self.answers.posed.answered_by(self.nonce, algorithm)

    @property
    def nonce(self) -> str:
        """The nonce of its credentials, "" if there is none."""
        return (self.authorization.nonce or "") if self.authorization is not None else ""

    def same_ue(self, other: UeRegister) -> bool:
        """Whether it comes from the same UE, as the subscriber tells."""
        if self.subscriber is None or other.subscriber is None:
            return self.record == other.record
        return self.subscriber.impi == other.subscriber.impi

    def asked(self, contact: Contact) -> int | None:
        """What it asks for a contact: the expires parameter, else Expires (RFC 3261 10.2.1.1)."""
        return contact.expires if "expires" in contact.params else expires_header(self.request)

    def chain(self) -> Iterator[UeRegister]:
        """This request and those before it in the same exchange, back to the first."""
        request: UeRegister | None = self
        while request is not None:
            yield request
            request = request.follows if request.stage is Stage.LONGER else request.answers

    def granted(self) -> int | None:
        """Seconds that its 2xx grants the UE's own contacts (RFC 3261 10.2.4): the most that is listed for one.

        None if they are not listed, or nothing says for how long.
        """
        if self.final is None:
            return None
        common = expires_header(self.final)
        spans = [common if c.expires is None else c.expires for c in listed(self.final) if self.owns(c.uri)]
        return max((span for span in spans if span is not None), default=None)

    def owns(self, uri: Uri) -> bool:
        """Whether it registers a contact that equals `uri` (RFC 3261 19.1.4); one for emergencies equals no other."""
        alike = self.emergency == _for_emergencies(uri)
        return alike and any(equivalent(contact.uri, uri) for contact in self.contacts)

    def sqn_ms(self) -> int | None:
        """SQN_MS of its auts; None if there is none that the AuC can verify. Raises KeysMissing."""
        challenged = self.answers.posed if self.answers is not None else None
        algorithm = self.subscriber.algorithm if self.subscriber is not None else None
        if self.authorization is None or challenged is None or challenged.nonce is None or algorithm is None:
            return None
        try:
            auts = nonce.decode_auts(self.authorization.auts or "")
        except nonce.NonceError:
            return None
        return open_auts(algorithm, challenged.nonce.rand, auts)


def _for_emergencies(uri: Uri) -> bool:
    return "sos" in uri.params


def listed(response: Response) -> tuple[Contact, ...]:
    """The contacts of a response that can be read, without "*"."""
    found: list[Contact] = []
    for value in response.values("Contact"):
        try:
            contact = Contact.parse(value)
        except HeaderError:
            continue
        if not contact.star:
            found.append(contact)
    return tuple(found)
