"""TCP in captures of somebody else's: what is repeated, out of order, missing, refused, or never answered."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from foreign_captures import CSCF, CSCF6, OK, REGISTER, UE, UE6, message, octets_in, pcap, read, troubles_in, udp  # noqa: E402

from imsreg.secagree.ip import build_ip  # noqa: E402
from imsreg.sip.flow import Address  # noqa: E402
from imsreg.transcript import foreign_refusals, foreign_streams  # noqa: E402
from imsreg.transcript.packets import Segment, TcpFlags  # noqa: E402

SYN, ACK, RST, FIN = TcpFlags.SYN, TcpFlags.ACK, TcpFlags.RST, TcpFlags.FIN
SIP_UE, SIP_CSCF = Address("10.0.0.7", 5060), Address("10.0.0.1", 5060)
LIMIT = 2**32
FIRST = LIMIT - 50
"""The number of the first octet: numbers wrap in every stream."""


def up(at: int, octets: bytes = b"", flags: TcpFlags = ACK, ack: int = 0) -> bytes:
    """A segment of the UE that begins with octet `at` of what it says."""
    return Segment(UE, CSCF, (FIRST + at) % LIMIT, ack, flags, octets).to_bytes()


def down(at: int, octets: bytes = b"", flags: TcpFlags = ACK, ack: int = 0) -> bytes:
    """A segment of the network, which has `ack` octets of the UE."""
    return Segment(CSCF, UE, (7_000 + at) % LIMIT, (FIRST + ack) % LIMIT, flags, octets).to_bytes()


OPENED = [up(-1, flags=SYN), down(-1, flags=SYN | ACK, ack=0)]
WHOLE = b"".join(message(n, b"b" * 40 * n) for n in range(5))
PARTS = [(begin, WHOLE[begin : begin + 40]) for begin in range(0, len(WHOLE), 40)]
MESSAGES = [message(n, b"b" * 40 * n) for n in range(5)]


def close(packets: list[bytes]) -> list[tuple[float, bytes]]:
    """Packets a millisecond apart."""
    return [(number / 1000, each) for number, each in enumerate(packets)]


def test_a_stream_is_put_together_from_segments_of_any_size() -> None:
    for size in (1, 7, 40, 1000):
        pieces = [up(begin, WHOLE[begin : begin + size]) for begin in range(0, len(WHOLE), size)]
        assert octets_in(pcap([*OPENED, *pieces])) == MESSAGES
        assert troubles_in(pcap([*OPENED, *pieces])) == []


def test_a_message_has_the_place_of_its_last_piece() -> None:
    half = len(REGISTER) // 2
    packets = [*OPENED, up(0, REGISTER[:half]), down(0, OK), up(half, REGISTER[half:] + REGISTER)]
    told = [(m.packet, m.at, m.transport, m.source, m.connection, m.octets) for m in read(pcap(packets)).messages]
    assert told == [
        (4, 1003.0, "TCP", CSCF, 1, OK),
        (5, 1004.0, "TCP", UE, 1, REGISTER),
        (5, 1004.0, "TCP", UE, 1, REGISTER),
    ]


def test_repeated_and_reordered_segments_do_no_harm() -> None:
    draw = random.Random(1)
    for _ in range(50):
        pieces = [up(begin, octets) for begin, octets in PARTS] + [up(b, WHOLE[b : b + 100]) for b in (0, 60, 200)]
        draw.shuffle(pieces)
        assert octets_in(pcap(close([*OPENED, *pieces]))) == MESSAGES
        assert troubles_in(pcap(close([*OPENED, *pieces]))) == []


def test_a_keep_alive_probe_is_no_octet() -> None:
    packets = [*OPENED, up(0, REGISTER[:9]), up(8, b"\0"), up(8), up(9, REGISTER[9:])]
    assert octets_in(pcap(packets)) == [REGISTER]


def test_keep_alives_between_messages() -> None:
    said = REGISTER + b"\r\n\r\n" + OK + b"\r\n"
    assert octets_in(pcap([*OPENED, up(0, said), up(len(said), b"\r\n" + REGISTER)])) == [REGISTER, OK, REGISTER]


def test_a_stream_without_its_beginning_begins_with_a_message() -> None:
    said = b"half of a message\r\n\r\nbody without end " + b"x" * 50
    cut = said + b"\r\n" + REGISTER[:30]
    assert octets_in(pcap([up(0, cut), up(len(cut), REGISTER[30:] + OK)])) == [OK], "its start line is in two pieces"
    packets = [up(0, said), up(len(said), REGISTER[:20]), up(len(said) + 20, REGISTER[20:])]
    assert octets_in(pcap(packets)) == [REGISTER]
    assert octets_in(pcap([up(0, b"</xml>\r\n" + REGISTER + OK)])) == [REGISTER, OK]
    assert troubles_in(pcap(packets)) == []


def test_behind_a_gap_the_next_message_is_found() -> None:
    packets = [*OPENED, up(0, REGISTER), up(500, b"lost\r\n\r\n" + OK), up(500 + 8 + len(OK), REGISTER)]
    assert octets_in(pcap(packets)) == [REGISTER, OK, REGISTER]
    (trouble,) = read(pcap(packets)).troubles
    assert (trouble.kind, trouble.count, trouble.packet) == ("gap", 1, 4)
    assert "from 10.0.0.7:40001 to 10.0.0.1:50002" in trouble.text


def test_a_gap_in_a_message_costs_that_message() -> None:
    long = message(1, b"x" * 500)
    packets = [*OPENED, up(0, long[:200]), up(300, long[300:] + OK)]
    assert octets_in(pcap(packets)) == []  # the next message begins in no line of its own
    packets = [*OPENED, up(0, long[:200]), up(300, long[300:]), up(len(long), OK)]
    assert octets_in(pcap(packets)) == [OK]


def test_what_the_receiver_has_is_not_waited_for() -> None:
    """The order of messages stays that of the capture, and what opens ESP hears them in time."""
    heard = []

    class Keys:
        def heard(self, message: object) -> None:
            heard.append(message.packet)  # type: ignore[attr-defined]

        def end(self, spi: int, destination: str) -> None:
            return None

    later = udp(REGISTER)
    packets = [(0.0, OPENED[0]), (0.1, up(300, OK)), (0.2, down(0, ack=300 + len(OK))), (0.5, later), (9.0, later)]
    messages = read(pcap(packets), Keys()).messages
    assert [(m.packet, m.octets) for m in messages] == [(2, OK), (4, REGISTER), (5, REGISTER)]
    assert heard == [2, 4, 5]
    heard.clear()
    packets[2] = (0.2, down(0, ack=0))
    messages = read(pcap(packets), Keys()).messages
    assert [(m.packet, m.octets) for m in messages] == [(2, OK), (4, REGISTER), (5, REGISTER)]
    assert heard == [4, 5, 2], "without an acknowledgement the sender would repeat"


def test_what_was_missing_may_come_late() -> None:
    packets = [(0.0, OPENED[0]), (0.1, up(len(OK), REGISTER)), (0.2, down(0, ack=0)), (3.0, up(0, OK))]
    messages = read(pcap(packets)).messages
    assert [(m.packet, m.octets) for m in messages] == [(4, OK), (4, REGISTER)]


def test_an_acknowledgement_just_before_its_octets() -> None:
    packets = [*OPENED, up(len(OK), REGISTER), down(0, ack=200), up(0, OK)]
    assert octets_in(pcap(close(packets))) == [OK, REGISTER]
    assert troubles_in(pcap(close(packets))) == []


def test_what_waits_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_streams, "MAX_HELD", 2)
    packets = [*OPENED, *(up(1000 + 200 * n, message(n)) for n in range(3)), up(0, REGISTER)]
    assert octets_in(pcap(packets)) == [message(0), message(1), message(2)]
    monkeypatch.setattr(foreign_streams, "MAX_HELD_OCTETS", 150)
    packets = [*OPENED, up(1000, message(0)), up(1200, message(1, b"x" * 100)), up(0, REGISTER)]
    assert octets_in(pcap(packets)) == [message(0), message(1, b"x" * 100)]


def test_what_has_been_waited_for_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_streams, "MAX_HELD_OCTETS", 150)
    packets = list(OPENED)
    for begin in range(0, 1000, 200):
        packets += [up(begin + 100, b"x" * 50), up(begin + 100, b"x" * 100), up(begin, b"x" * 100)]
    assert octets_in(pcap([*packets, up(1000, b"\r\n\r\n" + REGISTER)])) == [REGISTER]
    assert troubles_in(pcap(packets)) == []
    long = message(7, b"x" * 900)
    packets = [*OPENED]
    for begin in range(0, len(long), 200):
        later = long[begin + 100 : begin + 200]
        packets += [up(begin + 100, later[:50]), up(begin + 100, later), up(begin, long[begin : begin + 100])]
    assert octets_in(pcap(packets)) == [long]


def test_a_gap_of_one_octet_is_one() -> None:
    packets = [*OPENED, up(0, OK), up(len(OK) + 1, REGISTER[1:]), up(len(OK), REGISTER[:1])]
    assert octets_in(pcap(packets)) == [OK, REGISTER]
    assert octets_in(pcap(packets[:-1])) == [OK]
    assert troubles_in(pcap(packets[:-1])) == [("gap", 1, 4)]


def test_connections_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_streams, "MAX_CONNECTIONS", 1)
    others = [Segment(Address("10.0.0.9", n), CSCF, 0, 0, ACK, REGISTER).to_bytes() for n in range(1, 5)]
    packets = [*OPENED, up(0, REGISTER[:20]), *others, up(20, REGISTER[20:]), up(len(REGISTER), OK)]
    assert octets_in(pcap(packets)) == [REGISTER] * 4 + [OK]


def test_a_new_connection_between_the_same_ports_is_another() -> None:
    again = [Segment(UE, CSCF, 900, 0, SYN).to_bytes(), Segment(CSCF, UE, 600, 901, SYN | ACK).to_bytes()]
    fresh = [Segment(UE, CSCF, 901, 601, ACK, REGISTER).to_bytes(), Segment(CSCF, UE, 601, 0, ACK, OK).to_bytes()]
    packets = [*OPENED, up(0, OK), up(len(OK), b"", FIN | ACK), *again, *again, *fresh]
    assert [(m.connection, m.octets) for m in read(pcap(packets)).messages] == [(1, OK), (2, REGISTER), (2, OK)]
    fresh.insert(1, Segment(UE, CSCF, 900, 0, SYN).to_bytes())
    packets = [up(0, OK), *again, *fresh]
    assert [(m.connection, m.octets) for m in read(pcap(packets)).messages] == [(1, OK), (2, REGISTER), (2, OK)]


def test_a_stream_far_away_is_another_one() -> None:
    packets = [*OPENED, up(0, OK), up(2**28, REGISTER), up(-(2**27), OK)]
    assert octets_in(pcap(packets)) == [OK, REGISTER, OK]
    packets = [*OPENED, up(0, OK), up(2**28, REGISTER[:40]), up(2**28 + 40, REGISTER[40:])]
    assert octets_in(pcap(packets)) == [OK, REGISTER]


def test_octets_on_a_syn() -> None:
    packets = [Segment(UE, CSCF, 9, 0, SYN, REGISTER[:30]).to_bytes(), Segment(UE, CSCF, 40, 0, ACK, REGISTER[30:])]
    assert octets_in(pcap([packets[0], packets[1].to_bytes()])) == [REGISTER]


def test_messages_that_do_not_end_are_said() -> None:
    endless = b"REGISTER sip:a SIP/2.0\r\nContent-Length: 9999\r\n\r\n"
    for ending in ([], [up(len(endless), flags=RST)], [down(0, flags=RST | ACK)]):
        packets = [*OPENED, up(0, endless), *ending]
        assert octets_in(pcap(packets)) == []
        assert troubles_in(pcap(packets)) == [
            ("unfinished", 1, 3 if not ending or ending[0][12:16] != b"\n\0\0\7" else 4)
        ]


def test_what_does_not_begin_a_message_is_left_out() -> None:
    junk = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + bytes(range(256)) * 3
    assert octets_in(pcap([*OPENED, up(0, junk), up(len(junk), REGISTER)])) == [REGISTER]
    huge = b"x" * 70_000
    parts = [up(begin, huge[begin : begin + 1000]) for begin in range(0, len(huge), 1000)]
    assert octets_in(pcap(close([*OPENED, *parts, up(len(huge), REGISTER)]))) == [REGISTER]


def test_a_body_that_is_longer_than_announced() -> None:
    said = b"MESSAGE sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nabcdef\r\n" + REGISTER + OK
    assert octets_in(pcap([*OPENED, up(0, said)])) == [said[:46], REGISTER, OK]


def test_a_start_line_in_a_body_is_none() -> None:
    said = b"lost half\r\nSIP/2.0 200 OK\r\n\r\n" + REGISTER
    assert octets_in(pcap([up(0, said)])) == [REGISTER]


def test_a_message_longer_than_any_ends_the_search_for_its_end() -> None:
    header = b"REGISTER sip:a SIP/2.0\r\nContent-Length: 100000\r\n\r\n"
    assert octets_in(pcap([*OPENED, up(0, header), up(len(header), REGISTER)])) == [REGISTER]


# Refused, unanswered, unreachable.


def syn(source: Address, destination: Address, seq: int = 5, flags: TcpFlags = SYN) -> bytes:
    return Segment(source, destination, seq, 0, flags).to_bytes()


def test_a_refused_connection_is_said() -> None:
    packets = [udp(OK), syn(SIP_UE, SIP_CSCF), syn(SIP_CSCF, SIP_UE, 0, RST | ACK)] * 2
    (trouble,) = read(pcap(packets)).troubles
    assert (trouble.kind, trouble.count, trouble.packet) == ("refused", 2, 2)
    assert trouble.text == "TCP connections from 10.0.0.7:5060 to 10.0.0.1:5060 are refused"


def test_a_connection_that_is_reset_later_is_not_refused() -> None:
    assert troubles_in(pcap([*OPENED, up(0, OK), down(0, flags=RST)])) == []


def test_a_syn_without_an_answer_is_said() -> None:
    packets = [syn(SIP_UE, SIP_CSCF), syn(SIP_UE, SIP_CSCF), syn(SIP_UE, SIP_CSCF, 6), udp(OK)]
    (trouble,) = read(pcap(packets)).troubles
    assert (trouble.kind, trouble.count, trouble.packet) == ("unanswered", 2, 1)
    assert trouble.text == "nothing answers TCP connections from 10.0.0.7:5060 to 10.0.0.1:5060"


def test_a_connection_of_which_one_direction_is_there_was_answered() -> None:
    packets = [syn(SIP_UE, SIP_CSCF), syn(SIP_UE, SIP_CSCF, 6, ACK), udp(OK), udp(OK)]
    assert troubles_in(pcap(packets)) == []


def test_a_syn_at_the_end_of_a_capture_says_nothing() -> None:
    assert troubles_in(pcap([(0.0, syn(SIP_UE, SIP_CSCF)), (0.9, udp(OK))])) == []


def test_connections_of_other_protocols_are_not_named() -> None:
    web = Address("192.0.2.80", 443)
    packets = [syn(UE, web), syn(web, UE, 0, RST | ACK), syn(Address("10.0.0.7", 9), web), udp(OK), udp(OK)]
    assert troubles_in(pcap(packets)) == []
    packets = [syn(UE, CSCF), syn(CSCF, UE, 0, RST | ACK), udp(OK), udp(OK)]
    assert troubles_in(pcap(packets)) == [("refused", 1, 1)], "at an address of SIP"


def icmp(code: int, quoted: bytes, kind: int = 3) -> bytes:
    return build_ip(b"\n\0\0\xfe", b"\n\0\0\x07", 1, bytes((kind, code)) + bytes(6) + quoted)


def icmp6(code: int, quoted: bytes, kind: int = 1) -> bytes:
    ends = bytes.fromhex("fd00" + "0" * 26 + "fe"), bytes.fromhex("fd00" + "0" * 26 + "07")
    return build_ip(*ends, 58, bytes((kind, code)) + bytes(6) + quoted)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            icmp(3, udp(REGISTER, SIP_UE, SIP_CSCF)[:28]),
            "10.0.0.254 says that packets to 10.0.0.1:5060 did not arrive: port unreachable",
        ),
        (
            icmp(13, Segment(SIP_UE, SIP_CSCF, 1, 0, SYN).to_bytes()),
            "10.0.0.254 says that packets to 10.0.0.1:5060 did not arrive: filtered",
        ),
        (
            icmp6(0, udp(REGISTER, UE6, Address(CSCF6.host, 5060))),
            "fd00::fe says that packets to [fd00::1]:5060 did not arrive: no route",
        ),
        (
            icmp(2, build_ip(b"\n\0\0\7", b"\n\0\0\1", 50, bytes(8))),
            "10.0.0.254 says that ESP to 10.0.0.1 did not arrive: protocol unreachable",
        ),
        (
            icmp(99, udp(REGISTER, SIP_UE, SIP_CSCF)),
            "10.0.0.254 says that packets to 10.0.0.1:5060 did not arrive: code 99",
        ),
    ],
)
def test_what_icmp_says_is_said(made: bytes, text: str) -> None:
    troubles = read(pcap([made, made])).troubles
    assert [(t.kind, t.count, t.packet, t.text) for t in troubles] == [("unreachable", 2, 1, text)]


def test_other_icmp_is_passed_over() -> None:
    sip, dns = udp(REGISTER, SIP_UE, SIP_CSCF), udp(b"x", Address("10.0.0.7", 999), Address("10.0.0.1", 53))
    others = [
        icmp(0, sip, kind=8),
        icmp6(0, sip, kind=2),
        icmp(3, dns),
        icmp(3, sip[:22]),
        icmp(3, b""),
        icmp(3, b"abc"),
    ]
    assert troubles_in(pcap([*others, icmp(3, build_ip(b"\n\0\0\7", b"\n\0\0\1", 1, bytes(8)))])) == []


def test_refusals_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_refusals, "MAX_ATTEMPTS", 1)
    both = [syn(SIP_UE, SIP_CSCF), syn(SIP_CSCF, SIP_UE, 0, RST | ACK)]
    assert troubles_in(pcap([*both, *both])) == [("refused", 1, 1)]
    assert troubles_in(pcap([both[0], syn(UE, SIP_CSCF), udp(OK)])) == [("unanswered", 1, 1)]
