"""What a UE takes of what comes in the clear and on its associations (TS 33.203 7.1 items 3 and 4, 7.4.1a).

One endpoint hears what comes in the clear, and one what comes on each set. So a response finds its request only where
that was sent, and what is spoken elsewhere is nobody's answer.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from imsreg.registration.seams import Seams
from imsreg.registration.ue_security import Through, UeSecurity
from imsreg.secagree.associations import Name, Side
from imsreg.secagree.flows import reply_on
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import LiveSet
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Endpoint,
    Event,
    RequestReceived,
    ResponseReceived,
    Stray,
    TransactionTimeout,
    TransportFailed,
)
from imsreg.sip.flow import Flow, Packet, TransportFailure
from imsreg.sip.message import Request, Response
from imsreg.sip.timers import Timers

_ASKED_ON = (Phase.ESTABLISHED, Phase.OLD)
"""Phases of a set on which the network may ask for something."""


class Ears:
    """The endpoints of one UE; `security` None: there is the one for the clear, and it takes everything."""

    def __init__(self, timers: Timers, seams: Seams, security: UeSecurity | None) -> None:
        self.outbox: deque[Packet] = deque()
        self._timers = timers
        self._seam = seams
        self._security = security
        self._clear = Endpoint(timers)
        self._on: dict[LiveSet, Endpoint] = {}
        self._open: dict[ClientTransaction, LiveSet] = {}

    def send_request(self, request: bytes, flow: Flow, now: float) -> ClientTransaction:
        """Send a request in a transaction on the set that the flow names."""
        live = self._set_of(flow)
        transaction = self._endpoint(live).send_request(request, flow, now)
        if live is not None and self._security is not None:
            self._open[transaction] = live
            self._security.opened(live)
        self._collect()
        return transaction

    def respond(self, event: RequestReceived, response: Draft, now: float) -> None:
        """Answer a request; on a set over UDP from the client port to the other's server port."""
        self._endpoint(self._set_of(event.flow)).respond(event.transaction, response, now)
        self._collect()

    def receive(self, packet: Packet, now: float) -> list[Event]:
        """What a packet means to the UE."""
        if self._security is None:
            events = self._clear.receive(packet, now)
        elif packet.flow.association is None:
            events = self._in_the_clear(self._clear.receive(packet, now), now)
        else:
            through = self._security.through(packet.flow)
            events = [] if through is None else self._protected(through, packet, now)
        return self._settled(events)

    def fail(self, failure: TransportFailure, now: float) -> list[Event]:
        """The link lost a packet or a connection."""
        return self._settled(self._endpoint(self._set_of(failure.flow)).fail(failure, now))

    def on_time(self, now: float) -> list[Event]:
        """Let the transaction timers run."""
        return self._settled([event for each in self._all() for event in each.on_time(now)])

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        deadlines = (each.next_deadline() for each in self._all())
        return min((at for at in deadlines if at is not None), default=None)

    def _in_the_clear(self, events: list[Event], now: float) -> list[Event]:
        """Of what came in the clear, what answers a request that went out so."""
        taken: list[Event] = []
        for event in events:
            match event:
                case RequestReceived(request, _, transaction):
                    if self._seam("ue.clear", False, message=request):
                        taken.append(event)
                    else:
                        self._clear.discard(transaction)
                case Stray(Response() as response, flow):
                    if self._seam("ue.clear", False, message=response):
                        taken += self._wherever(response, flow, now)
                case _:
                    taken.append(event)
        return taken

    def _protected(self, through: Through, packet: Packet, now: float) -> list[Event]:
        """Of what came on an association, what belongs there. Over UDP everything comes to the server port."""
        live, association = through
        if packet.flow.transport == "UDP" and association.name is not Name.DL2 and self._discards(packet.flow):
            return []
        taken: list[Event] = []
        for event in self._endpoint(live).receive(packet, now):
            match event:
                case RequestReceived(_, _, transaction):
                    if live.phase not in _ASKED_ON and self._discards(packet.flow):
                        self._endpoint(live).discard(transaction)
                        continue
                    taken.append(event)
                case Stray(Response() as response, flow):
                    if self._tells_of_failure(response, live) or not self._discards(flow):
                        taken += self._wherever(response, flow, now)
                    continue
                case _:
                    taken.append(event)
            if self._security is not None and isinstance(event, RequestReceived | ResponseReceived):
                self._security.received(through)
        return taken

    def _tells_of_failure(self, response: Response, live: LiveSet) -> bool:
        """Whether a response on this set may be that to a wrong answer on the temporary one (TS 33.203 7.4.1a).

        It comes on the set that the authentication began on.
        """
        temporary = None if self._security is None else self._security.sets.in_phase(Phase.TEMPORARY)
        return temporary is not None and temporary.began_on is live and response.status >= 400

    def _discards(self, flow: Flow) -> bool:
        return self._seam("ue.discard", True, flow=flow)

    def _wherever(self, response: Response, flow: Flow, now: float) -> list[Event]:
        """A response for the transaction that asked for it, on whatever set that is."""
        for endpoint in self._all():
            events = endpoint.receive(Packet(flow, response.raw), now)
            if any(isinstance(event, ResponseReceived) for event in events):
                return events
        return []

    def _settled(self, events: list[Event]) -> list[Event]:
        """Count the transactions that have ended, and let go of endpoints that nothing is waited for at."""
        for event in events:
            match event:
                case ResponseReceived(response, _, transaction) if response.status >= 200:
                    self._close(transaction)
                case TransactionTimeout(transaction):
                    self._close(transaction)
                case TransportFailed(_, transaction) if transaction is not None:
                    self._close(transaction)
                case _:
                    pass
        self._collect()
        gone = [live for live, each in self._on.items() if live.phase is Phase.DELETED and each.next_deadline() is None]
        for live in gone:
            del self._on[live]
        return events

    def _close(self, transaction: ClientTransaction) -> None:
        live = self._open.pop(transaction, None)
        if live is not None and self._security is not None:
            self._security.closed(live)

    def _set_of(self, flow: Flow) -> LiveSet | None:
        """The set that a flow names, also one that has gone and is still waited at."""
        if self._security is None or flow.association is None:
            return None
        through = self._security.through(flow)
        if through is not None:
            return through.live
        gone = (live for live in self._on if flow.association in (each.label for each in live.sas.associations))
        return next(gone, None)

    def _endpoint(self, live: LiveSet | None) -> Endpoint:
        if live is None:
            return self._clear
        if live not in self._on:
            self._on[live] = Endpoint(self._timers, reply_flow=partial(self._reply, live))
        return self._on[live]

    def _all(self) -> list[Endpoint]:
        return [self._clear, *self._on.values()]

    def _collect(self) -> None:
        for endpoint in self._all():
            self.outbox += endpoint.outbox
            endpoint.outbox.clear()

    def _reply(self, live: LiveSet, request: Request, flow: Flow) -> Flow:
        back = reply_on(live.sas, Side.UE, flow)
        clear = back if self._security is None else self._security.clear.flow
        return self._seam("ue.reply-flow", back, sas=live.sas, clear=clear)
