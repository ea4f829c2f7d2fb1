"""What a test and a run show: sections of a test's report, and the summary of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from imsreg.pytest_support.names import EVIDENCE
from imsreg.tester.case import Case
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.reports import write_run_reports
from imsreg.tester.summary import summary_lines
from imsreg.transcript import ladder

_PACKAGE = Path(__file__).parent.parent


def report_lines(output: Path, shown: Path) -> list[str]:
    """Write the reports from the journal in `output`; the summary, in which the directory is called `shown`.

    Raises InputError if the journal cannot be read or the directory not be written.
    """
    reports = write_run_reports(output)
    lines = list(summary_lines(reports.summary, full_catalogue(), shown))
    if reports.damaged:
        lines.append(f"the journal's line {', '.join(map(str, reports.damaged))} cannot be read")
    return lines


def dress(report: pytest.TestReport, item: pytest.Item, case: Case, note: str) -> None:
    """Put verdicts that the outcome does not show, and the ladder of a failure, into the report of a test that ended.

    A skip that the plugin raised is shown where the test is.
    """
    if report.when == "teardown" or not case.closed:
        return
    if note:
        report.sections.append(("imsreg verdicts", note))
    if report.failed:
        evidence = next((f"\nEvidence: {value}" for name, value in report.user_properties if name == EVIDENCE), "")
        report.sections.append(("imsreg ladder", ladder.text(case.transcript, case.close().marks) + evidence))
    if isinstance(report.longrepr, tuple) and Path(report.longrepr[0]).is_relative_to(_PACKAGE):
        path, line, _ = item.location
        report.longrepr = (str(item.config.rootpath / path), (line or 0) + 1, report.longrepr[2])
