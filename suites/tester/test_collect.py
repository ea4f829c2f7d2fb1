"""`collect:` of a profile: the DUT's own log of a test that failed: fetched, bounded, harmless, never in the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from pytests import run_pytest
from robot import run as robot_run
from robot.api import ExecutionResult
from robotlog import log_strings

from imsreg.paths import data
from imsreg.tester.bounded import ROOM
from imsreg.tester.collect import Collected, collect
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.transcript.evidence import DUT_LOG, slug

Profile = Callable[[str], Path]
TEST = "Suite: Challenged"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A profile of the embedded core, in a directory of its own, whose `collect` is a shell script."""

    def write(script: str) -> Path:
        embedded = data("fixtures", "profiles", "embedded-core.yaml")
        text = embedded.read_text(encoding="utf-8").replace("../", f"{embedded.parent}/../")
        (tmp_path / "dut").mkdir(exist_ok=True)
        (tmp_path / "dut" / "fetch").write_text(script, encoding="utf-8")
        path = tmp_path / "dut" / "profile.yaml"
        path.write_text(f"{text}collect: [sh, ./fetch]\n", encoding="utf-8")
        return path

    return write


def collected(profile: Path, *, limit: float = 10, sends: bool = True) -> Collected | None:
    """What `collect` makes of a test that has sent a REGISTER; its evidence lies in results/ beside the profile."""
    output = profile.parent / "results"
    with Session(Settings(profile=profile, link="memory", output=output)) as session:
        case = CscfCase(session, TEST, [])
        if sends:
            case.power_on()
            case.send(case.ue.registration.initial_register())
        case.write_evidence(output, case.close())
        return collect(case, limit=limit)


def log_of(profile: Path, **choices: float) -> str:
    found = collected(profile, **choices)
    assert found is not None
    assert found.path is not None
    return found.path.read_text(encoding="utf-8")


def test_the_command_knows_the_test_its_evidence_and_its_directory(profile: Profile) -> None:
    path = profile(
        'echo "$IMSREG_TEST"; ls "$IMSREG_EVIDENCE"; echo "$PWD"; echo oops >&2; : > "$IMSREG_EVIDENCE/core"'
    )
    printed = log_of(path).splitlines()
    assert printed == [TEST, "ladder.svg", "transcript.txt", "wire.pcapng", str(path.parent.resolve()), "oops"]
    assert {p.name for p in (path.parent / "results" / "evidence" / "challenged").iterdir()} >= {"core", DUT_LOG}


def test_a_note_says_how_much_came(profile: Profile) -> None:
    found = collected(profile("printf 'four'"))
    assert found is not None
    assert found.note == "the DUT's log: 4 octets"


def test_what_it_prints_is_text(profile: Profile) -> None:
    script = r"""printf 'a\033[2J\377\n\tb ck="0123" \342\200\256'"""
    assert log_of(profile(script)) == 'a\\x1b[2J\\xff\n\tb ck="xxxx" \\u202e'


def test_the_end_of_a_long_log_is_kept(profile: Profile) -> None:
    text = log_of(profile(rf"head -c {2 * ROOM} /dev/zero; printf '\nthe last line'"))
    assert len(text.encode()) <= ROOM
    assert text.startswith(f"[{ROOM + 14} octets before this are left out]\n")
    assert text.endswith("\\x00\nthe last line")


@pytest.mark.parametrize(
    "script", ["echo begun; exec sleep 60", "echo begun; sleep 60 & exit 0", "echo begun; exec >&- 2>&-; sleep 60"]
)
def test_it_is_stopped_with_what_it_started(profile: Profile, script: str) -> None:
    begun = time.monotonic()
    found = collected(profile(script), limit=0.3)
    assert time.monotonic() - begun < 10
    assert found is not None
    assert found.note == "the DUT's log: 6 octets; the collect command was stopped after 0.3 s"
    assert found.path is not None
    assert found.path.read_text(encoding="utf-8") == "begun\n"


def test_endless_output_is_bounded(profile: Profile) -> None:
    assert len(log_of(profile("exec yes"), limit=0.3).encode()) <= ROOM


def test_a_command_that_fails_is_a_note(profile: Profile) -> None:
    found = collected(profile("echo no route; exit 7"))
    assert found is not None
    assert found.note == "the DUT's log: 9 octets; the collect command ended with 7"


def test_a_command_that_is_not_there_is_a_note(profile: Profile) -> None:
    path = profile("")
    path.write_text(path.read_text(encoding="utf-8").replace("[sh, ./fetch]", "./absent"), encoding="utf-8")
    found = collected(path)
    assert found is not None
    assert found.path is None
    assert found.note.startswith("the DUT's log was not collected: ")


def test_nothing_is_fetched_of_a_dut_that_nothing_was_sent_to(profile: Profile) -> None:
    assert collected(profile("echo log"), sends=False) is None


def test_a_former_log_does_not_stay_beside_new_evidence(profile: Profile) -> None:
    path = profile("echo log")
    log_of(path)
    collected(path, sends=False)
    assert not (path.parent / "results" / "evidence" / "challenged" / DUT_LOG).exists()


SUITE = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On UE
Test Teardown     Power Off UE

*** Test Cases ***
Holds
    [Tags]    req:24.229-5.4.1.2.1-01
    Register
    Requirements Should Hold

Is Broken
    [Tags]    req:rfc3261-22.4-01
    Register
    Requirements Should Hold

Is Inconclusive
    [Tags]    req:rfc3261-8.2.2.3-01
    Register
    Requirements Should Hold

Fails By Itself
    Register
    Should Be Equal    one    two
"""


def test_robot_fetches_it_after_failures_alone(profile: Profile, tmp_path: Path) -> None:
    path = profile("echo '<b>$IMSREG_TEST'")
    suite = tmp_path / "suite.robot"
    suite.write_text(SUITE, encoding="utf-8")
    out = tmp_path / "out"
    variables = ["LINK:memory", f"PROFILE:{path}", "MUTANT:c-challenge-without-qop"]
    robot_run(str(suite), outputdir=str(out), variable=variables, report=None, console="none", stdout=StringIO())
    statuses = {test.name: test.status for test in ExecutionResult(out / "output.xml").suite.all_tests}
    assert statuses == {"Holds": "PASS", "Is Broken": "FAIL", "Is Inconclusive": "FAIL", "Fails By Itself": "FAIL"}
    having = {log.parent.name for log in (out / "evidence").rglob(DUT_LOG)}
    assert having == {"is-broken", "is-inconclusive", "fails-by-itself"}
    link = '<a href="evidence/is-broken/dut.log">dut.log</a>'
    assert any(link in string for string in log_strings(out / "log.html"))
    assert link in (out / "matrix.html").read_text(encoding="utf-8")


def test_pytest_fetches_it_after_failures_alone(profile: Profile, tmp_path: Path) -> None:
    source = """
        def test_passes(simulated_ue):
            simulated_ue.register()

        def test_fails(simulated_ue):
            assert simulated_ue.register().final.status == 999
    """
    said = run_pytest(tmp_path, source, "--imsreg-profile", profile("echo log"))
    assert "1 failed, 1 passed" in said
    assert "\nDUT log: the DUT's log: 4 octets\n" in said
    logs = list(tmp_path.glob(f"results/evidence/*/{DUT_LOG}"))
    assert [log.parent.name for log in logs] == [slug("test_it.py::test_fails")]
