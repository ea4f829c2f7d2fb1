"""A TCP segment from its header on, with its checksum (RFC 9293 3.1)."""

from __future__ import annotations

import struct
from enum import IntFlag
from typing import NamedTuple

from imsreg.secagree.associations import Selector
from imsreg.secagree.datagram import complement

PROTOCOL = 6
"""The protocol number."""

_HEADER = struct.Struct("!HHIIBBHHH")
_WINDOW = 65_535


class TcpFlags(IntFlag):
    """Control bits of a TCP header (RFC 9293 3.1)."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16


class Segment(NamedTuple):
    """What a segment holds besides the ports; both numbers count modulo 2^32."""

    sequence: int
    acknowledged: int
    flags: TcpFlags
    data: bytes = b""


def build_segment(selector: Selector, segment: Segment, options: bytes = b"") -> bytes:
    """The segment between the addresses and ports; the octets of `options` are a multiple of four."""
    sequence, acknowledged, flags, data = segment
    ports = selector.source_port, selector.destination_port
    offset = (_HEADER.size + len(options)) // 4 << 4
    head = _HEADER.pack(*ports, sequence, acknowledged, offset, flags, _WINDOW, 0, 0) + options
    pseudo = selector.source + selector.destination + struct.pack("!II", len(head) + len(data), PROTOCOL)
    return head[:16] + struct.pack("!H", complement(pseudo + head + data)) + head[18:] + data


def parse_segment(octets: bytes) -> Segment:
    """What a segment that `build_segment` has made holds."""
    _, _, sequence, acknowledged, _, flags, *_ = _HEADER.unpack_from(octets)
    return Segment(sequence, acknowledged, TcpFlags(flags), octets[_HEADER.size :])
