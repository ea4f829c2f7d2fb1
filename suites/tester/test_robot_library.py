"""The Robot library as a test author meets it: documentation, statuses, messages, and what it does unasked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from robot import run as robot_run
from robot.api import ExecutionResult
from robot.libdocpkg import LibraryDocumentation
from scripted import own_host, udp_dut, write_profile

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.robot.run import RunOptions, run
from imsreg.sip.flow import Address
from imsreg.tester.settings import Settings

HEAD = """\
*** Settings ***
Library           ImsRegLibrary
{settings}
*** Test Cases ***
"""
POWERED = "Test Setup        Power On UE\nTest Teardown     Power Off UE\n"
REGISTERED = """\
{name}
    [Tags]    {tags}
    Register
    Requirements Should Hold
"""
SERVICE_ROUTE = "24.229-5.4.1.2.2F-01"
PATH = "rfc3327-5.2-01"
CHALLENGED = "24.229-5.4.1.2.1-01"

DEREGISTRATION = 2
"""Messages in which a UE asks for expiry zero: the first is challenged, the second answers."""


class Ended(NamedTuple):
    """How a test ended."""

    status: str
    message: str
    tags: set[str]


class Robot:
    """Runs suites in this process, on the in-memory link unless a variable says otherwise."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.output = directory / "out"

    def __call__(self, tests: str, *variables: str, settings: str = POWERED) -> dict[str, Ended]:
        suite = self.directory / "suite.robot"
        suite.write_text(HEAD.format(settings=settings) + tests, encoding="utf-8")
        link = () if any(v.startswith(("LINK:", "PROFILE:")) for v in variables) else ("LINK:memory",)
        robot_run(
            str(suite),
            outputdir=str(self.output),
            variable=[*link, *variables],
            log=None,
            report=None,
            console="none",
            stdout=StringIO(),
            stderr=StringIO(),
        )
        result = ExecutionResult(self.output / "output.xml")
        return {t.name: Ended(t.status, t.message, set(t.tags)) for t in result.suite.all_tests}

    def register(self, tags: str, *variables: str) -> Ended:
        """One test that registers and asks for the verdicts of its tags."""
        return self(REGISTERED.format(name="T", tags=tags), *variables)["T"]

    def journal(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.output / "journal.jsonl").read_bytes().splitlines()]


@pytest.fixture
def robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Robot:
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)
    return Robot(tmp_path)


@pytest.fixture
def profile(tmp_path: Path) -> Callable[[str], str]:
    """A profile of the embedded core with something added, as a variable."""

    def write(more: str) -> str:
        embedded = data("fixtures", "profiles", "embedded-core.yaml")
        text = embedded.read_text(encoding="utf-8").replace("../", f"{embedded.parent}/../")
        path = tmp_path / "dut.yaml"
        path.write_text(text + more, encoding="utf-8")
        return f"PROFILE:{path}"

    return write


# Documentation.


def test_every_keyword_is_documented_and_typed() -> None:
    library = LibraryDocumentation("ImsRegLibrary")
    assert library.doc
    assert library.version
    assert len(library.keywords) > 25
    for keyword in library.keywords:
        assert keyword.doc.strip(), keyword.name
        assert all(argument.type for argument in keyword.args), keyword.name


