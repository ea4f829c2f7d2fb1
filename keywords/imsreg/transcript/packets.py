"""IP packets with UDP or TCP in them, to the octet: how a capture holds what the sockets saw as messages.

RFC 791 (IPv4), RFC 8200 (IPv6), RFC 768 (UDP), RFC 9293 (TCP), RFC 1071 (checksum).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntFlag

from imsreg.sip.flow import Address

MAX_DATAGRAM = {"IPv4": 65_507, "IPv6": 65_527}
"""Octets of payload that fit into one UDP datagram, by address family."""

_UDP, _TCP = 17, 6
_HOP_LIMIT = 64
_DONT_FRAGMENT = 0x4000
_FRAGMENT = 0x3FFF
_WINDOW = 65_535
# Maximum segment size 65,000, and the window scaled to a gigabyte: peers that exist in a capture alone never wait.
_SYN_OPTIONS = b"\x02\x04\xfd\xe8\x01\x03\x03\x0e"


class TcpFlags(IntFlag):
    """Control bits of a TCP header (RFC 9293 3.1)."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16


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
        length = 8 + len(self.payload)
        head = struct.pack("!HHHH", self.source.port, self.destination.port, length, 0)
        # Zero means "no checksum" in UDP, so the sum zero is written as its other form (RFC 768).
        checksum = _transport_checksum(self.source, self.destination, _UDP, head + self.payload) or 0xFFFF
        return _ip(self.source, self.destination, _UDP, head[:6] + checksum.to_bytes(2, "big") + self.payload, ident)


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
        options = _SYN_OPTIONS if TcpFlags.SYN in self.flags else b""
        offset = (20 + len(options)) // 4 << 4
        ports = self.source.port, self.destination.port
        head = struct.pack("!HHIIBBHHH", *ports, self.seq, self.ack, offset, self.flags, _WINDOW, 0, 0) + options
        checksum = _transport_checksum(self.source, self.destination, _TCP, head + self.payload)
        octets = head[:16] + checksum.to_bytes(2, "big") + head[18:] + self.payload
        return _ip(self.source, self.destination, _TCP, octets, ident)


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


def _ip(source: Address, destination: Address, protocol: int, payload: bytes, ident: int) -> bytes:
    a, b = _packed(source), _packed(destination)
    if len(a) == 16:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, _HOP_LIMIT) + a + b + payload
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, ident & 0xFFFF, _DONT_FRAGMENT, _HOP_LIMIT, protocol, 0) + a + b
    return head[:10] + _checksum(head).to_bytes(2, "big") + head[12:] + payload


def _transport_checksum(source: Address, destination: Address, protocol: int, octets: bytes) -> int:
    """Over the pseudo-header of IPv6 in both families: its zeros and the place of the length do not change the sum."""
    pseudo = _packed(source) + _packed(destination) + struct.pack("!II", len(octets), protocol)
    return _checksum(pseudo + octets)


def _checksum(octets: bytes) -> int:
    if len(octets) % 2:
        octets += b"\0"
    # 2^16 is 1 modulo 65535, so the octets as one number have the same remainder as the sum of their 16-bit words.
    # That sum is never zero here, because a header never is: the remainder 0 stands for 65535.
    return 0xFFFF - (int.from_bytes(octets, "big") % 0xFFFF or 0xFFFF)


def _packed(address: Address) -> bytes:
    return ipaddress.ip_address(address.host).packed
