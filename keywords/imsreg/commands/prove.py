"""`imsreg prove`: every check passes on the conformant reference and fails on its mutant."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.commands.options import Verbs, add_output
from imsreg.errors import ExitClass

if TYPE_CHECKING:
    from imsreg.robot.prove import Trial


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "prove",
        help="prove the checks on the reference and its mutants",
        description="Runs the suites on the conformant reference and on every mutant, in memory. "
        "exit: 0 proven, 1 not proven, 2 usage.",
        epilog="example: imsreg prove --output proof",
    )
    parser.add_argument("mutants", nargs="*", metavar="MUTANT", help="only these (default: reference and all)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="let a mutant meet only the tests of the rows that it is said to break, not of those that it must not",
    )
    add_output(parser, "proof")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: cores)"
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.robot.prove import as_json, trials, uncovered
    from imsreg.tester.output import made

    directory = made(options.output)
    done: list[Trial] = []
    for trial in trials(options.mutants, max(1, options.workers), quick=options.quick):
        done.append(trial)
        print(_line(trial), flush=True)
        for fault in trial.faults:
            print(f"    {fault}", flush=True)
    lacking = [] if options.mutants else uncovered(done)
    for text in lacking:
        print(f"LACKING  {text}")
    _write(directory / "prove.json", {"trials": [as_json(t) for t in done], "lacking": lacking})
    bad = [t for t in done if t.faults]
    print(f"{len(done)} variants, {len(done) - len(bad)} as declared, {len(bad)} not; {len(lacking)} rows lacking")
    print(directory / "prove.json")
    return ExitClass.FAILED if bad or lacking else ExitClass.CONFORMANT


def _line(trial: Trial) -> str:
    mark = "no" if trial.faults else "ok"
    caught = ", ".join(trial.caught_by) or "-"
    return f"{mark:<3} {trial.kind:<9} {trial.variant:<48} fired {trial.firings:<4} caught by {caught}"


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
