"""One packet that a capture saw more than once on its way: on several interfaces, or inside a tunnel and behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from enum import Enum, auto
from hashlib import blake2b
from typing import NamedTuple

WINDOW = 0.4
"""Seconds between two sightings of one packet at most: less than T1, after which SIP repeats (RFC 3261 17.1.1.1)."""
TWICE = 0.005
"""Seconds within which the same octets on the same way are one packet, too: nothing repeats that soon."""
MAX_REMEMBERED = 100_000


class _Seen(NamedTuple):
    at: float
    ways: set[Hashable]


class Sighting(Enum):
    """What a packet is to those before it."""

    NEW = auto()
    ELSEWHERE = auto()
    """One that was seen on another way."""
    TWICE = auto()
    """One that was seen on the same way."""


class Copies:
    """Tells copies of a packet from repetitions of what it says.

    Two IP packets that are the same octet by octet, but for time to live and checksum, are one if they were seen
    within WINDOW on different ways. A way is where the capture saw the packet: interface, link-layer header, tunnels
    around it, and time to live, which differs in front of a router and behind it. On one way each packet counts: a
    message that is sent again may have the same octets (Linux leaves the identification of IPv4 at 0). Only what comes
    within TWICE is one there, too: the port of a switch that mirrors both directions shows everything twice.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, list[_Seen]] = {}
        self._order: deque[tuple[float, bytes]] = deque()

    def seen(self, packet: bytes, way: Hashable, at: float) -> Sighting:
        """A packet, IPv4 or IPv6 and complete, is in the capture."""
        self._forget(at)
        is_v4 = packet[0] >> 4 == 4
        live = packet[8] if is_v4 else packet[7]
        rest = packet[:8] + packet[9:10] + packet[12:] if is_v4 else packet[:7] + packet[8:]
        key, way = blake2b(rest, digest_size=16).digest(), (way, live)
        sightings = self._seen.setdefault(key, [])
        for seen in reversed(sightings):
            if way not in seen.ways and abs(at - seen.at) <= WINDOW:
                seen.ways.add(way)
                return Sighting.ELSEWHERE
            if way in seen.ways and abs(at - seen.at) <= TWICE:
                return Sighting.TWICE
        sightings.append(_Seen(at, {way}))
        self._order.append((at, key))
        return Sighting.NEW

    def _forget(self, at: float) -> None:
        while self._order and (at - self._order[0][0] > WINDOW or len(self._order) > MAX_REMEMBERED):
            _, key = self._order.popleft()
            sightings = self._seen.get(key, [])
            del sightings[:1]
            if not sightings:
                self._seen.pop(key, None)
