"""TCP in a capture of anybody's, put together again as far as its octets are there (RFC 9293 3.4, 3.10.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address
from imsreg.transcript.foreign_text import SIP_PORTS, SipText
from imsreg.transcript.foreign_trouble import NOWHERE, Place, Troubles
from imsreg.transcript.packets import Segment

MAX_CONNECTIONS = 4096
"""Connections that are followed at a time; of more the oldest is given up."""
MAX_HELD, MAX_HELD_OCTETS = 128, 2**18
"""Segments, and their octets, that wait for one before them."""
FAR = 2**24
"""A segment that far from the one that is expected is of another stream between the same ends."""
GRACE = 0.1
"""Seconds that a capture may have segments out of order, where the receiver has already said that it has them."""

_MODULUS = 2**32


class Whole(NamedTuple):
    """A message from a stream; place and SPI are those of the segment that completed it."""

    place: Place
    source: Address
    destination: Address
    connection: int
    spi: int | None
    octets: bytes


class _Piece(NamedTuple):
    place: Place
    spi: int | None
    octets: bytes


@dataclass(slots=True, eq=False)
class _Way:
    """One direction of a connection: the number of the octet that is expected, and what came too early by number."""

    source: Address
    destination: Address
    connection: int
    text: SipText
    is_sip: bool
    next: int | None = None
    held: dict[int, _Piece] = field(default_factory=dict)
    held_octets: int = 0
    acknowledged: int | None = None
    first: int | None = None
    """The number of its SYN."""
    last: Place = NOWHERE

    def ahead(self, number: int) -> int:
        """How far a number lies in front of the one that is expected; negative: behind."""
        distance = (number - (self.next or 0)) % _MODULUS
        return distance - _MODULUS if distance >= _MODULUS // 2 else distance


class Streams:
    """Takes the segments of all connections in the order of the capture, and gives their messages to `deliver`.

    Segments that come again or out of order do no harm. A stream whose beginning is not there, and one behind a gap,
    goes on with the next message that begins in it.
    """

    def __init__(self, troubles: Troubles, deliver: Callable[[Whole], None]) -> None:
        self._troubles = troubles
        self._deliver = deliver
        self._ways: dict[tuple[Address, Address, bool], _Way] = {}
        self._waiting: dict[int, _Way] = {}
        self._connections = 0
        self._looked = float("-inf")

    def take(self, segment: Segment, place: Place, spi: int | None) -> None:
        """A segment; `spi` is that of the ESP packet that it came in, None: in the clear."""
        if segment.flags & TcpFlags.SYN:
            way = self._opened(segment, protected=spi is not None)
            begin = segment.seq + 1
        elif segment.payload or segment.flags & (TcpFlags.FIN | TcpFlags.RST | TcpFlags.ACK):
            way, begin = self._way(segment, protected=spi is not None), segment.seq
        else:
            return
        way.last = place
        back = self._ways.get((segment.destination, segment.source, spi is not None))
        if segment.flags & TcpFlags.ACK and back is not None:
            back.acknowledged = segment.ack
        if segment.payload:
            self._data(way, begin % _MODULUS, _Piece(place, spi, segment.payload))
        if segment.flags & TcpFlags.RST:
            for each in (way, back):
                if each is not None:
                    self._end(each)

    def on_time(self, at: float) -> None:
        """Go on behind gaps that nothing will fill: the receiver has what the capture has not."""
        if abs(at - self._looked) < GRACE:
            return
        self._looked = at
        for way in tuple(self._waiting.values()):
            since = min(piece.place.at for piece in way.held.values())
            if at - since >= GRACE and way.acknowledged is not None and way.ahead(way.acknowledged) > 0:
                self._skip(way)

    def close(self) -> None:
        """The capture is at its end."""
        for way in self._ways.values():
            self._end(way)
        self._ways.clear()

    def _way(self, segment: Segment, *, protected: bool) -> _Way:
        key = segment.source, segment.destination, protected
        found = self._ways.get(key)
        if found is None:
            back = self._ways.get((segment.destination, segment.source, protected))
            found = self._begin(key, None if back is None else back.connection, seeking=True)
        return found

    def _opened(self, segment: Segment, *, protected: bool) -> _Way:
        """The direction that a SYN begins. A SYN that comes again is none, one with another number a new stream."""
        key = segment.source, segment.destination, protected
        found = self._ways.get(key)
        if found is not None and found.first == segment.seq:
            return found
        back = (segment.destination, segment.source, protected)
        number = None
        if segment.flags & TcpFlags.ACK and back in self._ways:
            number = self._ways[back].connection
        else:
            self._drop(back)
        self._drop(key)
        way = self._begin(key, number, seeking=False)
        way.first, way.next = segment.seq, (segment.seq + 1) % _MODULUS
        return way

    def _begin(self, key: tuple[Address, Address, bool], number: int | None, *, seeking: bool) -> _Way:
        if len(self._ways) >= 2 * MAX_CONNECTIONS:
            self._drop(next(iter(self._ways)))
        if number is None:
            self._connections += 1
            number = self._connections
        source, destination, protected = key
        expected = protected or any(end.port in SIP_PORTS for end in (source, destination))
        way = _Way(source, destination, number, SipText(seeking=seeking, sip=expected), expected)
        self._ways[key] = way
        return way

    def _drop(self, key: tuple[Address, Address, bool]) -> None:
        way = self._ways.pop(key, None)
        if way is not None:
            self._end(way)

    def _end(self, way: _Way) -> None:
        while way.held:
            self._skip(way)
        if way.text.unfinished:
            text = f"messages over TCP from {way.source} to {way.destination} do not end: see Content-Length"
            self._troubles.note("unfinished", text, way.last)
        way.text.lost()

    def _data(self, way: _Way, number: int, piece: _Piece) -> None:
        if way.next is None:
            way.next = number
        ahead = way.ahead(number)
        if abs(ahead) > FAR:
            self._end(way)
            self._lost(way, number, piece)
            ahead = 0
        if ahead <= 0:
            self._feed(way, -ahead, piece)
            self._drain(way, piece.place)
            return
        known = way.held.get(number)
        if known is None or len(known.octets) < len(piece.octets):
            way.held_octets += len(piece.octets) - (0 if known is None else len(known.octets))
            way.held[number] = piece
            self._waiting[id(way)] = way
        if len(way.held) > MAX_HELD or way.held_octets > MAX_HELD_OCTETS:
            self._skip(way)

    def _skip(self, way: _Way) -> None:
        """Go on behind a gap."""
        number = min(way.held, key=way.ahead)
        piece = way.held[number]
        self._lost(way, number, piece)
        self._drain(way, piece.place)

    def _lost(self, way: _Way, number: int, piece: _Piece) -> None:
        """Octets are missing before a piece."""
        if way.is_sip:
            text = f"octets over TCP from {way.source} to {way.destination} are missing in the capture"
            self._troubles.note("gap", text, piece.place)
        way.text.lost()
        way.next = number

    def _drain(self, way: _Way, place: Place) -> None:
        """Take what has waited for the octets that have come at `place`."""
        while way.held:
            number = min(way.held, key=way.ahead)
            ahead = way.ahead(number)
            if ahead > 0:
                return
            piece = way.held.pop(number)
            way.held_octets -= len(piece.octets)
            self._feed(way, -ahead, piece._replace(place=max(piece.place, place, key=lambda each: each.order)))
        self._waiting.pop(id(way), None)

    def _feed(self, way: _Way, known: int, piece: _Piece) -> None:
        """A piece of which the first `known` octets have been there before."""
        fresh = piece.octets[known:]
        if not fresh:
            return
        way.next = ((way.next or 0) + len(fresh)) % _MODULUS
        for octets in way.text.feed(fresh):
            way.is_sip = True
            self._deliver(Whole(piece.place, way.source, way.destination, way.connection, piece.spi, octets))
