"""Captures of somebody else's: files of every kind, link layers, and what is said of what cannot be read."""

from __future__ import annotations

import gzip
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from foreign_captures import (  # noqa: E402
    BEGAN,
    COOKED,
    COOKED2,
    CSCF,
    CSCF6,
    ETHERNET,
    OK,
    PATH,
    REGISTER,
    UE,
    UE6,
    cooked,
    cooked2,
    ethernet,
    interface,
    message,
    octets_in,
    packet,
    pcap,
    pcapng,
    read,
    section,
    troubles_in,
    udp,
    with_ttl,
)

from imsreg.errors import InputError  # noqa: E402
from imsreg.sip.flow import Address  # noqa: E402
from imsreg.transcript import foreign, foreign_trouble  # noqa: E402
from imsreg.transcript.blocks import BlockType, write_block  # noqa: E402
from imsreg.transcript.packets import Segment, TcpFlags  # noqa: E402


@pytest.mark.parametrize("ends", [(UE, CSCF), (UE6, CSCF6)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(
    "write",
    [
        pcap,
        pcapng,
        lambda packets: pcap(packets, order=">"),
        lambda packets: pcap(packets, nano=True),
        lambda packets: pcap(packets, order=">", nano=True),
    ],
    ids=["pcap", "pcapng", "big-endian", "nano", "nano-big-endian"],
)
def test_messages_are_read_with_time_and_ends(
    write: Callable[[Sequence[tuple[float, bytes]]], bytes], ends: tuple[Address, Address]
) -> None:
    up, down = udp(REGISTER, *ends), udp(OK, ends[1], ends[0])
    capture = read(write([(0.25, up), (0.5, udp(b"\r\n\r\n", *ends)), (1.5, down)]))
    told = [(m.at, m.transport, m.source, m.destination, m.connection, m.spi, m.packet) for m in capture.messages]
    assert told == [
        (BEGAN + 0.25, "UDP", *ends, 0, None, 1),
        (BEGAN + 1.5, "UDP", ends[1], ends[0], 0, None, 3),
    ]
    assert [m.octets for m in capture.messages] == [REGISTER, OK]
    assert capture.path == PATH
    assert capture.esp == ()
    assert capture.troubles == ()


@pytest.mark.parametrize(
    "octets",
    [
        lambda p: pcap([ethernet(each) for each in p], ETHERNET),
        lambda p: pcap([ethernet(each, b"\x81\x00\x00\x07") for each in p], ETHERNET, ">"),
        lambda p: pcap([ethernet(each, b"\x88\xa8\x00\x07\x81\x00\x00\x08") for each in p], ETHERNET),
        lambda p: pcap([ethernet(each) + b"padding" for each in p], ETHERNET),
        lambda p: pcapng([cooked(each) for each in p], COOKED),
        lambda p: pcapng([cooked2(each) for each in p], COOKED2),
        lambda p: pcap([b"\x02\0\0\0" + each for each in p], 0),
        lambda p: pcap([b"\0\0\0\x02" + each for each in p], 108),
        lambda p: pcap(p, 12),
        lambda p: pcapng(p, 228),
        lambda p: pcap([struct.pack("<III", 108, 1, 12) + bytes(96) + each for each in p], 258),
        lambda p: pcap([struct.pack("<III", 108, 1, 1) + bytes(96) + ethernet(each) for each in p], 258),
    ],
    ids=["ethernet", "vlan", "q-in-q", "padded", "cooked", "cooked2", "null", "loop", "raw", "ipv4", "tap", "tap-en"],
)
def test_link_layers(octets: Callable[[Sequence[bytes]], bytes]) -> None:
    capture = read(octets([udp(REGISTER), udp(OK)]))
    assert [(m.at, m.octets) for m in capture.messages] == [(BEGAN, REGISTER), (BEGAN + 1, OK)]


def test_frames_without_ip_are_passed_over() -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    assert octets_in(pcap([arp, ethernet(udp(REGISTER)), b"", b"\x00"], ETHERNET)) == [REGISTER]


def test_times_of_interfaces() -> None:
    made = section()
    made += interface() + interface(options=[(9, b"\x8a")]) + interface(options=[(14, struct.pack("<q", 500))])
    made += packet(udp(message(0)), 7 * 10**6) + packet(udp(message(1)), 8 * 1024 + 512, 1)
    made += packet(udp(message(2)), 9_250_000, 2)
    assert [m.at for m in read(made).messages] == [7.0, 8.5, 509.25]


def test_frames_of_several_interfaces_are_in_order_of_time() -> None:
    made = section() + interface() * 2
    made += packet(udp(message(0)), 10) + packet(udp(message(2)), 30) + packet(udp(message(1)), 20, 1)
    damaged = [(m.packet, m.octets) for m in read(made + b"\6\0\0\0").messages]
    assert damaged == [(1, message(0)), (3, message(1)), (2, message(2))]
    assert troubles_in(made + b"\6\0\0\0") == [("damaged", 1, 2)]
    made = section() + interface() * 2 + packet(udp(message(0)), 10) + packet(udp(message(2)), 30)
    assert octets_in(made + packet(udp(message(1)), 20)) == [message(0), message(2), message(1)], (
        "a clock was put right"
    )


def test_several_sections_have_their_own_interfaces() -> None:
    made = section() + interface(ETHERNET) + packet(ethernet(udp(REGISTER)), 1)
    made += section() + interface(options=[(9, b"\x03")]) + packet(udp(OK), 2_000) + packet(udp(OK), 2_000, which=1)
    assert [(m.at, m.octets) for m in read(made).messages] == [(1e-6, REGISTER), (2.0, OK)]


def test_pcapng_in_the_other_order() -> None:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = 12 + len(body)
        return struct.pack(">II", kind, length) + body + struct.pack(">I", length)

    one, at = udp(REGISTER), 7_250_000
    made = block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1))
    made += block(1, struct.pack(">HHIHHqHH", 101, 0, 0, 14, 8, 500, 0, 0))
    made += block(6, struct.pack(">IIIII", 0, 0, at, len(one), len(one)) + one)
    assert [(m.at, m.octets) for m in read(made).messages] == [(507.25, REGISTER)]


