"""The command: every verb's exit class, one line for what cannot be used, and what an interruption leaves."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from processes import children
from scripted import call_id, own_host, reply, udp_dut, write_profile

from imsreg.cli import COMMANDS, main
from imsreg.errors import ExitClass
from imsreg.sip.flow import Address

ONE_TEST = "rfc3608/6.3"
"""Selects one test."""

COMMAND = [sys.executable, "-m", "imsreg"]


class Ended(NamedTuple):
    """How a verb ended in this process."""

    code: int
    out: str
    err: str


Imsreg = Callable[..., Ended]


@pytest.fixture
def imsreg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Imsreg:
    """Runs a verb in this process."""
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)

    def run(*arguments: object) -> Ended:
        code = main([str(argument) for argument in arguments])
        return Ended(code, *capsys.readouterr())

    return run


# What every verb says of itself.


@pytest.mark.parametrize("command", COMMANDS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_verb_has_help_with_an_example(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    verb = command.__name__.rpartition(".")[2]
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert f"example: imsreg {verb}" in capsys.readouterr().out


def test_what_argparse_refuses_is_exit_class_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--link", "pigeon"])
    assert ended.value.code == ExitClass.USAGE
    assert "pigeon" in capsys.readouterr().err


# run


@pytest.mark.parametrize("link", ["memory", "sockets"])
def test_a_conformant_dut_is_0_and_nothing_stays(imsreg: Imsreg, tmp_path: Path, link: str) -> None:
    before = children(os.getpid()), set(threading.enumerate())
    out = tmp_path / "new" / "out"
    ended = imsreg("run", "--link", link, "--output", out, ONE_TEST)
    assert (ended.code, ended.err) == (0, "")
    assert (children(os.getpid()), set(threading.enumerate())) == before
    assert {path.name for path in out.iterdir()} >= {
        "verdicts.json",
        "junit.xml",
        "log.html",
        "evidence",
        "journal.jsonl",
    }
    heading, progress, *_, counted, paths = ended.out.strip().splitlines()
    assert re.match(r"imsreg \S+  DUT reference core \(core, .*udp/tcp\)  1 tests  \d+ requirements  sub", heading)
    assert progress.startswith("[####################] 1/1  PASS ")
    assert re.fullmatch(r"\d+ requirements: \d+ PASS, 0 FAIL, 0 KNOWN, .*, \d+ observations", counted)
    assert f"{out}/log.html" in paths
    assert f"{out}/evidence/" in paths


def test_a_mutant_is_1_with_its_finding(imsreg: Imsreg, tmp_path: Path) -> None:
    ended = imsreg("run", "--link", "memory", "--mutant", "c-service-route-missing", "--output", tmp_path, ONE_TEST)
    assert ended.code == ExitClass.FAILED
    assert re.search(r"^FAIL +24\.229-5\.4\.1\.2\.2F-01 +MUST ", ended.out, re.MULTILINE)
    found = json.loads((tmp_path / "verdicts.json").read_text())["verdicts"]["24.229-5.4.1.2.2F-01"]
    assert found["verdict"] == "FAIL"


def test_a_process_of_its_own_does_the_same(tmp_path: Path) -> None:
    command = [*COMMAND, "run", "--link", "memory", "--mutant", "c-service-route-missing", ONE_TEST]
    ended = subprocess.run([*command, "--output", tmp_path], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "1 FAIL" in ended.stdout


def test_the_profile_may_come_from_the_environment(
    imsreg: Imsreg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMSREG_PROFILE", str(write_profile(tmp_path, Address(own_host(), 5060))))
    ended = imsreg("ue")
    assert ended.code == ExitClass.INCONCLUSIVE


def test_spec_strict_and_include_reach_the_run(imsreg: Imsreg, tmp_path: Path) -> None:
    chosen = "run", "--link", "memory", "--mutant", "c-path-not-copied", "--include", "req:rfc3327-5.2-01"
    tolerant = imsreg(*chosen, "--output", tmp_path / "tolerant")
    strict = imsreg(*chosen, "--spec-strict", "--output", tmp_path / "strict")
    assert (tolerant.code, strict.code) == (0, 1)
    assert "1 NON-STRICT" in tolerant.out


# What cannot be used: one line, exit class 2, and nothing has been sent.

SUBSCRIBERS = "keys: keys.yaml\nsubscribers:\n  - {name: only, imsi: '001010000000001', mnc_digits: 2}\n"


@pytest.fixture
def busy() -> Iterator[tuple[str, int]]:
    """An address and a port that somebody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((own_host(), 0))
        yield other.getsockname()


