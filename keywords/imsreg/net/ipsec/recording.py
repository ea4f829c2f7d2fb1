"""The records of what the installed associations have made of packets, with the octets as they were on the wire."""

from __future__ import annotations

from contextlib import suppress

from imsreg.net.ipsec.database import Inward, Outward, inner_of, inner_on
from imsreg.net.ipsec.injection import Injection
from imsreg.secagree.associations import Association
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault
from imsreg.secagree.ip import IpPacket, PacketTooLong, build_ip


def outgoing(at: float, made: Outward, fate: Fate, packet: IpPacket) -> EspEvent:
    """The record of a packet that was to be protected. What became of it on the way out is `fate`."""
    if made.sender is None:
        return EspEvent(at, Direction.OUT, fate, inner=inner_of(packet))
    association = made.sender.association
    inner = inner_on(association, packet)
    octets = _on_the_wire(packet.source, packet.destination, PROTOCOL, made.esp) if fate is Fate.OK else b""
    return EspEvent(at, Direction.OUT, fate, association.spi, made.sequence, association, inner, octets=octets)


def incoming(at: float, held: Inward, arrived: IpPacket) -> EspEvent:
    """The record of an ESP packet that has arrived."""
    octets = arrived.header + arrived.payload
    return EspEvent(at, Direction.IN, held.fate, held.spi, held.sequence, held.association, held.inner, octets=octets)


def injected(at: float, association: Association, fault: Fault, made: Injection, fate: Fate) -> EspEvent:
    """The record of a packet that is wrong on purpose. `fate` is OK for one that has left."""
    source, destination, *_ = association.selector
    octets = _on_the_wire(source, destination, made.protocol, made.payload) if fate is Fate.OK else b""
    if fate is Fate.OK and fault is Fault.CLEAR:
        fate = Fate.CLEAR
    return EspEvent(at, Direction.OUT, fate, made.spi, made.sequence, association, made.inner, fault, octets)


def _on_the_wire(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    """The IP packet, with a header like that which the kernel makes."""
    with suppress(PacketTooLong):  # the kernel has cut it into fragments before it counted
        return build_ip(source, destination, protocol, payload)
    return b""
