"""What packets on the wire show without keys: whether one in the clear holds a message, and the IV of an ESP packet."""

from __future__ import annotations

from enum import StrEnum

from imsreg.secagree.formats import HEAD_OCTETS, TRAILER_OCTETS, format_of
from imsreg.secagree.ip import IPV4_HEADER, IPV6_HEADER, parse_ip
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.sip.errors import MessageError
from imsreg.sip.flow import Transport
from imsreg.sip.message import Response, parse

COMBINED_IV = 8
"""Octets of the IV of aes-gcm and aes-gmac (RFC 4106 3.1, RFC 4543 3.1)."""

_ESP = 50
_FRAGMENT_HEADER, _FRAGMENT_OCTETS = 44, 8
_UDP_HEADER, _TCP_HEADER = 8, 20


class Payload(StrEnum):
    """What is behind the transport header."""

    MESSAGE = "with a message in it"
    NOTHING = "without a message"
    UNKNOWN = "of unknown content"


def payload_of(octets: bytes, transport: Transport) -> Payload:
    """What an IP packet, or its beginning, holds: a SIP message begins with a letter, perhaps after empty lines.

    The first line of a datagram names the protocol, too, as far as it was kept: other programs have ports as well. Of a
    segment a capture may keep no more than whether it begins with a letter. UNKNOWN where the packet was not kept, or
    ends before that.
    """
    begin = _transport_header(octets)
    if begin is None or len(octets) < begin + (_UDP_HEADER if transport == "UDP" else _TCP_HEADER):
        return Payload.UNKNOWN
    header = _UDP_HEADER if transport == "UDP" else (octets[begin + 12] >> 4) * 4
    text = octets[begin + header : _end(octets)].lstrip(b"\r\n")
    line, more, _ = text.partition(b"\r\n")
    cut = not more and len(octets) < _end(octets)
    named = transport == "TCP" or cut or b"SIP/" in line.upper()
    return Payload.MESSAGE if text[:1].isalpha() and named else Payload.NOTHING


def response_in(octets: bytes, transport: Transport) -> Response | None:
    """The response in an IP packet outside of ESP, as far as the packet was kept; None if there is none."""
    if payload_of(octets, transport) is not Payload.MESSAGE:
        return None
    begin = _transport_header(octets) or 0
    header = _UDP_HEADER if transport == "UDP" else (octets[begin + 12] >> 4) * 4
    try:
        message = parse(octets[begin + header : _end(octets)].lstrip(b"\r\n"))
    except MessageError:
        return None
    return message if isinstance(message, Response) else None


def combined_iv(octets: bytes) -> bytes | None:
    """The IV of an ESP packet with aes-gcm or aes-gmac; None if the packet is not there, or no whole one."""
    packet = parse_ip(octets)
    if packet is None or packet.protocol != _ESP or len(packet.payload) < HEAD_OCTETS + COMBINED_IV:
        return None
    return packet.payload[HEAD_OCTETS : HEAD_OCTETS + COMBINED_IV]


def fits(octets: bytes, transform: Transform) -> bool:
    """Whether an ESP packet has a length that these algorithms give; no, if the packet is not there."""
    packet = parse_ip(octets)
    if packet is None or packet.protocol != _ESP or transform not in ALL_TRANSFORMS:
        return False
    made = format_of(transform)
    body = len(packet.payload) - made.overhead
    return body >= TRAILER_OCTETS and body % made.block == 0


def _transport_header(octets: bytes) -> int | None:
    """Where UDP or TCP begins, behind a first fragment's header too."""
    version = octets[0] >> 4 if octets else 0
    if version == 4 and len(octets) >= IPV4_HEADER:
        return (octets[0] & 15) * 4
    if version == 6 and len(octets) >= IPV6_HEADER:
        return IPV6_HEADER + (_FRAGMENT_OCTETS if octets[6] == _FRAGMENT_HEADER else 0)
    return None


def _end(octets: bytes) -> int:
    """Where the packet ends by its own length: a frame may be padded."""
    if octets[0] >> 4 == 4:
        return int.from_bytes(octets[2:4], "big") or len(octets)
    return IPV6_HEADER + int.from_bytes(octets[4:6], "big")
