"""A UE's side of one registration: its state, the requests that come out of it, and what responses do to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from imsreg.aka.usim import Usim
from imsreg.registration.credentials import FIRST_USE, Answer, CannotAnswer, Credentials, ResChoice, answer
from imsreg.registration.seams import Seams
from imsreg.registration.ue_drafts import Drafts
from imsreg.registration.ue_password import PasswordStore
from imsreg.registration.ue_request import (
    EXPIRY,
    RegisterParts,
    RegisterSequence,
    UeIdentity,
    empty_credentials,
    leaves,
    register,
)
from imsreg.registration.ue_security import NoAgreement, Outlet, UeSecurity
from imsreg.secagree.changes import SaChange
from imsreg.secagree.negotiation import LEGACY_TRANSFORMS, Endpoints, Transform, choose, offer
from imsreg.sip.challenges import aka_challenge, password_challenge
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.sip.headers.expires import DeltaSeconds, Expires, MinExpires
from imsreg.sip.headers.name_addr import Contact, PAssociatedUri
from imsreg.sip.headers.security import SecurityServer
from imsreg.sip.message import Message, Request, Response
from imsreg.sip.uri import equivalent

__all__ = [
    "MAX_FOLLOW_UPS",
    "MAX_INVALID_CHALLENGES",
    "UNSTATED_EXPIRY",
    "NoAgreement",
    "Registration",
    "UeRegistration",
    "UeState",
]

MAX_INVALID_CHALLENGES = 2
"""Consecutive invalid challenges that a UE answers in one registration (TS 24.229 5.1.1.5.12, restated)."""

MAX_FOLLOW_UPS = 6
"""Requests that responses may add to one exchange: two invalid challenges, a valid one, a 423, and some to spare.

