"""The ears and the mouth of one SIP element: framing, parsing and transactions, without a socket or a clock."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from imsreg.sip.agenda import Agenda
from imsreg.sip.client_transaction import ClientState, ClientTransaction, Outcome
from imsreg.sip.draft import Draft
from imsreg.sip.events import (
    Event,
    KeepAliveReceived,
    RequestReceived,
    ResponseReceived,
    Stray,
    TransactionTimeout,
    TransportFailed,
    Unreadable,
)
from imsreg.sip.flow import Flow, Packet, TransportFailure
from imsreg.sip.framing import FramingError, KeepAlive
from imsreg.sip.matching import ClientKey, ServerKey
from imsreg.sip.message import MessageError, Request, Response, parse
from imsreg.sip.response_flow import response_flow
from imsreg.sip.server_transaction import ServerState, ServerTransaction
from imsreg.sip.streams import Streams
from imsreg.sip.timers import Timers

__all__ = [
    "MAX_SERVER_TRANSACTIONS",
    "Dropped",
    "Endpoint",
    "Event",
    "KeepAliveReceived",
    "RequestReceived",
    "ResponseReceived",
    "Stray",
    "Tap",
    "TransactionTimeout",
    "TransportFailed",
    "Unreadable",
]

MAX_SERVER_TRANSACTIONS = 1024
"""Server transactions that are kept; beyond that the oldest is forgotten, so that a flood cannot fill the memory."""


class Dropped(NamedTuple):
    """What the bounds on memory have cost so far."""

    transactions: int
    """Server transactions forgotten to make room: a repetition of their request is taken for a new one."""
    streams: int
    """Connections whose unfinished message was forgotten to make room."""
    octets: int
    """Octets that came after the framing of their connection was lost."""


class Tap(Protocol):
    """Whoever wants to see every message, keep-alive and unreadable piece, before anything interprets it."""

    def __call__(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        """`raw` went out or came in on `flow` at `now`."""


class Endpoint:
    """Turns packets into events and messages into packets. Times are seconds on the caller's clock.

    After every call the link takes the packets out of `outbox`; it calls `on_time` when `next_deadline` has come.
    Nothing that comes from the wire makes a method raise.
    """

    def __init__(
        self, timers: Timers, tap: Tap | None = None, reply_flow: Callable[[Request, Flow], Flow] = response_flow
    ) -> None:
        """`reply_flow` says where the responses to a request go that came on a flow."""
        self.outbox: deque[Packet] = deque()
        self._timers = timers
        self._tap = tap
        self._reply_flow = reply_flow
        self._streams = Streams()
        self._clients: dict[ClientKey, ClientTransaction] = {}
        self._servers: OrderedDict[ServerKey, ServerTransaction] = OrderedDict()
        self._agenda: Agenda[ClientTransaction | ServerTransaction] = Agenda()
        self._dropped_transactions = 0

    @property
    def dropped(self) -> Dropped:
        """The counters of what was dropped."""
        return Dropped(self._dropped_transactions, self._streams.dropped_streams, self._streams.dropped_octets)

    def receive(self, packet: Packet, now: float) -> list[Event]:
        """What a packet means. Repetitions are answered or absorbed, and make no event."""
        flow, data = packet.flow, packet.data
        if not flow.reliable:
            if data.strip(b"\r\n"):
                return self._receive_message(data, flow, now)
            self._note(False, flow, data, now)
            return [KeepAliveReceived(flow, KeepAlive.PING)]
        lost: FramingError | None = None
        try:
            frames = self._streams.feed(flow, data)
        except FramingError as error:
            frames, lost = error.frames, error
        events: list[Event] = []
        for frame in frames:
            if isinstance(frame, KeepAlive):
                events.append(self._receive_keep_alive(frame, flow, now))
            else:
                events += self._receive_message(frame, flow, now)
        if lost:
            events.append(self._receive_garbage(lost.data, flow, lost.why, now))
        return events

    def fail(self, failure: TransportFailure, now: float) -> list[Event]:
        """The link failed: ends the transactions that it carried (RFC 3261 17.1.4, 17.2.4)."""
        events: list[Event] = []
        if rest := self._streams.close(failure.flow):
            why = f"the connection ended ({failure.kind}) inside a message"
            events.append(self._receive_garbage(rest, failure.flow, why, now))
        ended: list[Event] = []
        for client in [item for item in self._agenda if isinstance(item, ClientTransaction)]:
            if _carried(client.flow, failure.flow) and client.fail(now) is Outcome.FAILED:
                self._settle_client(client)
                ended.append(TransportFailed(failure, client))
        for server in list(self._servers.values()):
            if _carried(server.flow, failure.flow) and server.fail(now):
                self._settle_server(server)
        return events + (ended or [TransportFailed(failure, None)])

    def on_time(self, now: float) -> list[Event]:
        """Fires every timer that is due."""
        events: list[Event] = []
        while (transaction := self._agenda.pop_due(now)) is not None:
            if isinstance(transaction, ServerTransaction):
                transaction.on_time(now)
                self._settle_server(transaction)
                continue
            outcome = transaction.on_time(now)
            self._settle_client(transaction)
            if outcome is Outcome.SEND:
                self._send(transaction.packet, now)
            elif outcome is Outcome.TIMED_OUT:
                events.append(TransactionTimeout(transaction))
        return events

    def next_deadline(self) -> float | None:
        """When `on_time` has something to do, None if never."""
        return self._agenda.next_deadline()

    def send_request(
        self, request: Request | bytes, flow: Flow, now: float, *, timers: Timers | None = None
    ) -> ClientTransaction:
        """Sends a request in a client transaction.

        Octets may be wrong on purpose: without a readable branch no response finds the transaction, and all it ever
        reports is its timeout or a failure of the transport.
        """
        transaction = ClientTransaction(request, flow, timers or self._timers, now)
        if transaction.key:
            self._clients[transaction.key] = transaction
        self._settle_client(transaction)
        self._send(transaction.packet, now)
        return transaction

    def abandon(self, transaction: ClientTransaction) -> None:
        """Send a request no more, and take no response to it."""
        self._agenda.set(transaction, None)
        if transaction.key and self._clients.get(transaction.key) is transaction:
            del self._clients[transaction.key]

    def send_raw(self, data: bytes, flow: Flow, now: float) -> None:
        """Sends octets outside any transaction. A ping on a connection makes the next single CRLF its pong."""
        if flow.reliable and data == KeepAlive.PING.value:
            self._streams.expect_pong(flow)
        self._send(Packet(flow, data), now)

    def respond(self, transaction: ServerTransaction, response: Draft | Response | bytes, now: float) -> None:
        """Sends a response where its request wants it (see `response_flow`). After a final one nothing more is sent."""
        if isinstance(response, Draft):
            octets = response.to_bytes()
        else:
            octets = response.raw if isinstance(response, Response) else response
        packets = transaction.respond(octets, now)
        self._settle_server(transaction)
        for packet in packets:
            self._send(packet, now)

    def discard(self, transaction: ServerTransaction) -> None:
        """Forget a request that gets no response: a repetition of it is a new one."""
        if self._servers.get(transaction.key) is transaction:
            self._agenda.set(transaction, None)
            del self._servers[transaction.key]

    def _receive_keep_alive(self, kind: KeepAlive, flow: Flow, now: float) -> KeepAliveReceived:
        self._note(False, flow, kind.value, now)
        if kind is KeepAlive.PING:
            self._send(Packet(flow, KeepAlive.PONG.value), now)
        return KeepAliveReceived(flow, kind)

    def _receive_garbage(self, data: bytes, flow: Flow, why: str, now: float) -> Unreadable:
        self._note(False, flow, data, now)
        return Unreadable(data, flow, why)

    def _receive_message(self, data: bytes, flow: Flow, now: float) -> list[Event]:
        self._note(False, flow, data, now)
        try:
            message = parse(data, stream=flow.reliable)
        except MessageError as error:
            return [Unreadable(data, flow, str(error))]
        if isinstance(message, Request):
            return self._receive_request(message, flow, now)
        return self._receive_response(message, flow, now)

    def _receive_request(self, request: Request, flow: Flow, now: float) -> list[Event]:
        key = ServerKey.of(request)
        known = self._servers.get(key)
        if known is not None:
            for packet in known.receive(request, now):
                self._send(packet, now)
            return []
        if request.method == "ACK":
            return [Stray(request, flow)]
        transaction = self._servers[key] = ServerTransaction(request, self._reply_flow(request, flow), self._timers)
        if len(self._servers) > MAX_SERVER_TRANSACTIONS:
            _, oldest = self._servers.popitem(last=False)
            self._agenda.set(oldest, None)
            self._dropped_transactions += 1
        return [RequestReceived(request, flow, transaction)]

    def _receive_response(self, response: Response, flow: Flow, now: float) -> list[Event]:
        key = ClientKey.of_response(response)
        transaction = self._clients.get(key) if key else None
        if transaction is None:
            return [Stray(response, flow)]
        outcome = transaction.receive(response, now)
        self._settle_client(transaction)
        return [ResponseReceived(response, flow, transaction)] if outcome is Outcome.DELIVER else []

    def _settle_client(self, transaction: ClientTransaction) -> None:
        """Takes over the new deadline of a transaction, or forgets it if it has ended."""
        self._agenda.set(transaction, transaction.deadline)
        key = transaction.key
        if transaction.state is ClientState.TERMINATED and key and self._clients.get(key) is transaction:
            del self._clients[key]

    def _settle_server(self, transaction: ServerTransaction) -> None:
        """The same for a server transaction; one that was forgotten to make room stays so."""
        if self._servers.get(transaction.key) is transaction:
            self._agenda.set(transaction, transaction.deadline)
            if transaction.state is ServerState.TERMINATED:
                del self._servers[transaction.key]

    def _send(self, packet: Packet, now: float) -> None:
        self._note(True, packet.flow, packet.data, now)
        self.outbox.append(packet)

    def _note(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        if self._tap:
            self._tap(sent, flow, raw, now)


def _carried(sent: Flow, failed: Flow) -> bool:
    """Whether what was sent on `sent` travelled on `failed`: a connection is numbered only once it is open."""
    if (sent.transport, sent.remote, sent.local.host) != (failed.transport, failed.remote, failed.local.host):
        return False
    if sent.reliable:
        return sent.connection == failed.connection or 0 in (sent.connection, failed.connection)
    return sent.local.port == failed.local.port
