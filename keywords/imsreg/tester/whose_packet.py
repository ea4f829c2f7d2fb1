"""Whose a packet is that ESP was, or should have been, in: the UE whose association it names, or where it came from."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.events import Direction, EspEvent
from imsreg.secagree.ip import parse_ip

MAX_ASSOCIATIONS = 4096
"""Associations of which it is remembered whose they are, the dead ones too: a packet on one is still his."""


class PacketOwners:
    """The private identity behind each association that a network has made."""

    def __init__(self) -> None:
        # What arrives on one that is dead shows nothing but its SPI, which is the network's own choice.
        self._impis: OrderedDict[Association | int, str] = OrderedDict()

    def made(self, sas: SaSet, impi: str) -> None:
        """A set has been made for a subscriber."""
        keys: list[Association | int] = [association.spi for association in sas.inbound(Side.P_CSCF)]
        for key in (*keys, *sas.associations):
            self._impis[key] = impi
            self._impis.move_to_end(key)
        while len(self._impis) > MAX_ASSOCIATIONS:
            self._impis.popitem(last=False)

    def owner(self, event: EspEvent) -> str | None:
        """The private identity that a record belongs to; None if its packet names no association of the network's."""
        if event.association is not None:
            return self._impis.get(event.association)
        return self.of_inbound(event.spi) if event.direction is Direction.IN else None

    def of_inbound(self, spi: int) -> str | None:
        """The private identity behind an SPI on which the network receives, or has received."""
        return self._impis.get(spi)


def spi_of(label: str | None) -> int | None:
    """The SPI in what a flow calls its association; None if there is none."""
    spi = "" if label is None else label.rpartition(" ")[2]
    return int(spi) if spi.isdecimal() else None


def far_host(event: EspEvent) -> str | None:
    """The address at the other end of a packet, as text; None if the record does not show it."""
    inbound = event.direction is Direction.IN
    if event.inner is not None:
        return (event.inner.source if inbound else event.inner.destination).host
    packet = parse_ip(event.octets)
    if packet is None:
        return None
    return str(ipaddress.ip_address(packet.source if inbound else packet.destination))
