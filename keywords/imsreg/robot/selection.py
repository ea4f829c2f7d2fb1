"""Which tests run: those that decide a selected requirement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from robot.api import SuiteVisitor
from robot.running import TestSuite

from imsreg.errors import InputError
from imsreg.robot.bench import TAG
from imsreg.verdict.catalogue import Catalogue


class KeepDeciding(SuiteVisitor):
    """Takes every test out of a suite that decides none of `ids`."""

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = frozenset(ids)

    def start_suite(self, suite: TestSuite) -> None:
        """Filter the tests of one suite."""
        suite.tests = [t for t in suite.tests if not self._ids.isdisjoint(ids_of(t.tags))]

    def end_suite(self, suite: TestSuite) -> None:
        """Drop suites that the filter has emptied."""
        suite.suites = [s for s in suite.suites if s.test_count > 0]


def ids_of(tags: Iterable[object]) -> list[str]:
    """The requirement ids among a test's tags."""
    return [str(tag)[len(TAG) :] for tag in tags if str(tag).startswith(TAG)]


def deciding(suite: TestSuite) -> Counter[str]:
    """How many tests decide each requirement."""
    return Counter(identifier for test in suite.all_tests for identifier in set(ids_of(test.tags)))


def check_ids(suite: TestSuite, catalogue: Catalogue) -> None:
    """Raises InputError for the first tag that names a requirement which does not exist."""
    for test in suite.all_tests:
        for identifier in ids_of(test.tags):
            if identifier not in catalogue:
                raise InputError(
                    test.parent.source or test.parent.name,
                    test.name,
                    f"no requirement has the id {identifier}",
                    "see imsreg requirements",
                )


def select(suite: TestSuite, selectors: Iterable[str], catalogue: Catalogue) -> None:
    """Keep the tests that decide what the selectors name. Raises InputError if that leaves none."""
    wanted = {row.id for selector in selectors for row in catalogue.select(selector)}
    if not wanted:
        return
    suite.visit(KeepDeciding(wanted))
    if suite.test_count == 0:
        raise InputError("selector", " ".join(selectors), "no test decides it", "see imsreg requirements, column tests")
