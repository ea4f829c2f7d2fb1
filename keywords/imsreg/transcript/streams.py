"""TCP connections for a capture: what is known are the messages, so the segments around them are made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.entries import Entry
from imsreg.transcript.packets import Segment

MAX_SEGMENT = 60_000
"""Octets of payload in one segment: a message is seen whole in a capture, and the IP packet stays below 64 KiB."""


@dataclass(slots=True)
class _Connection:
    """Both ends, the one that opened it first, and the next sequence number of each."""

    opener: Address
    acceptor: Address
    next: dict[Address, int] = field(default_factory=dict)

    def peer(self, end: Address) -> Address:
        return self.acceptor if end == self.opener else self.opener

    def segment(self, source: Address, flags: TcpFlags, payload: bytes = b"") -> Segment:
        peer = self.peer(source)
        ack = self.next[peer] if TcpFlags.ACK in flags else 0
        made = Segment(source, peer, self.next[source], ack, flags, payload)
        used = len(payload) + bool(flags & (TcpFlags.SYN | TcpFlags.FIN))
        self.next[source] = (self.next[source] + used) % 2**32
        return made


class Streams:
    """Makes the segments of all TCP connections of a transcript.

    Whoever sends the first message of a connection has opened it. Connections end in good order when `close` is
    called, or when another one begins between the same ends.
    """

    def __init__(self) -> None:
        self._open: dict[frozenset[Address], tuple[int, _Connection]] = {}
        self._opened = 0

    def send(self, flow: Flow, source: Address, payload: bytes) -> Iterator[Segment]:
        """The segments that carry `payload`, one message, after a handshake if there was none. The last has PSH."""
        ends = frozenset((flow.local, flow.remote))
        number, connection = self._open.get(ends, (None, None))
        if connection is None or number != flow.connection:
            if connection is not None:
                yield from _end(connection)
            connection = self._begin(source, flow)
            self._open[ends] = flow.connection, connection
            yield from _handshake(connection)
        for begin in range(0, len(payload), MAX_SEGMENT):
            piece = payload[begin : begin + MAX_SEGMENT]
            last = begin + MAX_SEGMENT >= len(payload)
            yield connection.segment(source, TcpFlags.ACK | TcpFlags.PSH if last else TcpFlags.ACK, piece)

    def close(self) -> Iterator[Segment]:
        """The segments that end every open connection."""
        for _, connection in self._open.values():
            yield from _end(connection)
        self._open.clear()

    def _begin(self, opener: Address, flow: Flow) -> _Connection:
        # Different initial numbers keep two connections between the same ends apart (RFC 9293 3.4.1).
        initial = (self._opened << 20) % 2**32
        self._opened += 1
        acceptor = flow.remote if opener == flow.local else flow.local
        return _Connection(opener, acceptor, {opener: initial, acceptor: initial})


def settled_flows(entries: tuple[Entry, ...]) -> dict[int, Flow]:
    """Entry number -> the flow that its octets took, for messages over TCP.

    A message that asked the link for a connection (`Flow.connection` 0) went over one that other messages name: the
    nearest later one between the same hosts, else the nearest earlier one, else it keeps its flow. Under a security
    association the port that it left from is known, and only a connection from there will do.
    """
    streams = [entry for entry in entries if entry.flow.transport == "TCP"]
    settled: dict[int, Flow] = {}
    for ordered in (reversed(streams), streams):
        nearest: dict[tuple[str | Address, Address], Flow] = {}
        for entry in ordered:
            flow = entry.flow
            asked = flow.local.host if flow.association is None else flow.local, flow.remote
            if flow.connection:
                settled[entry.number] = flow
                nearest[flow.local.host, flow.remote] = nearest[flow.local, flow.remote] = flow
            elif entry.number not in settled and asked in nearest:
                settled[entry.number] = replace(nearest[asked], association=flow.association)
    return settled


def _handshake(connection: _Connection) -> Iterator[Segment]:
    yield connection.segment(connection.opener, TcpFlags.SYN)
    yield connection.segment(connection.acceptor, TcpFlags.SYN | TcpFlags.ACK)
    yield connection.segment(connection.opener, TcpFlags.ACK)


def _end(connection: _Connection) -> Iterator[Segment]:
    yield connection.segment(connection.opener, TcpFlags.FIN | TcpFlags.ACK)
    yield connection.segment(connection.acceptor, TcpFlags.FIN | TcpFlags.ACK)
    yield connection.segment(connection.opener, TcpFlags.ACK)
