"""Every report says who was tested: make, version, build, address and profile, and by which imsreg."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import pytest
from pytests import run_pytest
from robot import run as robot_run
from robotlog import log_strings
from scripted import own_host, reply, udp_dut, write_profile

import imsreg
from imsreg.paths import data
from imsreg.sip.flow import Address
from imsreg.tester.protection import protection
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.tester.under_test import dut_line, run_facts
from imsreg.verdict.profile import load_profile

SUITE = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On UE

*** Test Cases ***
Asks
    Send Initial Register
    Expect Final Response
"""
MODULE = """
    def test_asks(simulated_ue):
        simulated_ue.send_initial_register().final
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile of a DUT that has a version and a build; its address does not matter before somebody sends."""
    path = write_profile(tmp_path, Address("127.0.2.7", 5070))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: scripted", 'name: Acme core, version: "4.2", build: b7'), encoding="utf-8")
    return path


def properties(junit: Path) -> dict[str, str]:
    """Those of the suites in a JUnit file."""
    suites = [suite for suite in ElementTree.parse(junit).iter("testsuite") if suite.find("properties") is not None]
    found = [entry for suite in suites for entry in suite.iterfind("properties/property")]
    return {entry.attrib["name"]: entry.attrib["value"] for entry in found}


def at(profile: Path, address: Address) -> Path:
    text = profile.read_text(encoding="utf-8").replace('"127.0.2.7"', address.host).replace("5070", str(address.port))
    profile.write_text(text, encoding="utf-8")
    return profile


def test_robots_reports(profile: Path, tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "one.robot").write_text(SUITE, encoding="utf-8")
    out = tmp_path / "out"
    with udp_dut(lambda request: [reply(request)]) as (_, address):
        variable = f"PROFILE:{at(profile, address)}"
        options = {"outputdir": str(out), "xunit": "junit.xml", "console": "none", "stdout": StringIO()}
        robot_run(str(tmp_path / "suites"), variable=[variable], **options)
    who = f"Acme core 4.2 b7 (core, {address}, udp)"
    said = {"DUT": who, "Profile": str(profile), "Security": "none", "imsreg": imsreg.__version__}
    assert properties(out / "junit.xml") == said
    assert f"<p>{who}</p>" in log_strings(out / "log.html")
    assert f"<p>{who}</p>" in log_strings(out / "report.html")
    verdicts = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    assert verdicts["dut"] == {
        "name": "Acme core",
        "version": "4.2",
        "build": "b7",
        "role": "core",
        "addresses": [str(address)],
    }
    matrix = (out / "matrix.html").read_text(encoding="utf-8")
    meta = f"role core at {address}, profile {profile}, security none, "
    assert f'Registration of Acme core 4.2 b7</h1><p class="meta">{meta}' in matrix


def test_pytests_reports(profile: Path, tmp_path: Path) -> None:
    with udp_dut(lambda request: [reply(request)]) as (_, address):
        options = ["--imsreg-profile", at(profile, address), "--imsreg-link", "sockets", "--junit-xml", "junit.xml"]
        said = run_pytest(tmp_path, MODULE, *options)
    lines = said.splitlines()
    assert f"imsreg: DUT Acme core 4.2 b7 (core, {address}, udp), profile {profile}" in lines
    assert f"DUT Acme core 4.2 b7 (core, {address}), profile {profile}, security none" in lines
    assert properties(tmp_path / "junit.xml") == {
        "DUT": "Acme core",
        "DUT version": "4.2",
        "DUT build": "b7",
        "DUT role": "core",
        "DUT address": f"{address} udp",
        "profile": str(profile),
        "security": "none",
        "imsreg": imsreg.__version__,
    }


def test_without_a_profile_pytest_says_so(tmp_path: Path) -> None:
    said = run_pytest(tmp_path, "def test_nothing():\n    pass\n")
    assert "\nimsreg: DUT built-in reference core\n" in said


def test_a_ue_may_have_no_address(tmp_path: Path) -> None:
    path = tmp_path / "phone.yaml"
    path.write_text(f"""\
dut: {{name: Acme phone, role: ue, transports: [udp, tcp]}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
subscribers: {data("fixtures", "subscribers", "embedded.yaml")}
tester: {{address: {own_host()}, port: 50609}}
control: {{kind: command, register: ./on}}
""")
    with Session(Settings(profile=path)) as session:
        assert dut_line(session) == "Acme phone (ue, udp/tcp)"
        assert run_facts(session)["DUT address"] == "udp/tcp"


@pytest.mark.parametrize(
    ("name", "link", "said"),
    [
        ("embedded-core", "sockets", "headers: the agreement in the header fields, no ESP"),
        ("embedded-core-ipsec", "sockets", "ipsec, userspace back end"),
        ("embedded-core-ipsec", "memory", "ipsec, on the in-memory link"),
        ("embedded-core-ipsec", None, "ipsec"),
    ],
)
def test_what_protects_is_said(name: str, link: Literal["sockets", "memory"] | None, said: str) -> None:
    assert protection(load_profile(data("fixtures", "profiles", f"{name}.yaml")), link) == said
