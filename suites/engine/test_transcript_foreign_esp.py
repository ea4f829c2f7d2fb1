"""ESP in captures of somebody else's: without encryption it is read without keys, with encryption by a keyring."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from foreign_captures import (  # noqa: E402
    CSCF,
    CSCF6,
    OK,
    REGISTER,
    UE,
    UE6,
    Sender,
    fragments,
    octets_in,
    on_interfaces,
    pcap,
    read,
    troubles_in,
    udp,
)

from imsreg.secagree.esp import PROTOCOL, Inbound  # noqa: E402
from imsreg.secagree.ip import build_ip, parse_ip  # noqa: E402
from imsreg.secagree.keys import expand  # noqa: E402
from imsreg.secagree.segment import TcpFlags  # noqa: E402
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform  # noqa: E402
from imsreg.secret import Secret  # noqa: E402
from imsreg.sip.flow import Address  # noqa: E402
from imsreg.transcript import foreign  # noqa: E402
from imsreg.transcript.foreign import ForeignMessage  # noqa: E402
from imsreg.transcript.packets import Datagram  # noqa: E402

READABLE = [each for each in ALL_TRANSFORMS if each.ealg == "null"]
ENCRYPTED = [each for each in ALL_TRANSFORMS if each.ealg != "null"]
NAT = Address("192.0.2.7", 4500)


class Keys:
    """The receiving ends of associations, by SPI; what was asked for and heard."""

    def __init__(self, transform: Transform, *spis: int, ck: bytes = b"c" * 16) -> None:
        self.ends = {spi: Inbound(spi, expand(transform, Secret(ck), Secret(b"i" * 16))) for spi in spis}
        self.asked: list[tuple[int, str]] = []
        self.heard_of: list[bytes] = []

    def heard(self, message: ForeignMessage) -> None:
        self.heard_of.append(message.octets)

    def end(self, spi: int, destination: str) -> Inbound | None:
        self.asked.append((spi, destination))
        return self.ends.get(spi)


@pytest.mark.parametrize("transform", ENCRYPTED, ids="-".join)
def test_encrypted_packets_are_kept_unread(transform: Transform) -> None:
    sender = Sender(transform)
    capture = read(pcap([sender.udp(REGISTER) for _ in range(50)]))
    assert capture.messages == ()
    told = [(e.at, e.source, e.destination, e.spi, e.sequence, e.read, e.packet) for e in capture.esp[:2]]
    assert told == [
        (1000.0, "10.0.0.7", "10.0.0.1", 4711, 1, False, 1),
        (1001.0, "10.0.0.7", "10.0.0.1", 4711, 2, False, 2),
    ]
    assert len(capture.esp) == 50
    assert capture.esp[0].octets == parse_ip(Sender(transform).udp(REGISTER))


@pytest.mark.parametrize("ends", [(UE, CSCF), (UE6, CSCF6)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("transform", READABLE, ids="-".join)
def test_without_encryption_they_are_read(transform: Transform, ends: tuple[Address, Address]) -> None:
    sender, back = Sender(transform, *ends), Sender(transform, ends[1], ends[0], 4712)
    packets = [udp(REGISTER, *ends), sender.udp(REGISTER), back.udp(OK), sender.udp(b"\r\n\r\n"), sender.udp(b"x" * 30)]
    capture = read(pcap(packets))
    assert [(m.spi, m.octets, m.source) for m in capture.messages] == [
        (None, REGISTER, ends[0]),
        (4711, REGISTER, ends[0]),
        (4712, OK, ends[1]),
    ]
    assert [e.read for e in capture.esp] == [True] * 4


@pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="-".join)
def test_with_keys_they_are_read(transform: Transform) -> None:
    keys = Keys(transform, 4711)
    sender, other = Sender(transform), Sender(transform, CSCF, UE, 4712)
    capture = read(pcap([sender.udp(REGISTER), sender.udp(OK), udp(OK)]), keys)
    assert [(m.spi, m.octets) for m in capture.messages] == [(4711, REGISTER), (4711, OK), (None, OK)]
    assert keys.heard_of == [REGISTER, OK, OK]
    assert keys.asked == [(4711, CSCF.host)] * 2
    assert read(pcap([other.udp(REGISTER)]), keys).esp[0].read is (transform in READABLE)


@pytest.mark.parametrize("transform", [READABLE[0], ENCRYPTED[0]], ids="-".join)
def test_a_repetition_is_no_message(transform: Transform) -> None:
    made = Sender(transform).udp(REGISTER)
    capture = read(pcap([made, made]), Keys(transform, 4711))
    assert [m.octets for m in capture.messages] == [REGISTER]
    assert [e.read for e in capture.esp] == [True, False]
    if transform in READABLE:
        assert octets_in(pcap([made, made])) == [REGISTER]


def test_a_copy_is_no_packet() -> None:
    made = Sender(READABLE[0]).udp(REGISTER)
    assert len(read(on_interfaces([(0, 1.0, made), (1, 1.0, made)])).esp) == 1


def test_wrong_keys_do_no_harm() -> None:
    sender = Sender(READABLE[0])
    assert octets_in(pcap([sender.udp(REGISTER)]), Keys(ENCRYPTED[-1], 4711)) == [REGISTER]
    assert octets_in(pcap([Sender(ENCRYPTED[-1]).udp(REGISTER)]), Keys(ENCRYPTED[-1], 4711, ck=b"x" * 16)) == []


def test_tunnel_mode() -> None:
    sender = Sender(ENCRYPTED[0])
    inner = udp(REGISTER, UE6, CSCF6)
    made = build_ip(b"\n\0\0\7", b"\n\0\0\1", PROTOCOL, sender.end.encapsulate(inner, 41))
    garbage = build_ip(b"\n\0\0\7", b"\n\0\0\1", PROTOCOL, sender.end.encapsulate(b"x" * 40, 41))
    capture = read(pcap([made, garbage]), Keys(ENCRYPTED[0], 4711))
    assert [(m.source, m.spi) for m in capture.messages] == [(UE6, 4711)]


@pytest.mark.parametrize("transform", [READABLE[0], ENCRYPTED[0]], ids="-".join)
def test_esp_in_udp(transform: Transform) -> None:
    made = parse_ip(Sender(transform).udp(REGISTER))
    assert made is not None
    packets = [
        udp(b"\xff", NAT, Address(CSCF.host, 4500)),  # a keep-alive
        udp(bytes(4) + b"i" * 40, NAT, Address(CSCF.host, 4500)),  # IKE
        udp(made.payload, NAT, Address(CSCF.host, 4500)),
        udp(OK, NAT, CSCF),
    ]
    capture = read(pcap(packets), Keys(transform, 4711))
    assert [(m.octets, m.spi, m.source.host) for m in capture.messages] == [
        (REGISTER, 4711, NAT.host),
        (OK, None, NAT.host),
    ]
    assert [(e.spi, e.read) for e in capture.esp] == [(4711, True)]


def test_a_message_in_fragments_is_read() -> None:
    made = Sender(READABLE[0]).udp(REGISTER + b"x" * 2000)
    assert octets_in(pcap(fragments(made, 1400))) == [REGISTER + b"x" * 2000]


@pytest.mark.parametrize("transform", READABLE, ids="-".join)
def test_a_stream_is_put_together(transform: Transform) -> None:
    sender = Sender(transform)
    whole = REGISTER + OK + REGISTER
    first = 2**32 - 50
    packets = [sender.tcp(first - 1, b"", TcpFlags.SYN)]
    for begin in range(0, len(whole), 40):
        packets += [sender.tcp((first + begin) % 2**32, whole[begin : begin + 40]) for _ in range(2)]
    messages = read(pcap(packets)).messages
    assert [(m.octets, m.spi, m.connection) for m in messages] == [
        (REGISTER, 4711, 1),
        (OK, 4711, 1),
        (REGISTER, 4711, 1),
    ]


def test_a_stream_in_the_clear_between_the_same_ports_is_another() -> None:
    from imsreg.transcript.packets import Segment

    sender = Sender(READABLE[0])
    clear = Segment(UE, CSCF, 9, 0, TcpFlags.ACK, OK).to_bytes()
    packets = [sender.tcp(5, REGISTER[:20]), clear, sender.tcp(25, REGISTER[20:])]
    told = [(m.octets, m.spi, m.connection) for m in read(pcap(packets)).messages]
    assert told == [(OK, None, 2), (REGISTER, 4711, 1)]


def test_refused_connections_in_esp_are_said() -> None:
    up, down = Sender(READABLE[0]), Sender(READABLE[0], CSCF, UE, 4712)
    refused = [up.tcp(5, b"", TcpFlags.SYN), down.tcp(0, b"", TcpFlags.RST | TcpFlags.ACK)]
    assert troubles_in(pcap(refused)) == [("refused", 1, 1)]
    assert troubles_in(pcap([refused[0], udp(OK), udp(OK)])) == [("unanswered", 1, 1)]


def test_chance_does_not_look_like_a_message() -> None:
    draw = random.Random(5)
    ends = b"\n\0\0\x07", b"\n\0\0\x01"
    packets = [build_ip(*ends, PROTOCOL, draw.randbytes(draw.randrange(0, 200))) for _ in range(3000)]
    assert octets_in(pcap(packets)) == []


def test_packets_of_esp_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "MAX_ESP", 2)
    sender = Sender(READABLE[0])
    capture = read(pcap([sender.udp(REGISTER) for _ in range(4)]))
    assert (len(capture.messages), len(capture.esp)) == (4, 2)
    assert [(t.kind, t.count, t.packet) for t in capture.troubles] == [("many", 2, 3)]


def test_what_protects_neither_udp_nor_tcp_is_passed_over() -> None:
    sender = Sender(ENCRYPTED[0])
    made = [build_ip(b"\n\0\0\7", b"\n\0\0\1", PROTOCOL, sender.end.encapsulate(REGISTER, n)) for n in (1, 17, 59, 132)]
    short = build_ip(b"\n\0\0\7", b"\n\0\0\1", PROTOCOL, b"abc")
    cut = parse_ip(Datagram(UE, CSCF, REGISTER).to_bytes())
    assert cut is not None
    wrong = build_ip(
        b"\n\0\0\7", b"\n\0\0\1", PROTOCOL, sender.end.encapsulate(cut.payload[:4] + b"\xff\xff" + cut.payload[6:], 17)
    )
    assert octets_in(pcap([*made, short, wrong]), Keys(ENCRYPTED[0], 4711)) == []
