"""Records of ESP packets in a transcript: kept within bounds, read back from a capture as they were, shown once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.secagree.associations import Association, Name
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.flows import flow_on
from imsreg.secagree.ip import build_ip
from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address, Flow
from imsreg.transcript import ladder, textlog
from imsreg.transcript import transcript as module
from imsreg.transcript.blocks import BlockType, read_blocks, write_block
from imsreg.transcript.capture import read_capture
from imsreg.transcript.entries import Entry, Event
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.esp_octets import masked
from imsreg.transcript.esp_words import esp_text
from imsreg.transcript.liveladder import LiveLadder
from imsreg.transcript.packets import Datagram, Segment, parse_packet
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.esp_payload import payload_of

UE, CSCF = Address("127.0.1.7", 5064), Address("127.0.2.1", 5060)
UL1 = Association(Name.UL1, 4107, Address("127.0.1.7", 40_096), Address("127.0.2.1", 50_100))
DL2 = Association(Name.DL2, 4097, Address("127.0.2.1", 50_096), Address("127.0.1.7", 40_100))
DL1_6 = Association(Name.DL1, 2**32 - 1, Address("fd00::1", 50_100), Address("fd00::7", 40_096))
CLEAR = "TCP 127.0.2.1:50001 -> 127.0.1.7:40100"
KEY = b"00112233445566778899aabbccddeeff"


def esp_packet(association: Association, sequence: int, body: bytes) -> bytes:
    selector = association.selector
    head = association.spi.to_bytes(4, "big") + sequence.to_bytes(4, "big")
    return build_ip(selector.source, selector.destination, PROTOCOL, head + body)


def inner(association: Association, transport: str = "UDP") -> Inner:
    return Inner("TCP" if transport == "TCP" else "UDP", association.source, association.destination)


def sent(at: float, sequence: int, fate: Fate = Fate.OK, injected: Fault | None = None) -> EspEvent:
    octets = esp_packet(UL1, sequence, b"\xa5" * 40) if fate is Fate.OK else b""
    return EspEvent(at, Direction.OUT, fate, UL1.spi, sequence, UL1, inner(UL1), injected, octets)


def received(at: float, sequence: int, fate: Fate = Fate.OK) -> EspEvent:
    octets = esp_packet(DL2, sequence, b"\x5a" * 40)
    shown = inner(DL2) if fate is Fate.OK else None
    return EspEvent(at, Direction.IN, fate, DL2.spi, sequence, DL2, shown, None, octets)


def request(number: int) -> bytes:
    via = f"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{number}\r\nCSeq: {number} REGISTER\r\n"
    return via.encode() + b"Call-ID: c\r\n\r\n"


def answer(number: int, extra: bytes = b"") -> bytes:
    via = f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{number}\r\nCSeq: {number} REGISTER\r\n"
    return via.encode() + extra + b"Call-ID: c\r\n\r\n"


def sample() -> Transcript:
    """A REGISTER in the clear, one over ESP with its answer, and packets that are no message."""
    transcript = Transcript("over ESP", 1_767_225_600.0, start=100.0)
    transcript.peers.update({"127.0.1.7": "UE", "127.0.2.1": "P-CSCF"})
    plain, back = Flow("UDP", UE, CSCF), Flow("UDP", DL2.destination, DL2.source, association=DL2.label)
    other = Inner("TCP", Address("127.0.2.1", 50_001), Address("127.0.1.7", 40_100))
    transcript.record_esp(EspEvent(100.0, Direction.IN, Fate.UNKNOWN_SPI, 99, 3, octets=esp_packet(DL2, 1, b"x")))
    transcript.record(True, plain, request(1), 100.1)
    transcript.record(True, flow_on(UL1, "UDP"), request(2), 100.3)
    transcript.record_esp(sent(100.301, 1))
    transcript.note("waiting", 100.31)
    transcript.record_esp(received(100.32, 1, Fate.BAD_ICV))
    transcript.record_esp(received(100.33, 2))
    transcript.record(False, back, answer(2), 100.33)
    transcript.note("300 s pass", 400.0, kind="clock")
    transcript.record_esp(EspEvent(400.1, Direction.IN, Fate.CLEAR, inner=other))
    transcript.record_esp(EspEvent(400.2, Direction.IN, Fate.CLEAR, inner=other))
    transcript.record_esp(sent(400.3, 1, injected=Fault.REPLAY))
    transcript.record_esp(replace(sent(400.4, 2, injected=Fault.WRONG_SPI), spi=4108))
    transcript.record_esp(sent(400.5, 0, Fate.EXHAUSTED))
    transcript.record_esp(EspEvent(400.6, Direction.OUT, Fate.NO_ASSOCIATION, inner=inner(UL1, "TCP")))
    v6 = esp_packet(DL1_6, 7, b"\1" * 40)
    transcript.record_esp(EspEvent(400.7, Direction.IN, Fate.OK, DL1_6.spi, 7, DL1_6, inner(DL1_6, "TCP"), None, v6))
    transcript.note("end", 401.0)
    return transcript


def written(tmp_path: Path, octets: bytes) -> Path:
    path = tmp_path / "wire.pcapng"
    path.write_bytes(octets)
    return path


def test_records_are_numbered_timed_and_placed() -> None:
    transcript = sample()
    assert [(entry.number, entry.after) for entry in transcript.esp[:5]] == [(1, 0), (2, 2), (3, 2), (4, 2), (5, 3)]
    assert [entry.at for entry in transcript.esp[:4]] == [0.0, 0.301, 0.32, 0.33]
    assert all(entry.event.at == entry.at for entry in transcript.esp), "one clock"
    assert [entry.number for entry in transcript.esp if not entry.noteworthy] == [2, 4, 11]


def test_the_timeline_has_them_at_their_place() -> None:
    shown = [
        item.text if isinstance(item, Event) else (type(item) is Entry, item.number)
        for item in sample().full_timeline()
    ]
    assert shown[:8] == [(False, 1), (True, 1), (True, 2), (False, 2), "waiting", (False, 3), (False, 4), (True, 3)]
    assert not [item for item in sample().timeline() if type(item) not in (Entry, Event)]


def test_the_first_record_can_begin_the_transcript() -> None:
    transcript = Transcript("", 0.0)
    transcript.record_esp(received(55.0, 1))
    transcript.record(True, Flow("UDP", UE, CSCF), b"\r\n", 56.5)
    assert (transcript.esp[0].at, transcript.entries[0].at) == (0.0, 1.5)


def test_beyond_the_bounds_records_are_counted_and_packets_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ESP", 3)
    monkeypatch.setattr(module, "MAX_ESP_OCTETS", 100)
    transcript = Transcript("", 0.0, start=0.0)
    kept = [transcript.record_esp(received(0.0, number)) for number in range(1, 6)]
    assert [entry is None for entry in kept] == [False] * 3 + [True] * 2
    assert [len(entry.event.octets) for entry in transcript.esp] == [68, 0, 0]
    assert (transcript.dropped_esp, transcript.dropped) == (2, 0)
    assert "2 more records of ESP packets were not kept" in ladder.text(transcript)
    assert "2 more records of ESP packets were not kept" in textlog.render(transcript)


def test_they_come_back_from_a_capture_as_they_were(tmp_path: Path) -> None:
    before = sample()
    before.dropped_esp = 5
    after = read_capture(written(tmp_path, write_capture(before)))
    assert after.esp == before.esp
    assert after.events == before.events
    assert (after.dropped, after.dropped_esp) == (0, 5)
    assert [entry.flow for entry in after.entries] == [entry.flow for entry in before.entries]
    assert write_capture(after) == write_capture(before)


FATES = [(fate, direction) for fate in Fate for direction in Direction]


@pytest.mark.parametrize(("fate", "direction"), FATES)
@pytest.mark.parametrize("injected", [None, *Fault])
def test_every_kind_of_record_comes_back(
    tmp_path: Path, fate: Fate, direction: Direction, injected: Fault | None
) -> None:
    transcript = Transcript("", 1.0, start=0.0)
    for association in (None, UL1, DL1_6):
        for shown in (None, inner(DL1_6, "TCP"), inner(UL1)):
            for octets in (b"", b"\x45", esp_packet(UL1, 1, b"\0" * 20)):
                event = EspEvent(2.0, direction, fate, 7, 8, association, shown, injected, octets)
                transcript.record_esp(event)
    assert read_capture(written(tmp_path, write_capture(transcript))).esp == transcript.esp


def interfaces(octets: bytes) -> list[int]:
    return [b.unpack("I")[0] for b in read_blocks(octets) if b.kind == BlockType.ENHANCED_PACKET]


def test_packets_of_the_wire_have_an_interface_of_their_own() -> None:
    octets = write_capture(sample())
    assert interfaces(octets) == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1]
    assert octets.count(b"imsreg-wire") == 1


def test_without_associations_there_is_one_interface(tmp_path: Path) -> None:
    transcript = Transcript("in the clear", 1.0, start=0.0)
    transcript.record(True, Flow("UDP", UE, CSCF), request(1), 1.0)
    octets = write_capture(transcript)
    assert b"imsreg-wire" not in octets
    assert len([b for b in read_blocks(octets) if b.kind == BlockType.INTERFACE]) == 1
    assert "ESP" not in ladder.text(transcript) + textlog.render(transcript)
    assert read_capture(written(tmp_path, octets)).esp == []


def test_a_packet_that_was_not_seen_whole_says_how_long_it_was(tmp_path: Path) -> None:
    whole = Datagram(Address("127.0.2.1", 50_001), UE, b"x" * 500).to_bytes()
    transcript = Transcript("", 1.0, start=0.0)
    transcript.record_esp(EspEvent(1.0, Direction.IN, Fate.CLEAR, octets=whole[:128]))
    octets = write_capture(transcript)
    (packet,) = [b for b in read_blocks(octets) if b.kind == BlockType.ENHANCED_PACKET]
    assert packet.unpack("IIIII")[3:] == (128, len(whole))
    assert read_capture(written(tmp_path, octets)).esp[0].event.octets == whole[:128]


def leak(transport: str, body: bytes, *, gap: int = 0) -> EspEvent:
    """An answer with a key in it as a packet whose inside is readable, behind an IV of `gap` octets."""
    ports = DL2.source.port.to_bytes(2, "big") + DL2.destination.port.to_bytes(2, "big")
    octets = esp_packet(DL2, 1, bytes(gap) + ports + bytes(16) + body)
    return EspEvent(1.0, Direction.IN, Fate.OK, DL2.spi, 1, DL2, inner(DL2, transport), None, octets)


@pytest.mark.parametrize("gap", [0, 8])
def test_keys_in_readable_packets_are_masked(gap: int) -> None:
    transcript = Transcript("", 1.0, start=0.0)
    transcript.record_esp(leak("UDP", answer(1, b"X: ck=" + KEY + b"\r\n"), gap=gap))
    octets = write_capture(transcript)
    assert KEY not in octets
    assert b"CK or IK is masked" in octets


def test_a_key_that_two_segments_share_is_masked() -> None:
    transcript = Transcript("", 1.0, start=0.0)
    flow = Flow("TCP", DL2.destination, DL2.source, 1, association=DL2.label)
    whole = answer(1, b"X: ck=" + KEY + b"\r\n")
    cut = whole.index(KEY) + 10
    for piece in (whole[:cut], whole[cut:]):
        transcript.record_esp(leak("TCP", piece))
    transcript.record(False, flow, whole, 1.0)
    octets = write_capture(transcript)
    assert KEY[:10] not in octets
    assert KEY[10:] not in octets


@pytest.mark.parametrize("cut", [0, 30, 128, 400])
@pytest.mark.parametrize("text", [b"\r\nREGISTER sip:a", b"\r\n00112233", b""])
def test_a_masked_segment_in_the_clear_is_still_seen_to_hold_a_message_or_not(text: bytes, cut: int) -> None:
    ends = Address("127.0.2.1", 50_001), Address("127.0.1.7", 40_100)
    whole = Segment(*ends, 1, 1, TcpFlags.ACK, text).to_bytes()[: cut or None]
    event = EspEvent(1.0, Direction.IN, Fate.CLEAR, inner=Inner("TCP", *ends), octets=whole)
    shown = masked(event, leaky=True)
    assert (len(shown), shown[:40]) == (len(whole), whole[:40])
    assert b"0112" not in shown
    if not cut:
        assert payload_of(shown, "TCP") is payload_of(whole, "TCP")


def test_a_request_over_tcp_is_seen_on_the_connection_of_its_own_set(tmp_path: Path) -> None:
    """The P-CSCF's server port stays, the UE's client port tells two sets apart."""
    later = replace(UL1, spi=9999, source=Address(UL1.source.host, 40_097))
    transcript = Transcript("", 1.0, start=0.0)
    transcript.record(True, flow_on(UL1, "TCP"), request(1), 0.0)
    transcript.record(True, flow_on(later, "TCP"), request(2), 1.0)
    transcript.record(False, replace(flow_on(later, "TCP"), connection=7, association="DL1 SPI 1"), answer(2), 1.0)
    octets = write_capture(transcript)
    ports = [
        parse_packet(b.body[20 : 20 + b.unpack("IIIII")[3]]).source.port
        for b in read_blocks(octets)
        if b.kind == BlockType.ENHANCED_PACKET and b.body.find(b"REGISTER sip:") > 0
    ]
    assert ports == [40_096, 40_097]
    assert [e.flow.association for e in read_capture(written(tmp_path, octets)).entries] == [
        UL1.label,
        later.label,
        "DL1 SPI 1",
    ]


@pytest.mark.parametrize("family", [4, 6])
def test_of_a_later_fragment_all_is_masked(family: int) -> None:
    octets = bytearray(esp_packet(UL1 if family == 4 else DL1_6, 1, KEY))
    if family == 4:
        octets[7] = 9
    else:
        octets[6] = 44
    event = EspEvent(1.0, Direction.IN, Fate.OK, 1, 1, UL1, inner(UL1, "TCP"), None, bytes(octets))
    assert KEY[:4] not in masked(event, leaky=True)
    assert len(masked(event, leaky=True)) == len(octets)


def test_what_looks_like_a_key_in_an_encrypted_packet_stays() -> None:
    transcript = Transcript("", 1.0, start=0.0)
    transcript.record_esp(replace(received(1.0, 1), octets=esp_packet(DL2, 1, bytes(20) + b" ck=" + KEY)))
    assert KEY in write_capture(transcript), "to change it would spoil the ICV"


def remark(text: str) -> bytes:
    """The sample with the words of its first record replaced."""
    octets = b""
    for block in read_blocks(write_capture(sample())):
        options = list(block.options(20 + 4 * ((block.unpack("IIIII")[3] + 3) // 4))) if block.kind == 6 else []
        if block.kind == BlockType.ENHANCED_PACKET and block.unpack("I") == (1,) and text:
            body = block.body[: 20 + 4 * ((block.unpack("IIIII")[3] + 3) // 4)]
            octets += write_block(BlockType.ENHANCED_PACKET, body, [(1, text.encode()), *options[1:]])
            text = ""
        else:
            octets += block.kind.to_bytes(4, "little") + (len(block.body) + 12).to_bytes(4, "little") + block.body
            octets += (len(block.body) + 12).to_bytes(4, "little")
    return octets


@pytest.mark.parametrize(
    "text",
    [
        "nothing of the kind",
        "ESP packet at 1.000000 s: sideways, ok, SPI 1, sequence 1",
        "ESP packet at 1.000000 s: in, splendid, SPI 1, sequence 1",
        "ESP packet at 1.000000 s: in, ok, SPI 4294967296, sequence 1",
        "ESP packet at 1.000000 s: in, ok, SPI 1, sequence 1, inside UDP from host:1 to host:2",
        "ESP packet at 1.000000 s: in, ok, SPI 1, sequence 1, inside UDP from [::1]:99999 to [::1]:2",
        "ESP record without its packet at 1.000000 s: in, ok, SPI 1, sequence 1",
    ],
)
def test_a_packet_without_its_record_is_refused(tmp_path: Path, text: str) -> None:
    assert len(read_capture(written(tmp_path, remark("ESP packet at 0.000000 s: in, ok, SPI 1, sequence 1"))).esp) == 11
    with pytest.raises(InputError, match="does not say what became of it"):
        read_capture(written(tmp_path, remark(text)))


def test_any_damage_ends_in_a_transcript_or_one_line(tmp_path: Path) -> None:
    draw = random.Random(12)
    octets = write_capture(sample())
    refused = 0
    for _ in range(1000):
        spoilt = bytearray(octets)
        for _ in range(draw.randrange(1, 4)):
            spoilt[draw.randrange(len(spoilt))] = draw.choice((0, 1, 0x7F, 0xFF, draw.randrange(256)))
        path = written(tmp_path, bytes(spoilt))
        try:
            back = read_capture(path)
        except InputError:
            refused += 1
        else:
            write_capture(back)
            ladder.svg(back)
    assert 0 < refused < 1000


def test_records_cannot_be_forged_from_the_wire(tmp_path: Path) -> None:
    line = "ESP record without its packet at 1.000000 s: in, ok, SPI 1, sequence 1"
    transcript = Transcript(line, 0.0)
    transcript.record(False, Flow("UDP", UE, CSCF, association=line), line.encode(), 0.0)
    transcript.note(f"x\n{line}", 0.0)
    assert read_capture(written(tmp_path, write_capture(transcript, {1: line}))).esp == []


def test_the_lines_for_a_terminal() -> None:
    assert ladder.text(sample()).splitlines()[1:] == [
        "2026-01-01 00:00:00 UTC, 3 messages, 11 ESP records",
        "",
        "                             UE                              P-CSCF",
        "           0.000 s  ~ ESP record 1: received with SPI 99, unknown SPI ~",
        "    1      0.100 s            |----------- REGISTER ----------->|  CSeq 1 REGISTER, UDP",
        "    2      0.300 s            |=========== REGISTER ===========>|  CSeq 2 REGISTER, UDP, UL1",
        "           0.310 s  ~ waiting ~",
        "           0.320 s  ~ ESP record 3: received on DL2 SPI 4097, bad ICV ~",
        "    3      0.330 s            |<=========== 200 OK =============|  CSeq 2 REGISTER, UDP, DL2",
        "         300.000 s  ~ 300 s pass ~",
        f"         300.100 s  ~ ESP record 5 and 1 like it until 300.200 s: received, {Fate.CLEAR}, {CLEAR} ~",
        "         300.300 s  ~ ESP record 7: sent, wrong on purpose (replay), on UL1 SPI 4107 ~",
        "         300.400 s  ~ ESP record 8: sent, wrong on purpose (wrong SPI), on UL1 SPI 4107 with SPI 4108 ~",
        "         300.500 s  ~ ESP record 9: not sent on UL1 SPI 4107, sequence numbers used up ~",
        f"         300.600 s  ~ ESP record 10: not sent, {Fate.NO_ASSOCIATION}, {inner(UL1, 'TCP')} ~",
        "         301.000 s  ~ end ~",
    ]


@pytest.mark.parametrize(
    ("injected", "shown"),
    [
        (Fault.BAD_ICV, "sent, wrong on purpose (bad ICV), on UL1 SPI 4107"),
        (Fault.CLEAR, f"sent, wrong on purpose (in the clear), {inner(UL1)}"),
        (Fault.WRONG_PORT, f"sent, wrong on purpose (wrong inner port), on UL1 SPI 4107, {inner(UL1)}"),
    ],
)
def test_what_was_wrong_on_purpose_says_so(injected: Fault, shown: str) -> None:
    assert esp_text(sent(1.0, 5, injected=injected), sequence=False) == shown


def test_two_sets_are_told_apart() -> None:
    transcript = sample()
    transcript.record(True, flow_on(replace(UL1, spi=9999), "UDP"), request(3), 402.0)
    lines = ladder.text(transcript).splitlines()
    assert [line.rpartition(", ")[2] for line in lines if "===" in line] == ["UL1 SPI 4107", "DL2", "UL1 SPI 9999"]


def test_protected_ports_stand_in_the_lane_of_their_host() -> None:
    transcript = Transcript("", 0.0, start=0.0)
    transcript.peers.update({UE: "UE", CSCF: "P-CSCF"})
    transcript.record(True, flow_on(UL1, "UDP"), request(1), 0.0)
    assert ladder.text(transcript).splitlines()[3].split() == ["UE", "P-CSCF"]
    assert transcript.name(Address(CSCF.host, 5070)) == f"{CSCF.host}:5070", "not protected"
    transcript.peers[Address(UE.host, 5066)] = "another UE"
    assert transcript.name(UL1.source) == str(UL1.source), "two live there"


def test_the_log_names_each_record_that_is_no_message() -> None:
    lines = textlog.render(sample()).splitlines()
    shown = [line for line in lines if line.startswith("ESP record")]
    assert [line.split()[2] for line in shown] == ["1", "3", "5", "6", "7", "8", "9", "10"]
    assert shown[1] == "ESP record 3 at 0.320000 s: received on DL2 SPI 4097 sequence 1, bad ICV"


def test_the_live_ladder_shows_the_same() -> None:
    transcript, live = sample(), LiveLadder()
    lines = [line for entry in transcript.entries for line in live.message("UE", entry, None)]
    assert [line.rpartition(", ")[2] for line in lines if "===" in line] == [UL1.label, DL2.label]
    told = [live.esp(entry) for entry in transcript.esp]
    assert [number for number, line in enumerate(told, 1) if line is None] == [2, 4, 11]
    assert told[2] == "           0.320 s  ~ ESP record 3: received on DL2 SPI 4097 sequence 1, bad ICV ~"


def test_the_picture_has_a_tube_around_what_is_protected() -> None:
    picture = ladder.svg(sample())
    assert picture.count('class="tube"') == 2
    assert picture.count('class="esp"') == 7


@pytest.mark.parametrize("show", [ladder.svg, ladder.text, textlog.render])
def test_a_hostile_label_stays_text(show: Callable[[Transcript], str]) -> None:
    transcript = sample()
    transcript.record(False, Flow("UDP", UE, CSCF, association="\x1b[31m<b>\n\u202e"), b"junk", 402.0)
    assert "\x1b" not in show(transcript)


def test_octets_never_show_in_a_repr() -> None:
    transcript = sample()
    assert "\\xa5" not in repr(transcript.esp)
    assert all(type(entry) is EspEntry for entry in transcript.esp)
