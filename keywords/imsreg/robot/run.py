"""`imsreg run`: the suites against one DUT, from preflight to the exit class."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from robot.api import TestSuite
from robot.run import run as robot_run
from robot.running import TestCase

from imsreg import __version__
from imsreg.errors import ExitClass, InputError
from imsreg.paths import data
from imsreg.robot.bench import BENCH
from imsreg.robot.progress import Progress
from imsreg.robot.selection import KeepDeciding, check_ids, deciding, select
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings, Side
from imsreg.tester.summary import print_summary
from imsreg.tester.under_test import dut_line
from imsreg.verdict.profile import load_profile
from imsreg.verdict.runners import exit_class

STOPPED_BY_USER = 253
INVALID_DATA = 252


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `imsreg run` was asked for beside its settings."""

    selectors: Sequence[str] = ()
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    suites: Path = field(default_factory=lambda: data("suites"))
    allure: Path | None = None
    """Where Allure results go; None writes none."""


def run(choices: Sequence[Settings], options: RunOptions) -> ExitClass:
    """Run the suites and return the exit class. Raises InputError before the first packet for unusable input.

    `choices`: the settings of one run against one DUT, or of one for each side.
    """
    # Before the sessions, whose beginning and end write into the output directory.
    suite, partial = _selected(options)
    sides = _sides(suite)
    choices = [replace(c, partial=partial) for c in choices if len(choices) == 1 or side_of(c) in sides]
    for beside in range(1, len(choices)):
        output = choices[beside].output
        choices[beside] = replace(choices[beside], output=output / side_of(choices[beside]) if output else None)
    allure = _allure_listeners(options.allure)
    with ExitStack() as stack:
        sessions = [stack.enter_context(Session(settings)) for settings in choices]
        for session in sessions:
            print(_heading(session, suite, alone=len(sessions) == 1))
        progress = Progress(BENCH, suite.test_count, sys.stdout)
        BENCH.adopt(sessions)
        try:
            code = _execute(suite, options, choices[0], [progress, *allure])
        finally:
            BENCH.release()
        written = [(session, reports) for session in sessions if (reports := session.close()) is not None]
        for session, reports in written:
            print_summary(reports.summary, session, sys.stdout)
    if progress.interrupted or code == STOPPED_BY_USER:
        print(f"interrupted after {progress.done} of {suite.test_count} tests; what was measured is kept")
        return ExitClass.INTERRUPTED
    if code >= INVALID_DATA:
        raise InputError(options.suites, "", "Robot Framework could not run the suites", "see the messages above")
    verdicts = {exit_class(reports.summary) for _, reports in written}
    if progress.failed or ExitClass.FAILED in verdicts:
        return ExitClass.FAILED
    inconclusive = progress.inconclusive or ExitClass.INCONCLUSIVE in verdicts
    return ExitClass.INCONCLUSIVE if inconclusive else ExitClass.CONFORMANT


def side_of(settings: Settings) -> Side:
    """Which side the DUT of these settings is on. Raises InputError for a profile that cannot be read."""
    return "ue" if load_profile(settings.profile).dut.role == "ue" else "cscf"


def _sides(suite: TestSuite) -> set[str]:
    """The directories of suites that have tests in the selection."""
    return {_side_of(test) for test in suite.all_tests}


def _side_of(test: TestCase) -> str:
    """The directory in which a test lies."""
    return "" if test.source is None else test.source.parent.name


def _selected(options: RunOptions) -> tuple[TestSuite, frozenset[str]]:
    """The suites with the tests that were asked for, and the requirements that other tests would decide as well.

    Raises InputError if no test is left, or for an unknown id.
    """
    suite = TestSuite.from_file_system(options.suites)
    catalogue = full_catalogue()
    check_ids(suite, catalogue)
    every = deciding(suite)
    select(suite, options.selectors, catalogue)
    suite.filter(included_tags=list(options.include) or None, excluded_tags=list(options.exclude) or None)
    if suite.test_count == 0:
        raise InputError("run", "", "no test is selected", "see imsreg requirements, column tests")
    kept = deciding(suite)
    return suite, frozenset(identifier for identifier, tests in kept.items() if tests < every[identifier])


def _allure_listeners(directory: Path | None) -> list[object]:
    """Allure's own listener, if results are asked for. Raises InputError if its package or the directory is missing."""
    if directory is None:
        return []
    try:
        from allure_robotframework import allure_robotframework

        return [allure_robotframework(str(directory))]
    except ImportError:
        remedy = "pip install 'robotframework-imsreg[allure]'"
        raise InputError("--allure", "", "the package allure-robotframework is not installed", remedy) from None
    except OSError as error:
        raise InputError(directory, "", f"cannot be made: {error.strerror}", "choose another directory") from None


def _execute(suite: TestSuite, options: RunOptions, settings: Settings, listeners: Sequence[object]) -> int:
    kept = {test.full_name for test in suite.all_tests}
    return int(
        robot_run(
            str(options.suites),
            name="imsreg",
            outputdir=str(settings.output),
            xunit="junit.xml",
            console="none",
            listener=list(listeners),
            prerunmodifier=[KeepTests(kept)],
        )
    )


class KeepTests(KeepDeciding):
    """Keeps the tests with these full names below the top suite: the selection that was made before."""

    def __init__(self, names: set[str]) -> None:
        super().__init__(())
        self._names = {name.partition(".")[2] for name in names}

    def start_suite(self, suite: TestSuite) -> None:
        """Filter the tests of one suite."""
        suite.tests = [t for t in suite.tests if t.full_name.partition(".")[2] in self._names]


def _heading(session: Session, suite: TestSuite, *, alone: bool) -> str:
    tests = [test for test in suite.all_tests if alone or _side_of(test) == session.side]
    ids = {tag for test in tests for tag in test.tags if tag.startswith("req:")}
    return (
        f"imsreg {__version__}  DUT {dut_line(session)}  "
        f"{len(tests)} tests  {len(ids)} requirements  subscribers {len(session.subscribers)}  "
        f"security {session.protection}"
    )
