"""Fragments of IP packets come together in any order, and nothing else does."""

from __future__ import annotations

import itertools
import random
import struct

import pytest

from imsreg.secagree.fragments import Reassembly
from imsreg.secagree.ip import IpPacket, build_ip, parse_ip

HOSTS = {4: (b"\n\0\0\x07", b"\n\0\0\x01"), 6: (bytes(15) + b"\x07", bytes(15) + b"\x01")}
PAYLOAD = bytes(range(256)) * 3
ESP = 50


def pieces(family: int, payload: bytes = PAYLOAD, size: int = 256, ident: int = 7) -> list[bytes]:
    """The packet with this payload in fragments."""
    made = []
    for begin in range(0, len(payload), size):
        part, more = payload[begin : begin + size], begin + size < len(payload)
        if family == 4:
            octets = bytearray(build_ip(*HOSTS[4], ESP, part, ident=ident))
            octets[6:8] = struct.pack("!H", begin // 8 | more << 13)
        else:
            head = struct.pack("!BBHI", ESP, 0, begin | more, ident)
            octets = bytearray(build_ip(*HOSTS[6], 44, head + part))
        made.append(bytes(octets))
    return made


def taken(reassembly: Reassembly, packets: list[bytes]) -> list[IpPacket]:
    return [packet for octets in packets if (packet := reassembly.take(octets)) is not None]


@pytest.mark.parametrize("family", HOSTS)
def test_any_order_will_do(family: int) -> None:
    for order in itertools.permutations(pieces(family)):
        (packet,) = taken(Reassembly(), list(order))
        assert (packet.source, packet.destination, packet.protocol) == (*HOSTS[family], ESP)
        assert packet.payload == PAYLOAD
        assert parse_ip(packet.with_payload(ESP, packet.payload)) == packet._replace(
            header=packet.with_payload(ESP, packet.payload)[: len(packet.header)]
        )


@pytest.mark.parametrize("family", HOSTS)
def test_packets_are_told_apart_and_repetitions_count_once(family: int) -> None:
    first, second = pieces(family, ident=1), pieces(family, b"y" * 600, ident=2)
    mixed = [octets for pair in zip(first, second, strict=True) for octets in pair for _ in range(2)]
    payloads = [packet.payload for packet in taken(Reassembly(), mixed)]
    assert payloads[:2] == [PAYLOAD, b"y" * 600]


@pytest.mark.parametrize("family", HOSTS)
def test_what_is_missing_or_overlaps_gives_nothing(family: int) -> None:
    parts = pieces(family)
    assert taken(Reassembly(), parts[1:]) == []
    assert taken(Reassembly(), parts[:-1]) == []
    overlapping = pieces(family, PAYLOAD, 128)
    assert taken(Reassembly(), [parts[0], overlapping[1], *parts[1:]]) == []


def test_a_whole_packet_passes_as_it_is() -> None:
    octets = build_ip(*HOSTS[4], ESP, PAYLOAD)
    assert Reassembly().take(octets) == parse_ip(octets)
    assert Reassembly().take(b"") is None


def test_a_flood_of_beginnings_is_bounded() -> None:
    reassembly = Reassembly(3)
    begun = [pieces(4, ident=ident) for ident in range(10)]
    assert taken(reassembly, [each[0] for each in begun]) == []
    assert len(taken(reassembly, begun[9][1:])) == 1
    assert taken(reassembly, begun[0][1:]) == []


@pytest.mark.parametrize("family", HOSTS)
def test_any_octets_will_do(family: int) -> None:
    draw = random.Random(8)
    reassembly = Reassembly()
    parts = pieces(family)
    for _ in range(3000):
        octets = bytearray(draw.choice(parts))
        for _ in range(draw.randrange(4)):
            octets[draw.randrange(60)] = draw.randrange(256)
        reassembly.take(bytes(octets[: draw.randrange(len(octets) + 1)]))