def test_simple_and_old_packet_blocks() -> None:
    one, two = udp(REGISTER), udp(OK)
    made = section() + interface(snap=len(one) + 4) + packet(udp(message(1)), 5 * 10**6)
    made += write_block(3, struct.pack("<I", len(one)) + one)  # type: ignore[arg-type]
    head = struct.pack("<HHIIII", 0, 0, 0, 6 * 10**6, len(two), len(two))
    made += write_block(2, head + two)  # type: ignore[arg-type]
    assert [(m.at, m.octets) for m in read(made).messages] == [(5.0, message(1)), (5.0, REGISTER), (6.0, OK)]


def test_other_blocks_and_packets_of_no_interface_are_passed_over() -> None:
    made = section() + write_block(3, struct.pack("<I", 4) + b"abcd")  # type: ignore[arg-type]
    made += interface() + write_block(BlockType.INTERFACE_STATISTICS, bytes(12)) + packet(udp(REGISTER), 1)
    assert octets_in(made) == [REGISTER]


@pytest.mark.parametrize(
    ("octets", "problem", "remedy"),
    [
        (b"", "the file is empty", "capture again"),
        (gzip.compress(pcap([]), mtime=0), r"compressed \(gzip\)", "gzip -d"),
        (b"\x28\xb5\x2f\xfd0000", r"compressed \(zstd\)", "zstd -d"),
        (b"SIP/2.0 200 OK\r\n", "neither pcap nor pcapng", "editcap -F pcapng"),
        (b"\xd4", "neither pcap nor pcapng", "editcap -F pcapng"),
        (pcap([])[:20], "ends inside its header", "capture again"),
        (section()[:20], "ends inside a block", "capture again"),
        (section()[:8] + bytes(20), "no byte-order magic", "capture again"),
        (pcap([ethernet(udp(REGISTER))], 147), "frames of link type 147 cannot be read", "capture on an interface"),
    ],
)
def test_what_is_no_capture_is_one_line(octets: bytes, problem: str, remedy: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read(octets)
    assert remedy in caught.value.remedy
    assert str(caught.value).startswith("phone.pcap")
    assert "\n" not in str(caught.value)


def test_an_empty_capture_is_one() -> None:
    assert read(pcap([])).messages == ()
    assert read(section()).messages == ()


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_what_is_behind_damage_is_lost(write: Callable[[Sequence[bytes]], bytes]) -> None:
    capture = read(write([udp(REGISTER), udp(OK)])[:-9])
    assert [m.octets for m in capture.messages] == [REGISTER]
    (trouble,) = capture.troubles
    assert (trouble.kind, trouble.count, trouble.packet) == ("damaged", 1, 1)
    assert "the file ends inside a" in trouble.text


def test_frames_of_an_unknown_link_type_beside_others() -> None:
    made = section() + interface(147) + interface() + packet(b"abc", 1) + packet(udp(REGISTER), 2, 1) + packet(b"d", 3)
    assert octets_in(made) == [REGISTER]
    assert troubles_in(made) == [("unreadable", 2, 1)]


def test_packets_that_were_cut_are_named_if_they_matter() -> None:
    sip, other = udp(REGISTER), udp(b"x" * 80)
    tcp = Segment(Address(UE.host, 5060), CSCF, 1, 1, TcpFlags.ACK, b"y" * 80).to_bytes()
    esp = bytes(9) + b"\x32"
    protected = sip[:9] + esp[9:10] + sip[10:]
    made = pcap([sip[:60], other[:60], tcp[:60], protected[:60], udp(OK)])
    assert octets_in(made) == [OK]
    assert troubles_in(made) == [("cut", 3, 1)]


def test_packets_in_tunnels_that_were_cut_are_named_too() -> None:
    ends = Address("192.0.2.1", 2152), Address("192.0.2.2", 2152)
    head = struct.pack("!BBHI", 0x30, 255, 0, 7)
    sip, web = udp(head + udp(REGISTER), *ends), udp(head + udp(b"x" * 80), *ends)
    esp = udp(b"\0\0\1\1" * 20, Address(UE.host, 4500), Address(CSCF.host, 4500))
    assert troubles_in(pcap([web[:90], sip[:90], esp[:60], web[:40]])) == [("cut", 2, 2)]


@pytest.mark.parametrize(
    "octets",
    [
        b"REGISTER sip:a SIP/2.0\r\n\r\n",
        b"\r\n\r\nSIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 200\r\n\r\n",
        b"SIP/2.0 401 \r\nVia: x\r\n\r\n",
        b"rEGISTER urn:x SIP/3.0\nVia: x\n\n",
        b"REGISTER sip:a\r\nv: SIP/2.0/UDP a\r\nCSeq: 1 REGISTER\r\n\r\n",
        b"NOT/KNOWN sip:a;x= sip/2.0\r\n\r\n",
    ],
)
def test_whatever_is_meant_as_a_message_is_one(octets: bytes) -> None:
    at_port = Address(UE.host, 5060), CSCF
    assert octets_in(pcap([udp(octets, *at_port)])) == [octets]
    segment = Segment(*at_port, 1, 1, TcpFlags.ACK, REGISTER + octets).to_bytes()
    assert octets_in(pcap([segment])) == [REGISTER, octets.lstrip(b"\r\n")]
    if b"SIP/" in octets.upper().partition(b"\n")[0] or octets[0] == 13:
        assert octets_in(pcap([udp(octets)])) == [octets]
        assert len(octets_in(pcap([segment[:20] + bytes(2) + segment[22:]]))) == 2
    else:
        assert octets_in(pcap([udp(octets), segment[:20] + bytes(2) + segment[22:]])) == [REGISTER]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\n",
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n",
        b"SIP",
        b"REGISTER sip:a SIP/2.0",
        bytes(range(256)),
        b"\0\x01\0\x08!\x12\xa4B" + bytes(20),
    ],
)
def test_other_protocols_are_left_out(octets: bytes) -> None:
    assert octets_in(pcap([udp(octets, Address(UE.host, 5060), Address(CSCF.host, 5060))])) == []


