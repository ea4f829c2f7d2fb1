"""A transcript goes into a capture and comes back the same; what is no such capture is refused in one line."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.sip.flow import Address, Flow
from imsreg.transcript import capture
from imsreg.transcript.blocks import BlockType, read_blocks, write_block
from imsreg.transcript.capture import read_capture
from imsreg.transcript.circumstances import Circumstances, Stop
from imsreg.transcript.packets import Segment, parse_packet
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.remarks import restore_asked, restore_circumstances
from imsreg.transcript.transcript import Transcript

UE, CSCF = Address("127.0.1.7", 5064), Address("127.0.2.1", 5060)
UE6, CSCF6 = Address("fd00::7", 5064), Address("fd00::1", 5060)
KEY = b"00112233445566778899aabbccddeeff"


def register(number: int, transport: str = "UDP") -> bytes:
    return (
        f"REGISTER sip:ims.example SIP/2.0\r\nVia: SIP/2.0/{transport} a:5064;branch=z9hG4bK{number}\r\n"
        f"CSeq: {number} REGISTER\r\nCall-ID: c\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def answer(number: int, status: str, extra: bytes = b"") -> bytes:
    via = f"SIP/2.0 {status}\r\nVia: SIP/2.0/UDP a:5064;branch=z9hG4bK{number}\r\nCSeq: {number} REGISTER\r\n"
    return via.encode() + extra + b"Call-ID: c\r\nContent-Length: 0\r\n\r\n"


def sample() -> Transcript:
    transcript = Transcript("Right Response – answered", 1_767_225_600.25, start=100.0)
    transcript.peers.update({"127.0.1.7": "UE", CSCF: "P-CSCF", "fd00::7": "UE", CSCF6: "P-CSCF"})
    transcript.circumstances = Circumstances(
        decides=("24.229-5.4.1.2.3A-01", "rfc3261-10.3-06"),
        dut=(CSCF, CSCF6),
        subscribers=("001010000000001@ims.example",),
        stopped=Stop("no-answer", "no answer to REGISTER: within 32 s"),
    )
    plain = Flow("UDP", UE, CSCF)
    transcript.note("begin", 100.0)
    transcript.record(True, plain, register(1), 100.001)
    transcript.record(True, plain, register(1), 102.001)
    transcript.record(False, plain, answer(1, "401 No", b"WWW-Authenticate: Digest ck=" + KEY + b"\r\n"), 102.5)
    transcript.note("advanced 300 s", 402.0, kind="clock")
    transcript.note("ICMP port unreachable", 402.0, kind="transport", flow=Flow("TCP", UE6, CSCF6, 3))
    transcript.record(True, Flow("UDP", UE, CSCF, 0, "sa 2"), b"\r\n\r\n", 402.25)
    transcript.record(False, plain, b"junk \x00\xff" * 20, 402.5)
    transcript.record(True, Flow("TCP", UE6, CSCF6), register(2, "TCP"), 403.0)
    used = Flow("TCP", Address("fd00::7", 49_152), CSCF6, 5, "sa 4")
    transcript.record(False, used, answer(2, "200 OK", b"X: " + b"y" * 8000 + b"\r\n") * 9, 403.0)
    transcript.record(False, Flow("TCP", UE6, Address("fd00::1", 33_333), 6), register(3, "TCP"), 404.0)
    transcript.note("end", 405.0)
    return transcript


def written(tmp_path: Path, octets: bytes) -> Path:
    path = tmp_path / "wire.pcapng"
    path.write_bytes(octets)
    return path


def test_a_transcript_comes_back_as_it_was(tmp_path: Path) -> None:
    before = sample()
    after = read_capture(written(tmp_path, write_capture(before, {2: "found"})))
    assert (after.title, after.began, after.peers, after.dropped) == (before.title, before.began, before.peers, 0)
    assert after.events == before.events
    for old, new in zip(before.entries, after.entries, strict=True):
        assert (new.number, new.sent, new.label, new.error) == (old.number, old.sent, old.label, old.error)
        assert new.at == pytest.approx(old.at, abs=1e-6)
        assert new.flow.transport == old.flow.transport
        assert new.flow.association == old.flow.association
        assert new.raw == old.raw.replace(KEY, b"x" * 32)
    assert [entry.flow.connection for entry in after.entries] == [0, 0, 0, 0, 0, 0, 1, 2]
    assert after.entries[5].flow == before.entries[5].flow, "as the tester asked for it"
    assert after.circumstances == before.circumstances
    assert len(after.exchanges) == len(before.exchanges)


def test_reading_is_a_fixed_point(tmp_path: Path) -> None:
    once = read_capture(written(tmp_path, write_capture(sample())))
    again = read_capture(written(tmp_path, write_capture(once)))
    assert [(entry.at, entry.flow, entry.raw) for entry in again.entries] == [
        (entry.at, entry.flow, entry.raw) for entry in once.entries
    ]
    assert write_capture(again) == write_capture(once)


def test_an_empty_transcript_comes_back(tmp_path: Path) -> None:
    after = read_capture(written(tmp_path, write_capture(Transcript("nothing", 5.0))))
    assert (after.title, after.began, after.entries, after.events) == ("nothing", 5.0, [], [])


def test_a_message_over_tcp_is_seen_on_the_connection_that_took_it() -> None:
    """In the eyes of Wireshark; `read_capture` knows besides how the tester asked for it."""
    packets = [b.body[20:] for b in read_blocks(write_capture(sample())) if b.kind == BlockType.ENHANCED_PACKET]
    begun = next(p for p in (parse_packet(p) for p in packets if p[0] >> 4 == 6) if isinstance(p, Segment))
    assert begun.source == Address("fd00::7", 49_152), "the port that the answer names"


@pytest.mark.parametrize("remark", ["asked for a connection from host:5060", "asked for a connection from [::1]:99999"])
def test_an_impossible_address_is_not_restored(remark: str) -> None:
    flow = Flow("TCP", UE, CSCF, 3)
    assert restore_asked([remark], flow) == flow
    assert restore_circumstances([remark.replace("asked for a connection from", "DUT at")]) == Circumstances()


def test_times_are_what_they_were(tmp_path: Path) -> None:
    transcript = Transcript("", 1_767_225_600.7654321, start=1000 / 3)
    for number in range(1, 200):
        transcript.record(True, Flow("UDP", UE, CSCF), register(number), 1000 / 3 + number * 1.1)
    after = read_capture(written(tmp_path, write_capture(transcript)))
    assert [entry.at for entry in after.entries] == [entry.at for entry in transcript.entries]


def test_keys_are_masked() -> None:
    assert KEY not in write_capture(sample())


def test_what_was_dropped_is_told(tmp_path: Path) -> None:
    transcript = sample()
    transcript.dropped = 7
    assert read_capture(written(tmp_path, write_capture(transcript))).dropped == 7


@pytest.mark.parametrize(("began", "now"), [(-5.0, -7.0), (1e30, 1e30), (2.0**44, 1.0)])
def test_any_clock_can_be_written(tmp_path: Path, began: float, now: float) -> None:
    transcript = Transcript("", began, start=0.0)
    transcript.record(True, Flow("UDP", UE, CSCF), b"x", now)
    assert len(read_capture(written(tmp_path, write_capture(transcript))).entries) == 1


def test_a_datagram_that_no_socket_can_have_sent_is_named_only(tmp_path: Path) -> None:
    transcript = Transcript("", 0.0)
    transcript.record(True, Flow("UDP", UE, CSCF, 0, "sa-1"), b"A" * 65_508, 0.0)
    transcript.record(True, Flow("UDP", UE6, CSCF6), b"A" * 65_508, 0.0)
    octets = write_capture(transcript)
    assert b"message 1 was never sent: 65508 octets exceed UDP" in octets
    (entry,) = read_capture(written(tmp_path, octets)).entries
    assert len(entry.raw) == 65_508, "over IPv6 it fits"
    assert entry.flow.association is None


def test_comments_cannot_be_forged_from_the_wire(tmp_path: Path) -> None:
    transcript = Transcript("peer 127.0.0.1 is me", 0.0)
    transcript.record(False, Flow("UDP", UE, CSCF), b"SIP/2.0 200 association x\r\n\r\n", 0.0)
    transcript.note("x\nassociation y", 0.0)
    after = read_capture(written(tmp_path, write_capture(transcript, {1: "clock at 1.000000 s: advanced"})))
    assert after.peers == {}
    assert after.entries[0].flow.association is None
    assert [event.kind for event in after.events] == ["note"]


def test_blocks_round_trip_in_either_byte_order() -> None:
    little = write_block(BlockType.SECTION_HEADER, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), [(1, b"hello")])
    big = struct.pack(">IIIHHqHH5s3xHHI", 0x0A0D0D0A, 44, 0x1A2B3C4D, 1, 0, -1, 1, 5, b"hello", 0, 0, 44)
    for octets in (little, big):
        (block,) = read_blocks(octets)
        assert block.unpack("IHH") == (0x1A2B3C4D, 1, 0)
        assert list(block.options(16)) == [(1, b"hello")]


def patched(octets: bytes, at: int, value: bytes) -> bytes:
    return octets[:at] + value + octets[at + len(value) :]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda o: b"\xd4\xc3\xb2\xa1" + o, "offset 0: no section header"),
        (lambda o: patched(o, 8, b"abcd"), "no byte-order magic"),
        (lambda o: patched(o, 4, b"\x07\0\0\0"), "cannot be 7 octets"),
        (lambda o: o[:-1], "ends inside a block"),
        (lambda o: o[:-4] + b"\0\0\0\0", "two lengths of the block differ"),
        (lambda o: o.replace(b"\x65\0\0\0\0\0\0\0", b"\x01\0\0\0\0\0\0\0", 1), "link type 1"),
        (lambda o: o.replace(b"\x09\0\x01\0\x06", b"\x09\0\x01\0\x09", 1), "microseconds"),
        (lambda o: o.replace(b"\x02\0\x04\0\x02\0\0\0", b"\x02\0\x04\0\x00\0\0\0", 1), "sent or received"),
    ],
)
def test_faults_are_named_with_their_offset(tmp_path: Path, spoil: object, problem: str) -> None:
    assert callable(spoil)
    with pytest.raises(InputError, match=problem) as caught:
        read_capture(written(tmp_path, spoil(write_capture(sample()))))
    assert "wire.pcapng: offset " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_stream_without_its_beginning_is_refused(tmp_path: Path) -> None:
    blocks = list(read_blocks(write_capture(sample())))
    first = next(block for block in blocks if block.kind == BlockType.ENHANCED_PACKET and block.body[20] >> 4 == 6)
    octets = write_capture(sample())
    cut = octets[: first.offset] + octets[first.offset + len(first.body) + 12 :]
    with pytest.raises(InputError, match="no beginning in this capture"):
        read_capture(written(tmp_path, cut))


def test_any_damage_ends_in_a_transcript_or_one_line(tmp_path: Path) -> None:
    draw = random.Random(11)
    transcript = Transcript("t", 1.0)
    transcript.note("begin", 0.0, kind="transport", flow=Flow("UDP", UE, CSCF))
    transcript.record(True, Flow("TCP", UE, CSCF), register(1), 0.0)
    transcript.record(False, Flow("UDP", UE, CSCF), b"x", 0.0)
    transcript.circumstances = sample().circumstances
    octets = write_capture(transcript, {1: "m"})
    refused = 0
    for _ in range(1500):
        spoilt = bytearray(octets)
        for _ in range(draw.randrange(1, 4)):
            spoilt[draw.randrange(len(spoilt))] = draw.choice((0, 1, 0x7F, 0xFF, draw.randrange(256)))
        path = written(tmp_path, bytes(spoilt))
        try:
            write_capture(read_capture(path))
        except InputError:
            refused += 1
    assert 0 < refused < 1500


def test_files_that_are_too_large_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_capture(tmp_path / "none.pcapng")
    monkeypatch.setattr(capture, "MAX_FILE", 10)
    with pytest.raises(InputError, match="larger than"):
        read_capture(written(tmp_path, write_capture(sample())))
