"""The catalogue with its links: which checks decide a row, which mutants break it, which tests name it."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from imsreg.paths import data
from imsreg.tester.mutants import all_mutants
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.checks import check_names

_TAG = re.compile(r"(?<![\w:])req:([\w.-]+)")


@lru_cache(maxsize=1)
def full_catalogue() -> Catalogue:
    """The catalogue with checks linked: what a run judges by."""
    return Catalogue.load().linked(checks=check_names())


def documented_catalogue(suites: Path | None = None) -> Catalogue:
    """The catalogue with checks, mutants and tests linked: what `imsreg requirements` shows.

    Raises InputError if a mutant or a test names a row that does not exist.
    """
    mutants: dict[str, list[str]] = defaultdict(list)
    for mutant in all_mutants():
        for requirement in mutant.fails:
            mutants[requirement].append(mutant.id)
    return full_catalogue().linked(mutants=mutants, tests=tests_by_requirement(suites or data("suites")))


def tests_by_requirement(suites: Path) -> dict[str, list[str]]:
    """The tests that name a requirement in a `req:` tag, as "file: test", read from the suites by Robot's own parser."""
    from robot.api import TestSuite  # costs 0.2 s, and only this command needs it

    found: dict[str, list[str]] = defaultdict(list)
    suite = TestSuite.from_file_system(suites)
    for test in suite.all_tests:
        for tag in test.tags:
            match = _TAG.fullmatch(tag)
            if match:
                found[match[1]].append(f"{test.parent.name}: {test.name}")
    return found
