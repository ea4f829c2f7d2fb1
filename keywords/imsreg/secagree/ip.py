"""IP packets around ESP in transport mode (RFC 4303 3.1.1): the protocol and the lengths of IPv4 and IPv6 headers.

Only the IP header is written. UDP and TCP checksums stay as they are: they cover addresses, which do not change.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

IPV4_HEADER, IPV6_HEADER = 20, 40
MAX_PACKET = 65_535
"""Octets of an IPv4 packet, and of what follows an IPv6 header."""

_HOP_LIMIT = 64
_OCTET = tuple(bytes((value,)) for value in range(256))
_FRAGMENT = 0x3FFF  # more fragments, or an offset


class PacketTooLong(ValueError):
    """The octets do not fit into one IP packet."""


class IpPacket(NamedTuple):
    """An IP packet in its parts. Addresses have 4 or 16 octets; `header` is as it came, with options.

    `protocol` is that behind the first header: an IPv6 extension header counts as a protocol of its own.
    """

    header: bytes
    source: bytes
    destination: bytes
    protocol: int
    payload: bytes

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.header[0] >> 4

    def with_payload(self, protocol: int, payload: bytes) -> bytes:
        """The packet with another payload behind the same header, its length and checksum put right.

        This is transport mode in both directions: what was TCP or UDP becomes ESP, or ESP becomes what it held.
        Raises PacketTooLong.
        """
        header = self.header
        if header[0] >> 4 == 6:
            return header[:4] + _length(len(payload)) + _OCTET[protocol] + header[7:] + payload
        head = header[:2] + _length(len(header) + len(payload)) + header[4:9] + _OCTET[protocol]
        return head + _checksum(head + header[12:]) + header[12:] + payload


def parse_ip(packet: bytes) -> IpPacket | None:
    """The parts of an IP packet; None for what is cut short, a fragment, or neither IPv4 nor IPv6.

    Octets behind the packet's own length are left out. An IPv4 header checksum is not compared: an interface without
    wire has none to protect.
    """
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= IPV4_HEADER:
        begin, end = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
        if begin < IPV4_HEADER or int.from_bytes(packet[6:8], "big") & _FRAGMENT:
            return None
        source, destination, protocol = packet[12:16], packet[16:20], packet[9]
    elif version == 6 and len(packet) >= IPV6_HEADER:
        begin, end = IPV6_HEADER, IPV6_HEADER + int.from_bytes(packet[4:6], "big")
        source, destination, protocol = packet[8:24], packet[24:40], packet[6]
    else:
        return None
    if not begin <= end <= len(packet):
        return None
    return IpPacket(packet[:begin], source, destination, protocol, packet[begin:end])


def build_ip(source: bytes, destination: bytes, protocol: int, payload: bytes, *, ident: int = 0) -> bytes:
    """An IP packet with a plain header; addresses of 4 or 16 octets each. Raises PacketTooLong."""
    if len(source) == 16:
        fixed = struct.pack("!IHBB", 6 << 28, 0, protocol, _HOP_LIMIT)
    else:
        fixed = struct.pack("!BBHHHBBH", 0x45, 0, 0, ident, 0, _HOP_LIMIT, protocol, 0)
    return IpPacket(fixed + source + destination, source, destination, protocol, b"").with_payload(protocol, payload)


def _length(octets: int) -> bytes:
    if octets > MAX_PACKET:
        raise PacketTooLong(f"{octets} octets are more than an IP packet holds")
    return octets.to_bytes(2, "big")


def _checksum(header: bytes) -> bytes:
    """RFC 1071: the complement of the one's complement sum of 16-bit words, which is a remainder by 65,535.

    `header` comes without the checksum field, whose zeros add nothing.
    """
    return (-int.from_bytes(header, "big") % 0xFFFF).to_bytes(2, "big")
