"""The transport layer of RFC 3261 18 for the nodes of one link: which socket or connection a packet takes."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from imsreg.errors import EgressDenied, InputError
from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment
from imsreg.net.link import Node, undeliverable
from imsreg.net.sockaddr import cannot_bind, failure_kind, from_sockaddr, open_socket, to_sockaddr
from imsreg.net.tcp import Connection, Listener, State
from imsreg.net.udp import UdpSocket
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.changes import SaChange

_BACKLOG = 64
_ATTEMPTS = 16  # ports tried until one is free over UDP and TCP alike


OpenSocket = Callable[[Address, Transport], socket.socket]
"""Makes a non-blocking socket for the family of an address, not bound yet. Raises OSError."""


class TransportLayer:
    """Sockets and connections of all nodes. Lives on the loop's thread, all of it. `opening` makes its sockets."""

    def __init__(self, environment: Environment, egress: EgressGate, opening: OpenSocket = open_socket) -> None:
        self.sent = 0  # packets handed to a socket so far
        self.dropped = 0  # datagrams that found the queue full, and connections turned away
        self._environment = environment
        self._egress = egress
        self._open = opening
        self._udp: dict[Address, UdpSocket] = {}
        self._listeners: dict[Address, Listener] = {}
        self._connections: dict[int, Connection] = {}
        self._numbers = itertools.count(1)

    def attach(self, node: Node, address: Address, transports: Sequence[Transport]) -> Address:
        """Bind and listen. Returns the bound address; raises InputError, or EgressDenied for a group address."""
        self._egress.check_unicast(address)
        bind = _bind if address.port else _bind_free
        sockets = bind(address, transports, self._open)
        bound = from_sockaddr(sockets[0].getsockname())
        for transport, opened in zip(transports, sockets, strict=True):
            if transport == "UDP":
                self._udp[bound] = UdpSocket(self._environment, opened, node, bound, self._count_drop)
            else:
                self._listeners[bound] = Listener(self._environment, opened, node, bound, self._accept)
        return bound

    def detach(self, node: Node) -> None:
        """Close everything that belongs to `node`."""
        for udp in [udp for udp in self._udp.values() if udp.node is node]:
            udp.close()
            del self._udp[udp.address]
        for listener in [listener for listener in self._listeners.values() if listener.node is node]:
            listener.close()
            del self._listeners[listener.address]
        for connection in [connection for connection in self._connections.values() if connection.node is node]:
            connection.close()

    def install(self, node: Node, change: SaChange) -> None:
        """Put in a set of associations for `node`: nothing here, where packets with an association are denied."""

    def remove(self, change: SaChange) -> None:
        """Take a set of associations out."""

    def hand_over(self) -> None:
        """Tell what is known of packets that have passed: nothing here."""

    def send(self, node: Node, packet: Packet) -> None:
        """Send a packet for `node`. Whatever prevents it is reported to the node."""
        flow = packet.flow
        if flow.association is not None:  # fail closed: what is to be protected never leaves in the clear
            self._report(node, TransportFailure(flow, "denied", "this link has no security associations"))
            return
        if problem := undeliverable(flow):
            self._report(node, TransportFailure(flow, "unreachable", problem))
            return
        try:
            self._egress.admit(flow.remote, time.monotonic())
        except EgressDenied as denied:
            self._report(node, TransportFailure(flow, "denied", str(denied)))
            return
        way = self._udp_socket(node, flow) if flow.transport == "UDP" else self._connection(node, flow)
        if way is not None:
            self.sent += 1
            way.send(packet)

    def next_deadline(self) -> float | None:
        """When a connection has to be given up, on time.monotonic()."""
        return min((each.deadline for each in self._connections.values() if each.deadline is not None), default=None)

    def on_time(self, now: float) -> None:
        """Give up connections that are due. `now` is on time.monotonic()."""
        for connection in list(self._connections.values()):
            connection.on_time(now)

    def _report(self, node: Node, failure: TransportFailure) -> None:
        self._environment.report(node, failure)

    def _udp_socket(self, node: Node, flow: Flow) -> UdpSocket | None:
        udp = self._udp.get(flow.local)
        if udp is None or udp.node is not node:
            self._report(node, TransportFailure(flow, "closed", f"{flow.local} is not attached"))
            return None
        return udp

    def _connection(self, node: Node, flow: Flow) -> Connection | None:
        if not flow.connection:
            return self._reusable(node, flow) or self._connect(node, flow)
        connection = self._connections.get(flow.connection)
        if connection is None or connection.node is not node:
            self._report(node, TransportFailure(flow, "closed", f"connection {flow.connection} is gone"))
            return None
        return connection

    def _reusable(self, node: Node, flow: Flow) -> Connection | None:
        for connection in self._connections.values():
            way = connection.flow
            if (
                connection.node is node
                and connection.state in (State.CONNECTING, State.OPEN)
                and way.remote == flow.remote
                and self._leaves_from(way.local, flow)
            ):
                return connection
        return None

    def _connect(self, node: Node, flow: Flow) -> Connection | None:
        if not self._is_attached(node, flow.local.host):
            self._report(node, TransportFailure(flow, "closed", f"{flow.local} is not attached"))
            return None
        if len(self._connections) >= self._environment.limits.connections:
            detail = f"connecting: {len(self._connections)} connections are open already"
            self._report(node, TransportFailure(flow, "unreachable", detail))
            return None
        with ExitStack() as undo:
            try:
                stream = undo.enter_context(self._open(flow.local, "TCP"))
                self._bind_origin(stream, flow)
                stream.connect(to_sockaddr(flow.remote))
            except BlockingIOError:
                pass  # the usual case: it is under way
            except OSError as error:
                detail = f"connecting: {os.strerror(error.errno or 0)}"
                self._report(node, TransportFailure(flow, failure_kind(error.errno or 0), detail))
                return None
            undo.pop_all()
        local = from_sockaddr(stream.getsockname())
        return self._add(stream, node, Flow("TCP", local, flow.remote, self._next_number()), State.CONNECTING)

    def _next_number(self) -> int:
        return next(self._numbers)

    def _leaves_from(self, local: Address, flow: Flow) -> bool:
        """Whether a connection from `local` is one for the flow."""
        return local.host == flow.local.host

    def _bind_origin(self, stream: socket.socket, flow: Flow) -> None:
        """Where a new connection for the flow comes from."""
        stream.bind(to_sockaddr(Address(flow.local.host, 0)))

    def _count_drop(self) -> None:
        self.dropped += 1

    def _is_attached(self, node: Node, host: str) -> bool:
        homes: list[UdpSocket | Listener] = [*self._udp.values(), *self._listeners.values()]
        return any(home.node is node and home.address.host == host for home in homes)

    def _accept(self, listener: Listener, stream: socket.socket, peer: Address) -> None:
        if len(self._connections) >= self._environment.limits.connections:
            self._count_drop()
            stream.close()
        else:
            flow = Flow("TCP", listener.address, peer, self._next_number())
            self._add(stream, listener.node, flow, State.OPEN)

    def _add(self, stream: socket.socket, node: Node, flow: Flow, state: State) -> Connection:
        connection = Connection(self._environment, stream, node, flow, state, self._forget)
        self._connections[flow.connection] = connection
        return connection

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection.flow.connection, None)


