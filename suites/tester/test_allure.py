"""What Allure gets from both runners: labels, links, attachments, categories, and no harm from what a DUT sends."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from pytests import run_pytest
from robotlog import executable, log_strings
from scripted import reply, udp_dut, write_profile

import imsreg
from imsreg.allure.directory import CATEGORIES, files
from imsreg.allure.labels import labels, links
from imsreg.allure.listening import bridge
from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.paths import data
from imsreg.tester.catalogue import full_catalogue

needs_robot = pytest.mark.skipif(find_spec("allure_robotframework") is None, reason="needs allure-robotframework")
needs_pytest = pytest.mark.skipif(find_spec("allure_pytest") is None, reason="needs allure-pytest")

PLAIN = data("fixtures", "profiles", "embedded-core-plain.yaml")
WITHOUT_QOP = "c-challenge-without-qop"
QOP = "rfc3261-22.4-01"
KNOWN = f"deviations: [{{id: {QOP}, because: an old stack}}]\n"
HEAD = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On UE
Test Teardown     Power Off UE

*** Test Cases ***
"""
SUITE = (
    HEAD
    + """\
Passes
    [Documentation]    Of two specifications.
    [Tags]    req:24.229-5.4.1.2.1-01    req:24.229-5.4.1.2.2-05    req:rfc3327-5.2-01
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

Is Not Applicable
    [Tags]    req:33.203-H-01
    Register
    Requirements Should Hold

Fails By Itself
    Register
    Should Be Equal    one    two
"""
)
MODULE = """
    import pytest

    @pytest.mark.requirement("24.229-5.4.1.2.1-01", "24.229-5.4.1.2.2-05", "rfc3327-5.2-01")
    def test_passes(simulated_ue):
        simulated_ue.register()

    @pytest.mark.requirement("rfc3261-22.4-01")
    def test_is_broken(simulated_ue):
        simulated_ue.register()

    @pytest.mark.requirement("rfc3261-8.2.2.3-01")
    def test_is_inconclusive(simulated_ue):
        simulated_ue.register()

    @pytest.mark.requirement("33.203-H-01")
    def test_is_not_applicable(simulated_ue):
        simulated_ue.register()

    def test_fails_by_itself(simulated_ue):
        assert simulated_ue.register().final.status == 999
"""
NAMES = {
    "Passes": "test_passes",
    "Is Broken": "test_is_broken",
    "Is Inconclusive": "test_is_inconclusive",
    "Is Not Applicable": "test_is_not_applicable",
    "Fails By Itself": "test_fails_by_itself",
}


class Results(NamedTuple):
    """A results directory, and its test results by the name that the test has in Robot Framework."""

    directory: Path
    tests: dict[str, dict[str, Any]]

    def message(self, test: str) -> str:
        return str(self.tests[test].get("statusDetails", {}).get("message", ""))

    def labels(self, test: str) -> list[tuple[str, str]]:
        return [(label["name"], label["value"]) for label in self.tests[test]["labels"]]

    def attached(self, test: str) -> dict[str, tuple[str, bytes]]:
        return {
            a["name"]: (a["type"], (self.directory / a["source"]).read_bytes())
            for a in self.tests[test].get("attachments", [])
        }


def read(directory: Path) -> Results:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in directory.glob("*-result.json")]
    robot = {ours: theirs for theirs, ours in NAMES.items()}
    tests = {robot.get(result["name"], result["name"]): result for result in found}
    assert len(tests) == len(found)
    return Results(directory, tests)


