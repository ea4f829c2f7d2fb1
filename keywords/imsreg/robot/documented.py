"""What the suites know about the catalogue: which mutants break a row, which tests decide it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from robot.api import TestSuite

from imsreg.paths import data
from imsreg.robot.selection import ids_of
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.mutants import all_mutants
from imsreg.verdict.catalogue import Catalogue


def documented_catalogue(suites: Path | None = None) -> Catalogue:
    """Rows with checks, mutants and tests. Raises InputError if a mutant or a tag names a row that does not exist."""
    mutants: dict[str, list[str]] = defaultdict(list)
    for mutant in all_mutants():
        for requirement in mutant.fails:
            mutants[requirement].append(mutant.id)
    return full_catalogue().linked(mutants=mutants, tests=tests_by_requirement(suites or data("suites")))


def tests_by_requirement(suites: Path) -> dict[str, list[str]]:
    """Requirement id -> the tests that name it in a `req:` tag, as "suite: test"."""
    found: dict[str, list[str]] = defaultdict(list)
    for test in TestSuite.from_file_system(suites).all_tests:
        for identifier in ids_of(test.tags):
            found[identifier].append(f"{test.parent.name}: {test.name}")
    return found


def decided_elsewhere(tests: Collection[str]) -> frozenset[str]:
    """Requirements that a test decides which is not among `tests` ("suite: test")."""
    return frozenset(row for row, names in tests_by_requirement(data("suites")).items() if not set(names) <= set(tests))
