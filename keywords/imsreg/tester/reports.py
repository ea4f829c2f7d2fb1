"""The reports of a run, out of its journal."""

from __future__ import annotations

from pathlib import Path

from imsreg.tester.catalogue import full_catalogue
from imsreg.verdict.matrix import write_matrix
from imsreg.verdict.summary import Reports, write_reports


def write_run_reports(directory: Path) -> Reports:
    """Write verdicts.json and matrix.html from the journal in `directory`. Raises InputError if that cannot be done."""
    reports = write_reports(directory)
    write_matrix(directory, reports.summary, full_catalogue())
    return reports
