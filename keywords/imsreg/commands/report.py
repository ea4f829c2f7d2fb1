"""`imsreg report`: the reports of a run again, out of its journal, and Allure's out of its results."""

from __future__ import annotations

import argparse
from pathlib import Path

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass, InputError

RESULTS = "allure"
REPORT = "allure-report"


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "report",
        help="rebuild the reports of a run",
        description="Rebuilds verdicts.json and matrix.html from the journal of a run, also of one that was killed. "
        f"Makes DIR/{REPORT} of Allure results where npm's allure is installed.",
        epilog="example: imsreg report out --allure out/allure",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="the output directory of the run")
    parser.add_argument(
        "--allure", type=Path, metavar="RESULTS", help=f"Allure results (default: DIR/{RESULTS}, if it is there)"
    )
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
    made = [options.directory / name for name in ("verdicts.json", "matrix.html")]
    results = options.allure or options.directory / RESULTS
    if options.allure is not None or results.is_dir():
        dut = reports.summary["dut"]
        page = _allure_report(options, results, " ".join(filter(None, (dut["name"], dut["version"]))))
        made += [page] if page else []
    print("  ".join(map(str, made)))
    return ExitClass.CONFORMANT


def _allure_report(options: argparse.Namespace, results: Path, dut: str) -> Path | None:
    from imsreg.allure.html import INSTALL, build, generator

    allure = generator()
    if allure is not None:
        return build(allure, results, options.directory / REPORT, f"Registration of {dut}")
    if options.allure is not None:
        raise InputError("--allure", "", "there is no command allure in node_modules/.bin or on PATH", INSTALL)
    print(f"no Allure report of {results}: {INSTALL}")
    return None
