"""Captures of somebody else's with ESP in them: one line says where the messages are; without encryption they show."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from imsreg.cli import main
from imsreg.errors import InputError
from imsreg.secagree.associations import Association, Name
from imsreg.secagree.esp import PROTOCOL, Outbound
from imsreg.secagree.ip import build_ip, parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.segment import TcpFlags
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address
from imsreg.transcript.blocks import BlockType, write_block
from imsreg.transcript.capture import read_capture
from imsreg.transcript.foreign import EspCapture
from imsreg.transcript.foreign_packets import ip_packets
from imsreg.transcript.packets import Datagram, Segment
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript

UE, CSCF = Address("10.0.0.7", 40_001), Address("10.0.0.1", 50_002)
UE6, CSCF6 = Address("fd00::7", 40_001), Address("fd00::1", 50_002)
READABLE = [each for each in ALL_TRANSFORMS if each.ealg == "null"]
REGISTER = b"REGISTER sip:ims.example SIP/2.0\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
OK = b"SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"


class Sender:
    """The sending end of an association of somebody else's."""

    def __init__(self, transform: Transform, source: Address = UE, destination: Address = CSCF, spi: int = 4711):
        self.association = Association(Name.UL1, spi, source, destination)
        keys = expand(transform, Secret(b"c" * 16), Secret(b"i" * 16))
        self.end = Outbound(self.association.spi, keys, Random(1))

    def udp(self, payload: bytes) -> bytes:
        return self.protect(Datagram(self.association.source, self.association.destination, payload).to_bytes())

    def tcp(self, seq: int, payload: bytes, flags: TcpFlags = TcpFlags.ACK) -> bytes:
        ends = self.association.source, self.association.destination
        return self.protect(Segment(*ends, seq, 0, flags, payload).to_bytes())

    def protect(self, made: bytes) -> bytes:
        plain = parse_ip(made)
        assert plain is not None
        return build_ip(plain.source, plain.destination, PROTOCOL, self.end.encapsulate(plain.payload, plain.protocol))


def pcap(packets: Sequence[bytes], link: int = 101, order: str = "<") -> bytes:
    head = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, link)
    return head + b"".join(
        struct.pack(order + "IIII", 1_000 + n, 250_000, len(p), len(p)) + p for n, p in enumerate(packets)
    )


