"""The captures in the eyes of somebody else: tshark reads them without a complaint."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.transcript.circumstances import Circumstances, Stop
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript

TSHARK = shutil.which("tshark")
FIELDS = (
    "_ws.malformed",
    "ip.checksum.status",
    "udp.checksum.status",
    "tcp.checksum.status",
    "tcp.analysis.flags",
    "_ws.expert.severity",
    "sip.CSeq",
    "frame.comment",
)
GOOD = {"", "1"}
WARNING = 0x00600000
HOSTS = {"UDP4": ("127.0.1.7", "127.0.2.1"), "UDP6": ("fd00::7", "fd00::1")}


def message(start: Draft, number: int, body: bytes = b"") -> bytes:
    start.add("Via", f"SIP/2.0/UDP ue.example:5064;branch=z9hG4bK{number}").add("Max-Forwards", "70")
    start.add("From", "<sip:a@ims.example>;tag=1").add("To", "<sip:a@ims.example>").add("Call-ID", "c@ue.example")
    start.add("CSeq", f"{number} MESSAGE")
    if body:
        start.add("Content-Type", "text/plain")
        start.body = body
    return start.to_bytes()


def sample() -> tuple[Transcript, list[str]]:
    """Requests and responses over UDP and TCP, IPv4 and IPv6, one longer than a segment; and the CSeq of each."""
    transcript = Transcript("seen by tshark", 1_767_225_600.0, start=0.0)
    transcript.circumstances = Circumstances(
        ("24.229-5.4.1.2.2-05",), (Address("fd00::1", 5060),), ("a@ims.example",), Stop("no-answer", "no answer")
    )
    expected = []
    kinds: list[tuple[Transport, str, str]] = [
        (transport, *hosts) for hosts in HOSTS.values() for transport in ("UDP", "TCP")
    ]
    for number, (transport, here, there) in enumerate(kinds, 1):
        asked = Flow(transport, Address(here, 5064), Address(there, 5060))
        used = asked if transport == "UDP" else Flow("TCP", Address(here, 40_000), Address(there, 5060), number)
        transcript.note("advanced 1 s", float(number), kind="clock")
        body = b"x" * (60_500 if transport == "TCP" else 65_000)
        transcript.record(True, asked, message(Draft.request("MESSAGE", "sip:b@ims.example"), number, body), number)
        transcript.record(False, used, message(Draft.response(200), number), number + 0.1)
        expected += [f"{number} MESSAGE"] * 2
    return transcript, expected


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_tshark_finds_nothing_wrong(tmp_path: Path) -> None:
    transcript, expected = sample()
    path = tmp_path / "wire.pcapng"
    path.write_bytes(write_capture(transcript, {2: "a finding"}))
    checks = [part for name in ("ip", "tcp", "udp") for part in ("-o", f"{name}.check_checksum:TRUE")]
    fields = [part for name in FIELDS for part in ("-e", name)]
    command = [str(TSHARK), "-n", "-r", str(path), *checks, "-T", "fields", "-E", "separator=/t", *fields]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]
    for row in rows:
        assert row["_ws.malformed"] == ""
        assert {row["ip.checksum.status"], row["udp.checksum.status"], row["tcp.checksum.status"]} <= GOOD
        assert row["tcp.analysis.flags"] == ""
        assert all(int(severity) < WARNING for severity in row["_ws.expert.severity"].split(",") if severity)
    assert [row["sip.CSeq"] for row in rows if row["sip.CSeq"]] == expected
    assert "clock at 1.000000 s: advanced 1 s" in rows[0]["frame.comment"]
    assert "finding: a finding" in rows[1]["frame.comment"]
