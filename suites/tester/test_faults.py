"""Faults of network and DUT: the class of the verdict, and a tester that lives on."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from scripted import call_id, own_host, reply, reset, tcp_dut, udp_dut, write_profile

from imsreg.cli import main
from imsreg.net.memory import Impairment, MemoryLink
from imsreg.net.resolve import has_ipv6
from imsreg.sip.flow import Address, Packet
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.judge import Judgement
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings

CHALLENGED = "24.229-5.4.1.2.1-01"


def send_register(session: Session, name: str = "faults: one REGISTER") -> tuple[CscfCase, Judgement]:
    """One REGISTER that should be challenged, and what is judged of it."""
    case = CscfCase(session, name, [CHALLENGED])
    try:
        case.power_on()
        case.send(case.ue.registration.initial_register())
        case.expect(401)
    except ScenarioStopped as stopped:
        case.note_stop(stopped)
    return case, case.close()


def reason_at(profile: Path, **settings: object) -> str:
    """Why the verdict of one REGISTER is INCONCLUSIVE."""
    with Session(Settings(profile=profile, **settings)) as session:
        _, judgement = send_register(session)
    (ruling,) = judgement.rulings
    assert ruling.verdict == "INCONCLUSIVE"
    return ruling.reason


@pytest.fixture
def silent_socket() -> Iterator[socket.socket]:
    """A UDP socket that nobody reads."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((own_host(), 0))
        yield silent


def test_a_closed_udp_port_is_known_at_once_by_its_icmp_type(tmp_path: Path) -> None:
    began = time.monotonic()
    reason = reason_at(write_profile(tmp_path, Address(own_host(), 5060), t1=0.5))
    assert time.monotonic() - began < 1
    assert reason.startswith("target-unreachable: ")
    assert "ICMP port unreachable (type 3, code 3)" in reason


@pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6 loopback")
def test_a_closed_udp_port_over_ipv6_too(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as keeper:
        # Connected elsewhere it takes nothing from us, and nobody else gets the port.
        keeper.bind(("::1", 0))
        keeper.connect(("::1", 9))
        reason = reason_at(write_profile(tmp_path, Address("::1", keeper.getsockname()[1]), t1=0.5))
    assert "ICMPv6 port unreachable (type 1, code 4)" in reason


def test_a_black_hole_is_no_answer_at_timer_f(tmp_path: Path, silent_socket: socket.socket) -> None:
    host, port = silent_socket.getsockname()
    reason = reason_at(write_profile(tmp_path, Address(host, port)))
    assert reason.startswith(f"no-answer: no answer to REGISTER from {host}:{port} over UDP within 0.64 s (Timer F)")


def test_a_black_hole_is_shown_with_its_retransmissions(monkeypatch: pytest.MonkeyPatch) -> None:
    impair(monkeypatch, lambda packet: [])
    with Session(Settings(link="memory")) as session:
        case, judgement = send_register(session)
    # RFC 3261 17.1.2.2: Timer E doubles up to T2.
    assert "sent at 0.00, 0.50, 1.50, 3.50, 7.50, 11.50, 15.50, 19.50, 23.50, 27.50, 31.50 s" in (
        judgement.rulings[0].reason
    )
    assert len(case.transcript.entries) == 11


def shut(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def read_and_reset(connection: socket.socket) -> None:
    connection.recv(65_536)
    reset(connection)


def test_a_refused_tcp_connection_names_its_phase(tmp_path: Path) -> None:
    reason = reason_at(write_profile(tmp_path, Address(own_host(), 5060), transports="tcp"))
    assert reason.startswith("transport: ")
    assert reason.endswith("over TCP: connection refused: connecting: Connection refused")


@pytest.mark.parametrize(
    ("serve", "phase"),
    [
        # RST may overtake the SYN-ACK, or arrive before or after the REGISTER has left.
        (reset, r"connection reset: (connecting|sending|receiving): "),
        (read_and_reset, r"connection reset: receiving: "),
        (shut, r"connection closed: the peer closed the connection"),
    ],
    ids=["reset after accept", "reset instead of an answer", "half-open"],
)
def test_a_broken_tcp_connection_names_its_phase(
    tmp_path: Path, serve: Callable[[socket.socket], object], phase: str
) -> None:
    with tcp_dut(serve) as address:
        reason = reason_at(write_profile(tmp_path, address, transports="tcp"))
    assert re.match(rf"transport: {re.escape(str(address))} over TCP: {phase}", reason)


def test_a_tcp_connection_on_which_nothing_comes_is_no_answer(tmp_path: Path) -> None:
    with tcp_dut(lambda connection: [connection.recv(65_536) for _ in range(2)]) as address:
        reason = reason_at(write_profile(tmp_path, address, transports="tcp", t1=0.005))
    assert reason.startswith("no-answer: ")
    assert "over TCP within 0.32 s (Timer F), sent at 0.00 s" in reason


def test_a_stream_without_end_is_cut(tmp_path: Path) -> None:
    def flood(connection: socket.socket) -> None:
        connection.recv(65_536)
        while True:
            connection.sendall(b"SIP/2.0 401 " + b"x" * 65_536)

    with tcp_dut(flood) as address:
        profile = write_profile(tmp_path, address, transports="tcp", t1=0.005)
        with Session(Settings(profile=profile)) as session:
            case, judgement = send_register(session)
    assert judgement.rulings[0].reason.startswith("no-answer: ")
    assert sum(len(entry.raw) for entry in case.transcript.entries) < 200_000


@pytest.mark.parametrize("pieces", ["octets", "one segment"])
def test_how_tcp_cuts_an_answer_changes_nothing(tmp_path: Path, pieces: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = connection.recv(65_536)
        octets = reply(request, b"SIP/2.0 100 Trying") + reply(request)
        for piece in (octets[i : i + 1] for i in range(len(octets))) if pieces == "octets" else (octets,):
            connection.send(piece)
        connection.recv(1)

    with tcp_dut(answer) as address:
        profile = write_profile(tmp_path, address, transports="tcp")
        with Session(Settings(profile=profile)) as session:
            case, judgement = send_register(session)
    assert [entry.label for entry in case.transcript.entries] == ["REGISTER", "100 Trying", "401 Unauthorized"]
    assert [(r.verdict, f.actual) for r in judgement.rulings for f in r.findings] == [
        ("FAIL", "401: the 401 has no WWW-Authenticate")
    ]


# Impairment: the reference core behind a bad network gets the verdicts that it gets behind a good one.


def impair(monkeypatch: pytest.MonkeyPatch, impairment: Impairment | None, chunk: int | None = None) -> None:
    """Let in-memory links be like this."""

    class ImpairedLink(MemoryLink):
        def __init__(self) -> None:
            super().__init__(impair=impairment, chunk=chunk)

    monkeypatch.setattr("imsreg.net.memory.MemoryLink", ImpairedLink)


def loss(random: Random) -> Impairment:
    return lambda packet: [] if random.random() < 0.3 else [packet]


def duplication(random: Random) -> Impairment:
    return lambda packet: [packet] * (2 if random.random() < 0.3 else 1)


def reordering(random: Random) -> Impairment:
    kept: dict[Address, Packet] = {}

    def reorder(packet: Packet) -> list[Packet]:
        """Keep back every third or so until its sender sends the next."""
        before = kept.pop(packet.flow.local, None)
        if before is None and random.random() < 0.3:
            kept[packet.flow.local] = packet
            return []
        return [packet] if before is None else [packet, before]

    return reorder


def everything(random: Random) -> Impairment:
    kinds = [loss(random), duplication(random), reordering(random)]

    def all_of(packet: Packet) -> list[Packet]:
        packets = [packet]
        for kind in kinds:
            packets = [result for each in packets for result in kind(each)]
        return packets

    return all_of


IMPAIRMENTS = {"loss": loss, "duplication": duplication, "reordering": reordering, "everything": everything}
SOME = ("24.229/5.4.1.2.2", "24.229/5.4.1.4", "rfc3261/17.2.2", "33.203/7.2")


def verdicts(output: Path, *arguments: str) -> dict[str, str]:
    """What `imsreg run` on the in-memory link says about each requirement."""
    main(["run", "--link", "memory", "--output", str(output), "--seed", "1", *arguments])
    return {i: e["verdict"] for i, e in json.loads((output / "verdicts.json").read_text())["verdicts"].items()}


@pytest.fixture(scope="module")
def clean_verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return verdicts(tmp_path_factory.mktemp("clean") / "out", *SOME)


@pytest.mark.parametrize("kind", IMPAIRMENTS)
def test_a_bad_network_changes_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_verdicts: dict[str, str], kind: str
) -> None:
    impair(monkeypatch, IMPAIRMENTS[kind](Random(7)))
    assert verdicts(tmp_path / "out", *SOME) == clean_verdicts
    assert set(clean_verdicts.values()) <= {"PASS", "N/A"}
    entries = [len(path.read_text().split("\nMessage ")) for path in tmp_path.glob("out/evidence/*/transcript.txt")]
    assert len(entries) >= 8


def test_tcp_octet_by_octet_changes_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_verdicts: dict[str, str]
) -> None:
    impair(monkeypatch, None, chunk=1)
    embedded = Settings().profile
    profile = tmp_path / "tcp.yaml"
    text = embedded.read_text(encoding="utf-8").replace("[udp, tcp]", "[tcp, udp]")
    profile.write_text(text.replace("../", f"{embedded.parent}/../"), encoding="utf-8")
    assert verdicts(tmp_path / "out", "--profile", str(profile), *SOME) == clean_verdicts


def test_a_bad_network_hides_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impair(monkeypatch, everything(Random(3)))
    found = verdicts(tmp_path / "out", "--mutant", "c-wrong-response-accepted", "24.229/5.4.1.2.3A")
    assert found["24.229-5.4.1.2.3A-01"] == "FAIL"


# A DUT that has gone. Every test and the sanity REGISTER have a Call-ID of their own.


def at(directory: Path, address: Address) -> Settings:
    return Settings(profile=write_profile(directory, address, t1=0.002))


def nth_alone(number: int) -> Callable[[bytes], list[bytes]]:
    """Answers the `number`th Call-ID that it sees, and no other."""
    seen: list[bytes] = []

    def answers(request: bytes) -> list[bytes]:
        if call_id(request) not in seen:
            seen.append(call_id(request))
        return [reply(request)] if seen.index(call_id(request)) == number - 1 else []

    return answers


def test_after_two_silent_tests_a_sanity_register_ends_the_waiting(tmp_path: Path) -> None:
    with udp_dut(lambda request: []) as (node, address), Session(at(tmp_path, address)) as session:
        reasons = [send_register(session, f"faults: {number}")[1].rulings[0].reason for number in range(6)]
    assert len(set(map(call_id, node.requests))) == 3
    assert all("(Timer F)" in reason for reason in reasons)
    assert [reason.startswith("no-answer: the DUT gave no answer in 2 tests in a row") for reason in reasons] == (
        [False] * 2 + [True] * 4
    )


def test_one_answer_in_between_and_the_count_begins_again(tmp_path: Path) -> None:
    with udp_dut(nth_alone(2)) as (node, address), Session(at(tmp_path, address)) as session:
        for number in range(3):
            send_register(session, f"faults: {number}")
        assert session.vital_signs.lost is None
        send_register(session, "faults: 4")
        assert session.vital_signs.lost is not None
    assert len(set(map(call_id, node.requests))) == 5


def test_a_dut_that_answers_the_sanity_register_is_not_lost(tmp_path: Path) -> None:
    with udp_dut(nth_alone(3)) as (_, address), Session(at(tmp_path, address)) as session:
        send_register(session, "faults: 1")
        send_register(session, "faults: 2")
        assert session.vital_signs.lost is None


def test_one_subscriber_and_one_port_are_enough_for_the_sanity_register(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "keys: keys.yaml\nsubscribers:\n  - {name: only, imsi: '001010000000001', mnc_digits: 2}\n"
    )
    (tmp_path / "keys.yaml").write_text(f"only: {{k: '{'1' * 32}', opc: '{'2' * 32}'}}\n")
    host = own_host()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
    with udp_dut(lambda request: []) as (_, address):
        profile = write_profile(
            tmp_path,
            address,
            t1=0.002,
            subscribers=tmp_path / "one.yaml",
            more=f"tester: {{address: {host}, port: {port}}}\n",
        )
        with Session(Settings(profile=profile)) as session:
            send_register(session, "faults: 1")
            send_register(session, "faults: 2")
            assert "nor to a sanity REGISTER" in str(session.vital_signs.lost)


def test_a_run_against_a_closed_port_ends_quickly_and_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = write_profile(tmp_path, Address(own_host(), 5060), transports="udp, tcp", t1=0.5)
    began = time.monotonic()
    assert main(["run", "--profile", str(profile), "--output", str(tmp_path / "out")]) == 3
    assert time.monotonic() - began < 10
    written = json.loads((tmp_path / "out" / "verdicts.json").read_text())["verdicts"]
    decided = [entry["verdict"] for entry in written.values()]
    assert decided.count("INCONCLUSIVE") > 50
    assert set(decided) <= {"INCONCLUSIVE", "N/A"}
    assert f"{len(decided)} requirements: 0 PASS, 0 FAIL, 0 KNOWN, 0 NON-STRICT, " in capsys.readouterr().out
    records = [json.loads(line) for line in (tmp_path / "out" / "journal.jsonl").read_text().splitlines()]
    messages = [r["message"] for r in records if r["record"] == "test" and r["status"] == "FAIL"]
    assert all(message.startswith("INCONCLUSIVE target-unreachable: ") for message in messages)
    # The first tests that meet silence have nothing to compare it with.
    assert len(messages) - 2 <= sum("nor to a sanity REGISTER" in message for message in messages) < len(messages)
