"""The associations that are installed, and what they make of a packet on its way out or in (RFC 4301 4.4).

Nothing in here sends or receives.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from imsreg.net.ipsec.backend import BackendError
from imsreg.secagree.associations import Association, SaSet, Selector, Side
from imsreg.secagree.ends import Ends
from imsreg.secagree.esp import Outbound, Outcome, SequenceExhausted
from imsreg.secagree.events import Fate, Inner
from imsreg.secagree.inbound import InboundTable
from imsreg.secagree.ip import IpPacket
from imsreg.sip.flow import Address, Transport

UDP = 17
"""The protocol number."""

_FATES = {outcome: Fate(outcome.value) for outcome in Outcome}
_DELIVERED = (Fate.OK, Fate.BAD_PADDING)


@dataclass(slots=True, eq=False)
class Sender:
    """The sending end of an installed association, and the last packet that it made."""

    association: Association
    end: Outbound
    last: bytes = b""

    def protect(self, packet: IpPacket) -> bytes:
        """The ESP packet for what an IP packet carries. Raises SequenceExhausted."""
        self.last = self.end.encapsulate(packet.payload, packet.protocol)
        return self.last


class _Receiver(NamedTuple):
    """An installed association at its receiving end, with its selector, which takes long to make."""

    association: Association
    selector: Selector


class Outward(NamedTuple):
    """What is to be sent: `esp` is empty where nothing may."""

    fate: Fate
    sender: Sender | None
    sequence: int = 0
    esp: bytes = b""


class Inward(NamedTuple):
    """What an ESP packet was: `packet` is there for what is to be delivered."""

    fate: Fate
    spi: int
    sequence: int
    association: Association | None
    inner: Inner | None = None
    packet: IpPacket | None = None


class Database:
    """Installed sets. The owner sees to it that one thread at a time is in here. `random` makes the IVs.

    `ends` make the ends of each association: None: sound ones.
    """

    def __init__(self, random: Random, ends: Ends | None = None) -> None:
        self._random = random
        self._ends = ends or Ends()
        self._installed: dict[tuple[Association, ...], Side] = {}
        self._senders: dict[Selector, Sender] = {}
        self._receivers: dict[int, _Receiver] = {}
        self._inbound = InboundTable()
        self.protected: frozenset[Address] = frozenset()
        """Both sides' protected ports of every set."""
        self.spis: frozenset[int] = frozenset()
        """All four SPIs of every set."""
        self.own: frozenset[Address] = frozenset()
        """Of the protected ports, those of this side."""

    def add(self, sas: SaSet, side: Side) -> None:
        """Install a set. Raises BackendError if it, one of its SPIs, or a pair of its ports is in use."""
        if sas.associations in self._installed:
            raise BackendError("the set of associations is installed already")
        spis, selectors = {*self._receivers}, {*self._senders}
        for each in sas.inbound(side):
            if each.spi in spis:
                raise BackendError(f"SPI {each.spi} is in use")
            spis.add(each.spi)
        for each in sas.outbound(side):
            if each.selector in selectors:
                raise BackendError(f"an association from {each.source} to {each.destination} is installed already")
            selectors.add(each.selector)
        self._installed[sas.associations] = side
        for each in sas.inbound(side):
            self._inbound.add(self._ends.inbound(each.spi, sas.keys))
            self._receivers[each.spi] = _Receiver(each, each.selector)
        for each in sas.outbound(side):
            self._senders[each.selector] = Sender(each, self._ends.outbound(each.spi, sas.keys, self._random))
        self._note()

    def remove(self, sas: SaSet) -> None:
        """Take out a set; nothing if it is not there."""
        side = self._installed.pop(sas.associations, None)
        if side is None:
            return
        for each in sas.inbound(side):
            self._inbound.remove(each.spi)
            del self._receivers[each.spi]
        for each in sas.outbound(side):
            del self._senders[each.selector]
        self._note()

    def receives_on(self, spi: int) -> bool:
        """Whether an installed association receives with this SPI."""
        return spi in self._receivers

    def has_received_on(self, spi: int) -> bool:
        """Whether an association that is not installed any more has received with this SPI."""
        return self._inbound.remembers(spi)

    def sender(self, association: Association) -> Sender:
        """The sending end of an association. Raises BackendError if it is not installed as one."""
        found = self._senders.get(association.selector)
        if found is None or found.association != association:
            raise BackendError(f"{association} is not installed for sending")
        return found

    def outward(self, packet: IpPacket) -> Outward:
        """What a packet of one of our sockets becomes."""
        selector = Selector.of(packet)
        sender = None if selector is None else self._senders.get(selector)
        if sender is None:
            return Outward(Fate.NO_ASSOCIATION, None)
        try:
            esp = sender.protect(packet)
        except SequenceExhausted:
            return Outward(Fate.EXHAUSTED, sender)
        return Outward(Fate.OK, sender, sender.end.sent, esp)

    def inward(self, arrived: IpPacket) -> Inward:
        """What an IP packet with ESP in it holds."""
        received = self._inbound.receive(arrived.payload)
        association, selector = self._receivers.get(received.spi, (None, None))
        fate = _FATES[received.outcome]
        if association is None or fate not in _DELIVERED:
            return Inward(fate, received.spi, received.sequence, association)
        packet = arrived._replace(protocol=received.next_header, payload=received.payload)
        if Selector.of(packet) != selector:
            return Inward(Fate.WRONG_SELECTOR, received.spi, received.sequence, association, inner_of(packet))
        return Inward(fate, received.spi, received.sequence, association, inner_on(association, packet), packet)

    def _note(self) -> None:
        installed = [each for key in self._installed for each in key]
        outbound = [sender.association for sender in self._senders.values()]
        self.own = frozenset(each.source for each in outbound)
        self.protected = self.own.union(each.destination for each in outbound)
        self.spis = frozenset(each.spi for each in installed)


def inner_on(association: Association, packet: IpPacket) -> Inner:
    """The 5-tuple of a packet that the association protects."""
    return Inner("UDP" if packet.protocol == UDP else "TCP", association.source, association.destination)


def inner_of(packet: IpPacket) -> Inner | None:
    """The 5-tuple of UDP or TCP; None for anything else."""
    selector = Selector.of(packet)
    return selector and inner_between("UDP" if packet.protocol == UDP else "TCP", selector)


def inner_between(transport: Transport, selector: Selector) -> Inner:
    """The 5-tuple with addresses as text."""
    source, destination = (str(ipaddress.ip_address(octets)) for octets in (selector.source, selector.destination))
    return Inner(transport, Address(source, selector.source_port), Address(destination, selector.destination_port))
