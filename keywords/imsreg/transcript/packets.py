"""IP packets with UDP or TCP in them, to the octet: how a capture holds what the sockets saw as messages.

RFC 791 (IPv4), RFC 8200 (IPv6), RFC 768 (UDP), RFC 9293 (TCP), RFC 1071 (checksum).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from imsreg.secagree import segment
from imsreg.secagree.associations import Selector
from imsreg.secagree.datagram import build_datagram, complement
from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address

MAX_DATAGRAM = {"IPv4": 65_507, "IPv6": 65_527}
"""Octets of payload that fit into one UDP datagram, by address family."""

_UDP, _TCP = 17, 6
_HOP_LIMIT = 64
_DONT_FRAGMENT = 0x4000
_FRAGMENT = 0x3FFF
# Maximum segment size 65,000, and the window scaled to a gigabyte: peers that exist in a capture alone never wait.
_SYN_OPTIONS = b"\x02\x04\xfd\xe8\x01\x03\x03\x0e"


class PacketError(Exception):
    """The octets are not an IP packet of the kind that this module makes."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram."""

    source: Address
    destination: Address
    payload: bytes

    def to_bytes(self, ident: int = 0) -> bytes:
        """The IP packet. `ident` is the IPv4 identification. The payload must not exceed MAX_DATAGRAM."""
        selector = Selector.between(self.source, self.destination)
        return _ip(selector, _UDP, build_datagram(selector, self.payload), ident)


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment. `seq` and `ack` count modulo 2^32."""

    source: Address
    destination: Address
    seq: int
    ack: int
    flags: TcpFlags
    payload: bytes = b""

    def to_bytes(self, ident: int = 0) -> bytes:
        """The IP packet. `ident` is the IPv4 identification. The payload must not exceed 65,000 octets."""
        selector = Selector.between(self.source, self.destination)
        held = segment.Segment(self.seq, self.ack, self.flags, self.payload)
        options = _SYN_OPTIONS if TcpFlags.SYN in self.flags else b""
        return _ip(selector, _TCP, segment.build_segment(selector, held, options), ident)


def parse_packet(packet: bytes) -> Datagram | Segment:
    """Reads an IP packet. Raises PacketError for what is cut short, a fragment, or neither UDP nor TCP.

    Checksums are not compared: network cards fill them in after a capture has seen the packet.
    """
    try:
        return _parse(packet)
    except (struct.error, IndexError):
        raise PacketError("the packet is cut short") from None


def _parse(packet: bytes) -> Datagram | Segment:
    version = packet[0] >> 4
    if version == 4:
        begin, end = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
        if begin < 20:
            raise PacketError("the IPv4 header is shorter than 20 octets")
        if int.from_bytes(packet[6:8], "big") & _FRAGMENT:
            raise PacketError("the packet is a fragment")
        protocol, hosts = packet[9], (packet[12:16], packet[16:20])
    elif version == 6:
        begin, end = 40, 40 + int.from_bytes(packet[4:6], "big")
        protocol, hosts = packet[6], (packet[8:24], packet[24:40])
    else:
        raise PacketError(f"IP version {version}")
    if not begin <= end <= len(packet):
        raise PacketError("the packet is cut short")
    octets = packet[begin:end]
    ports = struct.unpack_from("!HH", octets)
    source, destination = (
        Address(str(ipaddress.ip_address(host)), port) for host, port in zip(hosts, ports, strict=True)
    )
    if protocol == _UDP:
        length = int.from_bytes(octets[4:6], "big")
        if not 8 <= length <= len(octets):
            raise PacketError("the UDP length does not fit the packet")
        return Datagram(source, destination, octets[8:length])
    if protocol == _TCP:
        seq, ack, offset, flags = struct.unpack_from("!IIBB", octets, 4)
        head = (offset >> 4) * 4
        if not 20 <= head <= len(octets):
            raise PacketError("the TCP header does not fit the packet")
        return Segment(source, destination, seq, ack, TcpFlags(flags & 0x1F), octets[head:])
    raise PacketError(f"IP protocol {protocol}, neither UDP nor TCP")


def _ip(selector: Selector, protocol: int, payload: bytes, ident: int) -> bytes:
    a, b = selector.source, selector.destination
    if len(a) == 16:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, _HOP_LIMIT) + a + b + payload
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, ident & 0xFFFF, _DONT_FRAGMENT, _HOP_LIMIT, protocol, 0) + a + b
    return head[:10] + complement(head).to_bytes(2, "big") + head[12:] + payload
