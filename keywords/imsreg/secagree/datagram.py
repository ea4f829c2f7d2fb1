"""A UDP datagram from its header on, with the checksum that its addresses ask for (RFC 768, RFC 8200 8.1)."""

from __future__ import annotations

import struct

from imsreg.secagree.associations import Selector

_PROTOCOL = 17
HEADER = 8
"""Octets of the header."""
_HEADER = struct.Struct("!HHHH")


def build_datagram(selector: Selector, data: bytes) -> bytes:
    """The datagram with `data` between the addresses and ports."""
    length = _HEADER.size + len(data)
    ports = selector.source_port, selector.destination_port
    pseudo = selector.source + selector.destination + struct.pack("!II", length, _PROTOCOL)
    checksum = complement(pseudo + _HEADER.pack(*ports, length, 0) + data) or 0xFFFF
    return _HEADER.pack(*ports, length, checksum) + data


def complement(octets: bytes) -> int:
    """RFC 1071: the complement of the one's complement sum of 16-bit words."""
    return -int.from_bytes(octets + bytes(len(octets) % 2), "big") % 0xFFFF
