"""`imsreg explain`: one requirement whole."""

from __future__ import annotations

import argparse

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass, InputError
from imsreg.text import safe_text


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "explain",
        help="print one requirement whole",
        description="Prints one requirement: what it says, where that was read, and the checks, mutants and tests that "
        "belong to it.",
        epilog="example: imsreg explain 24.229-5.4.1.2.2-06",
    )
    parser.add_argument("id", metavar="ID", help="the requirement's id, as in reports")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.robot.documented import documented_catalogue
    from imsreg.tester.mutants import all_mutants
    from imsreg.verdict.explanation import explanation

    catalogue = documented_catalogue()
    if options.id not in catalogue:
        raise InputError("explain", safe_text(options.id), "no requirement has this id", catalogue.hint(options.id))
    print(explanation(catalogue[options.id], {mutant.id: mutant.title for mutant in all_mutants()}), end="")
    return ExitClass.CONFORMANT
