"""`imsreg core`: UEs on the bench register, every message is a row at once, what they broke is judged at the end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import pytest
from processes import children
from scripted import own_host, write_profile

from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.net.memory import MemoryLink
from imsreg.net.resolve import has_ipv6
from imsreg.paths import data
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.tester import bench_ue, stand_alone
from imsreg.tester.analysis import Analyst
from imsreg.tester.bench import judged
from imsreg.tester.memory_ue import MemoryUe
from imsreg.tester.no_request import CHECK_LIST
from imsreg.tester.preflight import read_profile
from imsreg.tester.reference_process import ReferenceUeProcess
from imsreg.tester.stand_alone import StandAloneCore

PROFILE = data("fixtures", "profiles", "embedded-ue.yaml")
HOME = "ims.mnc001.mcc001.3gppnetwork.org"
COMMAND = [sys.executable, "-m", "imsreg", "core"]
_NUMBERS = count(1)


class Bench:
    """A core on a virtual clock, with reference UEs and with octets that nobody has checked."""

    def __init__(self) -> None:
        self.link = MemoryLink()
        self.profile, everybody = read_profile(PROFILE)
        self.subscribers = {each.name: each for each in everybody}
        self.core = StandAloneCore(self.link, self.profile, everybody, [Address("127.0.3.1", 5060)], 1)
        self.ues = MemoryUe(self.link, self.profile, {"IPv4": self.core.addresses[0]}, Random(2), None)
        self.sender = Sender()
        self.link.attach(self.sender, Address("127.0.9.1", 5064), ("UDP",))

    def act(self, action: str, *names: str) -> None:
        for name in names:
            self.ues.act(action, self.subscribers[name])

    def send(self, *messages: bytes) -> None:
        flow = Flow("UDP", Address("127.0.9.1", 5064), self.core.addresses[0])
        self.link.call(lambda: self.sender.outbox.extend(Packet(flow, raw) for raw in messages))

    def lines(self, seconds: float = 1.0) -> list[str]:
        return list(self.core.lines(seconds))

    def judged(self, output: Path | None = None) -> Mapping[str, Mapping[str, str]]:
        """The verdicts by the name of the transcript and the requirement."""
        analysed = judged(self.core, Analyst(PROFILE), output, "imsreg core")
        return {each.test: {r.requirement: r.verdict.value for r in each.judgement.rulings} for each in analysed}


class Sender:
    """A node that only sends."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()

    def receive(self, packet: Packet, now: float) -> None:
        """Whatever comes is none of its business."""

    def fail(self, failure: TransportFailure, now: float) -> None:
        """Nor is that."""

    def on_time(self, now: float) -> None:
        """It sets no timer."""

    def next_deadline(self) -> float | None:
        return None


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.link.close()


def register(
    name: str = "+15550100003", *, call_id: str = "a", nonce: str | None = "", more: str = "", host: str = "127.0.9.1"
) -> bytes:
    """A REGISTER that lacks much of what IMS wants, without Authorization if `nonce` is None."""
    impi = f"001010000000003@{HOME}"
    proof = f'Authorization: Digest username="{impi}",realm="{HOME}",uri="sip:{HOME}",nonce="{nonce}",response=""\r\n'
    return (
        f"REGISTER sip:{HOME} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5064;rport;branch=z9hG4bK{next(_NUMBERS)}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{name}@{HOME}>;tag=1\r\nTo: <sip:{name}@{HOME}>\r\nCall-ID: {call_id}\r\n"
        f"CSeq: 1 REGISTER\r\nContact: <sip:u@{host}:5064>;expires=600000\r\nSupported: path\r\n"
        f"{'' if nonce is None else proof}{more}Content-Length: 0\r\n\r\n"
    ).encode()


def numbered(lines: list[str]) -> list[tuple[int, str]]:
    """The number and the label of the rows that have a number."""
    found = (re.match(r" *(\d+) +[\d.]+ s .*?[|<]?[-< ]+([A-Z1-6][\w ]*?) [->]+", line) for line in lines)
    return [(int(each[1]), each[2]) for each in found if each]


