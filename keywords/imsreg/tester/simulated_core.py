"""The simulated core: the network that a UE under test meets, one node at all addresses where it may look for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Protocol, cast

from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link, SecuredLink
from imsreg.registration.attendant import Attendant, AttendantPolicy
from imsreg.registration.replies import Discarded, Refusal
from imsreg.registration.vias import received_vias, set_vias
from imsreg.secagree.changes import SaChange
from imsreg.secagree.events import EspEvent, Fault
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
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.message import Message, MessageError, Response, parse
from imsreg.sip.timers import Timers
from imsreg.tester.core_associations import CoreAssociations
from imsreg.tester.lane import Arrived, Dropped, Lane, Records
from imsreg.tester.misplaced import flow_to, inject
from imsreg.tester.no_request import Piece, Watch
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.sent import Sent, request_of, transport_stop
from imsreg.tester.way import Place, Way
from imsreg.tester.whose import Directory

__all__ = ["Arrived", "Lane", "SimulatedCore"]

MAX_STRANGERS = 100
"""Requests of nobody, pieces that no test waited for, and connections without a message that are kept, the latest."""

MAX_TALKING = 1024
"""TCP connections of which it is remembered that something came on them, the latest."""

MAX_WAITING = 256
"""Requests that may wait for a response before the core leaves out those that it would send by itself."""


class Witness(Protocol):
    """Whoever wants to see what no lane shows. Called on the thread that owns the nodes."""

    def of_nobody(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        """A message of nobody that the core knows, or the answer to one."""

    def failed(self, failure: TransportFailure, now: float) -> None:
        """A packet was not delivered, or a connection ended."""


class SimulatedCore:
    """A node over UDP and TCP at each of `listens_at` (port 0: any free one).

    A subscriber to whom a test attends has a lane of his own; every other one is served by an attendant, unrecorded,
    and everybody else is refused.

    `timers` are those toward the UE. What arrives is hostile until shown otherwise: it is bounded and never raises.

    In mode ipsec `link` is a `SecuredLink`, whose records the core hands to the lanes. What a P-CSCF discards because
    of where it came gets no answer; the responses of a UE are taken wherever they come, and judged by the checks.
    """

    def __init__(
        self,
        link: Link,
        listens_at: Sequence[Address],
        subscribers: Sequence[Subscriber],
        policy: AttendantPolicy,
        random: Random,
        timers: Timers,
    ) -> None:
        self.octets_in = 0
        """Octets that have come in UDP datagrams and on TCP connections."""
        self.octets_out = 0
        """Octets of the messages that have been sent."""
        self.strangers: deque[Arrived] = deque(maxlen=MAX_STRANGERS)
        """Requests that belong to no subscriber, refused with 403: the latest of them."""
        self.overheard: deque[Piece] = deque(maxlen=MAX_STRANGERS)
        """What came and belonged to no lane of a test, in whatever shape: the latest of it."""
        self.silent_connections: deque[Address] = deque(maxlen=MAX_STRANGERS)
        """The peers of TCP connections that ended before anything came: the latest of them."""
        self.witness: Witness | None = None
        # Connections on which something has come, the ended ones too: a request may still be lost on one of those.
        self._talking: deque[int] = deque(maxlen=MAX_TALKING)
        self._link = link
        self._policy = policy
        self._random = random
        self._lanes: dict[str, Lane] = {}  # by IMPI: the one on which a subscriber is served now
        self._associations = CoreAssociations(self._lanes)
        self._endpoint = Endpoint(timers, self._note, self._associations.reply_flow)
        self._timers = timers
        self._directory = Directory(subscribers)
        self._waiting: dict[ClientTransaction, tuple[Lane, Sent]] = {}
        self._speaking: Lane | None = None  # whose message is being dealt with
        self.addresses: Mapping[str, Address] = {
            bound.family: bound for bound in (link.attach(self, local, ("UDP", "TCP")) for local in listens_at)
        }
        if policy.security == "ipsec":
            cast("SecuredLink", link).observe(self._associations.record)

    # For tests.

    def attend(self, subscriber: Subscriber, tap: Tap, records: Records | None = None) -> Lane:
        """Give a test a lane on which it answers this subscriber, whose messages go to `tap`.

        The network has forgotten his registration and associations; the AuC goes on where it was. `records` gets what
        becomes of the packets of his UE, in mode ipsec.
        """

        def begin() -> Lane:
            before = self._served(subscriber)
            self._associations.let_go(before)
            attendant = before.attendant
            attendant.forget()
            lane = self._lanes[subscriber.impi] = Lane(self, attendant, tap, records)
            return lane

        return self._link.call(begin)

    def dismiss(self, lane: Lane) -> None:
        """Take a lane back: what is unanswered is answered, and from then on the subscriber is served unrecorded.

        His associations go with the lane.
        """

        def end() -> None:
            lane.attend()
            self._associations.let_go(lane)
            if (security := lane.attendant.security) is not None:
                security.abandoned()
            impi = lane.attendant.subscriber.impi
            if self._lanes.get(impi) is lane:
                self._lanes[impi] = Lane(self, lane.attendant)

        self._link.call(end)

    def watch(self, subscriber: Subscriber) -> Watch:
        """What a search goes by for why nothing has come from this subscriber's UE."""
        lane = self._lanes.get(subscriber.impi)
        return Watch(
            addresses=tuple(self.addresses.values()),
            home_domain=subscriber.home_domain,
            impi=subscriber.impi,
            impu=subscriber.registration_impu,
            octets=self.octets_in,
            strangers=tuple(self.overheard),
            silent_connections=tuple(self.silent_connections),
            dropped=tuple(each.told for each in lane.dropped) if lane is not None else (),
        )

    # For lanes.

    def respond(self, lane: Lane, arrived: Arrived, response: Draft | bytes, on: Place | None = None) -> None:
        """See `Desk`. A draft gets `received` and `rport` where its Via is still that of the request."""
        self._link.call(lambda: self._respond(lane, arrived, response, on))

    def send(self, lane: Lane, request: Draft | bytes, on: Place | None = None) -> Sent:
        """See `Desk`."""
        return self._link.call(lambda: self._send(lane, request, on))

    def inject(self, lane: Lane, fault: Fault, data: bytes, on: Way) -> EspEvent:
        """See `Desk`."""
        return inject(self._link, lane, fault, data, on)

    def stale(self, arrived: Arrived) -> bool:
        """See `Desk`: 64 T1 after a request its client transaction has ended (RFC 3261 17.1.2.2, Timer F)."""
        return self._link.now() - arrived.at > self._timers.timer_f

    def answer(self, lane: Lane, arrived: Arrived) -> None:
        """See `Desk`: the response of the attendant, and the requests that follow from it."""
        self._link.call(lambda: self._answer(lane, arrived))

    # The node that the link drives.

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent."""
        return self._endpoint.outbox

    @property
    def sa_changes(self) -> deque[SaChange]:
        """Sets to be installed and removed: those of all lanes, in mode ipsec."""
        return self._associations.changes()

    def receive(self, packet: Packet, now: float) -> None:
        """A packet of some UE."""
        self.octets_in += len(packet.data)
        if packet.flow.reliable and packet.flow.connection not in self._talking:
            self._talking.append(packet.flow.connection)
        self._take(self._endpoint.receive(packet, now), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection."""
        flow = failure.flow
        if flow.reliable and flow.connection and flow.connection not in self._talking:
            self.silent_connections.append(flow.remote)
        if self.witness is not None:
            self.witness.failed(failure, now)
        self._take(self._endpoint.fail(failure, now), now)

    def on_time(self, now: float) -> None:
        """Let the transaction timers and the lifetimes of associations run."""
        self._take(self._endpoint.on_time(now), now)
        self._associations.on_time(now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        deadlines = self._endpoint.next_deadline(), self._associations.next_deadline()
        return min((at for at in deadlines if at is not None), default=None)

    def _take(self, events: list[Event], now: float) -> None:
        self._speaking = None
        for event in events:
            match event:
                case RequestReceived():
                    self._arrive(event, now)
                case ResponseReceived(response, flow, transaction):
                    self._answered(transaction, response, flow)
                case TransactionTimeout(transaction):
                    why = f"the UE gave no final response within {self._timers.timer_f:g} s (Timer F)"
                    self._lost(transaction, ScenarioStopped("no-answer", why))
                case TransportFailed(failure, transaction):
                    self._lost(transaction, transport_stop(failure))
                case _:
                    pass  # what is no message, or answers none, is in the transcript

    def _arrive(self, event: RequestReceived, now: float) -> None:
        arrived = Arrived(event.request, event.flow, event.transaction, now)
        lane = self._lane_of(event.request, event.flow)
        if lane is None:
            self.strangers.append(arrived)
            self._respond(None, arrived, Refusal(403).draft(event.request))
            return
        try:
            lane.attendant.arrive(event.request, event.flow, event.transaction.flow)
        except Discarded as why:
            lane.dropped.append(Dropped(event.request, event.flow, str(why)))
            self._endpoint.discard(event.transaction)
            return
        kept = lane.tap is not None and lane.keep(arrived)
        if lane.automatic:
            self._answer(lane, arrived)
        elif not kept:
            self._respond(lane, arrived, Refusal(503, headers={"Retry-After": "1"}).draft(event.request))

    def _answer(self, lane: Lane, arrived: Arrived) -> None:
        response, *requests = lane.attendant.attend(arrived.request)
        self._respond(lane, arrived, response)
        if len(self._waiting) < MAX_WAITING:
            for request in requests:
                if lane.attendant.request_flow() is not None:  # the UE may have lost its last association
                    self._send(lane, request)

    def _respond(self, lane: Lane | None, arrived: Arrived, response: Draft | bytes, on: Place | None = None) -> None:
        octets = response if isinstance(response, bytes) else _stamped(response, arrived).to_bytes()
        told, now = _response_of(octets), self._link.now()
        if lane is not None and on is not None:
            place = flow_to(lane, on, arrived.flow)
            self._speaking = lane
            self._endpoint.send_raw(octets, place, now)
            self._speaking = None
            if told is not None:
                lane.attendant.note(arrived.request, told)
                if lane.attendant.security is not None:
                    lane.attendant.security.astray(arrived.request, told, now)
            return
        self._speaking = lane
        flow = None if lane is None or told is None else lane.attendant.respond(arrived.request, told)
        if flow is not None:
            arrived.transaction.flow = flow
        if arrived.answered:
            self._endpoint.send_raw(octets, arrived.transaction.flow, now)
        else:
            self._endpoint.respond(arrived.transaction, octets, now)
            arrived.answered = told is None or told.status >= 200
        self._speaking = None
        if lane is not None and told is not None:
            lane.attendant.note(arrived.request, told)

    def _send(self, lane: Lane, request: Draft | bytes, on: Place | None = None) -> Sent:
        if lane.attendant.flow is None:
            raise ScenarioStopped(
                "precondition", "the UE has sent nothing yet: there is no flow to send it a request on"
            )
        flow = lane.attendant.request_flow() if on is None else flow_to(lane, on, lane.attendant.flow)
        if flow is None:
            raise ScenarioStopped("precondition", "no set of associations is established on which to send a request")
        raw = request if isinstance(request, bytes) else request.to_bytes()
        sent = Sent(request_of(raw), raw)
        self._speaking = lane
        now = self._link.now()
        sent.transaction = self._endpoint.send_request(raw, flow, now)
        self._speaking = None
        sent.times.append(now)
        self._waiting[sent.transaction] = lane, sent
        self._associations.opened(sent.transaction, lane, flow)
        if sent.request is not None and on is None:
            lane.attendant.note_sent(sent.request)
        return sent

    def _answered(self, transaction: ClientTransaction, response: Response, flow: Flow) -> None:
        found = self._waiting.get(transaction)
        if found is None:
            return
        lane, sent = found
        if lane.attendant.security is not None:
            lane.attendant.security.heard(flow)
        sent.responses.append(response)
        if response.status >= 200:
            self._done(transaction, lane, sent, response.status)

    def _lost(self, transaction: ClientTransaction | None, why: ScenarioStopped) -> None:
        found = self._waiting.get(transaction) if transaction is not None else None
        if transaction is not None and found is not None:
            lane, sent = found
            sent.stopped = why
            self._done(transaction, lane, sent, None)

    def _done(self, transaction: ClientTransaction, lane: Lane, sent: Sent, status: int | None) -> None:
        del self._waiting[transaction]
        self._associations.closed(transaction, lane)
        if sent.request is not None:
            lane.attendant.note_answer(sent.request, status)

    # Whose message it is.

    def _note(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        """The tap of the endpoint: pass every message on to the lane that it belongs to."""
        if sent:
            self.octets_out += len(raw)
        lane = self._speaking if sent and self._speaking is not None else self._lane_of(_message_of(raw, flow), flow)
        if not sent:
            # A repetition of what it wrote before is the endpoint's answer to a repeated request.
            self._speaking = lane
        elif lane is not None:
            for waiting in self._waiting.values():
                if waiting[1].raw == raw:
                    waiting[1].times.append(now)
        if lane is not None:
            if not sent:
                lane.heard_at(flow)
            if lane.tap is not None:
                lane.tap(sent, flow, raw, now)
                return
        elif self.witness is not None:
            self.witness.of_nobody(sent, flow, raw, now)
        if not sent:
            self.overheard.append(Piece(flow, raw))

    def _lane_of(self, message: Message | None, flow: Flow) -> Lane | None:
        """The lane of a message: of the subscriber whom it names, else of the UE that sends from there.

        What names nobody goes to the only lane that a test has, unless its UE is known to be elsewhere. An association
        belongs to one UE, whatever name a message on it has.
        """
        if (holder := self._associations.holder(flow)) is not None:
            return holder
        named = [] if message is None else list(self._directory.named(message))
        attended = [lane for lane in self._lanes.values() if lane.tap is not None]
        for subscriber in named:
            lane = self._lanes.get(subscriber.impi)
            if lane in attended:
                return lane
        if named:
            return self._served(named[0])
        for lane in attended:
            if lane.knows(flow):
                return lane
        if len(attended) == 1 and attended[0].may_be_at(flow.remote.host):
            return attended[0]
        return None

    def _served(self, subscriber: Subscriber) -> Lane:
        """The lane of a subscriber, which begins with the first need of it."""
        lane = self._lanes.get(subscriber.impi)
        if lane is None:
            attendant = Attendant(
                subscriber,
                self._policy,
                self._random,
                self._link.now,
                sa_changes=self._associations.asked,
                call=self._link.call,
            )
            lane = self._lanes[subscriber.impi] = Lane(self, attendant)
        return lane


def _stamped(response: Draft, arrived: Arrived) -> Draft:
    """The response with `received` and `rport` in its Via, as RFC 3261 18.2.1 and RFC 3581 4 want them."""
    if response.values("Via") != arrived.request.values("Via"):
        return response
    stamped = response.clone()
    with suppress(HeaderError):
        set_vias(stamped, received_vias(arrived.request, arrived.flow))
    return stamped


def _message_of(raw: bytes, flow: Flow) -> Message | None:
    try:
        return parse(raw, stream=flow.reliable)
    except MessageError:
        return None


def _response_of(octets: bytes) -> Response | None:
    message = _message_of(octets, Flow("UDP", Address("", 0), Address("", 0)))
    return message if isinstance(message, Response) else None
