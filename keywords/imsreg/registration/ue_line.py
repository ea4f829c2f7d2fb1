"""Where a UE is attached, and everything that it says and hears there."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from random import Random
from typing import NamedTuple

from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.registration.ue_ears import Ears
from imsreg.registration.ue_policy import Kind
from imsreg.registration.ue_security import UeSecurity
from imsreg.registration.vias import received_vias, set_vias
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Event, RequestReceived
from imsreg.sip.errors import HeaderError, MessageError
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.timers import Timers


class Way(NamedTuple):
    """The way from a UE to its P-CSCF."""

    local: Address
    core: Address
    transport: Transport

    @property
    def route(self) -> str:
        """The P-CSCF as a Route value: where a UE sends its requests first (TS 24.229 5.1.2A.1.1)."""
        transport = ";transport=tcp" if self.transport == "TCP" else ""
        return f"<sip:{self.core}{transport};lr>"


class Sent(NamedTuple):
    """A request that has left: its transaction, and the request as the UE believes to have sent it."""

    transaction: ClientTransaction
    request: Request


class UeLine:
    """What one UE says and hears on one way, `security` its associations there.

    `octets_sent` and `octets_received` count payload, repetitions too.
    """

    def __init__(
        self, way: Way, timers: Timers, random: Random, seams: Seams, security: UeSecurity | None = None
    ) -> None:
        self.way = way
        self.timers = timers
        self.outbox: deque[Packet] = deque()
        self.octets_sent = 0
        self.octets_received = 0
        self._security = security
        self._ears = Ears(timers, seams, security)
        self._random = random
        self._seam = seams

    def branch(self) -> str:
        """A branch that no other request has."""
        return f"z9hG4bK{self._random.randbytes(10).hex()}"

    def send(
        self, draft: Draft, kind: Kind, now: float, flow: Flow | None, challenge: Response | None = None
    ) -> Sent | None:
        """Send a request on a flow; None if a seam keeps it back, or if there is no flow for it."""
        written: Draft | None = self._seam("ue.request", draft, kind=kind, challenge=challenge)
        if written is None or flow is None:
            return None
        clear = Flow(self.way.transport, self.way.local, self.way.core)
        sets = None if self._security is None else self._security.sets
        leaving: Flow = self._seam("ue.flow", flow, kind=kind, sets=sets, clear=clear)
        transaction = self._ears.send_request(written.to_bytes(), leaving, now)
        self._flush()
        if transaction.request is not None:
            return Sent(transaction, transaction.request)
        request = draft.to_message()
        assert isinstance(request, Request)  # what the UE itself has written
        return Sent(transaction, request)

    def respond(self, event: RequestReceived, response: Draft, now: float) -> None:
        """Answer a request, with `received` and `rport` in its topmost Via (RFC 3261 18.2.1, RFC 3581 4)."""
        with suppress(HeaderError):  # a Via that cannot be read goes back as it came
            set_vias(response, received_vias(event.request, event.flow))
        self._ears.respond(event, self._seam("ue.response", response, request=event.request), now)
        self._flush()

    def refuse(self, event: RequestReceived, refusal: Refusal, now: float) -> None:
        """Answer a request with a refusal."""
        self.respond(event, refusal.draft(event.request), now)

    def receive(self, packet: Packet, now: float) -> list[Event]:
        """What a packet means to the UE."""
        self.octets_received += len(packet.data)
        arrived: Packet | None = self._seam("ue.packet", packet)
        events = [] if arrived is None or self._astray(arrived) else self._ears.receive(arrived, now)
        self._flush()
        return events

    def fail(self, failure: TransportFailure, now: float) -> list[Event]:
        """The link lost a packet or a connection."""
        events = self._ears.fail(failure, now)
        self._flush()
        return events

    def on_time(self, now: float) -> list[Event]:
        """Let the transaction timers run."""
        events = self._ears.on_time(now)
        self._flush()
        return events

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        return self._ears.next_deadline()

    def _astray(self, packet: Packet) -> bool:
        """Whether a datagram is a response to somebody else: several Via values, or another sent-by.

        A UE drops both (RFC 3261 8.1.3.3, 18.1.2). On a connection nothing arrives that was sent to another.
        """
        if packet.flow.reliable:
            return False
        try:
            message = parse(packet.data)
            if not isinstance(message, Response):
                return False
            vias = message.get_all(Via)
        except (MessageError, HeaderError):
            return False
        here = {self.way.local} if self._security is None else {self.way.local, *self._security.server_addresses}
        own = [(via.host, via.port) in here for via in vias]
        return own != [True]

    def _flush(self) -> None:
        """Let what has been written leave."""
        while self._ears.outbox:
            leaving: list[Packet] = self._seam("ue.sent", [self._ears.outbox.popleft()])
            self.octets_sent += sum(len(packet.data) for packet in leaving)
            self.outbox.extend(leaving)