def remarks(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.lstrip().startswith("! ")]


# On a virtual clock.


def test_a_registration_is_shown_row_by_row_and_judged(bench: Bench) -> None:
    bench.act("register", "sub01")
    lines = bench.lines()
    labels = ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK", "SUBSCRIBE", "200 OK", "NOTIFY", "200 OK"]
    assert numbered(lines) == list(enumerate(labels, start=1))
    assert [line.split() for line in lines if "P-CSCF" in line] == [["UE", "sub01", "P-CSCF"]]
    assert remarks(lines) == []
    bench.act("deregister", "sub01")
    more = numbered(bench.lines())
    assert [number for number, _ in more] == list(range(9, 9 + len(more)))
    assert [label for _, label in more][:4] == labels[:4]
    (verdicts,) = bench.judged().values()
    assert set(verdicts.values()) == {"PASS"}
    assert {"24.229-5.1.1.5.1-01", "24.229-5.1.1.3-01", "24.229-5.1.1.6-01"} <= verdicts.keys()


def test_several_ues_have_lanes_numbers_and_verdicts_of_their_own(bench: Bench) -> None:
    bench.act("register", "sub01", "sub02", "sub03")
    lines = bench.lines()
    heads = [line.split() for line in lines if "P-CSCF" in line]
    assert heads[-1] == ["UE", "sub01", "P-CSCF", "UE", "sub02", "UE", "sub03"]
    assert sorted(number for number, _ in numbered(lines)) == sorted([*range(1, 9)] * 3)
    verdicts = bench.judged()
    assert list(verdicts) == ["UE sub01", "UE sub02", "UE sub03"]
    assert {verdict for each in verdicts.values() for verdict in each.values()} == {"PASS"}


def test_a_refresh_after_hours_belongs_to_the_registration(bench: Bench) -> None:
    bench.act("register", "sub01")
    bench.lines(599_500)
    (verdicts,) = bench.judged().values()
    assert verdicts["24.229-5.1.1.4.1-01"] == "PASS"
    assert set(verdicts.values()) == {"PASS"}


def test_a_ue_that_was_switched_off_and_on_begins_a_transcript(bench: Bench) -> None:
    bench.act("register", "sub01")
    before = bench.lines()
    bench.act("reset", "sub01")
    # Long after the registration has run out: nobody may miss a refresh of a UE that was off.
    bench.lines(700_000)
    bench.act("register", "sub01")
    lines = bench.lines()
    assert any("~ UE sub01 begins anew: its messages are counted from 1 again ~" in line for line in lines)
    assert numbered(lines) == numbered(before)
    verdicts = bench.judged()
    assert list(verdicts) == ["UE sub01", "UE sub01, start 2"]
    assert {verdict for each in verdicts.values() for verdict in each.values()} == {"PASS"}


def test_what_goes_on_from_before_the_core_is_shown_and_not_judged(bench: Bench) -> None:
    bench.send(register(nonce="bm90IG9mIG91cnM="))
    lines = bench.lines()
    assert any("~ UE sub03 goes on from what this core has not seen: not judged" in line for line in lines)
    assert any("401 Unauthorized" in line for line in lines)
    assert (numbered(lines), bench.judged()) == ([], {})
    bench.send(register(call_id="b"))
    assert numbered(bench.lines())[0] == (1, "REGISTER")
    assert bench.judged().keys() == {"UE sub03"}


def test_the_answer_to_a_challenge_begins_nothing_under_whatever_call_id(bench: Bench) -> None:
    bench.send(register())
    lines = bench.lines()
    bench.send(register(call_id="another", nonce="x"))
    assert [number for number, _ in numbered([*lines, *bench.lines()])] == [1, 2, 3, 4]