def require_free(address: Address, transports: Sequence[Transport]) -> None:
    """Raise InputError if `address` cannot be had for all of `transports`, as `attach` would."""
    for opened in _bind(address, transports, open_socket):
        opened.close()


def _bind_free(address: Address, transports: Sequence[Transport], opening: OpenSocket) -> list[socket.socket]:
    """`_bind` on a port that the kernel picks for the first transport and that the others have free, too."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _bind(address, transports, opening)
        except InputError:
            continue
    return _bind(address, transports, opening)


def _bind(address: Address, transports: Sequence[Transport], opening: OpenSocket) -> list[socket.socket]:
    """One bound socket a transport, all on the same port. Raises InputError, and then leaves none open."""
    with ExitStack() as undo:
        sockets: list[socket.socket] = []
        for transport in transports:
            try:
                opened = undo.enter_context(opening(address, transport))
                if transport == "TCP":
                    # Safe for TCP: it only ignores connections in TIME_WAIT. Over UDP it would let another program
                    # bind the same port and take our datagrams.
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.bind(to_sockaddr(address))
                if transport == "TCP":
                    opened.listen(_BACKLOG)
            except OSError as error:
                raise cannot_bind(error, address, transport) from error
            sockets.append(opened)
            address = from_sockaddr(opened.getsockname())
        undo.pop_all()
    return sockets
