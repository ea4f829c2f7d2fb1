"""The elements of an in-memory link that have security associations, and what each makes of packets.

The codec is the real one: what leaves is ESP to the octet, and the receiving element decides by it alone.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import NamedTuple, Protocol, runtime_checkable

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.database import UDP, Database, Inward
from imsreg.net.ipsec.injection import injection
from imsreg.net.ipsec.recording import incoming, injected, outgoing
from imsreg.net.link import Node
from imsreg.net.memory_environment import MemoryEnvironment
from imsreg.secagree.associations import Association, SaSet, Selector, Side
from imsreg.secagree.datagram import build_datagram
from imsreg.secagree.ends import Ends
from imsreg.secagree.esp import PROTOCOL as ESP
from imsreg.secagree.esp import head_of
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.formats import HEAD_OCTETS
from imsreg.secagree.ip import IpPacket, PacketTooLong, build_ip, parse_ip
from imsreg.secagree.segment import PROTOCOL as TCP
from imsreg.secagree.segment import Segment, build_segment
from imsreg.sip.flow import Address, Flow


@runtime_checkable
class SeamedNode(Node, Protocol):
    """A node whose ESP is its own: a reference DUT, which may be a mutant."""

    @property
    def esp_ends(self) -> Ends:
        """What makes the ends of its associations."""


@dataclass(slots=True, eq=False)
class Station:
    """One element's installed sets. `far` is the end of the network that it is at."""

    node: Node
    far: bool
    database: Database
    ends: Ends
    sets: list[tuple[SaSet, Side]] = field(default_factory=list)
    hosts: frozenset[str] = frozenset()
    """The addresses at which it has, or has had, a set."""

    def outbound(self, flow: Flow) -> Association | None:
        """The association on which a flow leaves: that between its ends, which it names or whose reverse it names."""
        ends = {flow.local, flow.remote}
        for sas, side in reversed(self.sets):
            between = [each for each in sas.associations if {each.source, each.destination} == ends]
            if any(each.label == flow.association for each in between):
                return next(each for each in sas.outbound(side) if each in between)
        return None

    def inbound(self, outbound: Association) -> Association:
        """The association of the other direction between the same ports."""
        wanted = outbound.destination, outbound.source
        found = (each for sas, side in reversed(self.sets) for each in sas.inbound(side))
        return next(each for each in found if (each.source, each.destination) == wanted)

    def knows(self, sas: SaSet) -> bool:
        """Whether a set is installed here."""
        return any(each.associations == sas.associations for each, _ in self.sets)


class Opened(NamedTuple):
    """What has arrived by ESP, to be delivered."""

    station: Station
    association: Association
    packet: IpPacket


