"""A UE's side of one registration: its state, the requests that come out of it, and what responses do to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from imsreg.aka.digest import DigestError
from imsreg.aka.nonce import NonceError
from imsreg.aka.usim import Usim
from imsreg.registration.credentials import Answer, Credentials, ResChoice, answer
from imsreg.registration.ue_request import (
    EXPIRY,
    Dialogless,
    RegisterParts,
    UeIdentity,
    empty_credentials,
    register,
)
from imsreg.secagree.negotiation import LEGACY_TRANSFORMS, Endpoints, Transform, offer
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Transport
from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.expires import Expires, MinExpires
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request, Response
from imsreg.sip.uri import equivalent

MAX_INVALID_CHALLENGES = 2
"""Consecutive invalid challenges that a UE answers in one registration (TS 24.229 5.1.1.5.12, restated)."""


class UeState(StrEnum):
    """Where the registration stands."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    FAILED = "failed"


@dataclass
class Registration:
    """What a UE keeps from a 200 (TS 24.229 5.1.1.2.1 a to d)."""

    expires_at: float = 0.0
    associated: tuple[str, ...] = ()
    service_route: tuple[str, ...] = ()


class CannotAnswer(Exception):
    """A challenge that this UE cannot answer: no WWW-Authenticate, no AKA nonce, an unknown algorithm."""


@dataclass
class UeRegistration:
    """One UE, one contact. `random` makes Call-ID, tags, branches, cnonce and SPIs.

    The methods that build requests count CSeq up: what they return is meant to be sent.
    """

    identity: UeIdentity
    usim: Usim
    transport: Transport
    contact_address: Address
    random: Random
    security: str = "none"
    offered: tuple[Transform, ...] = LEGACY_TRANSFORMS
    state: UeState = UeState.UNREGISTERED
    current: Registration = field(default_factory=Registration)
    invalid_challenges: int = 0

    def __post_init__(self) -> None:
        self._start_anew()
        self._protected = Endpoints.draw(self.random)
        self._security_server: tuple[str, ...] = ()
        self.credentials: Credentials | None = None

    @property
    def contact(self) -> str:
        """The Contact value that this UE registers."""
        transport = ";transport=tcp" if self.transport == "TCP" else ""
        uri = f"<sip:{self.identity.contact_user}@{self.contact_address}{transport}>"
        instance = f';+sip.instance="<{self.identity.instance_id}>"' if self.identity.instance_id else ""
        return uri + instance

    def initial_register(self, *, expires: int = EXPIRY) -> Draft:
        """The first REGISTER of a registration: new Call-ID, new From tag, empty credentials."""
        self._start_anew()
        self._security_server = ()
        return self._register(empty_credentials(self.identity), expires=expires)

    def answer(
        self,
        challenge: Response,
        *,
        expires: int | None = EXPIRY,
        contact: bool = True,
        star: bool = False,
        res: ResChoice = ResChoice.RIGHT,
    ) -> Draft:
        """The REGISTER that answers a 401: same Call-ID and From, CSeq + 1 (TS 24.229 5.1.1.5.1, 5.1.1.5.3).

        Raises CannotAnswer, with the reason, where there is nothing to compute an answer from.
        """
        try:
            header = challenge.get(WwwAuthenticate)
            if header is None:
                raise CannotAnswer("the response carries no WWW-Authenticate")
            self.credentials = answer(header, self.identity, self.usim, cnonce=self._token(8), res=res)
        except (HeaderError, NonceError, DigestError) as error:
            raise CannotAnswer(str(error)) from error
        if self.credentials.kind is Answer.AUTHENTICATED:
            self._security_server = challenge.values("Security-Server")
            self.invalid_challenges = 0
        else:
            # TS 24.229 5.1.1.5.3: a fresh Security-Client and no association for this challenge.
            self._protected = self._protected.renewed(self.random)
            self._security_server = ()
            self.invalid_challenges += 1
        return self._register(self.credentials.value, expires=expires, contact=contact, star=star)

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

    def next_request(self, request: Request, response: Response, now: float) -> Draft | None:
        """What a UE does next on a final response, or None when the exchange is over.

        401 is answered, at most two invalid challenges in a row; 423 is repeated with Min-Expires; a 200 is stored.
        """
        if response.status == 401 and self.invalid_challenges < MAX_INVALID_CHALLENGES:
            expires = request.get(Expires)
            contact = request.value("Contact")
            return self.answer(
                response,
                expires=expires.seconds if expires else None,
                contact=contact is not None,
                star=contact == "*",
            )
        if response.status == 423:
            minimum = response.get(MinExpires)
            asked = request.get(Expires)
            if minimum is not None and asked is not None and asked.seconds < minimum.seconds:
                return self._register(self._last_credentials(), expires=minimum.seconds)
        self.settle(request, response, now)
        return None

    def settle(self, request: Request, response: Response, now: float) -> None:
        """Take in a final response: what a 200 grants, or that the registration failed."""
        if response.status // 100 != 2:
            if self.state is UeState.UNREGISTERED:
                self.state = UeState.FAILED
            return
        if request.field("Contact") is None:
            return
        seconds = self.granted(response)
        self.state = UeState.REGISTERED if seconds else UeState.UNREGISTERED
        self.current = Registration(
            expires_at=now + seconds,
            associated=response.values("P-Associated-URI"),
            service_route=response.values("Service-Route"),
        )

    def granted(self, response: Response) -> int:
        """Seconds that a 200 grants this UE's own contact: its expires parameter, else Expires (RFC 3261 10.2.4).

        0 where the contact is not listed.
        """
        own = Contact.parse(self.contact).uri
        try:
            header = response.get(Expires)
            listed = next((c for c in response.get_all(Contact) if not c.star and equivalent(c.uri, own)), None)
        except HeaderError:
            return 0
        if listed is None:
            return 0
        return listed.expires if listed.expires is not None else header.seconds if header is not None else 0

    def _again(self, *, expires: int | None, contact: bool = True, star: bool = False) -> Draft:
        """A later REGISTER: the last answer again, and a new Security-Client (TS 24.229 5.1.1.4.2 a, d)."""
        self._protected = self._protected.renewed(self.random)
        return self._register(self._last_credentials(), expires=expires, contact=contact, star=star)

    def _register(self, credentials: str, *, expires: int | None, contact: bool = True, star: bool = False) -> Draft:
        offered = offer(self._protected, self.offered) if self.security != "none" else []
        return register(
            self.identity,
            self._ties,
            RegisterParts(
                branch=f"z9hG4bK{self._token(10)}",
                transport=self.transport,
                sent_by=self.contact_address,
                contact="*" if star else self.contact if contact else None,
                expires=expires,
                authorization=credentials,
                supported=("path", "sec-agree") if offered else ("path",),
                security_client=tuple(offered),
                security_verify=self._security_server if offered else (),
            ),
        )

    def _last_credentials(self) -> str:
        """The last answer again (TS 24.229 5.1.1.4.2 a), or empty credentials where there was none."""
        return self.credentials.value if self.credentials is not None else empty_credentials(self.identity)

    def _start_anew(self) -> None:
        self._ties = Dialogless(f"{self._token(12)}@{self.contact_address.sip_host}", self._token(6))
        self._ties.cseq = self.random.randrange(1, 1 << 16)
        self.invalid_challenges = 0
        self.credentials = None

    def _token(self, octets: int) -> str:
        return self.random.randbytes(octets).hex()

