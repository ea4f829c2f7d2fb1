"""The four security associations of one registration as values (TS 33.203 7.1, 7.2, Annex H).

Both pairs have the same keys and algorithms. An association belongs to its receiver, who chose the SPI. Its selector
names addresses and ports and no protocol: UDP and TCP share it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple

from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.ip import IpPacket
from imsreg.secagree.keys import EspKeys
from imsreg.sip.flow import Address, Transport


class Side(Enum):
    """Who looks at an association, or sends a message."""

    UE = "ue"
    P_CSCF = "p-cscf"


class Name(StrEnum):
    """An association by its direction and number: up from the UE to the P-CSCF, down from there to the UE."""

    UL1 = "UL1"
    """UE client port to P-CSCF server port."""
    DL1 = "DL1"
    """P-CSCF server port to UE client port."""
    DL2 = "DL2"
    """P-CSCF client port to UE server port."""
    UL2 = "UL2"
    """UE server port to P-CSCF client port."""

    @property
    def sender(self) -> Side:
        """Who sends on it: there it is outbound, at the other side inbound."""
        return Side.UE if self in (Name.UL1, Name.UL2) else Side.P_CSCF


_TCP, _UDP = 6, 17
_PORTS = 4  # octets of both ports, which both headers begin with


class Selector(NamedTuple):
    """What a packet must be to belong to an association: addresses as 4 or 16 octets, and ports."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int

    @classmethod
    def between(cls, source: Address, destination: Address) -> Selector:
        """What the packets from one address and port to another are."""
        here, there = (ipaddress.ip_address(each.host).packed for each in (source, destination))
        return cls(here, there, source.port, destination.port)

    @classmethod
    def of(cls, packet: IpPacket) -> Selector | None:
        """What a packet is; None if it is neither UDP nor TCP, or cut short before the ports."""
        if packet.protocol not in (_TCP, _UDP) or len(packet.payload) < _PORTS:
            return None
        ports = int.from_bytes(packet.payload[:2], "big"), int.from_bytes(packet.payload[2:4], "big")
        return cls(packet.source, packet.destination, *ports)


@dataclass(frozen=True, slots=True)
class Association:
    """One association: from where to where, and the SPI that its packets carry."""

    name: Name
    spi: int
    source: Address
    destination: Address

    @property
    def selector(self) -> Selector:
        """The packets that it protects."""
        return Selector.between(self.source, self.destination)

    @property
    def label(self) -> str:
        """What a flow calls it (`sip.flow.Flow.association`): its name, and the SPI, which tells sets apart."""
        return f"{self.name} SPI {self.spi}"

    def __str__(self) -> str:
        return f"{self.name} {self.source} -> {self.destination}, SPI {self.spi}"


@dataclass(frozen=True, slots=True)
class SaSet:
    """The four associations that one challenge makes. Immutable: what becomes of them is `sets.SaSets`' matter.

    Hosts are IP addresses as text. `ue` and `p_cscf` are what Security-Client and the chosen Security-Server entry
    say.
    """

    ue_host: str
    p_cscf_host: str
    ue: Endpoints
    p_cscf: Endpoints
    keys: EspKeys

    @property
    def associations(self) -> tuple[Association, Association, Association, Association]:
        """UL1, DL1, DL2, UL2."""
        ue_c, ue_s = (Address.of(self.ue_host, port) for port in (self.ue.port_c, self.ue.port_s))
        p_c, p_s = (Address.of(self.p_cscf_host, port) for port in (self.p_cscf.port_c, self.p_cscf.port_s))
        return (
            Association(Name.UL1, self.p_cscf.spi_s, ue_c, p_s),
            Association(Name.DL1, self.ue.spi_c, p_s, ue_c),
            Association(Name.DL2, self.ue.spi_s, p_c, ue_s),
            Association(Name.UL2, self.p_cscf.spi_c, ue_s, p_c),
        )

    @property
    def pairs(self) -> frozenset[tuple[Address, Address]]:
        """From where to where there is an association: each pair of ports in both directions."""
        return frozenset((each.source, each.destination) for each in self.associations)

    @property
    def spis(self) -> tuple[int, int, int, int]:
        """All four SPIs."""
        return (*self.ue.spis, *self.p_cscf.spis)

    def named(self, name: Name) -> Association:
        """One of the four."""
        return next(each for each in self.associations if each.name is name)

    def inbound(self, side: Side) -> tuple[Association, ...]:
        """The two on which `side` receives."""
        return tuple(each for each in self.associations if each.name.sender is not side)

    def outbound(self, side: Side) -> tuple[Association, ...]:
        """The two on which `side` sends."""
        return tuple(each for each in self.associations if each.name.sender is side)

    def carrier(self, sender: Side, transport: Transport, *, response: bool) -> Association:
        """The association for a message (TS 33.203 7.1).

        Over UDP everything goes from the sender's client port to the other's server port. Over TCP so does a request,
        and a response returns on the connection of its request.
        """
        if transport == "TCP" and response:
            return self.named(Name.UL2 if sender is Side.UE else Name.DL1)
        return self.named(Name.UL1 if sender is Side.UE else Name.DL2)
