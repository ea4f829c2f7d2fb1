"""`imsreg profile`: check a profile before a run, or begin a new one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass
from imsreg.verdict.roles import Role

WIDTH = 12


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "profile",
        help="check a profile, or begin a new one",
        description="Checks a profile before a run, or writes a new one.",
        epilog="example: imsreg profile check acme.yaml",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="check | new")
    check = actions.add_parser(
        "check",
        help="say what a run would do",
        description="Reads a profile with its subscribers, keys and deviations, resolves names, and says what a run "
        "would do. Sends nothing. exit: 0 usable, 2 not.",
        epilog="example: imsreg profile check acme.yaml",
    )
    check.add_argument("file", type=Path, metavar="FILE")
    check.set_defaults(execute=execute_check)
    new = actions.add_parser(
        "new",
        help="write a profile to begin with",
        description="Writes a profile with comments, and a subscriber file beside it. Nothing is overwritten, and no "
        "key is written.",
        epilog="example: imsreg profile new acme.yaml --address 192.0.2.10",
    )
    new.add_argument("file", type=Path, metavar="FILE")
    new.add_argument(
        "--address", action="append", metavar="A", help="where the DUT listens, or the tester for a UE; once a family"
    )
    new.add_argument(
        "--home-domain", metavar="D", help="the home network's domain (default: that of test network 001/01)"
    )
    new.add_argument("--role", choices=get_args(Role), help="default: core")
    new.add_argument("--name", help="what reports call the DUT")
    new.set_defaults(execute=execute_new)


def execute_check(options: argparse.Namespace) -> ExitClass:
    """Run `check`."""
    from robot.api import TestSuite

    from imsreg.paths import data
    from imsreg.robot.forecast import forecast
    from imsreg.tester.prospect import prospect

    found = prospect(options.file)
    expected = forecast(TestSuite.from_file_system(data("suites")), found.profile, found.families, found.lacks)
    for label, value in found.facts():
        print(f"{label:<{WIDTH}}  {value}")
    reasons = expected.not_applicable
    print(
        f"{'a run':<{WIDTH}}  {expected.tests} tests, {expected.requirements} requirements; "
        f"N/A: {reasons.total()} tests"
    )
    for reason, count in reasons.most_common():
        print(f"{count:>{WIDTH}}  {reason}")
    return ExitClass.CONFORMANT


def execute_new(options: argparse.Namespace) -> ExitClass:
    """Run `new`."""
    from imsreg.tester.skeleton import Wish, write_skeleton

    given = {
        "name": options.name,
        "role": options.role,
        "addresses": options.address,
        "home_domain": options.home_domain,
    }
    people = write_skeleton(options.file, Wish(**{name: value for name, value in given.items() if value is not None}))
    print(f"{options.file}  {people}")
    print(f"next: look at both, give the keys as {people.name} says, then: imsreg profile check {options.file}")
    return ExitClass.CONFORMANT