def pcapng(packets: Sequence[bytes], link: int = 101) -> bytes:
    made = write_block(BlockType.SECTION_HEADER, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    made += write_block(BlockType.INTERFACE, struct.pack("<HHI", link, 0, 0), [(2, b"eth0"), (9, b"\x09")])
    for number, packet in enumerate(packets):
        at = (1_000 + number) * 10**9 + 250_000_000
        head = struct.pack("<IIIII", 0, at >> 32, at & 0xFFFFFFFF, len(packet), len(packet))
        made += write_block(BlockType.ENHANCED_PACKET, head + packet)
    return made


def ethernet(packet: bytes, *, tagged: bool = False) -> bytes:
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return bytes(12) + (b"\x81\x00\x00\x07" if tagged else b"") + kind + packet


def refused(tmp_path: Path, octets: bytes) -> EspCapture:
    path = tmp_path / "gm.pcap"
    path.write_bytes(octets)
    with pytest.raises(EspCapture) as caught:
        read_capture(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("write", [pcap, pcapng])
@pytest.mark.parametrize("transform", [each for each in ALL_TRANSFORMS if each.ealg != "null"], ids="-".join)
def test_encrypted_messages_are_said_to_be_inside(
    tmp_path: Path, transform: Transform, write: Callable[[Sequence[bytes]], bytes]
) -> None:
    sender = Sender(transform)
    error = refused(tmp_path, write([sender.udp(REGISTER) for _ in range(50)]))
    assert "its messages are inside 50 packets of ESP" in str(error)
    assert "let imsreg run the test" in str(error)
    assert error.transcript.entries == []


@pytest.mark.parametrize("ends", [(UE, CSCF), (UE6, CSCF6)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("transform", READABLE, ids="-".join)
def test_without_encryption_they_are_read(tmp_path: Path, transform: Transform, ends: tuple[Address, Address]) -> None:
    up, down = Sender(transform, *ends), Sender(transform, ends[1], ends[0], 4712)
    clear = Datagram(Address(ends[0].host, 5060), Address(ends[1].host, 5060), REGISTER).to_bytes()
    error = refused(tmp_path, pcap([clear, up.udp(REGISTER), down.udp(OK), up.udp(b"\r\n\r\n"), up.udp(b"x" * 30)]))
    assert "2 messages in its 4 packets of ESP can be read, not judged" in str(error)
    shown = [(e.sent, e.label, e.flow.association, e.at) for e in error.transcript.entries]
    assert shown == [
        (True, "REGISTER", None, 0.0),
        (True, "REGISTER", "SPI 4711", 1.0),
        (False, "200 OK", "SPI 4712", 2.0),
    ]
    assert error.transcript.began == 1000.25


def test_a_message_in_fragments_is_read(tmp_path: Path) -> None:
    made = Sender(READABLE[0]).udp(REGISTER + b"x" * 2000)
    parts = []
    for begin in range(20, len(made), 1400):
        part, more = made[begin : begin + 1400], begin + 1400 < len(made)
        octets = bytearray(build_ip(made[12:16], made[16:20], PROTOCOL, part, ident=9))
        octets[6:8] = struct.pack("!H", (begin - 20) // 8 | more << 13)
        parts.append(bytes(octets))
    error = refused(tmp_path, pcap(parts))
    assert "1 message in its 1 packet of ESP" in str(error)
    assert error.transcript.entries[0].label == "REGISTER"


@pytest.mark.parametrize("transform", READABLE, ids="-".join)
def test_a_stream_is_put_together(tmp_path: Path, transform: Transform) -> None:
    sender = Sender(transform)
    whole = REGISTER + OK + REGISTER
    first = 2**32 - 50
    packets = [sender.tcp(first - 1, b"", TcpFlags.SYN)]
    for begin in range(0, len(whole), 40):
        packets += [sender.tcp((first + begin) % 2**32, whole[begin : begin + 40])] * 2  # each comes twice
    error = refused(tmp_path, pcap(packets))
    assert [e.label for e in error.transcript.entries] == ["REGISTER", "200 OK", "REGISTER"]


def test_behind_a_gap_a_stream_begins_anew(tmp_path: Path) -> None:
    sender = Sender(READABLE[0])
    packets = [sender.tcp(1, REGISTER[:20]), sender.tcp(5000, OK), sender.tcp(9, b"too late")]
    assert [e.label for e in refused(tmp_path, pcap(packets)).transcript.entries] == ["200 OK"]


@pytest.mark.parametrize(
    "octets",
    [
        lambda p: pcap([ethernet(each) for each in p], 1),
        lambda p: pcap([ethernet(each, tagged=True) for each in p], 1, ">"),
        lambda p: pcapng([bytes(14) + b"\x08\x00" + each for each in p], 113),
        lambda p: pcapng([b"\x08\x00" + bytes(18) + each for each in p], 276),
        lambda p: pcapng(p, 228),
    ],
)
def test_the_usual_link_layers_are_known(tmp_path: Path, octets: Callable[[Sequence[bytes]], bytes]) -> None:
    made = [Sender(READABLE[0]).udp(REGISTER)] * 2
    assert [(at, packet) for at, packet in ip_packets(octets(made))] == [(1000.25, made[0]), (1001.25, made[0])]
    assert len(refused(tmp_path, octets(made)).transcript.entries) == 2


def test_the_command_shows_what_can_be_read_and_ends_with_class_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gm.pcap"
    sender = Sender(READABLE[0])
    path.write_bytes(
        pcap([sender.udp(REGISTER), sender.udp(b"SIP/2.0 200 ck=00112233445566778899aabbccddeeff\r\n\r\n")])
    )
    assert main(["analyze", str(path)]) == 2
    out, err = capsys.readouterr()
    assert "REGISTER" in out
    assert "SPI 4711" in out
    assert "0011223344" not in out
    assert err.count("\n") == 1
    assert "can be read, not judged" in err


def test_a_capture_without_esp_is_refused_as_before(tmp_path: Path) -> None:
    path = tmp_path / "sip.pcap"
    path.write_bytes(pcap([Datagram(UE, CSCF, REGISTER).to_bytes()]))
    with pytest.raises(InputError, match="only captures that imsreg wrote can be read") as caught:
        read_capture(path)
    assert not isinstance(caught.value, EspCapture)


def test_a_damaged_one_of_ours_is_not_called_foreign(tmp_path: Path) -> None:
    from imsreg.secagree.events import Direction, EspEvent, Fate

    transcript = Transcript("ours", 1.0, start=0.0)
    octets = Sender(READABLE[0]).udp(REGISTER)
    transcript.record_esp(EspEvent(1.0, Direction.IN, Fate.UNKNOWN_SPI, 4711, 1, octets=octets))
    path = tmp_path / "wire.pcapng"
    path.write_bytes(write_capture(transcript)[:-8])
    with pytest.raises(InputError, match="ends inside a block") as caught:
        read_capture(path)
    assert not isinstance(caught.value, EspCapture)


def test_chance_does_not_look_like_a_message(tmp_path: Path) -> None:
    draw = random.Random(5)
    ends = b"\n\0\0\x07", b"\n\0\0\x01"
    packets = [build_ip(*ends, PROTOCOL, draw.randbytes(draw.randrange(0, 200))) for _ in range(3000)]
    assert refused(tmp_path, pcap(packets)).transcript.entries == []


def test_any_damage_ends_in_one_line(tmp_path: Path) -> None:
    draw = random.Random(6)
    sender = Sender(READABLE[0])
    packets = [sender.udp(REGISTER), sender.tcp(1, REGISTER[:30]), sender.tcp(31, REGISTER[30:])]
    path = tmp_path / "gm.pcap"
    for octets in (pcap(packets), pcapng([ethernet(each) for each in packets], 1)):
        for _ in range(400):
            spoilt = bytearray(octets[: draw.randrange(len(octets) // 2, len(octets) + 1)])
            for _ in range(draw.randrange(1, 5)):
                spoilt[draw.randrange(len(spoilt))] = draw.choice((0, 1, 0x7F, 0xFF, draw.randrange(256)))
            path.write_bytes(bytes(spoilt))
            with pytest.raises(InputError):
                read_capture(path)