def test_a_defective_ue_is_told_what_is_wrong_once_and_judged(bench: Bench) -> None:
    bench.send(register(nonce=None, more="Expires: soon\r\n"))
    first = bench.lines()
    bench.send(register(nonce=None, more="Expires: soon\r\n"))
    again = bench.lines()
    (wrong,) = remarks(first)
    assert re.match(r"! line 10, column \d+: Expires cannot have 's' here; right: .*20\.19.*\[header-grammar\]", wrong)
    assert remarks(again) == ["! as before: header-grammar"]
    verdicts = bench.judged()["UE sub03"]
    assert verdicts["24.229-5.1.1.2.2-01"] == "FAIL"
    assert verdicts["24.229-5.1.1.2.1-06"] == "PASS"


def test_strangers_are_refused_shown_and_not_judged(bench: Bench) -> None:
    tls = b"\x16\x03\x01\x02\x00\x01"
    bench.send(register("eve\x1b[31m", nonce=None), tls, b"\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n")
    lines = bench.lines()
    said = remarks(lines)
    assert said[0].startswith("! 127.0.9.1:5064 is none of the subscribers here: <sip:eve\\x1b[31m@")
    assert any(line.startswith("! it looks like TLS, and the tester listens in the clear: ") for line in said)
    assert any("403 Forbidden" in line for line in lines)
    assert any("keep-alive" in line for line in lines)
    assert {line.split()[0] for line in lines if "P-CSCF" in line} == {"unknown"}
    assert all(line.isprintable() for line in lines)
    assert (numbered(lines), bench.judged()) == ([], {})


def test_after_a_minute_of_nothing_the_check_list_is_printed_once(bench: Bench) -> None:
    assert bench.lines(stand_alone.SILENCE - 1) == []
    silence, first, *rest = bench.lines(2)
    assert silence.strip() == "60.000 s  ~ nothing for 60 s ~"
    assert first.startswith("  (1) nothing at all has reached 127.0.3.1:5060 over UDP or TCP")
    assert len(rest) == len(CHECK_LIST)
    assert bench.lines(3600) == []


def test_whoever_has_been_heard_needs_no_check_list(bench: Bench) -> None:
    bench.send(b"hello")
    assert len(numbered(bench.lines(stand_alone.SILENCE + 60))) == 0
    assert bench.lines(3600) == []


def test_what_does_not_reach_a_ue_is_said_once_in_a_row(bench: Bench) -> None:
    flow = Flow("UDP", bench.core.addresses[0], Address("192.0.2.9", 5060))
    denied = TransportFailure(flow, "denied", "192.0.2.9:5060 is not allowed")
    for failure in (denied, denied, TransportFailure(flow, "closed", "in good order")):
        bench.core.failed(failure, bench.link.now())
    (line,) = bench.lines()
    assert line.endswith("~ UDP to 192.0.2.9:5060: denied, 192.0.2.9:5060 is not allowed ~")


# Bounds: whatever comes, memory and terminal stay within them, and no transcript gets a hole.


def test_a_ue_that_begins_anew_for_ever_is_judged_up_to_a_bound(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ue, "MAX_REGISTRATIONS", 3)
    for number in range(6):
        bench.send(register(call_id=str(number)))
    lines = bench.lines()
    assert len(bench.judged()) == 3
    assert sum("enough is kept of UE sub03" in line for line in lines) == 1
    assert [number for number, _ in numbered(lines)].count(1) == 3
    assert sum("REGISTER -" in line for line in lines) == 6


