"""IP, UDP and TCP to the octet, against figures from elsewhere and against a checksum computed the slow way."""

from __future__ import annotations

import random
import struct

import pytest

from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.entries import Entry
from imsreg.transcript.packets import Datagram, PacketError, Segment, parse_packet
from imsreg.transcript.streams import MAX_SEGMENT, Streams, settled_flows

A4, B4 = Address("192.0.2.1", 5060), Address("198.51.100.9", 40_000)
A6, B6 = Address("2001:db8::1", 5060), Address("2001:db8::9", 40_000)


def ones_sum(octets: bytes) -> int:
    """RFC 1071 word by word: 0xFFFF if the checksum within is right."""
    words = struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + bytes(len(octets) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def sums_are_right(packet: bytes) -> bool:
    if packet[0] >> 4 == 4:
        head, hosts, protocol, rest = packet[:20], packet[12:20], packet[9], packet[20:]
        if ones_sum(head) != 0xFFFF or int.from_bytes(packet[2:4], "big") != len(packet):
            return False
    else:
        hosts, protocol, rest = packet[8:40], packet[6], packet[40:]
        if int.from_bytes(packet[4:6], "big") != len(rest):
            return False
    return ones_sum(hosts + struct.pack("!II", len(rest), protocol) + rest) == 0xFFFF


def test_the_example_of_a_header_checksum() -> None:
    packet = Datagram(Address("192.168.0.1", 1), Address("192.168.0.199", 2), bytes(87)).to_bytes()
    assert packet[:10].hex() == "45000073000040004011"
    assert packet[10:12].hex() == "b861", "the figure of the usual worked example"


@pytest.mark.parametrize(("source", "destination"), [(A4, B4), (A6, B6)], ids=["IPv4", "IPv6"])
def test_packets_read_back_and_their_sums_are_right(source: Address, destination: Address) -> None:
    draw = random.Random(1)
    for size in (0, 1, 2, 1399, 65_507 if source is A4 else 65_527):
        datagram = Datagram(source, destination, draw.randbytes(size))
        packet = datagram.to_bytes(ident=70_000)
        assert sums_are_right(packet)
        assert parse_packet(packet) == datagram
    for flags in (TcpFlags.SYN, TcpFlags.SYN | TcpFlags.ACK, TcpFlags.ACK | TcpFlags.PSH, TcpFlags.FIN | TcpFlags.ACK):
        segment = Segment(source, destination, 2**32 - 1, 7, flags, draw.randbytes(0 if flags & TcpFlags.SYN else 333))
        assert sums_are_right(segment.to_bytes())
        assert parse_packet(segment.to_bytes()) == segment


def test_a_udp_checksum_is_never_written_as_zero() -> None:
    with_zeros = Datagram(A4, B4, b"\0\0").to_bytes()
    checksum = with_zeros[26:28]
    assert Datagram(A4, B4, checksum).to_bytes()[26:28] == b"\xff\xff", "RFC 768: zero means that there is none"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda p: p[:30], "cut short"),
        (lambda p: b"", "cut short"),
        (lambda p: b"\x45", "cut short"),
        (lambda p: b"\x55" + p[1:], "IP version 5"),
        (lambda p: b"\x44" + p[1:], "shorter than 20"),
        (lambda p: p[:6] + b"\x20\x01" + p[8:], "fragment"),
        (lambda p: p[:9] + b"\x32" + p[10:], "protocol 50"),
        (lambda p: p[:24] + b"\xff\xff" + p[26:], "UDP length"),
    ],
)
def test_what_cannot_be_read_is_named(change: object, problem: str) -> None:
    assert callable(change)
    with pytest.raises(PacketError, match=problem):
        parse_packet(change(Datagram(A4, B4, b"hello").to_bytes()))


def test_random_packets_raise_nothing_else() -> None:
    draw = random.Random(2)
    seeds = [Datagram(A4, B4, b"x" * 9).to_bytes(), Segment(A6, B6, 1, 2, TcpFlags.ACK, b"y" * 9).to_bytes()]
    for _ in range(3000):
        packet = bytearray(draw.choice(seeds))
        for _ in range(draw.randrange(1, 5)):
            packet[draw.randrange(len(packet))] = draw.randrange(256)
        try:
            parse_packet(bytes(packet[: draw.randrange(len(packet) + 1)]))
        except PacketError:
            continue


def stream(connection: int = 1, local: Address = A4) -> Flow:
    return Flow("TCP", local, B4, connection)


def test_a_connection_has_handshake_data_and_end_with_the_right_numbers() -> None:
    streams = Streams()
    segments = [*streams.send(stream(), A4, b"x" * 100), *streams.send(stream(), B4, b"y" * 50), *streams.close()]
    syn, fin, ack, push = TcpFlags.SYN, TcpFlags.FIN, TcpFlags.ACK, TcpFlags.PSH
    assert [(s.source, s.seq, s.ack, s.flags, len(s.payload)) for s in segments] == [
        (A4, 0, 0, syn, 0),
        (B4, 0, 1, syn | ack, 0),
        (A4, 1, 1, ack, 0),
        (A4, 1, 1, ack | push, 100),
        (B4, 1, 101, ack | push, 50),
        (A4, 101, 51, fin | ack, 0),
        (B4, 51, 102, fin | ack, 0),
        (A4, 102, 52, ack, 0),
    ]
    assert list(streams.close()) == []


def test_long_messages_take_several_segments_and_the_last_one_pushes() -> None:
    data = [s for s in Streams().send(stream(), B4, b"z" * (2 * MAX_SEGMENT + 1)) if s.payload]
    assert [(len(s.payload), TcpFlags.PSH in s.flags) for s in data] == [
        (MAX_SEGMENT, False),
        (MAX_SEGMENT, False),
        (1, True),
    ]


def test_a_new_connection_between_the_same_ends_closes_the_old_one_first() -> None:
    streams = Streams()
    list(streams.send(stream(1), A4, b"a"))
    flags = [s.flags for s in streams.send(stream(2), B4, b"b")]
    assert flags[0] == TcpFlags.FIN | TcpFlags.ACK
    assert flags[3] == TcpFlags.SYN
    assert len(list(streams.close())) == 3


def test_sequence_numbers_wrap() -> None:
    streams = Streams()
    for number in range(5000):
        first = next(streams.send(stream(1, Address("192.0.2.1", number + 1)), B4, b"a"))
        assert first.seq < 2**32


def test_a_message_that_asked_for_a_connection_goes_over_the_one_that_answers() -> None:
    asked, used = stream(0), stream(5, Address(A4.host, 49_152))
    other = Flow("TCP", Address("192.0.2.77", 1), B4, 6)
    entries = tuple(
        Entry(number, 0.0, True, flow, b"x", None, None)
        for number, flow in enumerate([asked, other, used, asked, Flow("UDP", A4, B4), stream(0, A6)], 1)
    )
    assert settled_flows(entries) == {1: used, 2: other, 3: used, 4: used}