class Stations:
    """All elements with associations."""

    def __init__(self, environment: MemoryEnvironment) -> None:
        self._environment = environment
        self._random = Random(0)  # the IVs of all, so that no two are the same
        self._stations: dict[int, Station] = {}
        self.protected: dict[bool, frozenset[Address]] = {False: frozenset(), True: frozenset()}
        """Protected ports of both sides, by the end of the network that has a set with them installed."""

    def of(self, node: Node) -> Station | None:
        """The station of an element."""
        return self._stations.get(id(node))

    def add(self, node: Node, sas: SaSet, side: Side) -> None:
        """Install a set. Raises BackendError; then nothing has changed."""
        station = self.of(node) or self._new(node)
        station.database.add(sas, side)
        self._stations[id(node)] = station
        station.sets.append((sas, side))
        station.hosts |= {sas.ue_host if side is Side.UE else sas.p_cscf_host}
        self._note()

    def remove(self, station: Station, sas: SaSet) -> None:
        """Remove a set of an element."""
        station.database.remove(sas)
        station.sets = [each for each in station.sets if each[0].associations != sas.associations]
        self._note()

    def forget(self, node: Node) -> None:
        """An element is gone, its sets are removed."""
        self._stations.pop(id(node), None)

    def seal(self, station: Station, packet: IpPacket) -> bytes:
        """The IP packet with ESP in it that a packet becomes; empty if nothing leaves."""
        made = station.database.outward(packet)
        fate, octets = made.fate, b""
        if fate is Fate.OK:
            try:
                while station.ends.beside:
                    along = build_ip(packet.source, packet.destination, ESP, station.ends.beside.popleft())
                    self._environment.soon(partial(self._see, along, station))
                octets = build_ip(packet.source, packet.destination, ESP, made.esp)
            except PacketTooLong:
                fate = Fate.TOO_LONG
        self._environment.tell(station.far, outgoing(self._environment.now(), made, fate, packet))
        return octets

    def open(self, octets: bytes, sender: Station) -> Opened | None:
        """What arrives of an IP packet with ESP in it; None: it ends here, or nobody is there."""
        arrived = parse_ip(octets)
        station = arrived and self._receiver(arrived, sender)
        if arrived is None or station is None:
            if arrived is not None and len(arrived.payload) >= HEAD_OCTETS:
                # Nobody there has had a set yet. A back end records it all the same.
                unknown = Inward(Fate.UNKNOWN_SPI, *head_of(arrived.payload), None)
                self._environment.tell(not sender.far, incoming(self._environment.now(), unknown, arrived))
            return None
        held = station.database.inward(arrived)
        self._environment.tell(station.far, incoming(self._environment.now(), held, arrived))
        if held.packet is None or held.association is None:
            return None
        return Opened(station, held.association, held.packet)

    def _see(self, octets: bytes, sender: Station) -> None:
        """What goes along with a packet is recorded where it arrives, and delivered to nobody."""
        self.open(octets, sender)

    def sender(self, association: Association, far: bool) -> Station:
        """Whose outbound association it is, at one end of the network. Raises BackendError if it is nobody's."""
        for station in self._stations.values():
            if station.far is far and any(association in sas.outbound(side) for sas, side in station.sets):
                return station
        raise BackendError(f"{association} is not installed for sending")

    def inject(self, station: Station, association: Association, fault: Fault, data: bytes) -> EspEvent:
        """Record a packet that is wrong on purpose; the record has the octets. Raises BackendError."""
        database = station.database
        made = injection(database, database.sender(association), fault, data)
        event = injected(self._environment.now(), association, fault, made, Fate.OK)
        self._environment.tell(station.far, event)
        return event

    def at(self, address: Address, otherwise: bool) -> bool:
        """The end of the network at which a protected port is."""
        for station in self._stations.values():
            if address in station.database.own:
                return station.far
        return otherwise

    def tell_clear(self, far: bool, direction: Direction, flow: Flow, octets: bytes) -> None:
        """Record a packet in the clear, if it is from or to a protected port of an end."""
        source, destination = flow.local, flow.remote
        if not self.protected[far].isdisjoint((source, destination)):
            inner = Inner(flow.transport, source, destination)
            event = EspEvent(self._environment.now(), direction, Fate.CLEAR, inner=inner, octets=octets)
            self._environment.tell(far, event)

    def _new(self, node: Node) -> Station:
        ends = node.esp_ends if isinstance(node, SeamedNode) else Ends()
        return Station(node, self._environment.is_far(node), Database(self._random, ends), ends)

    def _receiver(self, arrived: IpPacket, sender: Station) -> Station | None:
        """Who is asked about a packet: who has its SPI, else who has had it, else the first at its address."""
        host = str(ipaddress.ip_address(arrived.destination))
        there = [each for each in self._stations.values() if host in each.hosts and each is not sender]
        spi = head_of(arrived.payload)[0] if len(arrived.payload) >= HEAD_OCTETS else 0
        by_spi = (each for each in there if each.database.receives_on(spi))
        once = (each for each in there if each.database.has_received_on(spi))
        return next(by_spi, None) or next(once, None) or next(iter(there), None)

    def _note(self) -> None:
        for far in self.protected:
            here = [each.database.protected for each in self._stations.values() if each.far is far]
            self.protected[far] = frozenset().union(*here)


def packet_of(selector: Selector, content: bytes | Segment) -> IpPacket:
    """The IP packet with a datagram, or a segment, between the addresses and ports. Raises PacketTooLong."""
    is_udp = isinstance(content, bytes)
    payload = build_datagram(selector, content) if isinstance(content, bytes) else build_segment(selector, content)
    parsed = parse_ip(build_ip(selector.source, selector.destination, UDP if is_udp else TCP, payload))
    assert parsed is not None
    return parsed