def test_a_ue_that_never_ends_is_judged_up_to_a_bound(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ue, "MAX_MESSAGES", 5)
    ue = bench_ue.BenchUe(bench.subscribers["sub03"], [], 0.0, 0.0, bench_ue.Room(10**6))
    flow = Flow("UDP", bench.core.addresses[0], Address("127.0.9.1", 5064))
    seen = [ue.take(False, flow, register(call_id=str(n // 2)), 1.0) for n in range(8)]
    assert [each.entry.number for each in seen] == [1, 2, 1, 2, 1, 0, 0, 0]
    assert [len(transcript.entries) for transcript in ue.transcripts] == [2, 2, 1]


def test_what_is_kept_has_no_holes(bench: Bench) -> None:
    ue = bench_ue.BenchUe(bench.subscribers["sub03"], [], 0.0, 0.0, bench_ue.Room(3000))
    flow = Flow("UDP", bench.core.addresses[0], Address("127.0.9.1", 5064))
    first, wide, last = register(), register(more=f"X: {'x' * 3000}\r\n"), register()
    seen = [ue.take(False, flow, raw, 1.0) for raw in (first, wide, last)]
    assert [each.entry.number for each in seen] == [1, 0, 0]
    assert [bool(each.note) for each in seen] == [False, True, False]
    assert [entry.raw for entry in ue.transcripts[0].entries] == [first]


def test_a_flood_is_shown_as_far_as_there_is_room(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_alone, "MAX_WAITING", 10)
    for _ in range(15):
        bench.core.of_nobody(False, Flow("UDP", Address("127.0.3.1", 1), Address("127.0.9.1", 1)), b"?", 0.0)
    lines = bench.lines()
    assert sum("unreadable" in line for line in lines) == 10
    assert lines[-1].endswith("~ 5 more not shown: they came faster than they could be ~")


# The command.


@dataclass
class Running:
    """`imsreg core` in a process of its own. `lines` are those that have been read."""

    process: subprocess.Popen[str]
    lines: list[str]

    def until(self, text: str) -> str:
        """Read its output until a line has this text. Returns the line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return line
        raise AssertionError(f"it ended early: {self.lines}")

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Signal it. Returns its exit code, what it printed after the last line that was read, and its errors."""
        self.process.send_signal(number)
        return self.rest()

    def rest(self) -> tuple[int, str, str]:
        """Wait until it ends by itself. Not by `communicate`, which does not see what has been read ahead."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        guard = threading.Timer(60, self.process.kill)
        guard.start()
        out, err = self.process.stdout.read(), self.process.stderr.read()
        guard.cancel()
        return self.process.wait(), out, err


@contextmanager
def running(
    *arguments: object, profile: Path | None = PROFILE, **environment: str
) -> Iterator[tuple[Running, Address]]:
    """The command on a free port, and its first address."""
    chosen = [] if profile is None else ["--profile", str(profile)]
    inherited = {name: value for name, value in os.environ.items() if name != "IMSREG_PROFILE"}
    process = subprocess.Popen(
        [*COMMAND, *chosen, "--port", "0", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | environment,
    )
    try:
        core = Running(process, [])
        places = re.findall(r"(\S+):(\d+)", core.until("listening at "))
        yield core, Address(places[0][0].strip("[]"), int(places[0][1]))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


@contextmanager
def reference_ue(profile: Path = PROFILE, **options: str) -> Iterator[ReferenceUeProcess]:
    with closing(ReferenceUeProcess(profile, {}, seed=3, **options)) as ue:
        yield ue


def tell(ue: ReferenceUeProcess, action: str, core: Address, name: str = "sub01", transport: str = "udp") -> None:
    places = {core.family: (core.host, core.port)}
    assert "error" not in ue.command(act=action, subscriber=name, core=places, transport=transport)


@pytest.mark.parametrize(
    ("way", "number"),
    [
        ("127.0.3.9 udp", signal.SIGINT),
        ("127.0.3.9 tcp", signal.SIGTERM),
        ("::1 udp", signal.SIGTERM),
        ("::1 tcp", signal.SIGINT),
    ],
)
def test_a_conformant_ue_is_0_and_its_captures_say_the_same(tmp_path: Path, way: str, number: int) -> None:
    host, transport = way.split()
    if ":" in host and not has_ipv6():
        pytest.skip("this host has no IPv6")
    with running("--address", host, "--output", tmp_path) as (core, address), reference_ue() as ue:
        assert address.host == host
        tell(ue, "register", address, transport=transport)
        core.until("NOTIFY")
        core.until("200 OK")
        tell(ue, "deregister", address, transport=transport)
        core.until("2 NOTIFY")
        core.until("200 OK")
        code, out, err = core.end(number)
    assert (code, err) == (ExitClass.CONFORMANT, "")
    introduction = "\n".join(core.lines)
    assert "  sub01        001010000000001@ims" in introduction
    assert f"P-CSCF       {host} port {address.port}, UDP or TCP in the clear" in introduction
    assert "kept: " in out
    assert re.search(r"^\d+ requirements: \d+ PASS, 0 FAIL, 0 KNOWN, 0 NON-STRICT, ", out, re.MULTILINE)
    live = json.loads((tmp_path / "verdicts.json").read_text())
    again = tmp_path / "again"
    assert main(["analyze", str(tmp_path), "--profile", str(PROFILE), "--output", str(again)]) == 0
    assert json.loads((again / "verdicts.json").read_text())["verdicts"] == live["verdicts"]
    assert (tmp_path / "evidence" / "ue-sub01" / "ladder.svg").exists()


def test_a_defective_ue_is_1_with_its_finding_in_four_lines(tmp_path: Path) -> None:
    with (
        running("--output", tmp_path, profile=None) as (core, address),
        reference_ue(mutant="u-branch-of-rfc-2543") as ue,
    ):
        tell(ue, "register", address)
        core.until("NOTIFY")
        code, out, err = core.end()
    assert (code, err) == (ExitClass.FAILED, "")
    assert any(line.startswith("no profile is named: ") for line in core.lines)
    finding = re.search(r"^FAIL: (RFC 3261 8\.1\.1\.7 .*)\nExpected: .*\n  Actual: .*\n   Where: (.*)\nRep", out, re.M)
    assert finding
    assert re.match(r"message 1 of the ladder, REGISTER, UE sub01 -> P-CSCF", finding[2])
    capture = tmp_path / "evidence" / "ue-sub01" / "wire.pcapng"
    assert f"Reproduce: imsreg analyze --profile {PROFILE} {capture}" in out


def test_two_ues_at_once_do_not_disturb_each_other() -> None:
    mutant = "u-branch-of-rfc-2543"
    with running() as (core, address), reference_ue() as good, reference_ue(mutant=mutant) as bad:
        tell(good, "register", address, "sub01", "udp")
        tell(bad, "register", address, "sub02", "tcp")
        for _ in range(4):  # both NOTIFY requests, and the answers to them
            core.until("CSeq 1 NOTIFY")
        code, out, _ = core.end()
    good_part, _, bad_part = out.partition("\nUE sub02:\n")
    assert code == ExitClass.FAILED
    assert "FAIL: " not in good_part
    assert "FAIL: RFC 3261 8.1.1.7 " in bad_part


@pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed; apt-get install sip-tester")
def test_sipp_shows_its_digest_uri_and_no_other_defect(tmp_path: Path) -> None:
    plain = data("fixtures", "profiles", "embedded-ue-plain.yaml")
    scenario = data("fixtures", "sipp", "ue.xml")
    with running(profile=plain) as (core, address):
        command = ["sipp", "-sf", str(scenario), "-m", "1", "-t", "u1", "-i", "127.0.3.18", "-nostdin", str(address)]
        sipp = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            core.until("200 OK")
        finally:
            sipp.kill()
            sipp.wait()
        code, out, _ = core.end()
    found = set(re.findall(r"^FAIL: .*\[(.*)\]", out, re.MULTILINE))
    assert (code, found) == (ExitClass.FAILED, {"24.229-5.1.1.5.1-05"})
    assert re.search(r"^  Actual: uri=\"sip:127", out, re.MULTILINE)


def test_nobody_comes_and_nothing_is_decided() -> None:
    started = children(os.getpid())
    with running("--for", "0") as (core, _):
        code, out, err = core.rest()
    assert code == ExitClass.INCONCLUSIVE
    assert (out.strip(), err) == ("no UE has begun a registration: nothing is decided", "")
    assert children(os.getpid()) == started  # it starts no UE


def test_where_it_may_not_answer_it_says_so(tmp_path: Path) -> None:
    host = own_host()
    text = PROFILE.read_text().replace("../subscribers", str(data("fixtures", "subscribers")))
    profile = tmp_path / "profile.yaml"
    profile.write_text(text.replace('[127.0.0.0/8, "::1"]', "[127.0.3.0/24]"))
    with running("--address", "127.0.3.9", profile=profile) as (core, address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ue:
            ue.bind((host, 0))
            ue.sendto(register(host=host).replace(b":5064", f":{ue.getsockname()[1]}".encode()), address)
            line = core.until("denied")
        code, _, _ = core.end()
    assert f"UDP to {host}:" in line
    assert "name it under allow: in the profile" in line
    assert code == ExitClass.FAILED


def test_nothing_that_comes_ends_it(tmp_path: Path) -> None:
    random = Random(7)
    with running(PYTHONIOENCODING="ascii") as (core, address), reference_ue() as ue:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for size in (1, 3, 100, 1400, 60_000):
                sender.sendto(random.randbytes(size), address)
                sender.sendto(register()[: size % 500] + random.randbytes(size % 50), address)
            sender.sendto(register("zo\u00eb").replace(b"u@", b"\xc3\xab\xff@"), address)
        for octets in (b"", random.randbytes(3000), register()[:100], b"REGISTER " * 20_000):
            with socket.create_connection(address, timeout=10) as connection:
                connection.sendall(octets)
        tell(ue, "register", address)
        core.until("1 NOTIFY")
        code, out, err = core.end()
    assert err == ""
    assert code in (ExitClass.CONFORMANT, ExitClass.FAILED)
    assert "\nUE sub01:\nkept: " in out
    assert all(line.isascii() and line.isprintable() for line in core.lines)


@pytest.fixture
def busy() -> Iterator[Address]:
    """An address that somebody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((own_host(), 0))
        yield Address(*other.getsockname())


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("no file", r".*nothing\.yaml: there is no such file; .*"),
        ("a core", r".*profile\.yaml: dut\.role: the DUT is no UE but a core, and this is a core; .*"),
        ("busy port", r"127\..*: UDP: .*in use.*"),
        ("no address", r"--address: phone\.example: is no IP address; .*"),
        ("two of a family", r"--address: 127\.0\.3\.9: is a second IPv4 address; .*"),
        ("out of reach", r".*embedded-ue\.yaml: allow: no network in it holds a UE that comes to 192\.0\.2\.7; .*"),
        ("wildcard", r"--address: 0\.0\.0\.0: is no address of one host; .*"),
        ("no port", r".*: port: is not between 0 and 65535; .*"),
        ("no directory", r".*file: cannot be made: .*; choose another directory"),
    ],
)
def test_what_cannot_be_used_is_2_with_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, busy: Address, case: str, line: str
) -> None:
    (tmp_path / "file").touch()
    arguments = {
        "no file": ["--profile", tmp_path / "nothing.yaml"],
        "a core": ["--profile", write_profile(tmp_path, busy)],
        "busy port": ["--address", busy.host, "--port", busy.port],
        "no address": ["--address", "phone.example"],
        "two of a family": ["--address", "127.0.3.8", "--address", "127.0.3.9"],
        "out of reach": ["--address", "192.0.2.7"],
        "wildcard": ["--address", "0.0.0.0"],
        "no port": ["--port", "65536"],
        "no directory": ["--port", "0", "--output", tmp_path / "file"],
    }[case]
    named = [] if "--profile" in arguments else ["--profile", PROFILE]
    code = main(["core", "--for", "0", *map(str, [*named, *arguments])])
    out, err = capsys.readouterr()
    assert (code, out) == (ExitClass.USAGE, "")
    assert re.fullmatch(f"imsreg: {line}\n", err)


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "soon"])
def test_a_span_that_is_none_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["core", f"--for={seconds}"])
    assert ended.value.code == ExitClass.USAGE
    assert "--for" in capsys.readouterr().err