A network that never has enough must not keep a UE busy for ever.
"""

UNSTATED_EXPIRY = 3600
"""Seconds that a listed contact is taken to live where the 200 says nothing, or nothing readable (RFC 3261 20.10)."""


class UeState(StrEnum):
    """Where the registration stands."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a UE keeps from a 200 (TS 24.229 5.1.1.2.1 a to d), in the order in which it stands there."""

    expires_at: float = 0.0
    associated: tuple[str, ...] = ()
    service_route: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What later requests repeat: the last answer that was accepted, and the Security-Server list that it mirrored."""

    authorization: str
    security_server: tuple[str, ...] = ()


class UeRegistration:
    """One UE, one contact. `random` makes Call-ID, tags, branches, cnonce and SPIs; `usim` or a password answers.

    The methods that build requests count CSeq up: what they return is meant to be sent, where `flow_for` says.
    `contact_address` is the unprotected address, `p_cscf` that of the other side. `security` is "none", "headers" or
    "ipsec"; `offered` is what Security-Client lists in the latter two. `insists`: in mode headers a challenge without a
    usable Security-Server is not answered, as with a real UE, and in mode ipsec none ever is. `patience` invalid
    challenges in a row are answered, and responses add `follow_ups` requests to an exchange at most. `seams` are those
    named "ue.*". In mode ipsec `sa_changes` takes the sets that are to be installed and removed.
    """

    def __init__(
        self,
        identity: UeIdentity,
        usim: Usim | PasswordStore,
        transport: Transport,
        contact_address: Address,
        random: Random,
        *,
        security: str = "none",
        offered: tuple[Transform, ...] = LEGACY_TRANSFORMS,
        insists: bool = False,
        patience: int = MAX_INVALID_CHALLENGES,
        follow_ups: int = MAX_FOLLOW_UPS,
        seams: Seams | None = None,
        p_cscf: Address | None = None,
        sa_changes: deque[SaChange] | None = None,
    ) -> None:
        """Raises ValueError for mode ipsec without the P-CSCF's address, or with a password."""
        self.identity = identity
        self.transport: Transport = transport
        self.contact_address = contact_address
        self.security = security
        self.offered = offered
        self.state = UeState.UNREGISTERED
        self.current = Registration()
        self.invalid_challenges = 0
        """Invalid challenges in a row that have been answered in this exchange."""
        self._insists = insists
        self._patience = patience
        self._most_follow_ups = follow_ups
        self._seam = seams or Seams()
        self._usim = usim
        self._random = random
        self._protected = Endpoints.draw(random)
        self._p_cscf = p_cscf
        self._drafts = Drafts()
        self._nothing = _Agreed(empty_credentials(identity))
        self.associations: UeSecurity | None = None
        """The sets of associations; None outside of mode ipsec."""
        if security == "ipsec":
            if p_cscf is None or isinstance(usim, PasswordStore):
                raise ValueError("mode ipsec wants the P-CSCF's address, and AKA")
            changes = deque[SaChange]() if sa_changes is None else sa_changes
            self.associations = UeSecurity(contact_address, p_cscf, transport, random, self._seam, changes)
        self._start_anew()

    @property
    def contact(self) -> str:
        """The Contact value that this UE registers: with associations it carries the protected server port."""
        own = self.contact_address if self.associations is None else self.associations.server_address
        return self._contact_at(own)

    def _contact_at(self, address: Address) -> str:
        transport = ";transport=tcp" if self.transport == "TCP" else ""
        uri = f"<sip:{self.identity.contact_user}@{address}{transport}>"
        instance = f';+sip.instance="<{self.identity.instance_id}>"' if self.identity.instance_id else ""
        return uri + instance

    @property
    def security_server(self) -> tuple[str, ...]:
        """The Security-Server values of the agreement that holds: what later requests verify (RFC 3329 2.3.1)."""
        return self._agreed.security_server

    @property
    def default_identity(self) -> str:
        """The URI that stands for the user from now on: the first SIP URI that the network associates.

        TS 24.229 5.1.1.2.1 b makes the first of the list the default public identity; a tel URI gives no target for a
        request. Without a list it is the identity that was registered, as practice has it.
        """
        uris = [uri for value in self.current.associated if (uri := _sip_uri(value)) is not None]
        default = uris[0] if uris else self.identity.impu
        return self._seam("ue.identity", default, associated=self.current.associated)

    def initial_register(self, *, expires: int = EXPIRY) -> Draft:
        """The first REGISTER of a registration: new Call-ID, new From tag, empty credentials (TS 24.229 5.1.1.2)."""
        self._start_anew()
        if self.associations is not None:
            self.associations.renew()
        return self._register(expires=expires)

    def answer(
        self,
        challenge: Response,
        *,
        now: float = 0.0,
        expires: int | None = EXPIRY,
        contact: bool = True,
        star: bool = False,
        res: ResChoice = ResChoice.RIGHT,
        nc: str | None = None,
    ) -> Draft:
        """The REGISTER that answers a 401: same Call-ID and From, CSeq + 1 (TS 24.229 5.1.1.5.1, 5.1.1.5.3).

        `now` is when the challenge came: in mode ipsec the life of its associations begins. `nc` takes the place of the
        nonce count that is right. Raises CannotAnswer, with the reason, where there is nothing to compute an answer
        from, and NoAgreement as `next_request` does.
        """
        credentials = self._credentials(challenge, res, nc)
        return self._answering(challenge, credentials, now, expires=expires, contact=contact, star=star)

    def refresh(self, *, expires: int = EXPIRY) -> Draft:
        """A REGISTER that extends the binding (TS 24.229 5.1.1.4)."""
        return self._again(expires=expires)

    def fetch(self) -> Draft:
        """A REGISTER without Contact asks for the bindings (RFC 3261 10.2.3)."""
        return self._again(expires=None, contact=False)

    def deregister(self) -> Draft:
        """A REGISTER that removes this contact: expiry zero (TS 24.229 5.1.1.6)."""
        return self._again(expires=0)

    def remove_all(self) -> Draft:
        """A REGISTER that removes every binding of the public identity (RFC 3261 10.2.2)."""
        return self._again(expires=0, star=True)

    def flow_for(self, message: Draft | Request | bytes) -> Flow | None:
        """Where a request leaves. One that is not this object's own goes with the latest that is, if it is a REGISTER.

        None: it is another request, and without associations none may be sent (TS 33.203 7.4). Raises ValueError if
        the P-CSCF's address was never given.
        """
        if self._p_cscf is None:
            raise ValueError("the P-CSCF's address was not given")
        clear = Flow(self.transport, self.contact_address, self._p_cscf)
        if self.associations is None:
            return clear
        if self._drafts.is_other(message):
            outlet = self.associations.other()
            return None if outlet is None else outlet.flow
        return self._drafts.flow(message) or clear

    def outlet(self) -> Outlet | None:
        """Where a request other than REGISTER leaves, with the address for its Via; None: nowhere. In mode ipsec."""
        return None if self.associations is None else self.associations.other()

    def on_time(self, now: float) -> None:
        """Let the lifetimes of associations end."""
        if self.associations is not None:
            self.associations.on_time(now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        return None if self.associations is None else self.associations.next_deadline()

    def release(self) -> None:
        """The user is no longer registered, whoever ended it: the associations go (TS 33.203 7.4.1a)."""
        self.forget()
        if self.associations is not None:
            self.associations.released()

    def forget(self) -> None:
        """Take the registration for lost, without a word to anybody."""
        self.state = UeState.UNREGISTERED
        self.current = Registration()

    def shorten(self, expires_at: float) -> None:
        """The network has said that the binding ends at `expires_at` (RFC 3680 4.7.1)."""
        self.current = replace(self.current, expires_at=expires_at)

    def next_request(self, request: Request, response: Response, now: float) -> Draft | None:
        """What a UE does next on a final response, or None when the exchange is over.

        401 is answered unless it is the third invalid challenge in a row; 423 is repeated with Min-Expires (RFC 3261
        10.2.8); all else is settled. Raises CannotAnswer for a 401 without a challenge for this UE, NoAgreement for one
        without a usable Security-Server if the UE insists on it.
        """
        draft = self._follow_up(request, response, now) if self._follow_ups < self._most_follow_ups else None
        if draft is None:
            self.settle(request, response, now)
        else:
            self._follow_ups += 1
        return draft

    def settle(self, request: Request, response: Response, now: float) -> None:
        """Take in a final response: what a 200 grants, or that the registration failed.

        A 200 replaces what the one before it said: without Service-Route there is none any more (RFC 3608 6.1).
        """
        associations = self.associations if request.method == "REGISTER" else None
        if response.status // 100 != 2:
            if associations is not None:
                associations.refused()
            if self.state is UeState.UNREGISTERED:
                self.state = UeState.FAILED
            return
        self._agreed = self._now
        if request.field("Contact") is None:
            if associations is not None:
                associations.accepted(max(0.0, self.current.expires_at - now), now)
            return
        seconds = self._seam("ue.granted", self.granted(response), response=response)
        self.state = UeState.REGISTERED if seconds else UeState.UNREGISTERED
        self.current = Registration()
        if seconds:
            self.current = Registration(
                expires_at=now + seconds,
                associated=response.values("P-Associated-URI"),
                service_route=response.values("Service-Route"),
            )
        if associations is not None:
            associations.accepted(seconds, now)
            if not seconds and leaves(request):
                associations.released()

    def granted(self, response: Response) -> int:
        """Seconds that a 200 grants this UE's own contact: its expires parameter, else Expires (RFC 3261 10.2.4).

        0 where the contact is not listed; contacts that cannot be read are passed over.
        """
        header = _seconds(response, Expires)
        unstated = UNSTATED_EXPIRY if header is None else header
        granted = 0
        for contact in self._own_contacts(response):
            if "expires" not in contact.params:
                granted = max(granted, unstated)
            else:
                granted = max(granted, UNSTATED_EXPIRY if contact.expires is None else contact.expires)
        return granted

    def _own_contacts(self, response: Response) -> Iterator[Contact]:
        """With associations also what a network has bound that took a REGISTER in the clear."""
        own = [Contact.parse(value).uri for value in {self.contact, self._contact_at(self.contact_address)}]
        for value in response.values("Contact"):
            with suppress(HeaderError):
                contact = Contact.parse(value)
                if any(equivalent(contact.uri, uri) for uri in own):
                    yield contact

    def _follow_up(self, request: Request, response: Response, now: float) -> Draft | None:
        asked = _seconds(request, Expires)
        if response.status == 401 and self._refused(response):
            return None
        if response.status == 401:
            credentials = self._credentials(response, ResChoice.RIGHT)
            if credentials.kind is not Answer.AUTHENTICATED and self.invalid_challenges >= self._patience:
                return None
            contact = request.value("Contact")
            return self._answering(
                response, credentials, now, expires=asked, contact=contact is not None, star=contact == "*"
            )
        minimum = _seconds(response, MinExpires)
        if response.status == 423 and asked and minimum is not None and asked < minimum:
            self._count_up()
            if self.associations is not None:
                self.associations.refused()
            return self._register(expires=minimum)
        return None

    def _refused(self, response: Response) -> bool:
        """Whether a 401 says that the password is wrong: it challenges an answer again, and its nonce was not stale."""
        if not isinstance(self._usim, PasswordStore) or not self._answered:
            return False
        challenge = password_challenge(response)
        return challenge is None or not challenge.stale

    def _credentials(self, challenge: Response, res: ResChoice, nc: str | None = None) -> Credentials:
        by_password = isinstance(self._usim, PasswordStore)
        found = password_challenge(challenge) if by_password else aka_challenge(challenge)
        header = self._seam("ue.challenge", found, response=challenge)
        if header is None:
            raise CannotAnswer("the response carries no Digest challenge")
        if isinstance(self._usim, PasswordStore):
            return self._usim.answer(header, self.identity, cnonce=self._token(8), seams=self._seam, nc=nc)
        cnonce, nc = self._token(8), nc or FIRST_USE
        return answer(header, self.identity, self._usim, cnonce=cnonce, nc=nc, res=res, seams=self._seam)

    def _answering(
        self,
        challenge: Response,
        credentials: Credentials,
        now: float,
        *,
        expires: int | None,
        contact: bool,
        star: bool,
    ) -> Draft:
        if credentials.kind is Answer.AUTHENTICATED:
            if self.associations is not None:
                try:
                    self.associations.challenged(challenge, self.offered, credentials, now)
                except NoAgreement:
                    if not self._seam("ue.unprotected", False, response=challenge):
                        raise
            elif self.security != "none" and self._insists and not self._usable(challenge):
                raise NoAgreement("no entry of Security-Server can be used")
            mirrored = self._seam("ue.security-verify", challenge.values("Security-Server"), response=challenge)
            self._now = _Agreed(credentials.value, mirrored)
            self._answered = True
            self.invalid_challenges = 0
        else:
            # TS 24.229 5.1.1.5.3: a fresh Security-Client, and no association for this challenge.
            self._now = _Agreed(credentials.value, self._begun.security_server)
            if self.associations is not None:
                self.associations.refused()
            self._renew()
            self.invalid_challenges += 1
        return self._register(expires=expires, contact=contact, star=star)

    def _usable(self, challenge: Response) -> bool:
        """Whether the network's list has an entry for this UE; a list that cannot be read has none."""
        try:
            entry = choose(challenge.get_all(SecurityServer), self.offered)
        except HeaderError:
            entry = None
        return self._seam("ue.agreement", entry, response=challenge, offered=self.offered) is not None

    def _again(self, *, expires: int | None, contact: bool = True, star: bool = False) -> Draft:
        """A later REGISTER: the last accepted answer again, a new Security-Client (TS 24.229 5.1.1.4.2 a, d)."""
        self._begin_exchange(protected=True)
        self._renew()
        self._count_up()
        return self._register(expires=expires, contact=contact, star=star)

    def _renew(self) -> None:
        """SPIs and client port change with every Security-Client that is no repetition."""
        if self.associations is None:
            self._protected = self._protected.renewed(self._random)
        else:
            self.associations.renew()

    def _count_up(self) -> None:
        """A password answers its nonce anew in each request (RFC 7616 3.4); an AKA nonce keeps its one answer."""
        if isinstance(self._usim, PasswordStore) and self._usim.counts:
            value = self._usim.again(self.identity, cnonce=self._token(8), seams=self._seam)
            self._now = replace(self._now, authorization=value)

    def _register(self, *, expires: int | None, contact: bool = True, star: bool = False) -> Draft:
        outlet = None if self.associations is None else self.associations.register()
        own = self._protected if self.associations is None else self.associations.own
        address = self.contact_address if outlet is None else outlet.sent_by
        offered = tuple(offer(own, self.offered)) if self.security != "none" else ()
        draft = register(
            self.identity,
            self._sequence,
            RegisterParts(
                branch=f"z9hG4bK{self._token(10)}",
                transport=self.transport,
                sent_by=address,
                contact="*" if star else self._contact_at(address) if contact else None,
                expires=expires,
                authorization=self._now.authorization,
                supported=("path", "sec-agree") if offered else ("path",),
                security_client=offered,
                security_verify=self._now.security_server if offered else (),
                protected=outlet is not None and outlet.protected,
            ),
        )
        if outlet is not None:
            self._drafts.note(draft, outlet.flow)
        return draft

    def _start_anew(self) -> None:
        call_id = f"{self._token(12)}@{self.contact_address.sip_host}"
        self._sequence = RegisterSequence(call_id, self._token(6), self._random.randrange(1, 1 << 16))
        if isinstance(self._usim, PasswordStore):
            self._usim.forget()
        if self.associations is None or self.associations.established is None:
            # What was agreed holds as long as the associations that came of it.
            self._agreed = self._nothing
        self._begin_exchange(protected=False)

    def _begin_exchange(self, *, protected: bool) -> None:
        if self.associations is not None:
            self.associations.begin(protected=protected)
        self._begun = self._now = self._agreed if protected else self._nothing
        self._answered = False
        self.invalid_challenges = 0
        self._follow_ups = 0

    def _token(self, octets: int) -> str:
        return self._random.randbytes(octets).hex()


def _sip_uri(value: str) -> str | None:
    """The SIP URI in a P-Associated-URI value, None if it is of another scheme or cannot be read."""
    try:
        uri = PAssociatedUri.parse(value).uri
    except HeaderError:
        return None
    return uri.text if uri.scheme in ("sip", "sips") else None


def _seconds(message: Message, header: type[DeltaSeconds]) -> int | None:
    """The seconds in a header field, None if it is absent or cannot be read."""
    try:
        found = message.get(header)
    except HeaderError:
        return None
    return None if found is None else found.seconds
