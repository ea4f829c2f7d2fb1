"""The tag `smoke`: a few tests that touch the main duties of a core, within a minute on a real one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from robot import api
from robot.running import Keyword

from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.paths import data

DUTIES = {
    "24.229-5.4.1.2.1-01",  # challenges
    "24.229-5.4.1.2.2-05",  # accepts the right response
    "24.229-5.4.1.2.3A-01",  # refuses a wrong one
    "24.229-5.4.1.2.2-06",  # lists the bindings
    "24.229-5.4.1.2.2F-01",  # Service-Route
    "24.229-5.4.1.2.2F-02",  # P-Associated-URI
    "24.229-5.4.1.4-01",  # de-registers
    "rfc3261-8.2.6.2-01",  # copies header fields
}


class Used(api.SuiteVisitor):
    """The names of the keywords in a suite."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def start_keyword(self, keyword: Keyword) -> None:
        self.names.add(str(keyword.name))


def smoke() -> api.TestSuite:
    suite = api.TestSuite.from_file_system(data("suites"))
    suite.filter(included_tags="smoke")
    return suite


def test_smoke_tests_are_few_and_never_wait() -> None:
    suite, used = smoke(), Used()
    suite.visit(used)
    assert 6 <= suite.test_count <= 10
    assert "Send Request" in used.names
    assert not used.names & {"Advance Time", "Sleep"}


@pytest.mark.parametrize(
    ("mutant", "code"), [((), ExitClass.CONFORMANT), (("--mutant", "c-wrong-response-accepted"), ExitClass.FAILED)]
)
def test_smoke_tests_decide_the_main_duties(mutant: tuple[str, ...], code: ExitClass, tmp_path: Path) -> None:
    assert main(["run", "--link", "memory", *mutant, "--output", str(tmp_path), "--include", "smoke"]) == code
    found = json.loads((tmp_path / "verdicts.json").read_text())["verdicts"]
    assert set(found) >= DUTIES
    if not mutant:
        assert {found[identifier]["verdict"] for identifier in DUTIES} == {"PASS"}
