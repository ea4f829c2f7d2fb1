"""The tag `smoke`: a few tests that touch the main duties of a core, and of a UE, within a minute on a real one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from robot import api
from robot.running import Keyword

from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.paths import data

DUTIES_OF_A_CORE = {
    "24.229-5.4.1.2.1-01",  # challenges
    "24.229-5.4.1.2.2-05",  # accepts the right response
    "24.229-5.4.1.2.3A-01",  # refuses a wrong one
    "24.229-5.4.1.2.2-06",  # lists the bindings
    "24.229-5.4.1.2.2F-01",  # Service-Route
    "24.229-5.4.1.2.2F-02",  # P-Associated-URI
    "24.229-5.4.1.4-01",  # de-registers
    "rfc3261-8.2.6.2-01",  # copies header fields
}
DUTIES_OF_A_UE = {
    "24.229-5.1.1.2.1-04",  # asks for 600000 s
    "24.229-5.1.1.3-01",  # subscribes
    "24.229-5.1.1.5.1-01",  # answers a challenge
    "24.229-5.1.1.5.3-01",  # reports a wrong MAC
    "24.229-5.1.1.5.3-02",  # reports an old SQN
    "24.229-5.1.1.6-01",  # de-registers
    "rfc3329-2.3.1-03",  # asks for the security agreement
}


class Used(api.SuiteVisitor):
    """The names of the keywords in a suite."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def start_keyword(self, keyword: Keyword) -> None:
        self.names.add(str(keyword.name))


def smoke(side: str) -> api.TestSuite:
    suite = api.TestSuite.from_file_system(data("suites", side))
    suite.filter(included_tags="smoke")
    return suite


@pytest.mark.parametrize(("side", "sends"), [("cscf", "Send Request"), ("ue", "Send Response")])
def test_smoke_tests_are_few_and_never_wait(side: str, sends: str) -> None:
    suite, used = smoke(side), Used()
    suite.visit(used)
    # Those about associations are N/A in every other security mode.
    of_ipsec = [test for test in suite.all_tests if test.source is not None and test.source.name.startswith("33_203")]
    assert 6 <= suite.test_count - len(of_ipsec) <= 10
    assert len(of_ipsec) <= 8
    assert sends in used.names
    assert not used.names & {"Advance Time", "Sleep"}


@pytest.mark.parametrize(
    ("profile", "duties", "mutant", "code"),
    [
        ("embedded-core.yaml", DUTIES_OF_A_CORE, (), ExitClass.CONFORMANT),
        ("embedded-core.yaml", DUTIES_OF_A_CORE, ("--mutant", "c-wrong-response-accepted"), ExitClass.FAILED),
        ("embedded-ue.yaml", DUTIES_OF_A_UE, (), ExitClass.CONFORMANT),
        ("embedded-ue.yaml", DUTIES_OF_A_UE, ("--mutant", "u13-sqn-not-checked"), ExitClass.FAILED),
    ],
)
def test_smoke_tests_decide_the_main_duties(
    profile: str, duties: set[str], mutant: tuple[str, ...], code: ExitClass, tmp_path: Path
) -> None:
    chosen = ("--profile", str(data("fixtures", "profiles", profile)), "--link", "memory", *mutant)
    assert main(["run", *chosen, "--output", str(tmp_path), "--include", "smoke"]) == code
    found = json.loads((tmp_path / "verdicts.json").read_text())["verdicts"]
    assert set(found) >= duties
    if not mutant:
        assert {found[identifier]["verdict"] for identifier in duties} == {"PASS"}
