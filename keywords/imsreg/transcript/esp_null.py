"""ESP without encryption, read without keys: what a packet says if it is one (RFC 4303 2, RFC 2410).

No octet of a packet tells its algorithms. A reading counts if padding, Next Header and the lengths inside fit, which
they do not do by chance in an encrypted packet.
"""

from __future__ import annotations

from imsreg.secagree.esp import NO_NEXT_HEADER, PROTOCOL, head_of
from imsreg.secagree.formats import HEAD_OCTETS, TRAILER_OCTETS
from imsreg.secagree.ip import IpPacket

_TCP, _UDP = 6, 17
_ALIGNMENT = 4
# Octets of IV and ICV: an HMAC of 96 bits, AES-GMAC, an HMAC of 128 bits.
_LAYOUTS = ((0, 12), (8, 16), (0, 16))
_UDP_HEADER, _TCP_HEADER = 8, 20


def read_without_keys(packet: IpPacket) -> tuple[int, IpPacket] | None:
    """SPI and what the packet protects, with TCP or UDP in it; None if it is no ESP, or not readable."""
    if packet.protocol != PROTOCOL or len(packet.payload) < HEAD_OCTETS:
        return None
    for iv, icv in _LAYOUTS:
        body = packet.payload[HEAD_OCTETS + iv : len(packet.payload) - icv]
        inside = _unpadded(body)
        if inside is not None:
            protocol, payload = inside
            return head_of(packet.payload)[0], packet._replace(protocol=protocol, payload=payload)
    return None


def _unpadded(body: bytes) -> tuple[int, bytes] | None:
    if len(body) < TRAILER_OCTETS or len(body) % _ALIGNMENT:
        return None
    pad_length, protocol = body[-2], body[-1]
    end = len(body) - TRAILER_OCTETS - pad_length
    if protocol == NO_NEXT_HEADER or end < 0 or body[end:-TRAILER_OCTETS] != bytes(range(1, pad_length + 1)):
        return None
    payload = body[:end]
    if protocol == _UDP and len(payload) >= _UDP_HEADER and int.from_bytes(payload[4:6], "big") == len(payload):
        return protocol, payload
    if protocol == _TCP and len(payload) >= _TCP_HEADER and _TCP_HEADER <= (payload[12] >> 4) * 4 <= len(payload):
        return protocol, payload
    return None
