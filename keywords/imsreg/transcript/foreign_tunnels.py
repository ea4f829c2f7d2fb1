"""What is inside of GTP-U (TS 29.281 5.1), of IP in IP (RFC 2003, RFC 4213), and of ESP in UDP (RFC 3948)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from imsreg.secagree.esp import PROTOCOL as ESP
from imsreg.secagree.formats import HEAD_OCTETS
from imsreg.secagree.ip import IpPacket, PacketTooLong, parse_ip

_UDP, _UDP_HEADER = 17, 8
_IP_IN_IP = (4, 41)
_GTP_PORT, _ESP_PORT = 2152, 4500
_GTP_HEADER, _G_PDU = 8, 255
_VERSION_1, _OPTIONAL, _EXTENDED = 0x30, 0x07, 0x04  # of the first octet: version and protocol, flags E S PN, flag E


class Tunnelled(NamedTuple):
    """An IP packet inside of another, and what tells the tunnel."""

    octets: bytes
    tunnel: Hashable


def tunnelled_in(packet: IpPacket) -> Tunnelled | None:
    """The IP packet that another one carries; None if it carries none."""
    ends = packet.source, packet.destination
    if packet.protocol in _IP_IN_IP:
        return Tunnelled(packet.payload, ends) if _is_ip(packet.payload) else None
    if packet.protocol != _UDP or _GTP_PORT not in _ports(packet.payload):
        return None
    octets = packet.payload[_UDP_HEADER:]
    inside = _in_gtp(octets)
    return Tunnelled(inside, (*ends, octets[4:8])) if _is_ip(inside) else None


def protected_in(packet: IpPacket) -> IpPacket | None:
    """UDP-encapsulated ESP as ESP; None if it is none, as IKE and keep-alives at that port."""
    if packet.protocol != _UDP or _ESP_PORT not in _ports(packet.payload):
        return None
    octets = packet.payload[_UDP_HEADER:]
    if len(octets) < HEAD_OCTETS or octets[:4] == bytes(4):
        return None
    try:
        return parse_ip(packet.with_payload(ESP, octets))
    except PacketTooLong:
        return None


def _in_gtp(octets: bytes) -> bytes:
    """What a G-PDU carries; empty if it is none."""
    if len(octets) < _GTP_HEADER or octets[0] & 0xF0 != _VERSION_1 or octets[1] != _G_PDU:
        return b""
    begin = _GTP_HEADER
    if octets[0] & _OPTIONAL:
        begin += 4
        following = octets[begin - 1] if octets[0] & _EXTENDED and begin <= len(octets) else 0
        while following:
            size = octets[begin] * 4 if begin < len(octets) else 0
            if not size or begin + size > len(octets):
                return b""
            begin += size
            following = octets[begin - 1]
    return octets[begin:]


def _ports(payload: bytes) -> tuple[int, int]:
    return int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:4], "big")


def _is_ip(octets: bytes) -> bool:
    return bool(octets) and octets[0] >> 4 in (4, 6)