def with_robot(directory: Path, source: str, *variables: str) -> Results:
    """A run of bare Robot Framework with Allure's own listener, in a process of its own."""
    (directory / "suite.robot").write_text(source, encoding="utf-8")
    options = [option for variable in variables for option in ("--variable", variable)]
    command = [sys.executable, "-m", "robot", "--listener", "allure_robotframework:allure", "--outputdir", "out"]
    done = subprocess.run(
        [*command, "--report", "NONE", "--console", "none", *options, "suite.robot"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode < 250, done.stderr
    assert "[ ERROR ]" not in done.stderr
    return read(directory / "allure")


def with_pytest(directory: Path, source: str, *options: object) -> Results:
    said = run_pytest(directory, source, "--alluredir", "allure", *options)
    assert not re.search(r"\d+ errors?", said), said
    return read(directory / "allure")


@pytest.fixture(
    scope="module", params=[pytest.param("robot", marks=needs_robot), pytest.param("pytest", marks=needs_pytest)]
)
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The same tests in both runners, on a mutant."""
    directory = tmp_path_factory.mktemp("run")
    if request.param == "robot":
        return with_robot(directory, SUITE, "LINK:memory", f"PROFILE:{PLAIN}", f"MUTANT:{WITHOUT_QOP}")
    return with_pytest(directory, MODULE, "--imsreg-profile", PLAIN, "--imsreg-mutant", WITHOUT_QOP)


def category(message: str, status: str) -> str | None:
    """The category as Allure 2 finds it, by an expression for the whole message; Allure 3 asks for less."""
    for entry in CATEGORIES:
        expression = str(entry["messageRegex"])
        if status in entry["matchedStatuses"] and re.search(expression, message):  # type: ignore[operator]
            assert re.fullmatch(expression, message)
            return str(entry["name"])
    return None


def test_every_verdict_has_its_status_and_its_category(results: Results) -> None:
    found = {test: (r["status"], category(results.message(test), r["status"])) for test, r in results.tests.items()}
    assert found == {
        "Passes": ("passed", None),
        "Is Broken": ("failed", "Conformance failures"),
        "Is Inconclusive": ("failed", "INCONCLUSIVE"),
        "Is Not Applicable": ("skipped", "Not applicable"),
        "Fails By Itself": ("failed", None),
    }


def test_the_message_is_the_finding_and_nothing_else(results: Results) -> None:
    message = results.message("Is Broken")
    assert message.startswith("RFC 3261 22.4 [rfc3261-22.4-01] MUST: sends qop in every digest challenge\nExpected: ")
    assert "\nReproduce: " in message
    assert results.message("Is Inconclusive").startswith("INCONCLUSIVE precondition: ")
    assert "trace" not in results.tests["Is Broken"]["statusDetails"]


def test_labels_come_from_the_requirements(results: Results) -> None:
    found = results.labels("Passes")
    ours = [pair for pair in found if pair[0] in ("epic", "feature", "story", "severity", "requirement")]
    assert ours == [
        ("epic", "TS 24.229"),
        ("feature", "TS 24.229 5.4.1.2.1"),
        ("story", "24.229-5.4.1.2.1-01"),
        ("severity", "critical"),
        ("requirement", "24.229-5.4.1.2.1-01"),
        ("requirement", "24.229-5.4.1.2.2-05"),
        ("requirement", "rfc3327-5.2-01"),
    ]
    assert "epic" not in dict(results.labels("Fails By Itself"))


def test_each_requirement_is_a_link_with_its_whole_id(results: Results) -> None:
    found = [(link["type"], link["name"], link["url"]) for link in results.tests["Passes"]["links"]]
    assert found == [
        ("tms", "24.229-5.4.1.2.1-01", "https://www.3gpp.org/dynareport/24229.htm"),
        ("tms", "24.229-5.4.1.2.2-05", "https://www.3gpp.org/dynareport/24229.htm"),
        ("tms", "rfc3327-5.2-01", "https://www.rfc-editor.org/rfc/rfc3327#section-5.2"),
    ]


def test_dut_and_profile_are_parameters_that_do_not_make_another_test(results: Results) -> None:
    for result in results.tests.values():
        assert result["parameters"] == [
            {"name": "DUT", "value": "reference core", "excluded": True},
            {"name": "profile", "value": "embedded-core-plain.yaml", "excluded": True},
        ]


def test_the_evidence_is_attached(results: Results) -> None:
    attached = results.attached("Is Broken")
    kinds = {name: kind for name, (kind, _) in attached.items()}
    assert kinds == {
        "Verdicts and findings": "text/plain",
        "Ladder": "image/svg+xml",
        "Transcript": "text/plain",
        "Wire, for Wireshark": "application/vnd.tcpdump.pcap",
    }
    verdicts = attached["Verdicts and findings"][1].decode()
    assert verdicts.startswith("FAIL         rfc3261-22.4-01        MUST   sends qop")
    assert results.message("Is Broken").partition("\n\n")[0] in verdicts
    assert ElementTree.fromstring(attached["Ladder"][1]).tag == "{http://www.w3.org/2000/svg}svg"
    assert b"SIP/2.0 401 Unauthorized" in attached["Transcript"][1]
    assert attached["Wire, for Wireshark"][1].startswith(b"\x0a\x0d\x0d\x0a")


def test_the_environment_says_who_was_tested(results: Results) -> None:
    text = (results.directory / "environment.properties").read_text(encoding="ascii")
    facts = dict(line.split("=", 1) for line in text.splitlines())
    assert facts["DUT"] == "reference core"
    assert facts["DUT.role"] == "core"
    assert facts["DUT.address"].startswith("127.0.2.1\\:5060, ")
    assert facts["profile"] == str(PLAIN)
    assert facts["imsreg"] == imsreg.__version__
    assert json.loads((results.directory / "categories.json").read_text(encoding="ascii")) == list(CATEGORIES)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A profile that knows of the missing qop."""
    text = PLAIN.read_text(encoding="utf-8").replace("../", f"{PLAIN.parent}/../")
    path = tmp_path / "known.yaml"
    path.write_text(text + KNOWN, encoding="utf-8")
    return path


@needs_robot
def test_a_known_deviation_is_skipped_in_robot(known: Path, tmp_path: Path) -> None:
    results = with_robot(tmp_path, SUITE, "LINK:memory", f"PROFILE:{known}", f"MUTANT:{WITHOUT_QOP}")
    assert results.tests["Is Broken"]["status"] == "skipped"
    assert results.message("Is Broken") == "KNOWN: an old stack"
    assert category("KNOWN: an old stack", "skipped") == "Known deviations"


@needs_pytest
def test_a_known_deviation_is_skipped_in_pytest_and_workers_share_the_directory(known: Path, tmp_path: Path) -> None:
    results = with_pytest(tmp_path, MODULE, "--imsreg-profile", known, "--imsreg-mutant", WITHOUT_QOP, "-n", "2")
    assert results.tests["Is Broken"]["status"] == "skipped"
    assert results.message("Is Broken") == "KNOWN: an old stack"
    assert json.loads((results.directory / "categories.json").read_text(encoding="ascii")) == list(CATEGORIES)
    assert (results.directory / "environment.properties").is_file()


# What a DUT sends.

EVIL = b"SIP/2.0 500 *HTML*<script>alert(1)</script><img src=x onerror=alert(1)> \xed\xb2\x80\xff"
READS = (
    HEAD
    + """\
Reads The Reason
    Send Initial Register
    ${response}=    Expect Final Response
    Log    ${response.reason}
    Log    <b>the author's own</b>    html=True
    Should Be Equal    ${response.reason}    Unauthorized
"""
)


@needs_robot
def test_markup_of_a_dut_is_text_in_allure_and_log_alike(tmp_path: Path) -> None:
    with udp_dut(lambda request: [reply(request, EVIL)]) as (_, address):
        results = with_robot(tmp_path, READS, f"PROFILE:{write_profile(tmp_path, address)}")
    logs = [path.read_text(encoding="utf-8") for path in results.directory.glob("*.html")]
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in log for log in logs)
    assert not [found for log in logs for found in executable(log)]
    assert any("<b>the author's own</b>" in log for log in logs)
    assert any("Verdicts, ladder and messages are attached" in log for log in logs)
    result = results.tests["Reads The Reason"]
    shown = [
        results.message("Reads The Reason"),
        *(s.get("statusDetails", {}).get("message", "") for s in result["steps"]),
    ]
    assert sum("<script>" in text for text in shown) >= 2
    assert not any("&lt;" in text for text in shown)
    in_log = log_strings(tmp_path / "out" / "log.html")
    assert not any("&amp;lt;" in string for string in in_log)
    assert any('<table class="imsreg"' in string for string in in_log)


@needs_pytest
def test_lone_surrogates_of_a_dut_do_not_end_a_run_of_pytest(tmp_path: Path) -> None:
    source = """
        import logging
        import pytest

        def test_fails(simulated_ue):
            reason = simulated_ue.send_initial_register().final.reason
            assert "\\udcff" in reason
            logging.warning(reason)
            pytest.fail("got " + reason)

        def test_comes_after(simulated_ue):
            pass
    """
    with udp_dut(lambda request: [reply(request, EVIL)]) as (_, address):
        profile = write_profile(tmp_path, address)
        results = with_pytest(tmp_path, source, "--imsreg-profile", profile, "--imsreg-link", "sockets")
    assert set(results.tests) == {"test_fails", "test_comes_after"}
    assert results.message("test_fails").startswith("Failed: got *HTML*<script>")
    assert r"\udcff" in results.message("test_fails")
    assert b"\\udcff" in results.attached("test_fails")["log"][1]


# Asked for and not there.


def test_without_an_allure_listener_there_is_no_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "allure_commons", None)
    assert bridge() is None


