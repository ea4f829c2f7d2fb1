"""ESP packets of a capture in the eyes of somebody else: with the keys of the run tshark finds the same messages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from imsreg.secagree.associations import Association, Name, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.esp import PROTOCOL, Outbound
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.flows import flow_on, reply_on
from imsreg.secagree.ip import IpPacket, build_ip, parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.segment import TcpFlags
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Flow
from imsreg.tester.esp_keys import EspKeyFile
from imsreg.transcript.packets import Datagram, Segment
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript

TSHARK = shutil.which("tshark")
HOSTS = {"IPv4": ("127.0.1.7", "127.0.2.1"), "IPv6": ("fd00::7", "fd00::1")}
GMAC = Transform("aes-gmac", "null")
FIELDS = ("frame.interface_name", "esp.spi", "esp.sequence", "esp.icv_good", "esp.icv_bad", "sip.CSeq", "frame.comment")
CK, IK = bytes(range(16)), bytes(range(16, 32))


def message(start: Draft, number: int) -> bytes:
    start.add("Via", f"SIP/2.0/UDP ue.example:5064;branch=z9hG4bK{number}").add("Max-Forwards", "70")
    start.add("From", "<sip:a@ims.example>;tag=1").add("To", "<sip:a@ims.example>").add("Call-ID", "c@ue.example")
    return start.add("CSeq", f"{number} REGISTER").to_bytes()


def first_spi(number: int) -> int:
    return 4096 + 16 * number


class Traffic:
    """A set of associations between two hosts, and the packets on it."""

    def __init__(self, transform: Transform, hosts: tuple[str, str], number: int) -> None:
        keys = expand(transform, Secret(CK), Secret(IK))
        spi, port = first_spi(number), 42_000 + 10 * number  # no other protocol has these ports in tshark
        ends = Endpoints(spi, spi + 1, port, port + 1), Endpoints(spi + 2, spi + 3, port + 2, port + 3)
        self.sas = SaSet(*hosts, *ends, keys)
        self.ends = {each: Outbound(each.spi, keys, Random(each.spi)) for each in self.sas.associations}

    def packet(self, carrier: Association, made: bytes, fault: Fault | None = None) -> bytes:
        """The IP packet `made` under ESP."""
        plain = parse_ip(made)
        assert isinstance(plain, IpPacket)
        mask = b"\1" if fault is Fault.BAD_ICV else b""
        esp = self.ends[carrier].encapsulate(plain.payload, plain.protocol, icv_mask=mask)
        return build_ip(plain.source, plain.destination, PROTOCOL, esp)


def record(transcript: Transcript, traffic: Traffic, number: int) -> None:
    """A REGISTER over UDP, its answer, and one more with a wrong ICV; then both over TCP."""
    sas = traffic.sas
    ul1, dl2 = sas.named(Name.UL1), sas.named(Name.DL2)
    asked, answered = message(Draft.request("REGISTER", "sip:b"), number), message(Draft.response(200), number)
    at = float(number)
    for fault in (None, Fault.BAD_ICV):
        made = traffic.packet(ul1, Datagram(ul1.source, ul1.destination, asked).to_bytes(), fault)
        inner = Inner("UDP", ul1.source, ul1.destination)
        if fault is None:
            transcript.record(True, flow_on(ul1, "UDP"), asked, at)
        sent = traffic.ends[ul1].sent
        transcript.record_esp(EspEvent(at, Direction.OUT, Fate.OK, ul1.spi, sent, ul1, inner, fault, made))
    made = traffic.packet(dl2, Datagram(dl2.source, dl2.destination, answered).to_bytes())
    inner = Inner("UDP", dl2.source, dl2.destination)
    transcript.record_esp(EspEvent(at + 0.2, Direction.IN, Fate.OK, dl2.spi, 1, dl2, inner, None, made))
    transcript.record(False, Flow("UDP", dl2.destination, dl2.source, 0, dl2.label), answered, at + 0.2)
    more = [message(Draft.request("REGISTER", "sip:b"), number + each) for each in (100, 200)]
    record_tcp(transcript, traffic, more, at + 0.3)


def record_tcp(transcript: Transcript, traffic: Traffic, asked: list[bytes], at: float) -> None:
    sas = traffic.sas
    ul1 = sas.named(Name.UL1)
    flow = Flow("TCP", ul1.source, ul1.destination, ul1.spi, ul1.label)
    back = reply_on(sas, Side.P_CSCF, Flow("TCP", ul1.destination, ul1.source, 1, ul1.label))
    dl1 = next(each for each in sas.associations if each.label == back.association)
    ours, theirs = 1_111_111_111, 3_333_333_333
    steps = (
        (ul1, ours, 0, TcpFlags.SYN, b""),
        (dl1, theirs, ours + 1, TcpFlags.SYN | TcpFlags.ACK, b""),
        (ul1, ours + 1, theirs + 1, TcpFlags.ACK, b""),
        (ul1, ours + 1, theirs + 1, TcpFlags.ACK | TcpFlags.PSH, asked[0]),
        (ul1, ours + 1 + len(asked[0]), theirs + 1, TcpFlags.ACK | TcpFlags.PSH, asked[1]),
    )
    for carrier, seq, ack, flags, data in steps:
        if data:
            transcript.record(True, flow, data, at)
        made = traffic.packet(carrier, Segment(carrier.source, carrier.destination, seq, ack, flags, data).to_bytes())
        way = Direction.OUT if carrier is ul1 else Direction.IN
        inner = Inner("TCP", carrier.source, carrier.destination)
        number = traffic.ends[carrier].sent
        transcript.record_esp(EspEvent(at, way, Fate.OK, carrier.spi, number, carrier, inner, None, made))


Rows = list[dict[str, str]]


def seen(capture: Path, config: Path) -> Rows:
    """What tshark makes of the packets of the wire in a capture, with the keys in a configuration directory."""
    options = ("enable_encryption_decode", "enable_authentication_check")
    chosen = [part for name in options for part in ("-o", f"esp.{name}:TRUE")]
    fields = [part for name in FIELDS for part in ("-e", name)]
    command = [str(TSHARK), "-n", "-r", str(capture), *chosen, "-T", "fields", "-E", "separator=/t", *fields]
    where = {**os.environ, "WIRESHARK_CONFIG_DIR": str(config)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=where)
    assert "esp_sa" not in done.stderr, "the table is read without a complaint"
    rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]
    return [row for row in rows if row["frame.interface_name"] == "imsreg-wire"]


@pytest.fixture(scope="module")
def decoded(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """All transforms over both families in one capture."""
    place = tmp_path_factory.mktemp("tshark")
    transcript, keys = Transcript("seen by tshark", 1_767_225_600.0, start=0.0), EspKeyFile()
    for index, transform in enumerate(ALL_TRANSFORMS):
        for family, hosts in HOSTS.items():
            number = 1 + 2 * index + (family == "IPv6")
            traffic = Traffic(transform, hosts, number)
            keys.add(traffic.sas)
            record(transcript, traffic, number)
    (place / "wire.pcapng").write_bytes(write_capture(transcript))
    keys.write(place / "esp_sa")
    return seen(place / "wire.pcapng", place)


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("family", HOSTS)
@pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="-".join)
def test_tshark_opens_what_was_sent(decoded: Rows, transform: Transform, family: str) -> None:
    number = 1 + 2 * ALL_TRANSFORMS.index(transform) + (family == "IPv6")
    rows = [row for row in decoded if first_spi(number) <= int(row["esp.spi"], 16) < first_spi(number + 1)]
    assert len(rows) == 8
    injected = [row for row in rows if "wrong on purpose: bad ICV" in row["frame.comment"]]
    assert len(injected) == 1
    if transform == GMAC:
        assert not [row for row in rows if row["esp.icv_good"] == "1"], "tshark 4.0 has no name for it"
        return
    right = [row for row in rows if row not in injected]
    assert {(row["esp.icv_good"], row["esp.icv_bad"]) for row in right} <= {("1", ""), ("1", "0")}
    assert injected[0]["esp.icv_bad"] == "1"
    found = [row["sip.CSeq"] for row in right if row["sip.CSeq"]]
    assert found == [f"{number + more} REGISTER" for more in (0, 0, 100, 200)]