def unusable(directory: Path, case: str, address: Address, busy: tuple[str, int]) -> list[str]:
    """Arguments of `run` of which one cannot be used."""
    profile = write_profile(directory, address)
    (directory / "subscribers.yaml").write_text(SUBSCRIBERS)
    keys = {"short key": "11", "key that is not hexadecimal": "x" * 32}
    (directory / "keys.yaml").write_text(f"only: {{k: '{'1' * 32}', opc: '{keys.get(case, '2' * 32)}'}}\n")
    match case:
        case "missing profile":
            profile.unlink()
        case "bad field":
            profile.write_text(profile.read_text().replace("release: 14", "release: fourteen"))
        case "unknown field":
            profile.write_text(profile.read_text() + "releese: 14\n")
        case "short key" | "key that is not hexadecimal":
            profile = write_profile(directory, address, subscribers=directory / "subscribers.yaml")
        case "missing key file":
            (directory / "keys.yaml").unlink()
            profile = write_profile(directory, address, subscribers=directory / "subscribers.yaml")
        case "unresolvable host":
            profile.write_text(profile.read_text().replace(address.host, "nosuch.example"))
        case "busy port":
            profile = write_profile(directory, address, more=f"tester: {{address: {busy[0]}, port: {busy[1]}}}\n")
        case "address that is not ours":
            profile = write_profile(directory, address, more="tester: {address: 192.0.2.7, port: 5060}\n")
        case "start command that fails":
            profile.write_text(profile.read_text().replace("dut: {", "dut: {start: [sh, -c, exit 7], "))
        case "unlisted address":
            profile.write_text(profile.read_text() + "allow: [192.0.2.0/24]\n")
        case "mutant of a real DUT":
            return ["--profile", str(profile), "--mutant", "c-via-dropped"]
        case "unknown mutant":
            return ["--mutant", "c-via-droped"]
        case "unknown selector":
            return ["--profile", str(profile), "24.229/9.9"]
        case "selector without tests":
            return ["--profile", str(profile), "24.229-5.4.1.2.2-01"]
        case "tag that no test has":
            return ["--profile", str(profile), "--include", "nonsense"]
    return ["--profile", str(profile)]


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("missing profile", r".*profile\.yaml: there is no such file; check the path"),
        ("bad field", r".*profile\.yaml: release: is text, a whole number is wanted .*; write .*"),
        ("unknown field", r".*profile\.yaml: releese: .*"),
        ("short key", r".*keys\.yaml: only\.opc: is not a key of 16 octets.*; write 32 hexadecimal digits"),
        ("key that is not hexadecimal", r".*keys\.yaml: only\.opc: is not a key of 16 octets .*"),
        ("missing key file", r".*keys\.yaml: there is no such file; .*"),
        ("unresolvable host", r".*profile\.yaml: dut\.address: nosuch\.example cannot be resolved .*"),
        ("busy port", r".*127\..*: UDP: .*in use.*"),
        ("address that is not ours", r".*192\.0\.2\.7.*"),
        ("start command that fails", r".*profile\.yaml: dut\.start: the command failed: .*7.*"),
        ("unlisted address", r".*profile\.yaml: dut\.address: 127\..* is outside the list .*"),
        ("mutant of a real DUT", r".*profile\.yaml: dut\.embedded: mutants .*"),
        ("unknown mutant", r"--mutant: c-via-droped: there is no such mutant; similar ones are c-via-dropped.*"),
        ("unknown selector", r"selector: 24\.229/9\.9: it selects no requirement; .*"),
        ("selector without tests", r"selector: 24\.229-5\.4\.1\.2\.2-01: no test decides it; .*"),
        ("tag that no test has", r"run: no test is selected; .*"),
    ],
)
def test_what_cannot_be_used_is_2_with_one_line_and_no_packet(
    imsreg: Imsreg, tmp_path: Path, busy: tuple[str, int], monkeypatch: pytest.MonkeyPatch, case: str, line: str
) -> None:
    def resolve_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    if case == "unresolvable host":
        monkeypatch.setattr("imsreg.net.resolve.socket.getaddrinfo", resolve_nothing)
    threads = set(threading.enumerate())
    with udp_dut(lambda request: []) as (node, address):
        arguments = unusable(tmp_path, case, address, busy)
        ended = imsreg("run", "--output", tmp_path / "out", *arguments)
        assert node.requests == []
    assert ended.code == ExitClass.USAGE
    assert re.fullmatch(f"imsreg: {line}\n", ended.err)
    assert not (tmp_path / "out" / "verdicts.json").exists()
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize("output", ["file/out", "file", "taken"])
def test_an_output_directory_that_cannot_be_written_is_2(imsreg: Imsreg, tmp_path: Path, output: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken" / "journal.jsonl").mkdir(parents=True)
    ended = imsreg("run", "--link", "memory", "--output", tmp_path / output, ONE_TEST)
    assert ended.code == ExitClass.USAGE
    assert re.fullmatch(rf"imsreg: .*{output}.*: cannot be (made|opened): .*; choose .*\n", ended.err)


@pytest.mark.parametrize("bad", [("--mutant", "nonsense"), ("24.229/9.9",), ("--profile", "nowhere.yaml")])
def test_a_run_that_never_begins_leaves_the_results_of_the_one_before(
    imsreg: Imsreg, tmp_path: Path, bad: tuple[str, ...]
) -> None:
    imsreg("run", "--link", "memory", "--output", tmp_path, ONE_TEST)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert imsreg("run", "--link", "memory", "--output", tmp_path, *bad).code == ExitClass.USAGE
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


# The other verbs.


@pytest.mark.parametrize(
    ("options", "code", "last"),
    [
        ((), 0, "PASS"),
        (("--transport", "TCP", "--family", "IPv6", "--keep"), 0, "PASS"),
        (("--mutant", "c-right-response-refused"), 1, "FAIL"),
    ],
)
def test_ue_registers_once_and_shows_the_ladder(imsreg: Imsreg, options: tuple[str, ...], code: int, last: str) -> None:
    ended = imsreg("ue", "--link", "memory", *options)
    assert (ended.code, ended.err) == (code, "")
    assert "401 Unauthorized" in ended.out
    assert ended.out.count(" REGISTER ") >= (2 if "--keep" in options or code else 3)
    assert ended.out.strip().splitlines()[-1].startswith(last)


def test_ue_with_a_silent_dut_is_3(imsreg: Imsreg, tmp_path: Path) -> None:
    ended = imsreg("ue", "--profile", write_profile(tmp_path, Address(own_host(), 5060)))
    assert ended.code == ExitClass.INCONCLUSIVE
    assert ended.out.strip().splitlines()[-1].startswith("INCONCLUSIVE: 127.")


def test_ue_with_an_unknown_subscriber_is_2(imsreg: Imsreg) -> None:
    ended = imsreg("ue", "--link", "memory", "--subscriber", "nobody")
    assert ended.code == ExitClass.USAGE
    assert re.fullmatch(r"imsreg: subscribers: nobody: there is no such subscriber; .*\n", ended.err)


def test_requirements_lists_rows_with_what_decides_them(imsreg: Imsreg) -> None:
    ended = imsreg("requirements", "--format", "json", "24.229/5.4.1.2.2")
    rows = json.loads(ended.out)
    assert ended.code == 0
    assert all(row["clause"].startswith("5.4.1.2.2") for row in rows)
    assert any(row["checks"] and row["mutants"] and row["tests"] for row in rows)
    assert imsreg("requirements", "24.229/9.9").code == ExitClass.USAGE


def test_nobody_reads_the_list_to_its_end() -> None:
    # A pipe that is too small for the list.
    command = [*COMMAND, "requirements", "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4096) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == b""
        assert listing.wait(30) == 0


def test_report_without_a_journal_is_2(imsreg: Imsreg, tmp_path: Path) -> None:
    ended = imsreg("report", tmp_path)
    assert ended.code == ExitClass.USAGE
    assert re.fullmatch(r"imsreg: .*journal\.jsonl: cannot be read: .*\n", ended.err)


@pytest.mark.slow
def test_prove_one_mutant(imsreg: Imsreg, tmp_path: Path) -> None:
    ended = imsreg("prove", "--output", tmp_path, "--workers", "1", "c-service-route-missing")
    assert (ended.code, ended.err) == (0, "")
    assert "1 variants, 1 as declared, 0 not" in ended.out
    assert json.loads((tmp_path / "prove.json").read_text())["trials"][0]["firings"] > 0


def test_prove_says_1_if_a_variant_is_not_as_declared(
    imsreg: Imsreg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imsreg.robot.prove import Trial

    trial = Trial("m", "title", "none", "mutant", ("x",), 0, {}, ("it never fired",))
    monkeypatch.setattr("imsreg.robot.prove.trials", lambda mutants, workers, quick: iter([trial]))
    ended = imsreg("prove", "--output", tmp_path, "m")
    assert ended.code == ExitClass.FAILED
    assert "    it never fired" in ended.out


def test_prove_with_an_unknown_mutant_is_2(imsreg: Imsreg, tmp_path: Path) -> None:
    assert imsreg("prove", "--output", tmp_path, "nonsense").code == ExitClass.USAGE


# Interruptions.


class Running:
    """A run in a process of its own."""

    def __init__(self, output: Path, *arguments: object) -> None:
        self.output = output
        self.process = subprocess.Popen(
            [*COMMAND, "run", "--output", str(output), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []

    def until(self, beginning: str) -> None:
        """Read its output until a line begins like this."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith(beginning):
                return
        raise AssertionError(f"it ended early: {self.lines}")

    def end(self, number: int) -> Ended:
        """Signal it, and wait until it and its children have ended."""
        handles = [os.pidfd_open(child) for child in children(self.process.pid)]
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        for handle in handles:
            assert select.select([handle], [], [], 10)[0], "a child goes on"
            os.close(handle)
        return Ended(self.process.returncode, "".join(self.lines) + out, err)

    def journal(self) -> list[dict[str, Any]]:
        octets = (self.output / "journal.jsonl").read_bytes()
        assert octets.endswith(b"\n")
        return [json.loads(line) for line in octets.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_a_run_what_was_measured_is_kept(imsreg: Imsreg, tmp_path: Path, number: int) -> None:
    running = Running(tmp_path)
    running.until("[")
    assert len(children(running.process.pid)) == 2  # the reference core and the reference UE
    ended = running.end(number)
    records = running.journal()
    measured = {record["ruling"]["requirement"] for record in records if record["record"] == "ruling"}
    assert measured
    if number == signal.SIGKILL:
        assert ended.code == -signal.SIGKILL
    else:
        assert ended.code == ExitClass.INTERRUPTED
        assert len(ended.err.splitlines()) == 1
        assert re.search(r"^interrupted after \d+ of \d+ tests; what was measured is kept$", ended.out, re.MULTILINE)
        kept = (tmp_path / "verdicts.json").read_bytes()
        (tmp_path / "verdicts.json").unlink()
    rebuilt = imsreg("report", tmp_path)
    assert (rebuilt.code, rebuilt.err) == (0, "")
    assert json.loads((tmp_path / "verdicts.json").read_text())["verdicts"].keys() == measured
    if number != signal.SIGKILL:
        assert (tmp_path / "verdicts.json").read_bytes() == kept


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_silent_dut_does_not_delay_the_end(tmp_path: Path, number: int) -> None:
    waits = threading.Event()
    seen: list[bytes] = []

    def answers(request: bytes) -> list[bytes]:
        """An answer for the first test, silence in the second."""
        seen.append(call_id(request))
        if len(set(seen)) == 1:
            return [reply(request)]
        waits.set()
        return []

    with udp_dut(answers) as (_, address):
        profile = write_profile(tmp_path, address, t1=0.5)
        running = Running(tmp_path / "out", "--profile", profile, "24.229/5.4.1.2.2", "24.229/5.4.1.4")
        assert waits.wait(30)
        ended = running.end(number)
    assert ended.code == ExitClass.INTERRUPTED
    assert len(ended.err.splitlines()) == 1
    assert [record["record"] for record in running.journal()].count("test") >= 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_preflight_takes_what_it_has_started_along(tmp_path: Path, number: int) -> None:
    os.mkfifo(tmp_path / "started")
    profile = write_profile(tmp_path, Address(own_host(), 5060))
    # Python forgets a child whose Popen() is interrupted before it returns: the command grants it that moment.
    command = '[sh, -c, "sleep 0.2; echo > started; exec sleep 60"]'
    profile.write_text(profile.read_text().replace("dut: {", f"dut: {{start: {command}, "))
    running = Running(tmp_path / "out", "--profile", profile)
    (tmp_path / "started").read_text()  # the command runs
    ended = running.end(number)
    assert (ended.code, ended.err) == (ExitClass.INTERRUPTED, "imsreg: interrupted\n")
