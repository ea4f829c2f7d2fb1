"""Captures that Wireshark's tools wrote, converted and spoiled: the same messages are in them."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from foreign_captures import CSCF, OK, REGISTER, UE, ethernet, message, pcap, udp  # noqa: E402

from imsreg.errors import InputError  # noqa: E402
from imsreg.sip.flow import Address, Flow  # noqa: E402
from imsreg.transcript.foreign import ForeignCapture, read_foreign  # noqa: E402
from imsreg.transcript.pcapng import write_capture  # noqa: E402
from imsreg.transcript.transcript import Transcript  # noqa: E402

NEEDED = ("tshark", "editcap", "mergecap", "text2pcap")
pytestmark = pytest.mark.skipif(any(shutil.which(each) is None for each in NEEDED), reason="needs Wireshark's tools")
SIP_UE, SIP_CSCF = Address(UE.host, 5060), Address(CSCF.host, 5060)


def run(*command: str | Path) -> str:
    return subprocess.run([str(each) for each in command], check=True, capture_output=True, text=True).stdout


def told(path: Path) -> ForeignCapture:
    return read_foreign(path, path.read_bytes())


def written(tmp_path: Path, octets: bytes, name: str = "from") -> Path:
    path = tmp_path / name
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("format_", ["pcap", "pcapng", "nsecpcap", "modpcap"])
def test_formats(tmp_path: Path, format_: str) -> None:
    packets = [ethernet(udp(REGISTER, SIP_UE, SIP_CSCF)), ethernet(udp(OK, SIP_CSCF, SIP_UE))]
    path = written(tmp_path, pcap([(0.25, packets[0]), (1.5, packets[1])], 1))
    run("editcap", "-F", format_, path, tmp_path / "to")
    assert [(m.at, m.octets) for m in told(tmp_path / "to").messages] == [(1000.25, REGISTER), (1001.5, OK)]


def test_a_format_that_is_neither_says_how_to_convert_it(tmp_path: Path) -> None:
    path = written(tmp_path, pcap([ethernet(udp(REGISTER))], 1))
    run("editcap", "-F", "snoop", path, tmp_path / "snoop")
    with pytest.raises(InputError, match="neither pcap nor pcapng; convert it: editcap -F pcapng"):
        told(tmp_path / "snoop")
    run("editcap", "-F", "pcapng", tmp_path / "snoop", tmp_path / "to")
    assert [m.octets for m in told(tmp_path / "to").messages] == [REGISTER]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_capture_of_ours_that_has_lost_its_comments(tmp_path: Path, transport: str) -> None:
    transcript = Transcript("ours", 1000.0, start=0.0)
    for number in range(40):
        flow = Flow("TCP" if transport == "TCP" else "UDP", SIP_UE, SIP_CSCF, 1 if transport == "TCP" else 0)
        transcript.record(number % 2 == 0, flow, message(number, b"x" * 100 * number), number / 4)
    path = written(tmp_path, write_capture(transcript))
    run("tshark", "-r", path, "-F", "pcap", "-w", tmp_path / "to")
    capture = told(tmp_path / "to")
    assert [(m.at, m.octets) for m in capture.messages] == [(1000 + e.at, e.raw) for e in transcript.entries]
    assert [m.source for m in capture.messages[:2]] == [SIP_UE, SIP_CSCF]
    assert {m.transport for m in capture.messages} == {transport}
    assert capture.troubles == ()


def test_merged_captures_of_two_places(tmp_path: Path) -> None:
    one = written(tmp_path, pcap([(0.0, ethernet(udp(REGISTER))), (0.5, ethernet(udp(OK)))], 1), "one")
    two = written(tmp_path, pcap([(0.01, udp(REGISTER)), (0.51, udp(OK)), (0.7, udp(OK))], 101), "two")
    run("mergecap", "-F", "pcapng", "-w", tmp_path / "to", one, two)
    assert [(m.at, m.octets) for m in told(tmp_path / "to").messages] == [
        (1000.0, REGISTER),
        (1000.5, OK),
        (1000.7, OK),
    ]


def test_a_snap_length(tmp_path: Path) -> None:
    path = written(tmp_path, pcap([ethernet(udp(message(1, b"x" * 400))), ethernet(udp(OK))], 1))
    run("editcap", "-s", "200", path, tmp_path / "to")
    capture = told(tmp_path / "to")
    assert [m.octets for m in capture.messages] == [OK]
    assert [(t.kind, t.count, t.packet) for t in capture.troubles] == [("cut", 1, 1)]


def test_what_text2pcap_makes_of_text(tmp_path: Path) -> None:
    dump = "\n".join(f"{begin:06x} {REGISTER[begin : begin + 16].hex(' ')}" for begin in range(0, len(REGISTER), 16))
    path = written(tmp_path, f"{dump}\n{len(REGISTER):06x}\n".encode())
    for link in (["-u", "5060,5060"], ["-u", "5060,5060", "-6", "fd00::1,fd00::2"], ["-T", "5060,5060"]):
        run("text2pcap", *link, path, tmp_path / "to")
        assert [m.octets for m in told(tmp_path / "to").messages] == [REGISTER]


@pytest.mark.parametrize("seed", range(20))
def test_what_editcap_has_spoiled(tmp_path: Path, seed: int) -> None:
    path = written(tmp_path, pcap([ethernet(udp(message(n, b"x" * 300))) for n in range(50)], 1))
    run("editcap", "-E", "0.02", "--seed", str(seed), path, tmp_path / "to")
    assert len(told(tmp_path / "to").messages) <= 50


def test_tshark_sees_the_same_link_layers(tmp_path: Path) -> None:
    tapped = struct.pack("<III", 108, 1, 1) + bytes(24) + bytes(72)
    path = written(tmp_path, pcap([tapped + ethernet(udp(REGISTER, SIP_UE, SIP_CSCF))], 258))
    assert run("tshark", "-r", path, "-T", "fields", "-e", "sip.Method").strip() == "REGISTER"
