"""The in-memory link: all nodes in one process, one virtual clock that jumps while everybody is idle."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from imsreg.errors import InputError
from imsreg.net.link import Node, T, largest_datagram, require_duration, require_local, undeliverable
from imsreg.net.stall import StallGuard
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

Impairment = Callable[[Packet], list[Packet]]
_PORTS = range(49_152, 65_536)  # dynamic ports, RFC 6335 6


@dataclass(frozen=True, slots=True)
class _End:
    """One node's end of a TCP connection. `flow.connection` is the number of this end, `peer` that of the other."""

    node: Node
    flow: Flow
    peer: int


class MemoryLink:
    """A `Link` without a network. Deterministic: the same nodes, seeds and calls give the same events.

    Packets take no time and arrive in the order in which they were sent; at one instant all packets arrive before any
    timer fires. Time passes only in `wait` and `advance`. To be used from one thread.

    `impair` sees every UDP datagram as it leaves and returns what arrives instead: nothing, copies, earlier ones that
    it kept back. `chunk` cuts TCP data into pieces of at most so many octets.
    """

    def __init__(self, *, impair: Impairment | None = None, chunk: int | None = None) -> None:
        self._impair = impair
        self._chunk = chunk
        self._now = 0.0
        self._nodes: dict[int, Node] = {}
        self._homes: dict[tuple[Transport, Address], Node] = {}
        self._ends: dict[int, _End] = {}
        self._numbers = itertools.count(1)
        self._free_ports: dict[str, Iterator[int]] = {}
        self._events: deque[Callable[[], None]] = deque()
        self._stall = StallGuard()

    def now(self) -> float:
        """Seconds of virtual time since the link was made."""
        return self._now

    def attach(self, node: Node, address: Address, transports: Sequence[Transport]) -> Address:
        """See `Link`. Any address will do; port 0 takes the next dynamic port of the host."""
        require_local(address, transports)
        host = Address.of(address.host, 0).host
        bound = Address(host, address.port or self._free_port(host))
        for transport in transports:
            if (transport, bound) in self._homes:
                raise InputError(str(bound), transport, "the port is in use", "detach its node or choose another port")
        for transport in transports:
            self._homes[transport, bound] = node
        self._nodes[id(node)] = node
        return bound

    def detach(self, node: Node) -> None:
        """See `Link`. The peers of its connections learn that they were closed."""
        self._drain()
        self._nodes.pop(id(node), None)
        self._homes = {key: owner for key, owner in self._homes.items() if owner is not node}
        for end in [end for end in self._ends.values() if end.node is node]:
            del self._ends[end.flow.connection]
            self._events.append(partial(self._close, end.peer))

    def call(self, function: Callable[[], T]) -> T:
        """See `Link`. What the nodes send arrives in the next `wait` or `advance`."""
        try:
            return function()
        finally:
            self._drain()

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """See `Link`. Raises whatever a node raises, and LinkError if the nodes never come to rest."""
        end = self._now + require_duration(timeout)
        self._drain()
        while not condition():
            if not self._step(end):
                self._now = end
                return condition()
        return True

    def advance(self, seconds: float, progress: Callable[[float], None] | None = None) -> None:
        """See `Link`. Takes no real time."""
        self.wait(lambda: False, seconds)

    def close(self) -> None:
        """See `Link`."""
        for node in list(self._nodes.values()):
            self.detach(node)
        self._events.clear()

    def _step(self, limit: float) -> bool:
        """Let the next thing happen, if it is not later than `limit`. Returns whether something did."""
        if self._events:
            self._events.popleft()()
        else:
            due = self._next_timer()
            if due is None or due[0] > limit:
                return False
            self._now = max(self._now, due[0])
            due[1].on_time(self._now)
        self._stall.count(self._now)
        self._drain()
        return True

    def _next_timer(self) -> tuple[float, Node] | None:
        timers = [(at, node) for node in self._nodes.values() if (at := node.next_deadline()) is not None]
        return min(timers, key=lambda timer: timer[0], default=None)

    def _drain(self) -> None:
        for node in self._nodes.values():
            while node.outbox:
                self._send(node, node.outbox.popleft())

    def _send(self, node: Node, packet: Packet) -> None:
        flow = packet.flow
        if problem := undeliverable(flow):
            self._report(node, TransportFailure(flow, "unreachable", problem))
        elif flow.transport == "TCP":
            self._send_stream(node, packet)
        elif self._homes.get(("UDP", flow.local)) is not node:
            self._report(node, TransportFailure(flow, "closed", f"{flow.local} is not attached"))
        elif len(packet.data) > (most := largest_datagram(flow.remote)):
            detail = f"a datagram of {len(packet.data):,} octets; UDP carries {most:,}"
            self._report(node, TransportFailure(flow, "unreachable", detail))
        else:
            for copy in self._impair(packet) if self._impair else [packet]:
                self._events.append(partial(self._arrive, copy))

    def _arrive(self, packet: Packet) -> None:
        flow = packet.flow
        receiver = self._homes.get(("UDP", flow.remote))
        if receiver is None:
            # Whose packet it is, not who sends now: an impairment may have kept it back.
            if sender := self._homes.get(("UDP", flow.local)):
                what = "port" if self._is_host(flow.remote.host) else "host"
                self._report(sender, TransportFailure(flow, "unreachable", f"ICMP {what} unreachable"))
        else:
            mirrored = Flow("UDP", flow.remote, flow.local, association=flow.association)
            receiver.receive(Packet(mirrored, packet.data), self._now)

    def _send_stream(self, node: Node, packet: Packet) -> None:
        flow = packet.flow
        end = self._ends.get(flow.connection) if flow.connection else self._open_end(node, flow)
        if end is None and not flow.connection:
            end = self._connect(node, flow)
        elif end is None or end.node is not node:
            self._report(node, TransportFailure(flow, "closed", f"connection {flow.connection} is gone"))
            return
        if end is not None:
            size = self._chunk or max(1, len(packet.data))
            for start in range(0, len(packet.data), size):
                self._events.append(partial(self._arrive_stream, end.peer, packet.data[start : start + size]))

    def _open_end(self, node: Node, flow: Flow) -> _End | None:
        wanted = (flow.local.host, flow.remote, flow.association)
        return next(
            (
                end
                for end in self._ends.values()
                if end.node is node and (end.flow.local.host, end.flow.remote, end.flow.association) == wanted
            ),
            None,
        )

    def _connect(self, node: Node, flow: Flow) -> _End | None:
        if not any(home.host == flow.local.host and owner is node for (_, home), owner in self._homes.items()):
            self._report(node, TransportFailure(flow, "closed", f"{flow.local} is not attached"))
            return None
        listener = self._homes.get(("TCP", flow.remote))
        if listener is None and self._is_host(flow.remote.host):
            self._report(node, TransportFailure(flow, "refused", "connecting: connection refused"))
            return None
        if listener is None:
            self._report(node, TransportFailure(flow, "unreachable", "connecting: ICMP host unreachable"))
            return None
        local = Address(flow.local.host, self._free_port(flow.local.host))
        ours, theirs = next(self._numbers), next(self._numbers)
        end = _End(node, Flow("TCP", local, flow.remote, ours, flow.association), theirs)
        self._ends[ours] = end
        self._ends[theirs] = _End(listener, Flow("TCP", flow.remote, local, theirs, flow.association), ours)
        return end

    def _arrive_stream(self, number: int, data: bytes) -> None:
        if end := self._ends.get(number):
            end.node.receive(Packet(end.flow, data), self._now)

    def _close(self, number: int) -> None:
        if end := self._ends.pop(number, None):
            end.node.fail(TransportFailure(end.flow, "closed", "the peer closed the connection"), self._now)

    def _report(self, node: Node, failure: TransportFailure) -> None:
        self._events.append(partial(self._fail, node, failure))

    def _fail(self, node: Node, failure: TransportFailure) -> None:
        if id(node) in self._nodes:
            node.fail(failure, self._now)

    def _is_host(self, host: str) -> bool:
        return any(home.host == host for _, home in self._homes)

    def _free_port(self, host: str) -> int:
        taken = {home.port for _, home in self._homes if home.host == host}
        taken |= {end.flow.local.port for end in self._ends.values() if end.flow.local.host == host}
        ports = self._free_ports.setdefault(host, itertools.cycle(_PORTS))
        for port in itertools.islice(ports, len(_PORTS)):
            if port not in taken:
                return port
        raise InputError(host, "port", "all dynamic ports are in use", "detach nodes that are done")
