"""What an attendant knows of its UE, and every message that it writes: right ones, and what a test asks for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol, TypeVar

from imsreg.identity.subscribers import Subscriber
from imsreg.registration import core_messages
from imsreg.registration.attendant_announcement import Announced, altered
from imsreg.registration.attendant_authentication import Authentication, AutsOutcome, ChallengeParts, Heard
from imsreg.registration.attendant_bindings import AttendantBindings
from imsreg.registration.attendant_security import AttendantSecurity
from imsreg.registration.core_messages import DRAWN, Av, CannotWrite, Drawn, Where
from imsreg.registration.hss import Hss
from imsreg.registration.location import Binding
from imsreg.registration.p_cscf import AccessPolicy
from imsreg.registration.reginfo_writer import ContactChange, Document, RegState, registration_document
from imsreg.registration.replies import Refusal
from imsreg.registration.s_cscf import RegistrarPolicy
from imsreg.registration.seams import Seams
from imsreg.registration.sec_agree import SecAgree
from imsreg.registration.subscription import Subscription, asked_seconds, target_of
from imsreg.secagree.changes import SaChange
from imsreg.secagree.listing import read_list
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.security import SecurityClient
from imsreg.sip.message import Request, Response
from imsreg.sip.reginfo import build_reginfo
from imsreg.sip.uri import Uri

T = TypeVar("T")


class Call(Protocol):
    """Runs a function where nothing else of this network runs at the same time."""

    def __call__(self, function: Callable[[], T]) -> T:
        """What it returns."""


def _at_once(function: Callable[[], T]) -> T:
    return function()


@dataclass(frozen=True, kw_only=True)
class AttendantPolicy(AccessPolicy, RegistrarPolicy):
    """How the network of the home domain behaves where a test does not say otherwise."""

    home_domain: str


class AttendantWriter:
    """The network side of one subscriber. `random` makes every RAND, tag and branch; `clock` gives seconds.

    A message counts as sent once it is written: a challenge is open from then on, a binding made, CSeq counted up.
    Associations are the exception: one set takes the place of another when a response is sent (`respond`).

    In mode ipsec what is to be installed and removed goes into `sa_changes`. Messages may be written on any thread;
    `call` runs what touches the table of associations where the link is served.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        policy: AttendantPolicy,
        random: Random,
        clock: Callable[[], float],
        *,
        sa_changes: deque[SaChange] | None = None,
        call: Call = _at_once,
    ) -> None:
        self.subscriber = subscriber
        self.policy = policy
        self.flow: Flow | None = None
        """The flow on which the UE was heard last, seen from here; None before. A protected one while sets live."""
        self.clear_flow: Flow | None = None
        """The flow on which it was heard last in the clear."""
        self.sa_changes: deque[SaChange] = deque() if sa_changes is None else sa_changes
        """Sets of associations that a link is to install and remove: none but in mode ipsec."""
        self.security: AttendantSecurity | None = None
        """The UE's associations; None but in mode ipsec."""
        self._call = call
        self._random = random
        self._clock = clock
        # Who may register what. Its own AuC is not asked: that of the authentication also makes wrong vectors.
        self._hss = Hss((subscriber,), random)
        self._implicit_set = self._hss.authorise(subscriber.impi, Uri.parse(subscriber.impus[0]).address_of_record())
        self._authentication = Authentication(subscriber, random, clock)
        self.forget()

    def forget(self) -> None:
        """Nobody is registered, nothing is open: the state before a first REGISTER. The SQN of the AuC goes on."""
        self.flow = self.clear_flow = None
        self.may_be_bound = False
        """Whether the UE may take itself for registered: a 2xx has told it so, and none that it is not any more."""
        self._authentication.forget()
        self._bindings = AttendantBindings(self.policy, self._implicit_set, self._clock)
        self._subscription: Subscription | None = None
        self._ending = False  # a NOTIFY has been written that ends the registration
        release, mode = self.policy.release, self.policy.security
        self._wanted: bool | Announced | Sequence[str] = True  # what the Security-Server list shall be
        seams = Seams({"p-cscf.security-server": self._listed})
        self._sec_agree = SecAgree(release, self._random, seams) if mode == "headers" else None
        if self.security is not None:
            self.security.abandoned()
        self.security = AttendantSecurity(release, self._random, self.sa_changes) if mode == "ipsec" else None

    @property
    def _agrees(self) -> bool:
        """Whether the network agrees on security mechanisms: in modes headers and ipsec."""
        return self.policy.security != "none"

    @property
    def registered(self) -> bool:
        """Whether the network has a binding of this subscriber."""
        return bool(self._bindings.alive)

    @property
    def subscription(self) -> Subscription | None:
        """The UE's subscription to the reg event, None if there is none that lives."""
        if self._subscription is not None and self._subscription.until <= self._clock():
            self._subscription = None
        return self._subscription

    @property
    def last_auts(self) -> AutsOutcome | None:
        """What became of the last AUTS of the UE; None if there was none."""
        return self._authentication.last_auts

    def arrive(self, request: Request, flow: Flow, back: Flow) -> None:
        """Learn that a request, no repetition of one, has come on `flow`; `back` is where a response to it goes.

        Raises Discarded for one that a P-CSCF drops because of where it came (TS 33.203 7.1, 7.4.2a).
        """
        if self.security is not None:
            self.security.arrive(request, flow)
        if flow.association is None:
            self.clear_flow = back
        if flow.association is not None or self.security is None or not self.security.live:
            self.flow = back if self.security is None else flow

    def respond(self, request: Request, response: Response) -> Flow | None:
        """A response is about to be sent where it belongs: the flow on which; None: where responses to it go anyway.

        In mode ipsec it establishes, prolongs and ends sets of associations (TS 33.203 7.4).
        """
        return None if self.security is None else self.security.respond(request, response, self._clock())

    def request_flow(self) -> Flow | None:
        """The flow on which the network sends the UE a request; None: there is none."""
        if self.security is None or self.flow is None:
            return self.flow
        return self.security.request_flow(self.flow.transport, self._clock())

    def note_sent(self, request: Request) -> None:
        """Learn that a request has gone to the UE: the NOTIFY that its registration has ended ends its sets, too."""
        if self._ending and request.method == "NOTIFY" and self.security is not None:
            self._ending = False
            self.security.released()

    def challenge(
        self,
        request: Request,
        *,
        av: Av = Av.RIGHT,
        realm: str | None = None,
        algorithm: str | None = "AKAv1-MD5",
        qop: str | None = "auth",
        opaque: str | Drawn | None = DRAWN,
        server_data: bytes | None = None,
        stale: str | None = None,
        security_server: bool | Announced | Sequence[str] = True,
    ) -> Draft:
        """A 401 (TS 24.229 5.4.1.2.1). What the request said to the challenge before, AUTS above all, is taken in.

        None leaves a parameter out; `realm` None is the home domain, `server_data` None what the policy says, and
        `algorithm` AKAv1-MD5 is MD5 for a subscriber with a password. The 401 answers Security-Client with
        Security-Server, unless `security_server` is false; a list of values, or a word for an unusual one, takes the
        place of a P-CSCF's own. In mode ipsec it makes the temporary set that the UE makes of that list, if it can
        make one; a P-CSCF that can make none of the UE's proposal sends another response, which is what is returned
        then. Raises CannotWrite where there is no such vector.
        """
        self._authentication.heed_anyway(request)
        parts = ChallengeParts(
            av=av,
            realm=self.subscriber.home_domain if realm is None else realm,
            algorithm=algorithm,
            qop=qop,
            opaque=opaque,
            server_data=self._server_data if server_data is None else server_data,
            stale=stale,
        )
        draft = core_messages.unauthorised(request, self._authentication.challenge(request, parts))
        if request.fields("Security-Client"):
            try:
                return self._agreed(request, draft, () if security_server is False else security_server)
            except Refusal as refusal:
                return refusal.draft(request)
        return draft

    def _agreed(self, request: Request, draft: Draft, wanted: Literal[True] | Announced | Sequence[str]) -> Draft:
        """The 401 with Security-Server, or without for an empty list. Raises Refusal."""
        if self._sec_agree is not None and wanted != ():
            self._wanted = wanted
            with suppress(HeaderError):  # an offer that cannot be read has no answer
                self._sec_agree.challenge(request, draft)
        elif (security := self.security) is not None and (keys := self._authentication.keys) is not None:

            def agree() -> None:
                client = read_list(request.values("Security-Client"), SecurityClient).entries
                own = security.announcement(request) if isinstance(wanted, Announced) else []
                values = None if wanted is True else _list_of(wanted, own, client)
                security.challenge(request, draft, keys, self._clock(), values)

            self._call(agree)
        return draft

    def _listed(self, own: list[str], *, client: Sequence[SecurityClient]) -> list[str]:
        return own if isinstance(self._wanted, bool) else _list_of(self._wanted, own, client)

    def ok(
        self,
        request: Request,
        *,
        expires: int | None = None,
        where: Where = "contact",
        associated: Sequence[str] | None = None,
        service_route: Sequence[str] | None = None,
        path: Sequence[str] | None = None,
        authentication_info: bool = True,
    ) -> Draft:
        """A 200 to a REGISTER, whatever that says: its contacts are bound for `expires` seconds (None: as asked).

        The lists hold URIs, or values with angle brackets that go out as they are; an empty one leaves the header out.
        By default P-Associated-URI has the implicit set without the barred identities, default first. With
        `authentication_info` the network proves that it knows the password, if the request answers a challenge.
        """
        heard = self._authentication.heed_anyway(request)
        if self._sec_agree is not None:
            # The agreement counts as answered from here on, even where its lists would have been refused.
            with suppress(Refusal, HeaderError):
                self._sec_agree.request(request, Draft.of(request), required=False)
        self._bindings.grant(request, expires)
        return self._accepted(
            request,
            heard,
            where=where,
            associated=associated,
            service_route=service_route,
            path=path,
            authentication_info=authentication_info,
        )

    def response(
        self, request: Request, status: int, reason: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Draft:
        """Any response, with these header fields behind those that are copied."""
        return core_messages.plain(request, status, reason, headers or {})

    def accept_subscription(self, request: Request, *, expires: int | None = None) -> Draft:
        """A 200 to a SUBSCRIBE, which begins or prolongs the subscription by `expires` seconds (None: as asked).

        A dialog with another SUBSCRIBE takes the place of the one before: one UE, one subscription.
        """
        seconds = asked_seconds(request) if expires is None else expires
        response = core_messages.subscribed(request, self._contact, seconds)
        until = self._clock() + seconds
        if self._subscription is not None and self._subscription.has(request):
            self._subscription.until = until
            self._subscription.target = target_of(request) or self._subscription.target
        else:
            target = target_of(request) or self._peer_uri
            self._subscription = Subscription.of(request, response, target, until)
        return response

    def notify(
        self,
        *,
        state: RegState = "active",
        event: str = "registered",
        expires: int | None = None,
        retry_after: int | None = None,
        version: int | None = None,
        document: Document = "full",
        subscription: str | None = None,
        body: bytes | None = None,
    ) -> Draft:
        """The next NOTIFY of the subscription, with a reginfo document (RFC 3680 5.1).

        `state` and `event` are those of every contact; with "terminated" the network drops its bindings. `expires` and
        `retry_after` are attributes of the contacts. `version` is one higher than the last unless given. `subscription`
        is the Subscription-State value: by default active with the seconds left, and, once the registration has ended,
        terminated for want of a resource to watch. `body` goes out in place of the document. Raises CannotWrite if the
        UE has no subscription.
        """
        dialog, ended = self._subscription, state == "terminated"
        if dialog is None:
            raise CannotWrite("there is no subscription to notify: the UE has sent no SUBSCRIBE that was accepted")
        if ended and self._bindings.alive:
            self._bindings.end()
            self._ending = True
        change = ContactChange(state=state, event=event, expires=expires, retry_after=retry_after)
        contacts = [(binding, change) for binding in (self._bindings.ended if ended else self._bindings.alive)]
        number = dialog.next_version()
        written = self._document(contacts, number if version is None else version, document, ended=ended)
        told = self._subscription_state(dialog, ended=ended) if subscription is None else subscription
        draft = dialog.notify(self._via, self._contact, told, written if body is None else body)
        if told.lower().startswith("terminated"):
            self._subscription = None
        return draft

    def options(self, *, in_the_clear: bool = False) -> Draft:
        """An OPTIONS to the UE's contact, outside of any dialog (RFC 3261 11.1); its responses come to where the
        network hears protected messages, or those `in_the_clear`.
        """
        alive, token = self._bindings.alive, self._random.randbytes(10).hex()
        target = alive[0].contact.uri.text if alive else self._peer_uri
        here = self.clear_flow.local if in_the_clear and self.clear_flow is not None else self._local
        return core_messages.options(
            target,
            via=f"SIP/2.0/{self._transport} {here};branch=z9hG4bK{token}",
            user=self.subscriber.registration_impu,
            home_domain=self.subscriber.home_domain,
            token=token,
        )

    def _document(
        self, contacts: Sequence[tuple[Binding, ContactChange]], version: int, document: Document, *, ended: bool
    ) -> bytes:
        identities, now = self._implicit_set.associated, self._clock()
        info = registration_document(identities, contacts, version=version, document=document, now=now, ended=ended)
        return build_reginfo(info)

    def _accepted(
        self,
        request: Request,
        heard: Heard,
        *,
        where: Where = "contact",
        associated: Sequence[str] | None = None,
        service_route: Sequence[str] | None = None,
        path: Sequence[str] | None = None,
        authentication_info: bool = True,
    ) -> Draft:
        home = self.subscriber.home_domain
        return core_messages.accepted(
            request,
            self._bindings.listed(),
            where=where,
            path=(f"sip:term@pcscf.{home};lr",) if path is None else path,
            service_route=(f"sip:orig@scscf.{home};lr",) if service_route is None else service_route,
            associated=self._implicit_set.associated if associated is None else associated,
            proof=heard.proof if authentication_info else None,
        )

    def _subscription_state(self, dialog: Subscription, *, ended: bool) -> str:
        """RFC 6665 4.2.2: active says how long, terminated says why."""
        if ended:
            return "terminated;reason=noresource"
        seconds = dialog.seconds(self._clock())
        return f"active;expires={seconds}" if seconds else "terminated;reason=timeout"

    @property
    def _server_data(self) -> bytes:
        return b"" if self.subscriber.algorithm is None else self.policy.server_data

    @property
    def _local(self) -> Address:
        """Where the UE reaches the network; port 5060 of the home domain's name stands for it before any message."""
        return self.flow.local if self.flow is not None else Address(f"pcscf.{self.subscriber.home_domain}", 5060)

    @property
    def _transport(self) -> str:
        return "UDP" if self.flow is None else self.flow.transport

    @property
    def _contact(self) -> str:
        tcp = ";transport=tcp" if self._transport == "TCP" else ""
        return f"sip:{self._local}{tcp}"

    @property
    def _peer_uri(self) -> str:
        return f"sip:{self.flow.remote}" if self.flow is not None else self.subscriber.registration_impu

    @property
    def _via(self) -> str:
        branch = f"z9hG4bK{self._random.randbytes(10).hex()}"
        return f"SIP/2.0/{self._transport} {self._local};branch={branch}"


def _list_of(wanted: Announced | Sequence[str], own: Sequence[str], client: Sequence[SecurityClient]) -> list[str]:
    """The Security-Server values that a test wants; `own` are those of a conformant P-CSCF."""
    return altered(own, wanted, client) if isinstance(wanted, Announced) else list(wanted)
