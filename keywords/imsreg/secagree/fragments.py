"""IP packets that were seen in fragments, put together (RFC 791 3.2, RFC 8200 4.5).

A message in one datagram is often longer than a link takes: ESP protects it whole, and then it is cut.
"""

from __future__ import annotations

from typing import NamedTuple

from imsreg.secagree.ip import IPV4_HEADER, IPV6_HEADER, MAX_PACKET, IpPacket, PacketTooLong, build_ip, parse_ip

MAX_WAITING = 256
"""Packets of which a fragment is missing, where nobody says how many."""

_FRAGMENT_HEADER, _FRAGMENT_OCTETS = 44, 8


class _Fragment(NamedTuple):
    """A piece of a packet: what tells whose, and where it belongs."""

    whose: tuple[bytes, bytes, int, bytes]
    offset: int
    more: bool
    payload: bytes


class Reassembly:
    """Takes packets in the order in which they were seen.

    Of more than `most` that lack a fragment the oldest is given up.
    """

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._waiting: dict[tuple[bytes, bytes, int, bytes], list[_Fragment]] = {}

    def take(self, octets: bytes) -> IpPacket | None:
        """The packet that these octets are or complete, then with a plain header; None: neither, or no IP packet."""
        piece = _fragment(octets)
        if piece is None:
            return parse_ip(octets)
        pieces = self._waiting.setdefault(piece.whose, [])
        pieces.append(piece)
        whole = _joined(pieces)
        if whole is not None or sum(len(each.payload) for each in pieces) > MAX_PACKET:
            del self._waiting[piece.whose]
        elif len(self._waiting) > self._most:
            del self._waiting[next(iter(self._waiting))]
        return whole


def _fragment(octets: bytes) -> _Fragment | None:
    version = octets[0] >> 4 if octets else 0
    if version == 4 and len(octets) >= IPV4_HEADER:
        begin, end = (octets[0] & 15) * 4, int.from_bytes(octets[2:4], "big")
        place = int.from_bytes(octets[6:8], "big")
        if not place & 0x3FFF or not IPV4_HEADER <= begin <= end <= len(octets):
            return None
        whose = octets[12:16], octets[16:20], octets[9], octets[4:6]
        return _Fragment(whose, (place & 0x1FFF) * 8, bool(place & 0x2000), octets[begin:end])
    if version == 6 and len(octets) >= IPV6_HEADER + _FRAGMENT_OCTETS and octets[6] == _FRAGMENT_HEADER:
        begin, end = IPV6_HEADER + _FRAGMENT_OCTETS, IPV6_HEADER + int.from_bytes(octets[4:6], "big")
        head = octets[IPV6_HEADER:begin]
        if not begin <= end <= len(octets):
            return None
        place = int.from_bytes(head[2:4], "big")
        whose = octets[8:24], octets[24:40], head[0], head[4:8]
        return _Fragment(whose, place & 0xFFF8, bool(place & 1), octets[begin:end])
    return None


def _joined(pieces: list[_Fragment]) -> IpPacket | None:
    """The whole, if nothing is missing. A piece that comes again counts once, one that overlaps spoils the packet."""
    whole, is_last_there = b"", False
    for piece in sorted({(each.offset, each.more, each.payload) for each in pieces}):
        offset, more, payload = piece
        if offset != len(whole):
            return None
        whole += payload
        is_last_there = not more
    if not is_last_there:
        return None
    source, destination, protocol, _ = pieces[0].whose
    try:
        return parse_ip(build_ip(source, destination, protocol, whole))
    except PacketTooLong:
        return None
