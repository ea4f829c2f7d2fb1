"""`imsreg run`: the suites against a DUT."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imsreg.commands.options import Verbs, add_link, add_output, add_profile, given_profile
from imsreg.errors import ExitClass
from imsreg.tester.settings import SIDES, Settings, Side, default_profile


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "run",
        help="run the suites against a DUT",
        description="Runs the suites against a DUT and gives a verdict for each requirement.",
        epilog="example: imsreg run --profile acme.yaml --output out 24.229/5.4.1",
    )
    parser.add_argument(
        "selectors",
        nargs="*",
        metavar="SELECTOR",
        help="24.229, 24.229/5.4.1 (and below), rfc3261/10.3, or a requirement's id (default: all)",
    )
    add_profile(parser)
    add_output(parser)
    parser.add_argument("--include", action="append", default=[], metavar="TAG", help="only tests with this tag")
    parser.add_argument("--exclude", action="append", default=[], metavar="TAG", help="no tests with this tag")
    parser.add_argument("--ignore-known", action="store_true", help="show known deviations as FAIL")
    parser.add_argument("--spec-strict", action="store_true", help="a broken SHOULD is a FAIL")
    parser.add_argument("--esp-keys", action="store_true", help="write the keys of associations, for Wireshark")
    parser.add_argument("--allure", type=Path, metavar="DIR", help="write Allure results too (see imsreg report)")
    add_link(parser)
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.robot.run import RunOptions, run  # Robot Framework costs 0.2 s that other verbs need not pay

    settings = Settings(
        output=options.output,
        link=options.link,
        mutant=options.mutant,
        seed=options.seed,
        ignore_known=options.ignore_known,
        spec_strict=options.spec_strict,
        esp_keys=options.esp_keys,
    )
    chosen = RunOptions(tuple(options.selectors), tuple(options.include), tuple(options.exclude), allure=options.allure)
    given = given_profile(options)
    sides: Sequence[Side] = SIDES
    if options.mutant and not given:
        from imsreg.tester.mutants import mutant_named

        sides = [mutant_named(options.mutant).side]
    profiles = [given["profile"]] if given else [default_profile(side) for side in sides]
    return run([replace(settings, profile=profile) for profile in profiles], chosen)
