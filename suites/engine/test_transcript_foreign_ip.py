"""IP packets in captures of somebody else's: fragments, extension headers, tunnels, and one packet seen twice."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from foreign_captures import (  # noqa: E402
    COOKED,
    COOKED2,
    CSCF,
    CSCF6,
    ETHERNET,
    OK,
    REGISTER,
    UE,
    UE6,
    cooked,
    cooked2,
    ethernet,
    fragments,
    message,
    octets_in,
    on_interfaces,
    pcap,
    read,
    troubles_in,
    udp,
    with_ttl,
)

from imsreg.secagree.ip import build_ip  # noqa: E402
from imsreg.sip.flow import Address  # noqa: E402
from imsreg.transcript import foreign_copies, foreign_ip  # noqa: E402

LONG = message(1, b"x" * 2000)
ENB, GATEWAY = Address("192.0.2.9", 2152), Address("192.0.2.1", 2152)


def gtp(inner: bytes, flags: int = 0x30, optional: bytes = b"", kind: int = 255, teid: int = 7) -> bytes:
    head = struct.pack("!BBHI", flags, kind, len(optional) + len(inner), teid)
    return udp(head + optional + inner, ENB, GATEWAY)


def fragment6(octets: bytes, begin: int, end: int) -> bytes:
    piece, more = octets[40 + begin : 40 + end], 40 + end < len(octets)
    head = struct.pack("!BBHI", octets[6], 0, begin | more, 9)
    return octets[:4] + struct.pack("!HB", 8 + len(piece), 44) + octets[7:40] + head + piece


# Fragments.


@pytest.mark.parametrize(
    "order", [lambda p: p, lambda p: p[::-1], lambda p: [*p, p[0]]], ids=["in order", "not", "two"]
)
def test_fragments_are_put_together(order: Callable[[list[bytes]], list[bytes]]) -> None:
    pieces = fragments(udp(LONG))
    assert len(pieces) == 5
    assert octets_in(pcap(order(pieces))) == [LONG]


def test_a_message_has_the_place_of_its_last_fragment() -> None:
    capture = read(pcap([*fragments(udp(LONG)), udp(OK)]))
    assert [(m.packet, m.at) for m in capture.messages] == [(5, 1004.0), (6, 1005.0)]
    assert capture.troubles == ()


def test_fragments_of_ipv6_behind_extension_headers() -> None:
    whole = udp(LONG, UE6, CSCF6)
    pieces = [fragment6(whole, 0, 1024), fragment6(whole, 1024, 2048), fragment6(whole, 2048, 4096)]
    routed = [p[:6] + b"\x2b" + p[7:40] + b"\x2c\0\0\0\0\0\0\0" + p[40:] for p in pieces]
    routed = [p[:4] + struct.pack("!H", len(p) - 40) + p[6:] for p in routed]
    assert octets_in(pcap(pieces)) == [LONG]
    assert octets_in(pcap(routed)) == [LONG]


def test_what_lacks_a_fragment_is_said() -> None:
    made = pcap([udp(OK), *fragments(udp(LONG))[:-1]])
    assert octets_in(made) == [OK]
    (trouble,) = read(made).troubles
    assert (trouble.kind, trouble.count, trouble.packet) == ("fragments", 1, 2)
    assert "from 10.0.0.7 to 10.0.0.1" in trouble.text


def test_fragments_wait_for_a_minute() -> None:
    first, *others = fragments(udp(LONG))
    late = [(0.0, first), *((61.0, each) for each in others)]
    assert octets_in(pcap(late)) == []
    assert troubles_in(pcap(late)) == [("fragments", 2, 1)]
    assert octets_in(pcap([(0.0, first), *((59.0, each) for each in others)])) == [LONG]


def test_fragments_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_ip, "MAX_WAITING", 1)
    monkeypatch.setattr(foreign_ip, "MAX_PIECES", 4)
    other = bytearray(fragments(udp(LONG))[0])
    other[4:6] = b"\0\x08"
    assert troubles_in(pcap([bytes(other), fragments(udp(LONG))[0]])) == [("fragments", 2, 1)]
    assert octets_in(pcap(fragments(udp(LONG), 520))) == [LONG]
    assert octets_in(pcap(fragments(udp(LONG), 480))) == []


# IPv6 extension headers.


@pytest.mark.parametrize(
    "headers", [b"\x11\0" + bytes(6), b"\x3c\0" + bytes(6) + b"\x11\1" + bytes(14)], ids=["one", "two"]
)
def test_extension_headers_are_passed_over(headers: bytes) -> None:
    made = udp(REGISTER, UE6, CSCF6)
    made = made[:4] + struct.pack("!HB", len(made) - 40 + len(headers), 0) + made[7:40] + headers + made[40:]
    assert octets_in(pcap([made])) == [REGISTER]
    for length in range(len(made)):
        assert octets_in(pcap([made[:length]])) == []


# Tunnels.


@pytest.mark.parametrize("inner", [udp(REGISTER), udp(REGISTER, UE6, CSCF6)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(
    ("flags", "optional"),
    [
        (0x30, b""),
        (0x32, b"\0\1\0\0"),
        (0x34, b"\0\0\0\x85\x01\x10\x09\x00"),
        (0x36, b"\0\1\0\xc0\x01\0\0\x85\x02\0\0\0\0\0\0\0"),
    ],
    ids=["plain", "sequence", "session container", "two extensions"],
)
def test_gtp_is_unwrapped(inner: bytes, flags: int, optional: bytes) -> None:
    (found,) = read(pcap([gtp(inner, flags, optional)])).messages
    assert found.octets == REGISTER
    assert (found.source, found.destination) in [(UE, CSCF), (UE6, CSCF6)]


def test_what_only_looks_like_gtp_is_none() -> None:
    echo, other_version = gtp(b"", kind=1), gtp(udp(REGISTER), 0x50)
    endless, short = gtp(b"", 0x34, b"\0\0\0\x85\0"), gtp(b"", 0x34, b"\0\0\0\x85\x09\0")
    sip = udp(REGISTER, ENB, GATEWAY)
    cut = gtp(b"", 0x34, b"\0\0")
    assert octets_in(pcap([echo, other_version, endless, short, cut, gtp(b"\x90abc"), sip])) == [REGISTER]


@pytest.mark.parametrize(("inner", "protocol"), [(udp(REGISTER), 4), (udp(REGISTER, UE6, CSCF6), 41)])
def test_ip_in_ip_is_unwrapped(inner: bytes, protocol: int) -> None:
    outer = build_ip(b"\xc0\0\2\1", b"\xc0\0\2\2", protocol, inner)
    assert octets_in(pcap([outer, gtp(outer)])) == [REGISTER, REGISTER]  # a second later
    assert octets_in(pcap([build_ip(b"\xc0\0\2\1", b"\xc0\0\2\2", protocol, b"\0" * 40)])) == []


def test_tunnels_in_tunnels_end() -> None:
    made = udp(REGISTER)
    for _ in range(3):
        made = build_ip(b"\xc0\0\2\1", b"\xc0\0\2\2", 4, made)
    assert octets_in(pcap([made])) == []


def test_fragments_of_a_tunnel() -> None:
    assert octets_in(pcap(fragments(gtp(udp(LONG))))) == [LONG]


# One packet, seen more than once.


def test_a_packet_on_two_interfaces_counts_once() -> None:
    one, two = udp(REGISTER, ident=1), with_ttl(udp(OK), 63)
    made = on_interfaces([(0, 1.0, one), (1, 1.0, one), (1, 1.5, with_ttl(two, 63)), (0, 1.501, with_ttl(two, 62))])
    assert octets_in(made) == [REGISTER, OK]


def test_a_repetition_on_one_interface_counts() -> None:
    assert octets_in(pcap([(0.0, udp(REGISTER)), (0.5, udp(REGISTER))])) == [REGISTER] * 2
    assert octets_in(pcap([(0.0, udp(REGISTER)), (0.01, udp(REGISTER))])) == [REGISTER] * 2


def test_what_comes_at_once_is_in_the_capture_twice() -> None:
    frames = [
        (0.0, udp(REGISTER)),
        (0.001, udp(REGISTER)),
        (0.002, udp(b"x")),
        (0.002, udp(b"x")),
        (0.5, udp(REGISTER)),
    ]
    (first, second) = read(pcap(frames)).messages
    assert (first.packet, second.packet) == (1, 5)
    assert troubles_in(pcap(frames)) == [("twice", 1, 2)]


def test_a_repetition_on_two_interfaces_counts_once_each() -> None:
    one = udp(REGISTER)
    made = on_interfaces([(0, 1.0, one), (1, 1.0, one), (0, 1.5, one), (1, 1.5, one), (0, 2.5, one), (1, 2.5, one)])
    assert [m.at for m in read(made).messages] == [1001.0, 1001.5, 1002.5]
    made = on_interfaces([(0, 1.0, one), (1, 1.001, one), (1, 1.1, one), (0, 1.101, one)])
    assert [m.at for m in read(made).messages] == [1001.0, 1001.1]
    made = on_interfaces([(0, 1.0, one), (0, 1.01, one), (1, 1.02, one), (1, 1.03, one)])
    assert len(octets_in(made)) == 2


def test_what_comes_much_later_on_another_interface_counts() -> None:
    assert octets_in(on_interfaces([(0, 1.0, udp(REGISTER)), (1, 1.5, udp(REGISTER))])) == [REGISTER] * 2


def test_other_octets_are_another_packet() -> None:
    made = on_interfaces([(0, 1.0, udp(REGISTER, ident=1)), (1, 1.0, udp(REGISTER, ident=2))])
    assert octets_in(made) == [REGISTER] * 2


@pytest.mark.parametrize(
    ("frames", "link"),
    [
        ([cooked2(udp(REGISTER), 2), cooked2(udp(REGISTER), 3)], COOKED2),
        ([cooked2(udp(REGISTER), 2), cooked2(udp(REGISTER), 2, 4)], COOKED2),
        ([cooked(udp(REGISTER)), cooked(udp(REGISTER), 4)], COOKED),
        ([ethernet(udp(REGISTER)), ethernet(udp(REGISTER), b"\x81\x00\x00\x07")], ETHERNET),
        ([ethernet(udp(REGISTER)), ethernet(with_ttl(udp(REGISTER), 9))], ETHERNET),
        ([ethernet(udp(REGISTER, UE6, CSCF6)), ethernet(with_ttl(udp(REGISTER, UE6, CSCF6), 9))], ETHERNET),
        ([ethernet(gtp(udp(REGISTER))), ethernet(udp(REGISTER))], ETHERNET),
        ([ethernet(gtp(udp(REGISTER))), ethernet(gtp(udp(REGISTER), teid=8))], ETHERNET),
        ([ethernet(gtp(udp(REGISTER))), ethernet(with_ttl(gtp(udp(REGISTER)), 3))], ETHERNET),
    ],
    ids=["interface", "direction", "cooked", "vlan", "router", "router6", "tunnel", "two tunnels", "outside"],
)
def test_ways_on_one_interface(frames: list[bytes], link: int) -> None:
    assert octets_in(pcap([(0.1, frames[0]), (0.2, frames[1])], link)) == [REGISTER]
    assert octets_in(pcap([(0.1, frames[0]), (0.2, frames[0])], link)) == [REGISTER] * 2


def test_copies_of_fragments_count_once() -> None:
    pieces = fragments(udp(LONG))
    both = [(which, 1.0, piece) for piece in pieces for which in (0, 1)]
    assert octets_in(on_interfaces(both)) == [LONG]


def test_copies_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_copies, "MAX_REMEMBERED", 1)
    made = on_interfaces([(0, 1.0, udp(message(n))) for n in range(3)] + [(1, 1.0, udp(message(0)))])
    assert octets_in(made) == [message(0), message(1), message(2), message(0)]