def test_the_documentation_can_be_built(tmp_path: Path) -> None:
    library = LibraryDocumentation("ImsRegLibrary")
    library.save(tmp_path / "ImsRegLibrary.html", "HTML")
    library.save(tmp_path / "ImsRegLibrary.json", "JSON")
    assert "Power On" in (tmp_path / "ImsRegLibrary.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "ImsRegLibrary.json").read_text())["name"] == "ImsRegLibrary"


# Statuses, tags and messages.


def test_pass(robot: Robot) -> None:
    assert robot.register(f"req:{SERVICE_ROUTE}") == Ended("PASS", "", {f"req:{SERVICE_ROUTE}"})


def test_fail_has_its_finding_in_five_lines(robot: Robot) -> None:
    ended = robot.register(f"req:{SERVICE_ROUTE}", "MUTANT:c-service-route-missing")
    assert ended.status == "FAIL"
    heading, expected, actual, where, reproduce = ended.message.splitlines()
    assert heading.startswith(f"TS 24.229 5.4.1.2.2F [{SERVICE_ROUTE}] MUST: ")
    assert expected.startswith("Expected: ")
    assert actual.startswith("  Actual: ")
    assert where.startswith("   Where: message 4 of the ladder, 200 OK, P-CSCF -> UE")
    assert reproduce.startswith("Reproduce: imsreg run --profile ")
    assert reproduce.endswith(SERVICE_ROUTE)


def test_non_strict_passes_with_its_finding(robot: Robot) -> None:
    ended = robot.register(f"req:{PATH}", "MUTANT:c-path-not-copied")
    assert ended.status == "PASS"
    assert f"[{PATH}] SHOULD: " in ended.message


def test_spec_strict_makes_it_a_failure(robot: Robot) -> None:
    ended = robot.register(f"req:{PATH}", "MUTANT:c-path-not-copied", "SPEC_STRICT:true")
    assert ended.status == "FAIL"
    assert f"[{PATH}] SHOULD: " in ended.message


def test_inconclusive_names_its_class_and_has_its_tag(robot: Robot, tmp_path: Path) -> None:
    ended = robot.register(f"req:{CHALLENGED}", f"PROFILE:{write_profile(tmp_path, Address(own_host(), 5060))}")
    assert ended.status == "FAIL"
    assert ended.message.startswith("INCONCLUSIVE target-unreachable: 127.")
    assert ended.tags == {f"req:{CHALLENGED}", "inconclusive"}


def test_a_test_without_requirements_is_inconclusive_too(robot: Robot, tmp_path: Path) -> None:
    ended = robot.register("mine", f"PROFILE:{write_profile(tmp_path, Address(own_host(), 5060))}")
    assert ended.message.startswith("INCONCLUSIVE target-unreachable: 127.")
    assert ended.tags == {"mine", "inconclusive"}


def test_an_unmet_precondition_is_inconclusive(robot: Robot) -> None:
    ended = robot("T\n    [Tags]    req:33.203-6.1.3-01\n    Register\n    Requirements Should Hold\n")["T"]
    assert ended.status == "FAIL"
    assert ended.message.startswith("INCONCLUSIVE precondition: ")
    assert "inconclusive" in ended.tags


def test_what_the_profile_rules_out_is_skipped(robot: Robot, profile: Callable[[str], str]) -> None:
    plain = data("fixtures", "profiles", "embedded-core-plain.yaml")
    ended = robot.register("req:33.203-7.2-01", f"PROFILE:{plain}", "LINK:memory")
    assert ended.status == "SKIP"
    assert ended.message.startswith("N/A: profile says security: none")


def test_a_ue_that_the_profile_has_no_way_for_is_skipped(robot: Robot, tmp_path: Path) -> None:
    test = f"T\n    [Tags]    req:{CHALLENGED}\n    [Setup]    Power On UE    transport=TCP\n    Register\n"
    ended = robot(test, f"PROFILE:{write_profile(tmp_path, Address(own_host(), 5060))}")["T"]
    assert ended.status == "SKIP"
    assert ended.message == "N/A: the profile's transports are udp"


KNOWN = f"deviations: [{{id: {SERVICE_ROUTE}, because: the stack is old, ticket: ABC-1}}]\n"


def test_a_known_deviation_is_skipped(robot: Robot, profile: Callable[[str], str]) -> None:
    variables = profile(KNOWN), "LINK:memory", "MUTANT:c-service-route-missing"
    assert robot.register(f"req:{SERVICE_ROUTE}", *variables)[:2] == ("SKIP", "KNOWN: the stack is old")
    found = json.loads((robot.output / "verdicts.json").read_text())["verdicts"][SERVICE_ROUTE]
    assert (found["verdict"], found["known"]["ticket"]) == ("FAIL", "ABC-1")


def test_a_known_deviation_can_be_looked_at(robot: Robot, profile: Callable[[str], str]) -> None:
    variables = profile(KNOWN), "LINK:memory", "MUTANT:c-service-route-missing", "IGNORE_KNOWN:true"
    assert robot.register(f"req:{SERVICE_ROUTE}", *variables).status == "FAIL"


def test_a_known_deviation_that_is_gone_fails_the_run(robot: Robot, profile: Callable[[str], str]) -> None:
    ended = robot.register(f"req:{SERVICE_ROUTE}", profile(KNOWN), "LINK:memory")
    assert ended.status == "PASS"  # another test of the run may find it again
    assert "unexpected pass" in ended.message
    found = json.loads((robot.output / "verdicts.json").read_text())["verdicts"][SERVICE_ROUTE]
    assert (found["verdict"], found["known"]) == ("FAIL", None)


# Assertions of the test's own.

OWN = "    Should Be Equal    mine    theirs\n"


def test_an_assertion_that_fails_is_a_failure(robot: Robot) -> None:
    tests = "".join(
        f"{name}\n    [Tags]    req:{requirement}\n    Register\n{OWN}    Requirements Should Hold\n"
        for name, requirement in (("Held", SERVICE_ROUTE), ("Undecided", "33.203-6.1.3-01"))
    )
    for ended in robot(tests).values():
        assert (ended.status, ended.message) == ("FAIL", "mine != theirs")
        assert "inconclusive" not in ended.tags


def test_an_assertion_hides_no_finding(robot: Robot) -> None:
    test = f"T\n    [Tags]    req:{SERVICE_ROUTE}\n    Register\n{OWN}"
    ended = robot(test, "MUTANT:c-service-route-missing")["T"]
    assert f"[{SERVICE_ROUTE}] MUST: " in ended.message
    assert ended.message.endswith("\n\nmine != theirs")


def test_an_assertion_beside_a_silent_dut_counts(robot: Robot, tmp_path: Path) -> None:
    test = f"T\n    [Tags]    req:{CHALLENGED}\n    Run Keyword And Continue On Failure\n    ...{OWN}    Register\n"
    ended = robot(test, f"PROFILE:{write_profile(tmp_path, Address(own_host(), 5060))}")["T"]
    assert ended.status == "FAIL"
    assert "mine != theirs" in ended.message
    assert "INCONCLUSIVE target-unreachable" in ended.message
    assert "inconclusive" not in ended.tags


def test_an_expected_stop_is_no_failure(robot: Robot) -> None:
    test = (
        f"T\n    [Tags]    req:{CHALLENGED}\n    Send Initial Register\n"
        "    Run Keyword And Expect Error    INCONCLUSIVE unexpected: expected 200, got 4*    Expect Response    200\n"
    )
    assert robot(test)["T"].status == "PASS"


def test_an_unexpected_response_ends_the_scenario_whose_requirements_hold(robot: Robot) -> None:
    test = f"T\n    [Tags]    req:{CHALLENGED}\n    Send Initial Register\n    Expect Response    200\n"
    ended = robot(test)["T"]
    assert ended.message == "INCONCLUSIVE unexpected: expected 200, got 401 Unauthorized"
    assert "inconclusive" in ended.tags


# What cannot be used.


def test_an_unknown_requirement_fails_its_test_alone(robot: Robot) -> None:
    tests = REGISTERED.format(name="Bad", tags="req:24.229-9.9-99") + REGISTERED.format(
        name="Good", tags=f"req:{SERVICE_ROUTE}"
    )
    ended = robot(tests)
    assert ended["Bad"].status == "FAIL"
    assert ended["Bad"].message.endswith("tags: no requirement has the id 24.229-9.9-99; see imsreg requirements")
    assert len(ended["Bad"].message.splitlines()) <= 2  # Robot Framework says first that it was the setup
    assert ended["Good"].status == "PASS"


def test_a_run_with_an_unknown_requirement_does_not_begin(robot: Robot, tmp_path: Path) -> None:
    suite = tmp_path / "bad.robot"
    suite.write_text(HEAD.format(settings=POWERED) + REGISTERED.format(name="Bad", tags="req:24.229-9.9-99"))
    with pytest.raises(InputError, match=r"Bad: no requirement has the id 24\.229-9\.9-99"):
        run([Settings(link="memory", output=tmp_path / "out")], RunOptions(suites=suite))
    assert not (tmp_path / "out").exists()


def test_a_bad_profile_stops_everything_before_the_first_packet(robot: Robot, tmp_path: Path) -> None:
    tests = "".join(REGISTERED.format(name=name, tags=f"req:{CHALLENGED}") for name in ("First", "Second"))
    with udp_dut(lambda request: []) as (node, address):
        path = write_profile(tmp_path, address, more="releese: 14\n")
        ended = robot(tests, f"PROFILE:{path}")
        assert node.requests == []
    assert ended["First"].status == ended["Second"].status == "FAIL"
    assert re.fullmatch(r"(Setup failed:\n)?.*profile\.yaml: releese: .*", ended["First"].message)
    assert ended["Second"].message == "Test execution stopped due to a fatal error."
    assert "Traceback" not in (robot.output / "output.xml").read_text()
    assert not (robot.output / "journal.jsonl").exists()


@pytest.mark.parametrize(("variable", "line"), [("LINK:pigeon", "there is no such link"), ("SEED:x", "decimal digits")])
def test_a_variable_that_cannot_be_used_is_named(robot: Robot, variable: str, line: str) -> None:
    ended = robot.register(f"req:{CHALLENGED}", variable, "PROFILE:")
    assert f"--variable {variable.partition(':')[0]}" in ended.message
    assert line in ended.message


def test_a_keyword_before_the_ue_says_what_is_missing(robot: Robot) -> None:
    ended = robot("First\n    Register\nSecond\n    No Operation\n", settings="")
    assert ended["First"].message == "test: no UE has been powered on; begin with Power On UE"
    assert ended["Second"].status == "PASS"


def test_a_ue_outside_a_test_says_where_it_belongs(robot: Robot) -> None:
    ended = robot("T\n    No Operation\n", settings="Suite Setup    Power On UE\n")["T"]
    line = "Power On UE: no test is running; call it in a test or a test setup"
    assert ended.message == f"Parent suite setup failed:\n{line}"


def test_an_unknown_subscriber_is_named(robot: Robot) -> None:
    test = "T\n    [Setup]    Power On UE    subscriber=nobody\n    Register\n"
    message = robot(test, settings="")["T"].message
    assert "subscribers: nobody: there is no such subscriber; " in message
    assert "Traceback" not in message


# What the library does unasked.


def test_a_forgotten_teardown_is_made_up_for(robot: Robot) -> None:
    tests = "".join(
        f"{name}\n    [Tags]    req:{SERVICE_ROUTE}\n    Power On UE    subscriber=sub01\n    Register\n"
        for name in ("First", "Second")
    )
    ended = robot(tests, settings="")
    assert [test.status for test in ended.values()] == ["PASS", "PASS"]
    ruled = [record["test"] for record in robot.journal() if record["record"] == "ruling"]
    assert ruled == ["Suite: First", "Suite: Second"]
    for transcript in robot.output.glob("evidence/*/transcript.txt"):
        text = transcript.read_text()
        assert text.count("| Expires: 0") == DEREGISTRATION
        assert "bindings of an earlier test removed" not in text


def test_two_ues_in_one_test_are_told_apart_and_both_let_go(robot: Robot) -> None:
    test = (
        f"T\n    [Tags]    req:{SERVICE_ROUTE}\n    Register\n    VAR    ${{first}}    ${{UE}}\n"
        "    Power On UE    transport=TCP\n    Should Not Be Equal    ${first.impu}    ${UE.impu}\n"
        "    Register\n    Requirements Should Hold\n"
    )
    assert robot(test)["T"][:2] == ("PASS", "")
    (text,) = (path.read_text() for path in robot.output.glob("evidence/*/transcript.txt"))
    assert re.search(r": UE 127\.0\.1\.1:\d+ -> P-CSCF", text)
    assert re.search(r": UE 2 127\.0\.1\.1:\d+ -> P-CSCF", text)
    assert text.count("| Expires: 0") == 2 * DEREGISTRATION


def test_a_test_without_a_ue_is_left_alone(robot: Robot) -> None:
    ended = robot(f"T\n    [Tags]    req:{CHALLENGED}\n    No Operation\n", settings="")["T"]
    assert ended.status == "PASS"
    assert not (robot.output / "journal.jsonl").exists()


def test_bare_robot_writes_its_results_and_prints_the_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)
    suite = tmp_path / "suite.robot"
    tests = [("Kept", SERVICE_ROUTE), ("Broken", "24.229-5.4.1.2.2-05")]
    suite.write_text(
        HEAD.format(settings=POWERED) + "".join(REGISTERED.format(name=n, tags=f"req:{r}") for n, r in tests)
    )
    command = [sys.executable, "-m", "robot", "--outputdir", "out", "--variable", "MUTANT:c-right-response-refused"]
    ended = subprocess.run(
        [*command, suite.name], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr == ""
    assert ended.returncode == 2  # Robot Framework counts
    assert re.search(r"^\d+ requirements: \d+ PASS, 1 FAIL, .*, \d+ observations$", ended.stdout, re.MULTILINE)
    assert re.search(r"^FAIL +24\.229-5\.4\.1\.2\.2-05 +MUST ", ended.stdout, re.MULTILINE)
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} >= {"journal.jsonl", "verdicts.json", "evidence", "log.html"}
    written = json.loads((out / "verdicts.json").read_text())["verdicts"]
    assert written["24.229-5.4.1.2.2-05"]["verdict"] == "FAIL"
    assert {path.name for path in out.glob("evidence/*/*")} == {"transcript.txt", "wire.pcapng", "ladder.svg"}
