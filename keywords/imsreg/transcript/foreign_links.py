"""The link layers that SIP is captured on: where in a frame the IP packet begins."""

from __future__ import annotations

from typing import NamedTuple

_IP = (b"\x08\x00", b"\x86\xdd")
_TAGS = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")  # VLAN, and VLAN inside of VLAN
# Link type -> octets before the IP header, and where among them the Ethernet type is. -1: there is none.
_LINKS = {
    0: (4, -1),  # BSD loopback
    1: (14, 12),  # Ethernet
    12: (0, -1),
    14: (0, -1),
    101: (0, -1),  # raw IP
    108: (4, -1),  # OpenBSD loopback
    113: (16, 14),  # Linux "any"
    228: (0, -1),
    229: (0, -1),
    276: (20, 0),  # Linux "any", second version
}
_PKTAP = 258  # what macOS writes, also for an iPhone on its cable: the length of this header, ..., the link type inside


class Link(NamedTuple):
    """A frame taken apart.

    `head` is the header of the link layer, which says on which way the packet was seen: addresses, VLANs, on Linux
    "any" also the interface and whether it came or went. `packet` are the octets behind it, empty if they are no IP.
    """

    head: bytes
    packet: bytes


def taken_apart(link: int, frame: bytes) -> Link | None:
    """Header and IP packet of a frame; None if the link type is not known."""
    if link == _PKTAP:
        return _tapped(frame)
    if link not in _LINKS:
        return None
    begin, place = _LINKS[link]
    if place >= 0:
        kind = frame[place : place + 2]
        while kind in _TAGS:
            kind = frame[begin + 2 : begin + 4]
            begin += 4
        if kind not in _IP:
            return Link(frame[:begin], b"")
    return Link(frame[:begin], frame[begin:])


def _tapped(frame: bytes) -> Link | None:
    length, inside = int.from_bytes(frame[:4], "little"), int.from_bytes(frame[8:12], "little")
    found = None if inside == _PKTAP or length < 12 else taken_apart(inside, frame[length:])
    return None if found is None else Link(frame[12:36] + found.head, found.packet)  # the name of the interface