def test_an_ip_length_that_the_network_card_was_to_fill_in() -> None:
    made = udp(REGISTER)
    assert octets_in(pcap([made[:2] + b"\0\0" + made[4:]])) == [REGISTER]


def test_a_datagram_ends_where_it_says() -> None:
    made = udp(REGISTER)
    assert octets_in(pcap([made[:24] + b"\0\x09" + made[26:], made[:24] + b"\xff\xff" + made[26:], udp(OK)])) == [OK]


def test_hop_limits_do_no_harm() -> None:
    assert octets_in(pcap([with_ttl(udp(REGISTER), 0), with_ttl(udp(OK, UE6, CSCF6), 255)])) == [REGISTER, OK]


def test_there_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "MAX_ENTRIES", 2)
    capture = read(pcap([udp(message(n)) for n in range(5)]))
    assert [m.octets for m in capture.messages] == [message(0), message(1)]
    assert [(t.kind, t.count, t.packet) for t in capture.troubles] == [("many", 3, 3)]


def test_there_are_bounds_of_troubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_trouble, "MAX_TEXTS", 2)
    made = section() + interface(200) + interface(201) + interface(202) + interface()
    made += b"".join(packet(b"x", which, which) for which in (0, 1, 2, 1)) + packet(udp(OK), 9, 3)
    assert troubles_in(made) == [("unreadable", 1, 1), ("unreadable", 2, 2)]
