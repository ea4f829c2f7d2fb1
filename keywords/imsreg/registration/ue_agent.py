"""The reference UE: a conformant UE that registers, stays registered and watches its registration, as a node."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from imsreg.aka.sqn import SqnArray
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.credentials import CannotAnswer
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.registration.ue import NoAgreement, UeRegistration, UeState
from imsreg.registration.ue_answers import admissible, answer_to
from imsreg.registration.ue_line import Sent, UeLine, Way
from imsreg.registration.ue_news import News, Turn
from imsreg.registration.ue_outcome import course_of, loses, retry_after
from imsreg.registration.ue_password import card_of
from imsreg.registration.ue_policy import Course, Kind, UePhase, UePolicy
from imsreg.registration.ue_proof import proven
from imsreg.registration.ue_reg_event import RegEvent
from imsreg.registration.ue_request import UeIdentity
from imsreg.registration.ue_times import Backoff, refresh_after
from imsreg.secagree.changes import SaChange
from imsreg.secagree.negotiation import transforms
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Event, RequestReceived, ResponseReceived, TransactionTimeout, TransportFailed
from imsreg.sip.flow import Packet, TransportFailure
from imsreg.sip.message import Request, Response

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.ends import Ends

SHORTEST_DELAY = 0.5
"""Seconds that a refresh waits at least: a network that grants next to nothing must not get a request at once."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A REGISTER that waits for its final response, and what the exchange that it belongs to is for."""

    sent: Sent
    purpose: Kind


@dataclass(slots=True)
class _Power:
    """What a UE has while it is on, and loses without a word when it is switched off."""

    line: UeLine
    registration: UeRegistration
    reg_event: RegEvent
    backoff: Backoff
    exchange: _Exchange | None = None
    attempt_at: float | None = None
    """When the next REGISTER goes out: a refresh, or another attempt."""


