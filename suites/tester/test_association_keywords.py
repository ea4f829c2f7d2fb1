"""The keywords about associations, in suites of their own on both embedded DUTs."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from robot import run as robot_run

from imsreg.paths import data

CORE = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On UE
Test Teardown     Power Off UE

*** Test Cases ***
Elsewhere And Kept
    Keep Associations
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    on=UL2 of the temporary set
    ${answer}=    Wait For Answer    within=1s
    Should Be Equal    ${answer}    ${None}
    Register
    ${sets}=    Get Associations
    Should Be Equal As Strings    ${sets[-1].phase.name}    ESTABLISHED
    Inject Packet    Bad ICV    on=UL1 of the established set    message=nothing
    Deregister
    ${sets}=    Get Associations
    Should Be Equal As Strings    ${sets[-1].phase.name}    DELETED

Faults Have Names
    Register
    Run Keyword And Expect Error    *is none of bad ICV, *    Inject Packet    bad luck    on=UL1 of the old set
    Run Keyword And Expect Error    *is no place to send from*    Send Request    nothing    on=the moon
"""
UE = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On Core
Test Teardown     Power Off Core

*** Test Cases ***
Kept
    Keep Associations
    Register UE
    Answer Automatically
    Advance Time    1 s
    Trigger Deregistration
    Expect Request    REGISTER
    Advance Time    60 s
    ${sets}=    Get Associations
    Should Be Equal As Strings    ${sets[-1].phase.name}    DELETED
"""


@pytest.mark.parametrize(("side", "suite"), [("core", CORE), ("ue", UE)])
def test_them(side: str, suite: str, tmp_path: Path) -> None:
    path = tmp_path / "suite.robot"
    path.write_text(suite, encoding="utf-8")
    said = StringIO()
    profile = data("fixtures", "profiles", f"embedded-{side}-ipsec.yaml")
    code = robot_run(
        str(path),
        outputdir=str(tmp_path / "out"),
        variable=[f"PROFILE:{profile}", "LINK:memory"],
        report=None,
        log=None,
        stdout=said,
    )
    assert code == 0, said.getvalue()
