"""The in-memory link: all nodes in one process, one virtual clock that jumps while everybody is idle."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from imsreg.errors import InputError
from imsreg.net.link import (
    Node,
    SecuredLink,
    SecuredNode,
    T,
    largest_datagram,
    require_duration,
    require_local,
    take_changes,
    undeliverable,
)
from imsreg.net.stall import StallGuard
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.net.memory_esp import MemoryEsp
    from imsreg.secagree.associations import Association, SaSet, Side
    from imsreg.secagree.events import EspEvent, Fault, Observer

Impairment = Callable[[Packet], list[Packet]]
_PORTS = range(49_152, 65_536)  # dynamic ports, RFC 6335 6


@dataclass(frozen=True, slots=True)
class _End:
    """One node's end of a TCP connection. `flow.connection` is the number of this end, `peer` that of the other."""

    node: Node
    flow: Flow
    peer: int


class MemoryLink:
    """A `SecuredLink` without a network. Deterministic: the same nodes, seeds and calls give the same events.

    Packets take no time and arrive in the order in which they were sent; at one instant all packets arrive before any
    timer fires. Time passes only in `wait` and `advance`. To be used from one thread.

    `impair` sees every UDP datagram as it leaves and returns what arrives instead: nothing, copies, earlier ones that
    it kept back. `chunk` cuts TCP data into pieces of at most so many octets.

    What names an association is ESP on its way, made by the codec of the other links; an impairment sees what is in it,
    and copies of a datagram are replays. Nodes are at the near end of the network or at the `far_end`, each of which
    has an observer of its own.
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
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._stall = StallGuard()
        self._secured: dict[int, SecuredNode] = {}
        self._esp: MemoryEsp | None = None  # there from the first set of associations on
        self._far: set[int] = set()
        self._observers: dict[bool, Observer | None] = {False: None, True: None}

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
        self._enrol(node)
        return bound

    def detach(self, node: Node) -> None:
        """See `Link`. The peers of its connections learn that they were closed."""
        self._drain()
        if self._esp is not None:
            self._esp.detach(node)
        self._nodes.pop(id(node), None)
        self._secured.pop(id(node), None)
        self._far.discard(id(node))
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
        self._stall.begin()
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
        self._later.clear()

    def far_end(self) -> SecuredLink:
        """The other end of the network: for a DUT in this process, whose records are not the tester's."""
        return MemoryFarEnd(self)

    def observe(self, observer: Observer | None) -> None:
        """See `SecuredLink`."""
        self.observe_at(False, observer)

    def observe_at(self, far: bool, observer: Observer | None) -> None:
        """`observe` for one end of the network."""
        self._observers[far] = observer

    def inject(self, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """See `SecuredLink`. It arrives in the next `wait` or `advance`."""
        return self.inject_at(False, association, fault, data)

    def inject_at(self, far: bool, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """`inject` for one end of the network."""
        self._drain()
        return self._protected_half().inject(association, fault, data, far)

    def protect(self, node: Node, sas: SaSet, side: Side) -> None:
        """Install a set for a node that has no `sa_changes`; it is at this side's protected ports from then on.

        Raises BackendError, or InputError for a port that another node has; then nothing is left of it.
        """
        self._protected_half().protect(node, sas, side)
        self._enrol(node)

    def unprotect(self, node: Node, sas: SaSet) -> None:
        """Remove a set of a node, and close the ports that only it has used; nothing if it is not there."""
        self._drain()
        self._protected_half().unprotect(node, sas)

    def put_far(self, node: Node) -> None:
        """The node is at the far end from now on."""
        self._far.add(id(node))

    def _enrol(self, node: Node) -> None:
        self._nodes[id(node)] = node
        if isinstance(node, SecuredNode):
            self._secured[id(node)] = node

    def _protected_half(self) -> MemoryEsp:
        if self._esp is None:
            # Of no use to a run without associations.
            from imsreg.net.memory_environment import MemoryEnvironment
            from imsreg.net.memory_esp import MemoryEsp

            self._esp = MemoryEsp(
                MemoryEnvironment(
                    now=self.now,
                    soon=self._events.append,
                    later=self._do_later,
                    report=self._report,
                    arrive_clear=self._arrive,
                    tell=self._tell,
                    is_far=lambda node: id(node) in self._far,
                    next_number=lambda: next(self._numbers),
                    impair=self._impair,
                    chunk=self._chunk,
                )
            )
        return self._esp

    def _do_later(self, seconds: float, event: Callable[[], None]) -> None:
        heappush(self._later, (self._now + seconds, next(self._numbers), event))

    def _tell(self, far: bool, event: EspEvent) -> None:
        if (observer := self._observers[far]) is not None:
            observer(event)

    def _step(self, limit: float) -> bool:
        """Let the next thing happen, if it is not later than `limit`. Returns whether something did."""
        if self._events:
            self._events.popleft()()
        else:
            due = self._next_due()
            if due is None or due[0] > limit:
                return False
            self._now = max(self._now, due[0])
            due[1](self._now)
        self._stall.count(self._now)
        self._drain()
        return True

    def _next_due(self) -> tuple[float, Callable[[float], None]] | None:
        """When time next brings something, and what is to be called with the time then."""
        timers = [(at, node.on_time) for node in self._nodes.values() if (at := node.next_deadline()) is not None]
        due = min(timers, key=lambda timer: timer[0], default=None)
        if self._later and (due is None or self._later[0][0] <= due[0]):
            return self._later[0][0], self._do_first
        return due

    def _do_first(self, now: float) -> None:
        heappop(self._later)[2]()

    def _drain(self) -> None:
        for key, node in self._nodes.items():
            secured = self._secured.get(key)
            changes = take_changes(secured) if secured is not None and secured.sa_changes else None
            for change in changes.first if changes else ():
                self._protected_half().unprotect(node, change.sas)
            for change in changes.before if changes else ():
                self._protected_half().install(node, change)
            while node.outbox:
                self._send(node, node.outbox.popleft())
            for change in changes.after if changes else ():
                self._protected_half().unprotect(node, change.sas)

    def _send(self, node: Node, packet: Packet) -> None:
        flow = packet.flow
        if problem := undeliverable(flow):
            self._report(node, TransportFailure(flow, "unreachable", problem))
        elif flow.association is not None:
            self._send_protected(node, packet)
        elif flow.transport == "TCP":
            self._send_stream(node, packet)
        elif self._homes.get(("UDP", flow.local)) is not node and not self._leaks(node, flow):
            self._report(node, TransportFailure(flow, "closed", f"{flow.local} is not attached"))
        elif len(packet.data) > (most := largest_datagram(flow.remote)):
            detail = f"a datagram of {len(packet.data):,} octets; UDP carries {most:,}"
            self._report(node, TransportFailure(flow, "unreachable", detail))
        else:
            if self._esp is not None:
                self._esp.send_clear(node, flow, packet.data)
            for copy in self._impair(packet) if self._impair else [packet]:
                self._events.append(partial(self._arrive, copy))

    def _leaks(self, node: Node, flow: Flow) -> bool:
        """Whether a datagram leaves in the clear from a protected port: a DUT's may, the tester's never do."""
        return self._esp is not None and self._esp.dut_at(flow.local) is node

    def _send_protected(self, node: Node, packet: Packet) -> None:
        if self._esp is not None:
            self._esp.send(node, packet)
        else:  # fail closed: what is to be protected never leaves in the clear
            nothing = "no security associations are installed"
            self._report(node, TransportFailure(packet.flow, "denied", nothing))

    def _arrive(self, packet: Packet) -> None:
        flow = packet.flow
        receiver = self._homes.get(("UDP", flow.remote))
        if self._esp is not None:
            receiver = receiver or self._esp.dut_at(flow.remote)
            self._esp.arrive_clear(self._homes.get(("UDP", flow.local)), flow, packet.data, receiver)
        if receiver is None:
            # Whose packet it is, not who sends now: an impairment may have kept it back.
            if sender := self._homes.get(("UDP", flow.local)):
                what = "port" if self._is_host(flow.remote.host) else "host"
                self._report(sender, TransportFailure(flow, "unreachable", f"ICMP {what} unreachable"))
        else:
            mirrored = Flow("UDP", flow.remote, flow.local)
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
            if self._esp is not None and packet.data:
                peer = self._ends.get(end.peer)
                self._esp.stream_clear(node, end.flow, packet.data, peer.node if peer else None)

    def _open_end(self, node: Node, flow: Flow) -> _End | None:
        wanted = (flow.local.host, flow.remote)
        return next(
            (
                end
                for end in self._ends.values()
                if end.node is node and (end.flow.local.host, end.flow.remote) == wanted
            ),
            None,
        )

    def _connect(self, node: Node, flow: Flow) -> _End | None:
        if not any(home.host == flow.local.host and owner is node for (_, home), owner in self._homes.items()):
            self._report(node, TransportFailure(flow, "closed", f"{flow.local} is not attached"))
            return None
        listener = self._homes.get(("TCP", flow.remote))
        if listener is None and self._is_host(flow.remote.host):
            if self._esp is not None:
                self._esp.refuse_clear(node, flow)
            self._report(node, TransportFailure(flow, "refused", "connecting: connection refused"))
            return None
        if listener is None:
            self._report(node, TransportFailure(flow, "unreachable", "connecting: ICMP host unreachable"))
            return None
        local = Address(flow.local.host, self._free_port(flow.local.host))
        ours, theirs = next(self._numbers), next(self._numbers)
        end = _End(node, Flow("TCP", local, flow.remote, ours), theirs)
        self._ends[ours] = end
        self._ends[theirs] = _End(listener, Flow("TCP", flow.remote, local, theirs), ours)
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
        protected = self._esp is not None and bool(self._esp.ports_at(host))
        return protected or any(home.host == host for _, home in self._homes)

    def _free_port(self, host: str) -> int:
        taken = {home.port for _, home in self._homes if home.host == host}
        taken |= {end.flow.local.port for end in self._ends.values() if end.flow.local.host == host}
        if self._esp is not None:  # a port of both kinds would look like one that leaks
            taken |= self._esp.ports_at(host)
        ports = self._free_ports.setdefault(host, itertools.cycle(_PORTS))
        for port in itertools.islice(ports, len(_PORTS)):
            if port not in taken:
                return port
        raise InputError(host, "port", "all dynamic ports are in use", "detach nodes that are done")


class MemoryFarEnd:
    """The other end of a `MemoryLink`: the same network and clock, nodes and an observer of its own."""

    def __init__(self, link: MemoryLink) -> None:
        self._link = link
        self._nodes: list[Node] = []
        self.now = link.now
        self.call = link.call
        self.wait = link.wait
        self.advance = link.advance

    def attach(self, node: Node, address: Address, transports: Sequence[Transport]) -> Address:
        """See `Link`."""
        bound = self._link.attach(node, address, transports)
        self._link.put_far(node)
        if not any(each is node for each in self._nodes):
            self._nodes.append(node)
        return bound

    def detach(self, node: Node) -> None:
        """See `Link`."""
        self._nodes = [each for each in self._nodes if each is not node]
        self._link.detach(node)

    def observe(self, observer: Observer | None) -> None:
        """See `SecuredLink`."""
        self._link.observe_at(True, observer)

    def inject(self, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """See `SecuredLink`."""
        return self._link.inject_at(True, association, fault, data)

    def close(self) -> None:
        """Detach the nodes of this end."""
        while self._nodes:
            self._link.detach(self._nodes.pop())