class ReferenceUe:
    """One UE with its USIM, which keeps its sequence numbers over `switch_off`, or with a password in its place.

    `random` makes everything it draws.

    `switch_on` says where it is attached; then `register` and `deregister` are what its user wants. It never has more
    than one REGISTER waiting (TS 24.229 5.1.1.2.1).
    """

    def __init__(self, subscriber: Subscriber, policy: UePolicy, random: Random, seams: Seams | None = None) -> None:
        self.subscriber = subscriber
        self.policy = policy if subscriber.password is None else replace(policy, security="none")
        """Without AKA there are no keys for an agreement, and the UE asks for none (TS 33.203 Annex N)."""
        self.seams = seams or Seams()
        self.phase = UePhase.OFF
        self._usim = card_of(subscriber, SqnArray())
        self._random = random
        self._wanted = False
        self._on: _Power | None = None
        self._nothing: deque[Packet] = deque()
        self._sa_changes: deque[SaChange] = deque()
        self._moved = (0, 0)

    @property
    def moved(self) -> tuple[int, int]:
        """Octets of payload that it has sent and received since it was made."""
        sent, received = self._moved
        return (
            (sent, received)
            if self._on is None
            else (
                sent + self._on.line.octets_sent,
                received + self._on.line.octets_received,
            )
        )

    @property
    def way(self) -> Way | None:
        """Where it is attached, None while it is off."""
        return None if self._on is None else self._on.line.way

    @property
    def registration(self) -> UeRegistration | None:
        """What it has of its registration, None while it is off."""
        return None if self._on is None else self._on.registration

    @property
    def reg_event(self) -> RegEvent | None:
        """What it has of its subscription, None while it is off."""
        return None if self._on is None else self._on.reg_event

    # What its user does.

    def switch_on(self, way: Way) -> None:
        """Be attached somewhere, with nothing left of before but the USIM."""
        self.switch_off()
        policy, sub = self.policy, self.subscriber
        registration = UeRegistration(
            identity=UeIdentity(
                impi=sub.impi,
                impu=sub.registration_impu,
                home_domain=sub.home_domain,
                contact_user=sub.imsi,
                instance_id=sub.instance_id,
            ),
            usim=self._usim,
            transport=way.transport,
            contact_address=way.local,
            random=self._random,
            security=policy.security,
            offered=transforms(policy.release),
            insists=True,
            patience=policy.invalid_challenges,
            follow_ups=policy.follow_ups,
            seams=self.seams,
            p_cscf=way.core,
            sa_changes=self._sa_changes,
        )
        line = UeLine(way, policy.timers, self._random, self.seams, registration.associations)
        reg_event = RegEvent(line, registration, policy, self._random, self.seams)
        self._on = _Power(line, registration, reg_event, Backoff(self._random))
        self.phase = UePhase.UNREGISTERED

    def switch_off(self) -> None:
        """Forget everything, silently, as when the battery is taken out."""
        self._moved = self.moved
        if self._on is not None and self._on.registration.associations is not None:
            self._on.registration.associations.drop()
        self._on = None
        self._wanted = False
        self.phase = UePhase.OFF

    def register(self, now: float) -> None:
        """Want to be registered: begin at once, or extend a registration that there is.

        While a REGISTER waits for its response nothing is sent (TS 24.229 5.1.1.2.1).
        """
        if (on := self._on) is None:
            return
        self._wanted = True
        if on.exchange is None:
            self._attempt(on, now)

    def deregister(self, now: float) -> None:
        """Want to be unregistered, once a REGISTER that waits for its response has it."""
        if (on := self._on) is None:
            return
        self._wanted = False
        if on.exchange is None:
            self._leave(on, now)

    # The node that the link drives.

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent."""
        return self._nothing if self._on is None else self._on.line.outbox

    @property
    def sa_changes(self) -> deque[SaChange]:
        """Sets of associations to be installed and removed."""
        return self._sa_changes

    @property
    def esp_ends(self) -> Ends:
        """What makes the ends of its associations where the link lets it."""
        # Of no use to a run without associations.
        from imsreg.registration.esp_seams import SeamedEnds

        return SeamedEnds(self.seams, "ue")

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from the network."""
        if self._on is not None:
            self._take(self._on, self._on.line.receive(packet, now), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection."""
        if self._on is not None:
            self._take(self._on, self._on.line.fail(failure, now), now)

    def on_time(self, now: float) -> None:
        """Do what is due."""
        if (on := self._on) is None:
            return
        self._take(on, on.line.on_time(now), now)
        on.registration.on_time(now)
        on.reg_event.on_time(now)
        if on.attempt_at is not None and on.attempt_at <= now:
            on.attempt_at = None
            self._attempt(on, now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        if (on := self._on) is None:
            return None
        each = (on.line, on.registration, on.reg_event)
        deadlines = (*(part.next_deadline() for part in each), on.attempt_at)
        return min((at for at in deadlines if at is not None), default=None)

    def _take(self, on: _Power, events: list[Event], now: float) -> None:
        for event in events:
            match event:
                case ResponseReceived(response, _, transaction) if response.status >= 200:
                    self._concluded(on, transaction, response, now)
                case TransactionTimeout(transaction):
                    self._concluded(on, transaction, None, now)
                case TransportFailed(_, transaction) if transaction is not None:
                    self._concluded(on, transaction, None, now)
                case RequestReceived():
                    self._asked(on, event, now)
                case _:
                    pass  # a UE has no use for provisional responses, strays, keep-alives, or what nobody can read

    # REGISTER and what comes of it.

    def _attempt(self, on: _Power, now: float) -> None:
        """Send the next REGISTER: a refresh while there is a binding, else the first of a new registration."""
        if on.exchange is not None:
            return
        on.attempt_at = None
        if self._bound(on, now):
            self.phase = UePhase.REFRESHING
            self._send(on, on.registration.refresh(expires=self.policy.expires), Kind.REFRESH, Kind.REFRESH, now)
        else:
            on.registration.forget()
            on.reg_event.leave(now)
            self.phase = UePhase.REGISTERING
            first = on.registration.initial_register(expires=self.policy.expires)
            self._send(on, first, Kind.INITIAL, Kind.INITIAL, now)

    def _leave(self, on: _Power, now: float) -> None:
        """De-register what there is (TS 24.229 5.1.1.6)."""
        on.attempt_at = None
        if self._bound(on, now):
            self.phase = UePhase.DEREGISTERING
            self._send(on, on.registration.deregister(), Kind.DEREGISTER, Kind.DEREGISTER, now)
        else:
            self._gone(on, UePhase.UNREGISTERED, now)

    def _send(
        self, on: _Power, draft: Draft, kind: Kind, purpose: Kind, now: float, challenge: Response | None = None
    ) -> None:
        sent = on.line.send(draft, kind, now, on.registration.flow_for(draft), challenge)
        on.exchange = None if sent is None else _Exchange(sent, purpose)

    def _concluded(self, on: _Power, transaction: ClientTransaction, response: Response | None, now: float) -> None:
        """A transaction has its final response, or none ever (None: RFC 3261 8.1.3.1)."""
        exchange = on.exchange
        if exchange is None or exchange.sent.transaction is not transaction:
            news = on.reg_event.concluded(transaction, response, now)
            if news is not None:
                self._turned(on, news, now)
            return
        on.exchange = None
        purpose, course = exchange.purpose, None
        draft = None
        if response is not None:
            try:
                draft = on.registration.next_request(exchange.sent.request, response, now)
            except NoAgreement:
                course = Course.ANEW
            except CannotAnswer:
                course = Course.NEVER
        if draft is not None and response is not None:
            self._send(on, draft, self._kind_of(on, response), purpose, now, response)
        elif purpose is Kind.DEREGISTER:
            # Whatever the network says, the user is gone.
            self._gone(on, UePhase.UNREGISTERED, now)
        elif course is None and response is not None and response.status // 100 == 2 and self._bound(on, now):
            if self._proven(exchange.sent.request, response):
                self._registered(on, purpose, response, now)
            else:
                self._failed(on, Course.NEVER, purpose, response, now)
        else:
            self._failed(on, course or course_of(purpose, response), purpose, response, now)
        if self._wanted and self.phase is UePhase.UNREGISTERED:
            self._attempt(on, now)

    def _proven(self, request: Request, response: Response) -> bool:
        """Whether a 200 comes from somebody who knows the password, as far as it says so."""
        return self.seams("ue.proven", proven(self.subscriber.password, request, response), response=response)

    def _kind_of(self, on: _Power, response: Response) -> Kind:
        if response.status == 423:
            return Kind.LONGER
        return Kind.REPORT if on.registration.invalid_challenges else Kind.ANSWER

    def _registered(self, on: _Power, purpose: Kind, response: Response, now: float) -> None:
        """A 200 has confirmed the binding: refresh it in time, and watch it (TS 24.229 5.1.1.2.1, 5.1.1.3)."""
        self.phase = UePhase.REGISTERED
        on.backoff.succeeded(now)
        self._refresh_in(on, on.registration.current.expires_at - now, now)
        if not self._wanted:
            self._leave(on, now)
        elif self.policy.reg_event and (purpose is Kind.INITIAL or not on.reg_event.begun):
            on.reg_event.begin(response, now)

    def _refresh_in(self, on: _Power, granted: float, now: float) -> None:
        wait = max(SHORTEST_DELAY, refresh_after(granted))
        delay = self.seams("ue.refresh", wait, granted=granted, kind=Kind.REFRESH)
        on.attempt_at = None if delay is None else now + delay

    def _failed(self, on: _Power, course: Course, purpose: Kind, response: Response | None, now: float) -> None:
        """An exchange has ended without success; what was there may go with it."""
        course = self.seams("ue.course", course, kind=purpose, response=response)
        if loses(purpose, course, response):
            self._unregistered(on, UePhase.FAILED, now)
        if not self._wanted:
            self._leave(on, now)
        elif course is not Course.NEVER:
            anew = course is Course.ANEW
            wait = on.backoff.soon(now) if anew else on.backoff.failed(retry_after(response))
            self._wait(on, wait, purpose, response, now)

    def _wait(self, on: _Power, wait: float, purpose: Kind, response: Response | None, now: float) -> None:
        delay = self.seams("ue.delay", wait, kind=purpose, response=response)
        self.phase = UePhase.FAILED if delay is None else UePhase.WAITING
        on.attempt_at = None if delay is None else now + delay

    def _unregistered(self, on: _Power, phase: UePhase, now: float) -> None:
        """There is no registration any more, nor a subscription to it."""
        on.registration.forget()
        on.reg_event.leave(now)
        on.attempt_at = None
        self.phase = phase

    def _gone(self, on: _Power, phase: UePhase, now: float) -> None:
        """The user is de-registered, and its associations go with the registration (TS 33.203 7.4.1a)."""
        self._unregistered(on, phase, now)
        on.registration.release()

    def _bound(self, on: _Power, now: float) -> bool:
        return on.registration.state is UeState.REGISTERED and now < on.registration.current.expires_at

    # What the network wants.

    def _asked(self, on: _Power, event: RequestReceived, now: float) -> None:
        try:
            admissible(event.request)
            if event.request.method != "NOTIFY":
                on.line.respond(event, answer_to(event.request), now)
                return
        except Refusal as refusal:
            on.line.refuse(event, refusal, now)
            return
        news = on.reg_event.notify(event, now)
        if news is not None:
            self._turned(on, news, now)

    def _turned(self, on: _Power, news: News, now: float) -> None:
        """The network has changed the registration (TS 24.229 5.1.1.5A, 5.1.1.7; RFC 3680 4.7.1).

        A REGISTER that waits for its response goes on: what comes of it decides.
        """
        if self.phase is UePhase.DEREGISTERING:
            return
        if news.turn is Turn.SHORTENED:
            on.registration.shorten(now + news.seconds)
            self._refresh_in(on, float(news.seconds), now)
            return
        if on.exchange is None:
            self._gone(on, UePhase.FAILED, now)
        else:
            self._unregistered(on, UePhase.FAILED, now)
        if on.exchange is not None:
            self.phase = UePhase.REGISTERING
        elif news.turn is Turn.DEACTIVATED:
            self._wait(on, on.backoff.soon(now), Kind.INITIAL, None, now)
        elif news.turn is Turn.PROBATION:
            self._wait(on, float(news.seconds) or on.backoff.soon(now), Kind.INITIAL, None, now)
