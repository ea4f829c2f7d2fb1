"""The IP packets of ESP records, fit for a file: what can be read in them without keys has CK and IK masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from imsreg.secagree.events import EspEvent
from imsreg.secagree.ip import IPV4_HEADER, IPV6_HEADER
from imsreg.transcript.entries import Entry
from imsreg.transcript.redaction import redact

_ESP, _FRAGMENT_HEADER = 50, 44
_HEAD = 8  # SPI and sequence number
_IV = 8  # of aes-gmac, which encrypts nothing
_PORTS, _TCP_HEADER, _TCP_OFFSET = 4, 20, 12
_LINE_ENDS = re.compile(rb"[\r\n]*")


class _Place(NamedTuple):
    """Where what can be read begins: the transport header, or the octets of a fragment that has none."""

    begin: int
    has_header: bool


def leaks(entries: Iterable[Entry]) -> bool:
    """Whether CK or IK went through an association: then a piece of it may be in any segment of a stream."""
    return any(redact(entry.raw) != entry.raw for entry in entries if entry.flow.association is not None)


def masked(event: EspEvent, *, leaky: bool) -> bytes:
    """The packet with CK and IK masked, of the same length.

    A packet whose ports are where they would be without encryption is readable. One that is encrypted stays as it is:
    what looks like a key in it is chance, and to change it would spoil its ICV. `leaky`: of a readable TCP segment
    nothing but the header is left, because a key may be cut in two; its text still begins with a letter if it did.
    """
    octets = event.octets
    place = _readable(event)
    if place is None:
        return octets
    if not leaky or (event.inner is not None and event.inner.transport == "UDP"):
        return redact(octets)
    begin = place.begin + (_tcp_header(octets, place.begin) if place.has_header else 0)
    text = _LINE_ENDS.match(octets, min(begin, len(octets)))
    first = begin if text is None else text.end()
    letter = b"x" if octets[first : first + 1].isalpha() else b"0"
    return octets[:first] + (letter + b"x" * (len(octets) - first - 1))[: max(0, len(octets) - first)]


def whole_length(octets: bytes) -> int:
    """What an IP packet says of its own length: `octets` may be no more than its beginning."""
    length = len(octets)
    if length >= IPV6_HEADER and octets[0] >> 4 == 6:
        return max(length, IPV6_HEADER + int.from_bytes(octets[4:6], "big"))
    if length >= _PORTS and octets[0] >> 4 == 4:
        return max(length, int.from_bytes(octets[2:4], "big"))
    return length


def _readable(event: EspEvent) -> _Place | None:
    """What of a packet can be read, as far as one can tell; None: it is encrypted."""
    octets, place = event.octets, _behind_ip(event.octets)
    ends = event.inner or event.association
    if not place.has_header or not _is_esp(octets) or ends is None:
        return place
    ports = b"".join((end.port & 0xFFFF).to_bytes(2, "big") for end in (ends.source, ends.destination))
    places = (place.begin + _HEAD, place.begin + _HEAD + _IV)
    return next((_Place(each, True) for each in places if octets[each : each + _PORTS] == ports), None)


def _behind_ip(octets: bytes) -> _Place:
    version = octets[0] >> 4 if octets else 0
    if version == 4 and len(octets) >= IPV4_HEADER:
        return _Place((octets[0] & 15) * 4, not int.from_bytes(octets[6:8], "big") & 0x1FFF)
    if version == 6 and len(octets) >= IPV6_HEADER:
        return _Place(IPV6_HEADER, octets[6] != _FRAGMENT_HEADER)
    return _Place(0, False)


def _is_esp(octets: bytes) -> bool:
    return octets[9 if octets[0] >> 4 == 4 else 6] == _ESP


def _tcp_header(octets: bytes, begin: int) -> int:
    offset = octets[begin + _TCP_OFFSET : begin + _TCP_OFFSET + 1]
    return max(_TCP_HEADER, (offset[0] >> 4) * 4) if offset else _TCP_HEADER
