"""`imsreg profile`: what a run would do, said without sending anything, and a profile to begin with."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from robot.api import TestSuite as RobotSuite
from scripted import own_host

from imsreg.cli import main
from imsreg.errors import ExitClass, InputError
from imsreg.identity.subscribers import load_subscribers
from imsreg.net.resolve import has_ipv6
from imsreg.paths import data
from imsreg.robot import documented
from imsreg.robot.forecast import forecast
from imsreg.tester.skeleton import Wish, write_skeleton
from imsreg.verdict import records
from imsreg.verdict.journal import read
from imsreg.verdict.profile import load_profile

KEY = "00112233445566778899aabbccddeeff"
PLAIN = data("fixtures", "profiles", "embedded-core-plain.yaml")


class Ended(NamedTuple):
    """How the verb ended."""

    code: int
    out: str
    err: str


Verb = Callable[..., Ended]


@pytest.fixture
def verb(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Runs `imsreg profile` in this process; whatever it would send fails the test."""

    def refuse(*arguments: object) -> None:
        pytest.fail(f"something was sent: {arguments}")

    for name in ("send", "sendto", "sendmsg", "sendall"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in [name for name in os.environ if name.startswith("IMSREG_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object) -> Ended:
        code = main(["profile", *map(str, arguments)])
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def keys(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the skeleton of a subscriber file asks the environment for."""
    for name in ("ALICE_K", "ALICE_OPC", "BOB_K", "BOB_OP"):
        monkeypatch.setenv(f"IMSREG_{name}", KEY)


def profile(directory: Path, text: str = "") -> Path:
    """A profile of a DUT at a loopback address, with more text."""
    path = directory / "profile.yaml"
    path.write_text(
        f"""\
dut: {{name: Acme core, version: "4.2", role: core, address: "{own_host()}", transports: [udp]}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
subscribers: {data("fixtures", "subscribers", "embedded.yaml")}
{text}"""
    )
    return path


def refused(ended: Ended) -> str:
    assert (ended.code, ended.out) == (ExitClass.USAGE, "")
    (line,) = ended.err.splitlines()
    return line


def facts(ended: Ended) -> dict[str, str]:
    """What `check` says, by label; counts of N/A tests by their reason."""
    assert (ended.code, ended.err) == (ExitClass.CONFORMANT, "")
    lines = [re.fullmatch(r"(.{12})  (.*)", line) for line in ended.out.splitlines()]
    return {
        (found[2] if found[1].strip().isdecimal() else found[1].strip()): (
            found[1].strip() if found[1].strip().isdecimal() else found[2]
        )
        for found in lines
        if found is not None
    }


# check


def test_check_says_what_a_run_would_do(verb: Verb, tmp_path: Path) -> None:
    said = facts(verb("check", profile(tmp_path, "collect: ./fetch-log --all\n")))
    tests = {test for names in documented.tests_by_requirement(data("suites")).values() for test in names}
    assert said["DUT"] == "Acme core 4.2, core"
    assert re.fullmatch(r"127\.\S+:5060 \(IPv4\), from 127\.0\.0\.1", said["addresses"])
    assert said["transports"] == "udp"
    assert said["security"] == "none, release 14, home domain ims.mnc001.mcc001.3gppnetwork.org"
    people = load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})
    assert said["subscribers"].startswith(f"{len(people)} in ")
    assert said["collect"] == "./fetch-log --all"
    assert said["a run"].startswith(f"{len(tests)} tests, ")
    assert int(said["the profile's transports are udp"]) >= 3
    assert int(said["the profile names no address of IPv6"]) >= 3
    assert int(said["the profile's security mode is none"]) >= 3


def test_the_count_of_tests_is_that_of_a_run(verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = facts(verb("check", PLAIN))
    monkeypatch.undo()
    assert main(["run", "--link", "memory", "--profile", str(PLAIN), "--output", str(tmp_path)]) == 0
    skipped = [
        r for r in read(tmp_path / "journal.jsonl").records if isinstance(r, records.Ended) and r.status == "SKIP"
    ]
    assert said["a run"].endswith(f"N/A: {len(skipped)} tests")


def test_an_embedded_dut_is_not_started(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *_, **__: pytest.fail("a process was started"))
    families = "IPv4, IPv6" if has_ipv6() else "IPv4"
    assert facts(verb("check", PLAIN))["addresses"] == (
        f"the reference-core on loopback, started by each run ({families})"
    )


def test_a_role_makes_tests_not_applicable(verb: Verb, tmp_path: Path) -> None:
    path = profile(tmp_path)
    path.write_text(path.read_text().replace("role: core", "role: registrar"))
    assert "not visible at a DUT whose role is registrar" in facts(verb("check", path))


def test_tests_of_the_other_side_are_not_applicable(verb: Verb) -> None:
    of_core = facts(verb("check", PLAIN))
    of_ue = facts(verb("check", data("fixtures", "profiles", "embedded-ue.yaml")))
    for_ue = int(of_core["the DUT is no UE but a core: this test is for a UE"])
    for_core = int(of_ue["the DUT is a UE: this test is for a CSCF or a core"])
    assert of_core["a run"].startswith(f"{for_ue + for_core} tests, ")
    assert min(for_ue, for_core) >= 20


def test_the_sim_in_a_ue_is_not_that_of_another_test(verb: Verb, tmp_path: Path) -> None:
    said = facts(verb("check", profile_of_ue(tmp_path, "{kind: command, register: ./on}", ", subscriber: sub03")))
    assert int(said["the UE holds the SIM of sub03, this test wants sub04"]) >= 1


def test_a_password_makes_no_associations() -> None:
    suite = RobotSuite.from_file_system(data("suites", "cscf", "rfc7616_3_4_nonce_count.robot"))
    ipsec, plain = (load_profile(data("fixtures", "profiles", f"embedded-core-{s}.yaml")) for s in ("ipsec", "plain"))
    why = "the profile's security mode is ipsec: SIP digest makes no associations"
    assert forecast(suite, ipsec, ("IPv4",)).not_applicable == {why: 3}
    assert forecast(suite, plain, ("IPv4",)).not_applicable == {}


def test_without_the_reg_event_nobody_subscribes(tmp_path: Path) -> None:
    """Although some of their requirements bind the DUT all the same."""
    suite = RobotSuite.from_file_system(data("suites", "cscf", "33_203_7_4_2a_notifications.robot"))
    claims = data("fixtures", "profiles", "embedded-core-ipsec.yaml")
    text = claims.read_text().replace("reg-event: true", "reg-event: false").replace("../", f"{claims.parent.parent}/")
    (tmp_path / "silent.yaml").write_text(text)
    silent = load_profile(tmp_path / "silent.yaml")
    assert forecast(suite, silent, ("IPv4",)).not_applicable == {"profile says reg-event: false": 3}
    assert forecast(suite, load_profile(claims), ("IPv4",)).not_applicable == {}


def test_one_port_leaves_room_for_one_ue(verb: Verb, tmp_path: Path) -> None:
    path = profile(tmp_path, f"tester: {{address: {own_host()}, port: 50607}}\n")
    said = facts(verb("check", path))
    assert int(said["the profile gives the tester one port, which leaves room for one UE at a time"]) >= 1
    assert said["addresses"].endswith(f"from {path.read_text().rpartition('address: ')[2].partition(',')[0]}")


def test_deviations_are_counted(verb: Verb, tmp_path: Path) -> None:
    path = profile(tmp_path, "deviations: [{id: rfc3261-10.3-06, because: it is so}]\n")
    assert facts(verb("check", path))["deviations"] == "1 known"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("deviations: [{id: rfc3261-10.3-6, because: x}]\n", "the catalogue has no row rfc3261-10.3-6; did you mean"),
        ("deviations: [{id: rfc3261-10.3-06, because: x, until: 2020-01-01}]\n", "it expired on 2020-01-01"),
        ("requires: [tcp]\n", "lacks tcp"),
        ("requires: [ipsec]\n", "lacks ipsec"),
        ("colour: blue\n", "colour"),
        ("tester: {address: 192.0.2.77, port: 5060}\n", "192.0.2.77"),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, problem: str, verb: Verb, tmp_path: Path) -> None:
    assert problem in refused(verb("check", profile(tmp_path, text)))


def test_a_name_without_an_address_is_refused(verb: Verb, tmp_path: Path) -> None:
    path = profile(tmp_path)
    path.write_text(re.sub(r'address: "[^"]*"', "address: dut.invalid", path.read_text()))
    assert "dut.invalid cannot be resolved" in refused(verb("check", path))


def test_a_port_that_somebody_has_is_refused(verb: Verb, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((own_host(), 0))
        host, port = other.getsockname()
        line = refused(verb("check", profile(tmp_path, f"tester: {{address: {host}, port: {port}}}\n")))
    assert str(port) in line


def test_missing_files_are_refused(verb: Verb, tmp_path: Path) -> None:
    assert "there is no such file" in refused(verb("check", tmp_path / "none.yaml"))
    path = profile(tmp_path)
    path.write_text(path.read_text().replace("embedded.yaml", "nobody.yaml"))
    assert "nobody.yaml: there is no such file" in refused(verb("check", path))


# check, a UE


def profile_of_ue(directory: Path, control: str, more: str = "") -> Path:
    """A profile of a UE that comes to a loopback address of its own."""
    path = directory / "phone.yaml"
    path.write_text(
        f"""\
dut: {{name: Acme phone, role: ue, transports: [udp]{more}}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
subscribers: {data("fixtures", "subscribers", "embedded.yaml")}
tester: {{address: {own_host()}, port: 50608}}
control: {control}
"""
    )
    return path


def test_check_says_how_a_ue_is_controlled(verb: Verb, tmp_path: Path) -> None:
    steps = "{kind: command, register: ./phone on --fast, reset: [./phone, kill], limit: 5}"
    said = facts(verb("check", profile_of_ue(tmp_path, steps, ", subscriber: sub03")))
    assert said["DUT"] == "Acme phone, ue"
    assert re.fullmatch(r"listens at 127\.\S+:50608", said["core"])
    assert "addresses" not in said
    assert (said["SIM"], said["control"]) == ("sub03", "command, at most 5 s a step")
    assert (said["register"], said["deregister"], said["reset"]) == ("./phone on --fast", "none", "./phone kill")


def test_the_sim_is_the_first_of_the_file_and_the_place_of_the_ue_is_said(verb: Verb, tmp_path: Path) -> None:
    said = facts(verb("check", profile_of_ue(tmp_path, "{kind: command, register: ./on}", ", address: 127.0.0.1")))
    assert (said["SIM"], said["addresses"]) == ("sub01", "127.0.0.1:5060 (IPv4), the UE")


def test_an_embedded_ue_needs_no_control(verb: Verb) -> None:
    said = facts(verb("check", data("fixtures", "profiles", "embedded-ue.yaml")))
    assert said["addresses"].startswith("the reference-ue on loopback, started by each run")
    assert "control" not in said


def test_a_sim_that_nobody_has_is_refused(verb: Verb, tmp_path: Path) -> None:
    path = profile_of_ue(tmp_path, "{kind: command, register: ./on}", ", subscriber: sub1")
    assert re.search(
        r"dut\.subscriber: \S+ has no subscriber sub1; did you mean sub\d+\?", refused(verb("check", path))
    )


def test_a_person_without_a_terminal_is_refused(verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imsreg.tester.device.TERMINAL", tmp_path / "none")
    path = profile_of_ue(tmp_path, "{kind: manual, register: Switch it on}")
    assert "control.kind: manual needs a terminal, and there is none" in refused(verb("check", path))


def test_a_port_of_the_core_that_somebody_has_is_refused(verb: Verb, tmp_path: Path) -> None:
    path = profile_of_ue(tmp_path, "{kind: command, register: ./on}")
    host = path.read_text().rpartition("address: ")[2].partition(",")[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((host, 50608))
        assert f"{host}:50608" in refused(verb("check", path))


# new


@pytest.mark.usefixtures("keys")
def test_a_new_profile_of_a_ue_passes_check(verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, host = tmp_path / "phone.yaml", own_host()
    monkeypatch.setattr("imsreg.tester.device.TERMINAL", Path(os.devnull))
    assert verb("new", path, "--role", "ue", "--address", host, "--name", "Acme phone").code == ExitClass.CONFORMANT
    said = facts(verb("check", path))
    assert (said["DUT"], said["core"], said["SIM"]) == ("Acme phone, ue", f"listens at {host}:5060", "alice")
    assert said["control"] == "manual, at most 120 s a step"


def test_a_new_profile_of_a_ue_lets_the_tester_answer_its_network(tmp_path: Path) -> None:
    path = tmp_path / "phone.yaml"
    write_skeleton(path, Wish(role="ue", addresses=("192.0.2.10", "2001:db8::10")))
    made = load_profile(path)
    assert (made.tester.addresses, made.tester.port) == (("192.0.2.10", "2001:db8::10"), 5060)
    assert [str(network) for network in made.allow] == ["192.0.2.0/24", "2001:db8::/64"]
    with pytest.raises(InputError, match="is no IP address"):
        write_skeleton(tmp_path / "other.yaml", Wish(role="ue", addresses=("localhost",)))


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--address", "127.0.2.1", "--address", "::1"),
        ("--address", "localhost"),
        ("--home-domain", "ims.mnc410.mcc310.3gppnetwork.org", "--role", "s-cscf"),
        ("--home-domain", "ims.acme.example", "--name", 'Acme "core" # 4\x1b\x7f: {é}'),
    ],
    ids=["nothing", "addresses", "host-name", "three-digit-mnc", "own-domain"],
)
def test_a_new_profile_passes_check_once_its_keys_are_there(
    options: tuple[str, ...], verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "acme.yaml"
    if "localhost" in options:  # resolvers may ask a name server
        monkeypatch.setattr("imsreg.tester.skeleton.resolve", lambda name: ("127.0.0.1",))
        monkeypatch.setattr("imsreg.tester.preflight.resolve", lambda name: ("127.0.0.1",))
    ended = verb("new", path, *options)
    assert (ended.code, ended.err) == (ExitClass.CONFORMANT, "")
    assert ended.out.splitlines()[0] == f"{path}  {tmp_path}/acme-subscribers.yaml"
    assert f"imsreg profile check {path}" in ended.out
    assert facts(verb("check", path))["subscribers"] == f"2 in {tmp_path}/acme-subscribers.yaml"


def test_what_is_wished_for_stands_in_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    people = write_skeleton(
        path, Wish("Acme", "p-cscf", ("2001:db8::10", "192.0.2.9"), "ims.mnc410.mcc310.3gppnetwork.org")
    )
    made = load_profile(path)
    assert (made.dut.name, made.dut.role, made.dut.addresses) == ("Acme", "p-cscf", ("2001:db8::10", "192.0.2.9"))
    assert (made.home_domain, made.subscribers) == ("ims.mnc410.mcc310.3gppnetwork.org", people)
    assert [str(network) for network in made.allow] == ["2001:db8::10/128", "192.0.2.9/32"]
    assert made.features.implicit_set is False, "what nobody claims is not claimed"
    text = people.read_text()
    assert 'imsi: "310410000000001"' in text
    assert "mnc_digits: 3" in text


def test_keys_are_named_and_not_written(verb: Verb, tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    verb("new", path)
    for each in tmp_path.iterdir():
        assert not re.search(r"[0-9A-Fa-f]{32}", each.read_text())
    line = refused(verb("check", path))
    assert "IMSREG_ALICE_OPC, IMSREG_ALICE_OP: are both missing" in line


@pytest.mark.parametrize("there", ["acme.yaml", "acme-subscribers.yaml"])
def test_nothing_is_overwritten(there: str, verb: Verb, tmp_path: Path) -> None:
    (tmp_path / there).write_text("mine")
    assert "is there already" in refused(verb("new", tmp_path / "acme.yaml"))
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--address", "not an address"), "is no IP address or host name"),
        (("--address", "nobody.invalid"), "nobody.invalid cannot be resolved"),
        (("--home-domain", "sip:acme"), "is no domain name"),
        (("--name", " "), "--name: is empty"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_and_nothing_written(
    options: tuple[str, ...], problem: str, verb: Verb, tmp_path: Path
) -> None:
    assert problem in refused(verb("new", tmp_path / "acme.yaml", *options))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_refused(verb: Verb, tmp_path: Path) -> None:
    assert "cannot be written" in refused(verb("new", tmp_path / "none" / "acme.yaml"))


@pytest.mark.parametrize("action", ["check", "new"])
def test_each_action_has_help_with_an_example(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["profile", action, "--help"])
    assert f"example: imsreg profile {action}" in capsys.readouterr().out
