"""IP packets as a capture saw them: whole, once, and out of the tunnels around them."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable

from imsreg.secagree.esp import PROTOCOL as ESP
from imsreg.secagree.fragments import Reassembly
from imsreg.secagree.ip import IPV4_HEADER, IPV6_HEADER, MAX_PACKET, IpPacket
from imsreg.transcript.foreign_copies import Copies, Sighting
from imsreg.transcript.foreign_text import SIP_PORTS, begins, may_begin
from imsreg.transcript.foreign_trouble import Place, Troubles
from imsreg.transcript.foreign_tunnels import Tunnelled, protected_in, tunnelled_in

MAX_TUNNELS = 2
"""Tunnels inside of each other that are looked into."""
MAX_PIECES = 128
"""Fragments of one packet."""
MAX_WAITING = 1024
"""Packets that lack a fragment."""
PATIENCE = 60.0
"""Seconds after which the first fragment of a packet is too old for another (RFC 8200 4.5)."""

_TCP, _UDP, _FRAGMENT = 6, 17, 44
_EXTENSIONS = (0, 43, 60, 135, 139, 140)  # IPv6: hop-by-hop, routing, destination options, mobility, HIP, shim6


class _Waiting:
    """The fragments of one packet."""

    def __init__(self, place: Place, ends: str) -> None:
        self.place = place
        self.ends = ends
        self.pieces = 0
        self.reassembly = Reassembly(1)


class IpReader:
    """Takes the IP packets of a capture in its order."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._copies = Copies()
        self._waiting: dict[bytes, _Waiting] = {}

    def take(self, octets: bytes, way: Hashable, place: Place) -> IpPacket | None:
        """The packet that these octets are or complete, out of its tunnels, if it has not been seen elsewhere before.

        `way` is where the capture saw it (see `Copies`). A packet in UDP-encapsulated ESP is one with ESP.
        """
        for _ in range(MAX_TUNNELS + 1):
            packet = self._whole(octets, way, place)
            if packet is None or packet.protocol == ESP:
                return packet
            if packet.protocol == _UDP and begins(packet.payload[8:]):
                return packet
            inner = tunnelled_in(packet)
            if not isinstance(inner, Tunnelled):
                return protected_in(packet) or packet
            octets, way = inner.octets, (way, inner.tunnel)
        return None

    def close(self) -> None:
        """The capture is at its end."""
        for waiting in self._waiting.values():
            self._given_up(waiting)
        self._waiting.clear()

    def _whole(self, octets: bytes, way: Hashable, place: Place) -> IpPacket | None:
        plain = _plain(octets)
        if plain is None or _length(plain) < IPV4_HEADER:
            return None
        if _length(plain) > len(plain):
            if _matters(_cut(plain)):
                self._troubles.note("cut", "packets are not in the capture as a whole: capture with -s 0", place)
            return None
        plain = plain[: _length(plain)]
        sighting = self._copies.seen(plain, way, place.at)
        if sighting is Sighting.TWICE and _matters(_cut(plain)):
            self._troubles.note("twice", "packets are in the capture twice, and count once", place)
        if sighting is not Sighting.NEW:
            return None
        key = _fragment_of(plain)
        if key is None:
            return Reassembly(1).take(plain)
        return self._fragment(key, plain, place)

    def _fragment(self, key: bytes, octets: bytes, place: Place) -> IpPacket | None:
        waiting = self._waiting.get(key)
        if waiting is not None and place.at - waiting.place.at > PATIENCE:
            self._given_up(self._waiting.pop(key))
            waiting = None
        if waiting is None:
            if len(self._waiting) >= MAX_WAITING:
                self._given_up(self._waiting.pop(next(iter(self._waiting))))
            waiting = self._waiting[key] = _Waiting(place, _ends(octets))
        waiting.pieces += 1
        packet = waiting.reassembly.take(octets) if waiting.pieces <= MAX_PIECES else None
        if packet is None:
            return None
        del self._waiting[key]
        whole = _plain(packet.header + packet.payload)
        return None if whole is None else Reassembly(1).take(whole)

    def _given_up(self, waiting: _Waiting) -> None:
        self._troubles.note("fragments", f"IP packets {waiting.ends} lack a fragment", waiting.place)


def _plain(octets: bytes) -> bytes | None:
    """An IP packet without the extension headers of IPv6, as far as it was captured; None: no IP packet."""
    version = octets[0] >> 4 if octets else 0
    if version == 4 and len(octets) >= IPV4_HEADER:
        if octets[2:4] == b"\0\0" and len(octets) <= MAX_PACKET:
            return octets[:2] + len(octets).to_bytes(2, "big") + octets[4:]  # the network card was to fill it in
        return octets
    return _without_extensions(octets) if version == 6 and len(octets) >= IPV6_HEADER else None


def _without_extensions(octets: bytes) -> bytes | None:
    kind, begin = octets[6], IPV6_HEADER
    while kind in _EXTENSIONS:
        if begin + 2 > len(octets):
            return None
        kind, begin = octets[begin], begin + (octets[begin + 1] + 1) * 8
    left = int.from_bytes(octets[4:6], "big") - (begin - IPV6_HEADER)
    if left < 0:
        return None
    return octets[:4] + left.to_bytes(2, "big") + bytes((kind,)) + octets[7:IPV6_HEADER] + octets[begin:]


def _length(octets: bytes) -> int:
    """Octets that an IP packet says it has."""
    if octets[0] >> 4 == 4:
        return int.from_bytes(octets[2:4], "big")
    return IPV6_HEADER + int.from_bytes(octets[4:6], "big")


def _fragment_of(octets: bytes) -> bytes | None:
    """What tells the packet that a fragment belongs to; None: it is no fragment."""
    if octets[0] >> 4 == 4:
        is_one = int.from_bytes(octets[6:8], "big") & 0x3FFF
        return octets[12:20] + octets[9:10] + octets[4:6] if is_one else None
    return octets[8:40] + octets[44:48] if octets[6] == _FRAGMENT else None


def _cut(octets: bytes) -> IpPacket:
    """What there is of a packet that was cut."""
    if octets[0] >> 4 == 4:
        begin = (octets[0] & 15) * 4
        return IpPacket(octets[:begin], octets[12:16], octets[16:20], octets[9], octets[begin:])
    return IpPacket(octets[:IPV6_HEADER], octets[8:24], octets[24:40], octets[6], octets[IPV6_HEADER:])


def _matters(packet: IpPacket) -> bool:
    """Whether a packet that was cut is one of ESP, or of SIP as far as ports and first octets tell."""
    if packet.protocol not in (_TCP, _UDP):
        return packet.protocol == ESP
    if packet.protocol == _UDP and may_begin(packet.payload[8:]):
        return True
    inner = tunnelled_in(packet)
    if inner is not None:
        plain = _plain(inner.octets)
        return plain is not None and _matters(_cut(plain))
    ports = [int.from_bytes(packet.payload[at : at + 2], "big") for at in (0, 2)]
    return any(port in SIP_PORTS for port in ports) or protected_in(packet) is not None


def _ends(octets: bytes) -> str:
    hosts = (octets[12:16], octets[16:20]) if octets[0] >> 4 == 4 else (octets[8:24], octets[24:40])
    source, destination = (ipaddress.ip_address(host) for host in hosts)
    return f"from {source} to {destination}"
