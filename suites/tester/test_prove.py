"""The proof does not overlook a test that fails without a ruling: what is legal must pass, and so must the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from imsreg.paths import data
from imsreg.robot import prove

STRICTER_THAN_THE_TEXT = """*** Settings ***
Library    ImsRegLibrary

*** Test Cases ***
Identities Are Compared As Text
    [Tags]    req:24.229-5.4.1.2.2F-03
    Power On UE
    ${ok}=    Register
    Get Header    ${ok}    P-Associated-URI    ==    <${UE.impu}>
    [Teardown]    Power Off UE
"""


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One suite, whose assertion asks for more than the requirement does."""
    (tmp_path / "cscf").mkdir()
    (tmp_path / "cscf" / "strict.robot").write_text(STRICTER_THAN_THE_TEXT, encoding="utf-8")
    monkeypatch.setattr(prove, "data", lambda *parts: tmp_path if parts == ("suites",) else data(*parts))


@pytest.mark.usefixtures("suites")
def test_a_failed_test_speaks_against_a_benign_variant() -> None:
    trial = prove.mutant_trial("n03-associated-uri-host-in-upper-case")
    assert trial.words["24.229-5.4.1.2.2F-03"] == "PASS"
    assert [fault.partition(":")[0] for fault in trial.faults] == ["Identities Are Compared As Text"]


@pytest.mark.usefixtures("suites")
def test_the_reference_passes_the_same_test() -> None:
    trial = prove.reference_trial(("cscf", "none"))
    assert (trial.words["24.229-5.4.1.2.2F-03"], trial.faults) == ("PASS", ())


TWO_TESTS = """*** Settings ***
Library          ImsRegLibrary
Test Setup       Power On UE
Test Teardown    Power Off UE

*** Test Cases ***
Identities Are Listed
    [Tags]    req:24.229-5.4.1.2.2F-02
    Register
    Requirements Should Hold

Service Route Is There
    [Tags]    req:24.229-5.4.1.2.2F-01
    Register
    Requirements Should Hold
"""


def test_in_a_quick_proof_a_mutant_meets_its_own_tests_alone(suites: None, tmp_path: Path) -> None:
    (tmp_path / "cscf" / "strict.robot").write_text(TWO_TESTS, encoding="utf-8")
    whole, quick = (prove.mutant_trial("c-service-route-missing", quick=each) for each in (False, True))
    assert whole.caught_by == quick.caught_by == ("24.229-5.4.1.2.2F-01",)
    assert not whole.faults + quick.faults
    assert "24.229-5.4.1.2.2F-02" in whole.words
    assert "24.229-5.4.1.2.2F-02" not in quick.words
