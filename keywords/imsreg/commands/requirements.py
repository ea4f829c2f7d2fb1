"""`imsreg requirements`: the catalogue, with what decides each row."""

from __future__ import annotations

import argparse
import json

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "requirements",
        help="list the requirements",
        description="Lists the requirements with the checks, mutants and tests that belong to each.",
        epilog="example: imsreg requirements --format json 24.229/5.4.1",
    )
    parser.add_argument("selectors", nargs="*", metavar="SELECTOR", help="as for imsreg run (default: all)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.robot.documented import documented_catalogue
    from imsreg.verdict.requirements_view import as_json, as_text

    catalogue = documented_catalogue()
    wanted = {row.id for selector in options.selectors for row in catalogue.select(selector)}
    rows = [row for row in catalogue if not options.selectors or row.id in wanted]
    print(json.dumps(as_json(rows), indent=2) if options.format == "json" else as_text(rows))
    return ExitClass.CONFORMANT
