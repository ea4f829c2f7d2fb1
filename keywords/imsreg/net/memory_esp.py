"""The protected half of an in-memory link: datagrams and connections whose packets are ESP to the octet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from imsreg.errors import InputError
from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.ports import protected_ports
from imsreg.net.link import Node, largest_datagram
from imsreg.net.memory_environment import MemoryEnvironment
from imsreg.net.memory_stations import Opened, SeamedNode, Station, Stations, packet_of
from imsreg.secagree.associations import Association, SaSet, Selector, Side
from imsreg.secagree.changes import SaChange
from imsreg.secagree.datagram import HEADER
from imsreg.secagree.events import Direction, EspEvent, Fault
from imsreg.secagree.segment import PROTOCOL as TCP
from imsreg.secagree.segment import Segment, TcpFlags, parse_segment
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

CONNECTING = 10.0
"""Seconds until a connection to which nothing answers is given up, as over sockets."""
_MSS = 1160  # octets of data in a segment, as over sockets
_ISS = 1_000
_MOST_CLEAR = 60_000  # octets of a piece of a stream in the clear that a record has
_ACK = TcpFlags.ACK
_Kind = Literal["unreachable", "refused", "closed", "timeout", "denied"]


@dataclass(frozen=True, slots=True)
class _Sealed(Packet):
    """A datagram on its way. An impairment sees what is in it, and what arrives are the octets around that."""

    octets: bytes = field(repr=False)


@dataclass(slots=True, eq=False)
class _End:
    """One end of a connection: the association that it sends on, and its sequence numbers."""

    station: Station
    flow: Flow  # as packets arrive; `connection` is the number of this end
    peer: int
    outbound: Association
    next: int = _ISS + 1
    expected: int = _ISS + 1


class MemoryEsp:
    """What a `MemoryLink` has once a set of associations is installed on it."""

    def __init__(self, environment: MemoryEnvironment) -> None:
        self._environment = environment
        self._stations = Stations(environment)
        self._homes: dict[tuple[Transport, Address], Node] = {}
        self._ends: dict[int, _End] = {}
        self._calling: set[tuple[int, Flow]] = set()  # nodes and flows that wait for a connection in vain
        self._refused: dict[tuple[int, str], str] = {}  # why a node does not have an association, by its label

    # Sets of associations.

    def install(self, node: Node, change: SaChange) -> None:
        """Put a set in. What the node sends on one that is refused is denied with the reason."""
        labels = [(id(node), each.label) for each in change.sas.associations]
        for label in labels:
            self._refused.pop(label, None)
        try:
            self.protect(node, change.sas, change.side)
        except (BackendError, InputError) as refused:
            self._refused.update(dict.fromkeys(labels, str(refused)))

    def protect(self, node: Node, sas: SaSet, side: Side) -> None:
        """Put a set in: the node is at its protected ports from then on.

        Raises BackendError, or InputError for a port that another node has; then nothing has changed.
        """
        for home in _homes(sas, side):
            if self._homes.get(home, node) is not node:
                raise InputError(str(home[1]), "protected port", "another element has it", "draw another port")
        self._stations.add(node, sas, side)
        self._homes.update(dict.fromkeys(_homes(sas, side), node))

    def unprotect(self, node: Node, sas: SaSet) -> None:
        """Take a set out of a node, with its connections and the ports that only it has used."""
        station = self._stations.of(node)
        if station is None or not station.knows(sas):
            return
        kept = [each for each in station.sets if each[0].associations != sas.associations]
        used = {home for other, side in kept for home in _homes(other, side)}
        own = {home for other, side in station.sets for home in _homes(other, side)}
        for home in own - used:
            del self._homes[home]
        pairs = {ends for other, _ in kept for ends in other.pairs}
        for end in [each for each in self._ends.values() if each.station is station]:
            if (end.flow.local, end.flow.remote) not in pairs:
                self._close(end)
        self._stations.remove(station, sas)

    def detach(self, node: Node) -> None:
        """A node leaves: nothing of it stays."""
        self._refused = {key: why for key, why in self._refused.items() if key[0] != id(node)}
        self._calling = {each for each in self._calling if each[0] != id(node)}
        station = self._stations.of(node)
        for sas, _ in tuple(station.sets if station else ()):
            self.unprotect(node, sas)
        self._stations.forget(node)

    def ports_at(self, host: str) -> set[int]:
        """The protected ports of an address."""
        return {home.port for _, home in self._homes if home.host == host}

    def dut_at(self, address: Address) -> Node | None:
        """The DUT at the far end whose protected port an address is, if its ESP is its own.

        It hears there in the clear too, and has to discard that itself. Nobody else does, as over sockets.
        """
        node = self._homes.get(("UDP", address))
        return node if isinstance(node, SeamedNode) and self._environment.is_far(node) else None

    # Protected packets.

    def send(self, node: Node, packet: Packet) -> None:
        """Send what names an association: protected, or lost."""
        flow = packet.flow
        station = self._stations.of(node)
        outbound = None if station is None else station.outbound(flow)
        if station is None or outbound is None:
            nothing = f"{flow.association} is no association between {flow.local} and {flow.remote}"
            self._report(node, flow, "denied", self._refused.get((id(node), flow.association or ""), nothing))
        elif flow.transport == "TCP":
            self._send_stream(station, outbound, packet)
        elif len(packet.data) > (most := largest_datagram(flow.remote)):
            self._report(node, flow, "unreachable", f"a datagram of {len(packet.data):,} octets; UDP carries {most:,}")
        else:
            self._send_datagram(station, outbound, packet)

    def inject(self, association: Association, fault: Fault, data: bytes, far: bool) -> EspEvent:
        """See `SecuredLink`; `far` is the end of the network that has the association."""
        station = self._stations.sender(association, far)
        event = self._stations.inject(station, association, fault, data)
        if fault is Fault.CLEAR:
            flow = Flow("UDP", association.source, association.destination)
            self._environment.soon(partial(self._environment.arrive_clear, Packet(flow, data)))
        else:
            self._environment.soon(partial(self._arrive, event.octets, station))
        return event

    # Packets in the clear, which the link delivers.

    def send_clear(self, node: Node, flow: Flow, content: bytes | Segment) -> None:
        """Take note of what leaves in the clear."""
        if self._concerns(flow):
            self._stations.tell_clear(self._environment.is_far(node), Direction.OUT, flow, _octets(flow, content))

    def arrive_clear(self, sender: Node | None, flow: Flow, content: bytes | Segment, receiver: Node | None) -> None:
        """Take note of what arrives in the clear. `flow` is the sender's; there may be no receiver."""
        if self._concerns(flow):
            far = self._end_of(flow.remote, receiver, not self._end_of(flow.local, sender, False))
            self._stations.tell_clear(far, Direction.IN, flow, _octets(flow, content))

    def stream_clear(self, node: Node, flow: Flow, data: bytes, receiver: Node | None) -> None:
        """Take note of a piece of a stream in the clear."""
        segment = Segment(_ISS + 1, _ISS + 1, TcpFlags.PSH | _ACK, data[:_MOST_CLEAR])
        self.send_clear(node, flow, segment)
        self.arrive_clear(node, flow, segment, receiver)

    def refuse_clear(self, node: Node, flow: Flow) -> None:
        """Take note of an attempt to connect in the clear, and of the reset that answers it."""
        back = Flow("TCP", flow.remote, flow.local)
        call, reset = Segment(_ISS, 0, TcpFlags.SYN), Segment(0, _ISS + 1, TcpFlags.RST | _ACK)
        self.send_clear(node, flow, call)
        self.arrive_clear(node, flow, call, None)
        if self._concerns(back):
            far = self._end_of(back.local, None, not self._environment.is_far(node))
            self._stations.tell_clear(far, Direction.OUT, back, _octets(back, reset))
        self.arrive_clear(None, back, reset, node)

    def _end_of(self, address: Address, node: Node | None, otherwise: bool) -> bool:
        """The end of the network at which a node is, or whoever has the protected port."""
        return self._stations.at(address, otherwise) if node is None else self._environment.is_far(node)

    def _concerns(self, flow: Flow) -> bool:
        return any(not each.isdisjoint((flow.local, flow.remote)) for each in self._stations.protected.values())

    # Datagrams.

    def _send_datagram(self, station: Station, outbound: Association, packet: Packet) -> None:
        octets = self._stations.seal(station, packet_of(outbound.selector, packet.data))
        if not octets:
            return
        sealed = _Sealed(packet.flow, packet.data, octets)
        for copy in self._environment.impair(sealed) if self._environment.impair else [sealed]:
            if isinstance(copy, _Sealed):
                self._environment.soon(partial(self._arrive, copy.octets, station))
            elif changed := self._stations.seal(station, packet_of(outbound.selector, copy.data)):
                self._environment.soon(partial(self._arrive, changed, station))

    def _arrive(self, octets: bytes, sender: Station) -> None:
        opened = self._stations.open(octets, sender)
        if opened is None:
            return
        _, association, packet = opened
        flow = Flow("UDP", association.destination, association.source, association=association.label)
        receiver = self._homes.get(("UDP", flow.local))
        if receiver is not None and packet.protocol != TCP:
            receiver.receive(Packet(flow, packet.payload[HEADER:]), self._environment.now())

    # Connections.

    def _send_stream(self, station: Station, outbound: Association, packet: Packet) -> None:
        flow = packet.flow
        end = self._ends.get(flow.connection) if flow.connection else self._open_end(station, flow)
        if flow.connection and (end is None or end.station is not station):
            self._report(station.node, flow, "closed", f"connection {flow.connection} is gone")
            return
        end = end or self._connect(station, outbound, flow)
        if end is not None:
            size = min(self._environment.chunk or _MSS, _MSS)
            for start in range(0, len(packet.data), size):
                self._send_piece(end, packet.data[start : start + size])

    def _open_end(self, station: Station, flow: Flow) -> _End | None:
        ways = (each for each in self._ends.values() if each.station is station)
        return next((each for each in ways if (each.flow.local, each.flow.remote) == (flow.local, flow.remote)), None)

    def _connect(self, station: Station, outbound: Association, flow: Flow) -> _End | None:
        """Make a connection, which takes the associations of both directions at both sides."""
        if (id(station.node), flow) in self._calling:
            return None
        called = self._pass(station, outbound, Segment(_ISS, 0, TcpFlags.SYN))
        if called is None:
            self._fail_later(station.node, flow)
            return None
        there = called.station
        back = there.outbound(_back_on(called.association))
        listener = self._homes.get(("TCP", flow.remote))
        flags = TcpFlags.SYN | _ACK if listener is there.node else TcpFlags.RST | _ACK
        answer = None if back is None else self._pass(there, back, Segment(_ISS if listener else 0, _ISS + 1, flags))
        if back is None or answer is None or answer.station is not station:
            self._fail_later(station.node, flow)
            return None
        if listener is not there.node:
            self._report(station.node, flow, "refused", "connecting: connection refused")
            return None
        ours, theirs = self._environment.next_number(), self._environment.next_number()
        inward, outward = station.inbound(outbound).label, called.association.label
        end = _End(station, Flow("TCP", flow.local, flow.remote, ours, inward), theirs, outbound)
        self._ends[ours] = end
        self._ends[theirs] = _End(there, Flow("TCP", flow.remote, flow.local, theirs, outward), ours, back)
        self._pass(station, outbound, Segment(end.next, end.expected, _ACK))
        return end

    def _pass(self, station: Station, association: Association, segment: Segment) -> Opened | None:
        """What becomes of a segment that arrives at once."""
        octets = self._stations.seal(station, packet_of(association.selector, segment))
        return self._stations.open(octets, station) if octets else None

    def _send_piece(self, end: _End, data: bytes) -> None:
        segment = Segment(end.next, end.expected, TcpFlags.PSH | _ACK, data)
        end.next += len(data)
        if octets := self._stations.seal(end.station, packet_of(end.outbound.selector, segment)):
            self._environment.soon(partial(self._arrive_piece, octets, end.station, end.peer))

    def _arrive_piece(self, octets: bytes, sender: Station, number: int) -> None:
        opened = self._stations.open(octets, sender)
        end = self._ends.get(number)
        if opened is None or end is None:
            return
        segment = parse_segment(opened.packet.payload)
        if segment.sequence != end.expected:  # something before it was lost, and is not repeated here
            return
        end.expected += len(segment.data)
        end.station.node.receive(Packet(end.flow, segment.data), self._environment.now())

    def _close(self, end: _End) -> None:
        """Close a connection, which takes no packet here: both sides remove a set at about the same time."""
        del self._ends[end.flow.connection]
        self._environment.soon(partial(self._arrive_end, end.peer))

    def _arrive_end(self, number: int) -> None:
        if (end := self._ends.pop(number, None)) is not None:
            flow = replace(end.flow, association=end.outbound.label)
            failure = TransportFailure(flow, "closed", "the peer closed the connection")
            end.station.node.fail(failure, self._environment.now())

    def _fail_later(self, node: Node, flow: Flow) -> None:
        def fail() -> None:
            self._calling.discard((id(node), flow))
            self._report(node, flow, "timeout", f"connecting: no answer within {CONNECTING:g} s")

        self._calling.add((id(node), flow))
        self._environment.later(CONNECTING, fail)

    def _report(self, node: Node, flow: Flow, kind: _Kind, detail: str) -> None:
        self._environment.report(node, TransportFailure(flow, kind, detail))


def _homes(sas: SaSet, side: Side) -> list[tuple[Transport, Address]]:
    """Where the node with a set is attached."""
    return [(transport, port) for port, transports in protected_ports(sas, side) for transport in transports]


def _octets(flow: Flow, content: bytes | Segment) -> bytes:
    """The IP packet of something in the clear."""
    packet = packet_of(Selector.between(flow.local, flow.remote), content)
    return packet.header + packet.payload


def _back_on(association: Association) -> Flow:
    """The flow of what its receiver sends between the same ports."""
    return Flow("TCP", association.destination, association.source, association=association.label)
