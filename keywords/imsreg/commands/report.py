"""`imsreg report`: the reports of a run again, out of its journal."""

from __future__ import annotations

import argparse
from pathlib import Path

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "report",
        help="rebuild the reports of a run",
        description="Rebuilds verdicts.json and matrix.html from the journal of a run, also of one that was killed.",
        epilog="example: imsreg report out",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="the output directory of the run")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.tester.reports import write_run_reports
    from imsreg.verdict.summary import counts_line

    reports = write_run_reports(options.directory)
    print(counts_line(reports.summary))
    if reports.damaged:
        lines = ", ".join(str(number) for number in reports.damaged)
        print(f"the journal's line {lines} cannot be read; everything else is in the report")
    print(f"{options.directory / 'verdicts.json'}  {options.directory / 'matrix.html'}")
    return ExitClass.CONFORMANT