def test_nothing_but_the_bridge_and_the_command_imports_allure() -> None:
    package = Path(imsreg.__file__).parent
    importers = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("allure"):
                importers.add(path.relative_to(package).as_posix())
    assert importers == {"allure/bridge.py", "robot/run.py"}


def test_a_missing_package_is_said_in_one_line_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "allure_robotframework", None)
    code = main(["run", "--link", "memory", "--output", str(tmp_path / "out"), "--allure", str(tmp_path / "a"), QOP])
    assert code == ExitClass.USAGE
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "pip install 'robotframework-imsreg[allure]'" in said.err
    assert not (tmp_path / "out").exists()


@needs_robot
def test_imsreg_run_writes_results_where_it_is_told_to(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "imsreg",
        "run",
        "--link",
        "memory",
        "--output",
        "out",
        "--allure",
        "out/allure",
        QOP,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == ExitClass.CONFORMANT, done.stdout + done.stderr
    results = read(tmp_path / "out" / "allure")
    assert results.tests
    assert all(result["status"] == "passed" for result in results.tests.values())
    assert "out/allure/" in done.stdout


@needs_robot
def test_results_that_cannot_be_written_are_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    code = main(["run", "--link", "memory", "--output", str(tmp_path / "out"), "--allure", str(tmp_path / "file"), QOP])
    assert code == ExitClass.USAGE
    assert capsys.readouterr().err.count("\n") == 1


# The pieces.


def test_severity_is_that_of_the_strictest_level() -> None:
    catalogue = full_catalogue()
    by_level = {row.level: row for row in catalogue}
    severity = {level: dict(labels([row]))["severity"] for level, row in by_level.items()}
    assert severity == {"must": "critical", "should": "normal", "may": "minor"}
    assert dict(labels([by_level["may"], by_level["must"]]))["severity"] == "critical"
    assert not list(labels([]))


def test_every_row_leads_to_its_specification_or_nowhere() -> None:
    for row in full_catalogue():
        found = list(links([row]))
        assert [name for name, _ in found] == ([] if row.specification == "robustness" else [row.id])
        assert all(re.fullmatch(r"https://[\w./#-]+", address) for _, address in found)


def test_the_environment_survives_any_name() -> None:
    text = files({"DUT version": "1=2: #3 \\ né 𝄞"})["environment.properties"]
    assert text == "DUT.version=1\\=2\\: \\#3 \\\\ n\\u00e9 \\ud834\\udd1e\n"
