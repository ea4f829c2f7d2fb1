"""The simulated UE: a node on a link, and the blocking calls that keywords and fixtures make."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, TypeVar, cast

from imsreg.aka.nonce import NonceError, decode
from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.aka.vector import open_autn
from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link, SecuredLink
from imsreg.registration.credentials import CannotAnswer, ResChoice
from imsreg.registration.ue import NoAgreement, UeRegistration, UeState
from imsreg.registration.ue_password import card_of
from imsreg.registration.ue_request import EXPIRY, UeIdentity
from imsreg.secagree.changes import SaChange
from imsreg.secagree.events import EspEvent, Fault
from imsreg.secagree.flows import flow_on
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, Transform
from imsreg.sip.challenges import aka_challenge
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Endpoint,
    Event,
    RequestReceived,
    ResponseReceived,
    Tap,
    TransactionTimeout,
    TransportFailed,
)
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response
from imsreg.sip.timers import RFC3261, Timers
from imsreg.tester.lockout import Lockout
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.segments import pieces_for, send_pieces
from imsreg.tester.sent import Sent, request_of, transport_stop
from imsreg.tester.ue_associations import NewSet, SetView, UeAssociations
from imsreg.tester.way import Place, parse_way
from imsreg.text import safe_text

if TYPE_CHECKING:
    # Of no use to a run without subscriptions.
    from imsreg.tester.ue_subscriptions import UeSubscriptions

T = TypeVar("T")

SQN_LEAP = 1 << 20
"""SEQ values by which a USIM is put ahead of the AuC: far, and inside the delta of TS 33.102 C.2.1."""


@dataclass(frozen=True, slots=True)
class UeOptions:
    """How a simulated UE is set up: which way it talks, and what it asks for."""

    transport: Transport
    dut: Address
    local: Address
    security: str = "none"
    offered: tuple[Transform, ...] = CURRENT_TRANSFORMS
    timers: Timers = RFC3261
    compact: bool = False
    usim_seconds: float = 0.0
    """How long the USIM takes to answer a challenge."""
    keeps_sets: bool = False
    """In mode ipsec: let no set of associations go before the end, to see whether the DUT has."""


class SimulatedUe:
    """One UE with its own address, subscriber and USIM. Its methods block until the link has an answer.

    Public attributes carry identities and addresses only; keys stay in the USIM. In mode ipsec the link is a
    `SecuredLink`. A response is taken wherever it comes, in the clear or on any association, as long as it answers a
    request: whether it belongs there the checks judge.
    """

    def __init__(
        self,
        link: Link,
        subscriber: Subscriber,
        options: UeOptions,
        random: Random,
        tap: Tap,
        lockout: Lockout | None = None,
        new_set: NewSet | None = None,
    ) -> None:
        """`lockout` counts this subscriber's wrong responses over the whole run; None counts nothing.

        `new_set` is told of every set of associations before it is installed, on the link's thread.
        """
        self._lockout = lockout or Lockout(None)
        self.subscriber = subscriber
        self.options = options
        self._link = link
        self._tap = tap
        self.associations = UeAssociations(keeps=options.keeps_sets, new_set=new_set)
        """What it has of sets, and where it sends what does not go where it should."""
        self._endpoint = Endpoint(options.timers, self._note_message, self.associations.reply_flow)
        self._sent: list[Sent] = []
        self.strays = 0
        self.may_be_bound = False
        self.bound_until = 0.0
        """When the binding runs out, in seconds of the link's clock, if there is one."""
        self.sqn = SqnArray()
        transports: Sequence[Transport] = ("UDP", "TCP") if options.transport == "TCP" else ("UDP",)
        self.address = link.attach(self, options.local, transports)
        self.registration = UeRegistration(
            identity=UeIdentity(
                impi=subscriber.impi,
                impu=subscriber.registration_impu,
                home_domain=subscriber.home_domain,
                contact_user=subscriber.imsi,
                instance_id=subscriber.instance_id,
            ),
            usim=card_of(subscriber, self.sqn),
            transport=options.transport,
            contact_address=self.address,
            random=random,
            security=options.security,
            offered=options.offered,
            p_cscf=options.dut,
        )
        self.associations.begin(self.registration.associations)
        self._subscriptions: UeSubscriptions | None = None
        self._random = random

    # What scenarios read: ${UE.impu} and the like.

    @property
    def impi(self) -> str:
        """The private identity."""
        return self.registration.identity.impi

    @property
    def impu(self) -> str:
        """The public identity that is being registered."""
        return self.registration.identity.impu

    @property
    def home_domain(self) -> str:
        """The home network's domain."""
        return self.registration.identity.home_domain

    @property
    def contact(self) -> str:
        """The Contact value."""
        return self.registration.contact

    @property
    def registered(self) -> bool:
        """Whether the last 200 left a binding of this UE, as the UE sees it."""
        return self.registration.state is UeState.REGISTERED

    @property
    def last(self) -> Sent | None:
        """The request that was sent last."""
        return self._sent[-1] if self._sent else None

    @property
    def sets(self) -> tuple[SetView, ...]:
        """Its sets of associations, oldest first, the deleted ones that it keeps before those that live."""
        return self.associations.views

    @property
    def subscriptions(self) -> UeSubscriptions:
        """Its subscriptions to registration state."""
        if self._subscriptions is None:
            from imsreg.tester.ue_subscriptions import UeSubscriptions

            self._subscriptions = UeSubscriptions(self.registration, self.address, self.options.dut, self._random)
        return self._subscriptions

    @property
    def subscribed(self) -> bool:
        """Whether the DUT may hold a subscription of this UE."""
        return self._subscriptions is not None and self._subscriptions.live

    def __repr__(self) -> str:
        return f"<UE {self.impu} at {self.address} {self.options.transport}>"

    # The node that the link drives.

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent."""
        return self._endpoint.outbox

    @property
    def sa_changes(self) -> deque[SaChange]:
        """Sets of associations to be installed and removed."""
        return self.associations.changes

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from the DUT."""
        self._take(self._endpoint.receive(packet, now), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection."""
        self._take(self._endpoint.fail(failure, now), now)

    def on_time(self, now: float) -> None:
        """Let the transaction timers run, and the lifetimes of associations."""
        self._take(self._endpoint.on_time(now), now)
        self.associations.on_time(now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        deadlines = (self._endpoint.next_deadline(), self.associations.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def _take(self, events: list[Event], now: float) -> None:
        for event in events:
            match event:
                case ResponseReceived(response, flow, transaction):
                    self.associations.received(flow)
                    if response.status >= 200:
                        self.associations.ended(transaction)
                    for sent in self._matching(transaction):
                        sent.responses.append(response)
                        self._note_binding(sent, response, now)
                        if sent.request is not None and self._subscriptions is not None:
                            self._subscriptions.concluded(sent.request, response)
                case TransactionTimeout(transaction):
                    self.associations.ended(transaction)
                    for sent in self._matching(transaction):
                        sent.stopped = ScenarioStopped("no-answer", self._silence(sent))
                case TransportFailed(failure, transaction):
                    self.associations.ended(transaction)
                    for sent in self._matching(transaction):
                        sent.stopped = transport_stop(failure)
                case RequestReceived(request, flow, server) if request.method == "NOTIFY":
                    self.associations.received(flow)
                    self._endpoint.respond(server, self.subscriptions.answer(request, flow), now)
                case RequestReceived(_, flow):
                    self.associations.received(flow)
                    self.strays += 1
                case _:
                    self.strays += 1

    def _note_binding(self, sent: Sent, response: Response, now: float) -> None:
        """Whether the DUT may hold a binding of this UE: said by any 2xx, whoever asked for it and how."""
        if response.status // 100 != 2 or (sent.request is not None and sent.request.method == "SUBSCRIBE"):
            return
        self._lockout.forgive(self.subscriber.name)
        if sent.request is not None and sent.request.field("Contact") is not None:
            granted = self.registration.granted(response)
            self.may_be_bound, self.bound_until = granted > 0, now + granted

    def _matching(self, transaction: ClientTransaction | None) -> list[Sent]:
        return [s for s in self._sent if s.transaction is transaction and transaction is not None]

    def _note_message(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        for each in self._sent if sent else ():
            if each.raw == raw:
                each.times.append(now)
        self._tap(sent, flow, raw, now)

    def _silence(self, sent: Sent) -> str:
        what = safe_text(sent.request.method, limit=40) if sent.request is not None else "the message"
        flow = sent.flow or self._flow(sent.raw, None)
        where = f"{flow.remote} over {flow.transport}" + (f" on {flow.association}" if flow.association else "")
        times = ", ".join(f"{at - sent.times[0]:.2f}" for at in sent.times)
        strays = f"; what came ({self.strays}) is unreadable or answers no request" if self.strays else ""
        return (
            f"no answer to {what} from {where} within {self.options.timers.timer_f:g} s (Timer F), "
            f"sent at {times} s{strays}"
        )

    # Blocking calls.

    def send(self, message: Draft | Request | bytes, on: Place | str | None = None) -> Sent:
        """Put a message on the wire and return at once. Octets may be wrong on purpose.

        `on` is where: None: where a conformant UE sends it; "clear": from the unprotected port to the unprotected port;
        "UL2 of the temporary set": on an outbound association of a set. Raises ScenarioStopped if there is no such
        set, ValueError for words that name no association.
        """
        flow, raw = self._flow(message, on), self._octets(message)
        return self._link.call(lambda: self._start(raw, flow))

    def send_cut(self, messages: Sequence[Draft | bytes], at: Sequence[int], note: Callable[[int], None]) -> list[Sent]:
        """Put messages on the connection as one stream, cut into segments before each of the octets `at`.

        Octets are no requests but what goes between them. `note` is told the number of segments before the first one
        leaves. Returns the requests. Raises InputError for a place that is none, and if the way is no stream.
        """
        flow, octets = self._flow(messages[-1], None), [self._octets(message) for message in messages]
        pieces, requests = pieces_for(flow, octets, at), list[Sent]()

        def start() -> None:
            note(len(pieces))
            for message, raw in zip(messages, octets, strict=True):
                if isinstance(message, Draft):
                    requests.append(self._start(raw, flow))
                else:
                    self._endpoint.send_raw(raw, flow, self._link.now())

        send_pieces(self._link, self.outbox, flow, pieces, start)
        return requests

    def _octets(self, message: Draft | Request | bytes) -> bytes:
        if isinstance(message, Draft):
            message.compact = message.compact or self.options.compact
            return message.to_bytes()
        return message if isinstance(message, bytes) else message.raw

    def _start(self, raw: bytes, flow: Flow) -> Sent:
        """A request in a transaction of its own; on the link's thread."""
        self.associations.collect()
        sent = Sent(request_of(raw), raw, flow=flow)
        self._sent.append(sent)
        sent.transaction = self._endpoint.send_request(raw, flow, self._link.now())
        self.associations.began(sent.transaction, flow)
        return sent

    def for_the_clear(self, draft: Draft) -> Draft:
        """A request of this UE with the Via of one in the clear, for `send(..., on="clear")`; changes and returns it.

        The Via of a protected request names the server port, at which nobody hears what comes in the clear.
        """
        branch = Via.parse(draft.value("Via") or "").branch
        rport = ";rport" if self.options.transport == "UDP" else ""
        return draft.set("Via", f"SIP/2.0/{self.options.transport} {self.address};branch={branch}{rport}")

    def abandon(self, sent: Sent) -> None:
        """Wait no longer for an answer, and repeat the request no more."""
        transaction = sent.transaction
        if transaction is not None and not sent.done:

            def end() -> None:
                self._endpoint.abandon(transaction)
                self.associations.ended(transaction)

            self._link.call(end)

    def repeat(self, sent: Sent) -> None:
        """Send the same octets again on the same flow, as a retransmission would (RFC 3261 17.1.2)."""
        self._put(sent.raw, sent.flow or self._flow(sent.raw, None))

    def send_raw(self, octets: bytes, on: Place | str | None = None) -> None:
        """Put octets on the wire outside any transaction; `on` as for `send`."""
        self._put(octets, self._flow(octets, on))

    def inject(self, fault: Fault, data: bytes, on: Place | str) -> EspEvent:
        """Send a datagram with `data`, wrong on purpose, on an association that `on` names; the record of it.

        Raises ScenarioStopped if there is no such set, or if the link cannot.
        """
        return self.associations.inject(cast(SecuredLink, self._link), fault, data, on)

    def _put(self, octets: bytes, flow: Flow) -> None:
        def put() -> None:
            self.associations.collect()
            self._endpoint.send_raw(octets, flow, self._link.now())

        self._link.call(put)

    def _flow(self, message: Draft | Request | bytes, on: Place | str | None) -> Flow:
        clear = Flow(self.options.transport, self.address, self.options.dut)
        if on is None:
            return self.registration.flow_for(message) or clear
        place = parse_way(on) if isinstance(on, str) else on
        association = self.associations.outbound(place)
        if association is None or place == "clear":
            return clear
        return flow_on(association, place.transport or self.options.transport)

    def advance_sqn(self) -> None:
        """Let the USIM have accepted a far later sequence number in every slot than the AuC has used.

        That is the one in the last challenge; before any, the one that the subscriber file states.
        """
        challenges = (response for sent in reversed(self._sent) for response in reversed(sent.responses))
        used = next((sqn for each in challenges if (sqn := self._sqn_in(each)) is not None), self.subscriber.sqn)
        ahead = join(split(used)[0] + SQN_LEAP, 0)
        for ind in range(SLOTS):
            self.sqn.accept(ahead + ind)

    def _sqn_in(self, response: Response) -> int | None:
        """The SQN in a challenge whose MAC is right; None if there is none to be read."""
        header, algorithm = aka_challenge(response), self.subscriber.algorithm
        try:
            nonce = decode(header.nonce or "") if header is not None else None
        except NonceError:
            return None
        return open_autn(algorithm, nonce.rand, nonce.autn) if nonce is not None and algorithm is not None else None

    def wait(self, sent: Sent) -> Response:
        """The final response. Raises ScenarioStopped when none comes."""
        limit = self.options.timers.timer_f + self.options.timers.t2
        self._link.wait(lambda: sent.done, limit)
        if sent.final is not None:
            return sent.final
        raise sent.stopped or ScenarioStopped("no-answer", self._silence(sent))

    def exchange(self, message: Draft | Request | bytes) -> Response:
        """Send and wait for the final response."""
        return self.wait(self.send(message))

    def settle(self, sent: Sent, response: Response) -> None:
        """Take a final response into the registration's state, as the UE would."""
        request = sent.request
        if request is not None and request.method != "SUBSCRIBE":
            self._do(lambda: self.registration.settle(request, response, self._link.now()))

    def complete(self, message: Draft) -> Response:
        """Send a REGISTER and do what a UE does until the exchange is over: answer challenges, repeat a 423."""
        draft: Draft | None = message
        while draft is not None:
            sent = self.send(draft)
            response = self.wait(sent)
            if sent.request is None:
                return response
            self._prepare_answer(response)
            draft = self._next_request(sent.request, response)
        return response

    def _next_request(self, request: Request, response: Response) -> Draft | None:
        with _answerable():
            return self._do(lambda: self.registration.next_request(request, response, self._link.now()))

    def register(self) -> Response:
        """A whole initial registration."""
        return self.complete(self.registration.initial_register())

    def subscribe(self, *, expires: int = EXPIRY, identity: str | None = None) -> Draft:
        """The SUBSCRIBE of a new subscription; see `UeSubscriptions.first`."""
        return self._link.call(lambda: self.subscriptions.first(expires=expires, identity=identity))

    def resubscribe(self, *, expires: int = EXPIRY) -> Draft:
        """A SUBSCRIBE in the dialog of the last subscription; see `UeSubscriptions.again`."""
        return self._link.call(lambda: self.subscriptions.again(expires=expires))

    def answer(self, challenge: Response, res: ResChoice = ResChoice.RIGHT, nc: str | None = None) -> Draft:
        """The REGISTER that answers a challenge to the last request; `nc` takes the place of the right nonce count.

        Raises ScenarioStopped if there is no answer, NotApplicable if a wrong one would exceed the profile's lockout.
        """
        if res is not ResChoice.RIGHT or nc is not None:
            self._lockout.spend(self.subscriber.name)
        requests = (s.request for s in reversed(self._sent) if s.request is not None)
        last = next((each for each in requests if each.method != "SUBSCRIBE"), None)
        expires = last.value("Expires") if last is not None else None
        contact = last is None or last.field("Contact") is not None
        seconds = int(expires) if expires and expires.isdecimal() else None
        self._prepare_answer(challenge)
        with _answerable():
            return self._do(
                lambda: self.registration.answer(
                    challenge, now=self._link.now(), expires=seconds, contact=contact, res=res, nc=nc
                )
            )

    def _prepare_answer(self, response: Response) -> None:
        """Before a challenge is answered: remove sets that would be in the way, and let the USIM take its time."""
        if response.status != 401:
            return
        self._link.call(self.associations.make_way)
        if self.options.usim_seconds:
            self._link.wait(lambda: False, self.options.usim_seconds)

    def power_off(self) -> None:
        """Let go of sockets and connections."""
        self._link.detach(self)

    def _do(self, function: Callable[[], T]) -> T:
        """Have the registration do something on the link's thread, and the link what that means for associations."""

        def run() -> T:
            try:
                return function()
            finally:
                self.associations.collect()

        return self._link.call(run)


@contextmanager
def _answerable() -> Iterator[None]:
    """A challenge that the UE cannot answer ends the scenario."""
    try:
        yield
    except NoAgreement as error:
        raise ScenarioStopped("unexpected", f"there is no agreement: {safe_text(str(error))}") from error
    except CannotAnswer as error:
        raise ScenarioStopped("unexpected", f"the challenge cannot be answered: {safe_text(str(error))}") from error
