"""What a test and a run show: sections of a test's report, and the summary of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.pytest_support.names import DUT_LOG, EVIDENCE
from imsreg.sip.flow import Address
from imsreg.tester.case import Case
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.reports import write_run_reports
from imsreg.tester.session import Session
from imsreg.tester.summary import summary_lines
from imsreg.tester.under_test import dut_name, run_facts
from imsreg.text import safe_text
from imsreg.transcript import ladder
from imsreg.verdict.profile import load_profile

_PACKAGE = Path(__file__).parent.parent


def report_lines(output: Path, shown: Path) -> list[str]:
    """Write the reports from the journal in `output`; the summary, in which the directory is called `shown`.

    Raises InputError if the journal cannot be read or the directory not be written.
    """
    reports = write_run_reports(output)
    dut = reports.summary["dut"]
    name = " ".join(part for part in (dut["name"], dut["version"], dut["build"]) if part)
    said = f"profile {reports.summary['profile']}, security {reports.summary['security']}"
    lines = [f"DUT {name} ({', '.join([dut['role'], *dut['addresses']])}), {said}"]
    lines += summary_lines(reports.summary, full_catalogue(), shown)
    if reports.damaged:
        lines.append(f"the journal's line {', '.join(map(str, reports.damaged))} cannot be read")
    return lines


def header(profile: str) -> list[str]:
    """Who is tested, as far as the profile says it; nothing if it cannot be used, which the preflight reports."""
    try:
        dut = load_profile(Path(profile)).dut
    except InputError:
        return []
    where = ", ".join([str(Address(host, dut.port)) for host in dut.addresses])
    who = ", ".join(filter(None, (dut.role, where, "/".join(dut.transports))))
    return [f"imsreg: DUT {dut_name(dut)} ({who}), profile {safe_text(profile)}"]


def record(request: pytest.FixtureRequest, session: Session) -> None:
    """Let the report of --junit-xml say who was tested."""
    if request.config.pluginmanager.has_plugin("junitxml"):
        add = request.getfixturevalue("record_testsuite_property")
        for name, value in run_facts(session).items():
            add(name, value)


def dress(report: pytest.TestReport, item: pytest.Item, case: Case, note: str) -> None:
    """Put verdicts that the outcome does not show, and the ladder of a failure, into the report of a test that ended.

    A skip that the plugin raised is shown where the test is.
    """
    if report.when == "teardown" or not case.closed:
        return
    if note:
        report.sections.append(("imsreg verdicts", note))
    if report.failed:
        said = dict(report.user_properties)
        lines = [
            f"{word}: {said[name]}" for word, name in (("Evidence", EVIDENCE), ("DUT log", DUT_LOG)) if name in said
        ]
        shown = ladder.text(case.transcript, case.close().marks)
        report.sections.append(("imsreg ladder", "\n".join([shown, *lines])))
    if isinstance(report.longrepr, tuple) and Path(report.longrepr[0]).is_relative_to(_PACKAGE):
        path, line, _ = item.location
        report.longrepr = (str(item.config.rootpath / path), (line or 0) + 1, report.longrepr[2])
