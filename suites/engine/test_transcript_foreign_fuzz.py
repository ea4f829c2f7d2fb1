"""Captures with octets of any kind: whatever comes is read, or refused in one line."""

from __future__ import annotations

import random
import struct
import sys
from contextlib import suppress
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from foreign_captures import (  # noqa: E402
    COOKED2,
    CSCF,
    CSCF6,
    ETHERNET,
    OK,
    REGISTER,
    UE,
    UE6,
    Sender,
    cooked2,
    ethernet,
    fragments,
    message,
    pcap,
    pcapng,
    read,
    udp,
)
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from imsreg.errors import InputError  # noqa: E402
from imsreg.secagree.ip import build_ip  # noqa: E402
from imsreg.secagree.segment import TcpFlags  # noqa: E402
from imsreg.secagree.transforms import Transform  # noqa: E402
from imsreg.sip.flow import Address  # noqa: E402
from imsreg.transcript.foreign_text import SipText  # noqa: E402
from imsreg.transcript.packets import Segment  # noqa: E402


def packets() -> list[bytes]:
    """One of everything that is looked into."""
    sender = Sender(Transform("hmac-sha-1-96", "null"))
    six = udp(REGISTER, UE6, CSCF6)
    gtp = struct.pack("!BBHIHBB", 0x34, 255, 0, 7, 0, 0, 0x85) + b"\x01\x10\x09\x00" + udp(OK)
    icmp = build_ip(b"\n\0\0\xfe", b"\n\0\0\x07", 1, b"\x03\x03" + bytes(6) + udp(REGISTER))
    tcp = [
        Segment(UE, CSCF, 1, 0, TcpFlags.SYN),
        Segment(CSCF, UE, 7, 2, TcpFlags.SYN | TcpFlags.ACK),
        Segment(UE, CSCF, 2, 8, TcpFlags.ACK, REGISTER[:20]),
        Segment(UE, CSCF, 40, 8, TcpFlags.ACK, REGISTER[38:] + message(1, b"x" * 20)),
        Segment(UE, CSCF, 22, 8, TcpFlags.ACK, REGISTER[20:38]),
        Segment(CSCF, UE, 8, 200, TcpFlags.RST, b""),
    ]
    return [
        udp(REGISTER),
        six[:6] + b"\0" + six[7:40] + b"\x11\0" + bytes(6) + six[40:],
        sender.udp(REGISTER),
        sender.tcp(1, REGISTER[:30]),
        sender.tcp(31, REGISTER[30:]),
        *fragments(udp(message(1, b"y" * 900))),
        udp(gtp, Address("192.0.2.1", 2152), Address("192.0.2.2", 2152)),
        udp(sender.udp(OK)[20:], Address("192.0.2.1", 4500), Address("192.0.2.2", 4500)),
        build_ip(b"\n\0\0\1", b"\n\0\0\2", 4, udp(OK)),
        icmp,
        *(each.to_bytes() for each in tcp),
    ]


FILES = [
    pcap(packets()),
    pcap([ethernet(each, b"\x81\x00\x00\x07") for each in packets()], ETHERNET, ">"),
    pcapng([cooked2(each) for each in packets()], COOKED2),
    pcap([struct.pack("<III", 108, 1, 12) + bytes(96) + each for each in packets()], 258),
]


def test_all_of_it_is_read() -> None:
    for octets in FILES:
        capture = read(octets)
        assert len(capture.messages) == 9
        assert [each.kind for each in capture.troubles] == ["unreachable"]


@pytest.mark.parametrize("octets", FILES, ids=["raw", "ethernet", "cooked", "tap"])
def test_any_damage_is_survived(octets: bytes) -> None:
    draw = random.Random(6)
    for _ in range(400):
        spoilt = bytearray(octets[: draw.randrange(len(octets) // 3, len(octets) + 1)])
        for _ in range(draw.randrange(1, 30)):
            spoilt[draw.randrange(len(spoilt))] = draw.choice((0, 1, 0x45, 0x60, 0x7F, 0xFF, draw.randrange(256)))
        with suppress(InputError):
            read(bytes(spoilt))


def test_packets_of_any_octets() -> None:
    draw, known = random.Random(7), packets()
    made = []
    for _ in range(3000):
        packet = bytearray(draw.choice(known))
        for _ in range(draw.randrange(1, 6)):
            packet[draw.randrange(len(packet))] = draw.randrange(256)
        made.append(bytes(packet[: draw.randrange(len(packet) + 1)]))
    read(pcap([(n / 1000, each) for n, each in enumerate(made)]))
    read(pcap([(n / 1000, draw.randbytes(draw.randrange(80))) for n in range(3000)]))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_octets_raise_anything_else(octets: bytes) -> None:
    for head in (b"", FILES[0][:24], FILES[2][:60]):
        with suppress(InputError):
            read(head + octets)


_PIECE = st.sampled_from(
    [REGISTER, OK, message(2, b"body\r\n"), b"\r\n\r\n", b"junk\r\n\r\n", b"SIP/2.0 200 OK\r\n", b"\0\xff", b"Via: x"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECE, max_size=8), st.integers(1, 40), st.booleans())
def test_a_stream_says_the_same_whatever_its_segments(pieces: list[bytes], size: int, seeking: bool) -> None:
    """What is found in small segments are messages that are found in a whole one, too."""
    said = b"".join(pieces)
    whole, parts = SipText(seeking=seeking, sip=True), SipText(seeking=False, sip=True)
    found = list(whole.feed(said)) if said else []
    cut = [each for begin in range(0, len(said), size) for each in parts.feed(said[begin : begin + size])]
    assert all(each in said for each in [*found, *cut])
    if not seeking and all(each in (REGISTER, OK, b"\r\n\r\n") for each in pieces):
        assert cut == found == [each for each in pieces if each.strip()]
