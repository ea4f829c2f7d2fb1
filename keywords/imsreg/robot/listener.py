"""The listener that the library registers: cases begin and end with tests, their status is the verdict's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from robot.api import logger
from robot.api.interfaces import ListenerV3
from robot.result import Keyword, Message
from robot.result import TestCase as ResultTest
from robot.running import TestCase as RunningTest

from imsreg.allure.listening import bridge
from imsreg.errors import InputError
from imsreg.robot.bench import Bench
from imsreg.robot.ending import status_of
from imsreg.robot.ignition import kindled
from imsreg.robot.logtext import as_text, brings_markup, defuse, writable
from imsreg.tester.case import Case
from imsreg.tester.summary import print_summary
from imsreg.tester.under_test import dut_line, run_facts

if TYPE_CHECKING:
    from imsreg.tester.judge import Judgement


def test_name(test: RunningTest | ResultTest) -> str:
    """How reports name a test: suite and test, as two suites may use one title."""
    return f"{test.parent.name}: {test.name}"


class CaseListener(ListenerV3):
    """Opens no session by itself: the first keyword that needs one does."""

    ROBOT_LISTENER_PRIORITY = 1
    """Before the listeners of others, which shall see the status that the rulings have."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def start_test(self, data: RunningTest, result: ResultTest) -> None:
        """Forget the case of the test before."""
        self._bench.case = None
        self._bench.told.clear()

    def log_message(self, message: Message) -> None:
        """Keep text of the DUT from harming the log."""
        defuse(message, markup=self._markup())

    def end_body_item(self, data: object, result: Keyword) -> None:
        """The same for what a keyword, or a loop around it, failed with."""
        result.message = self._harmless(result.message)

    def end_test(self, data: RunningTest, result: ResultTest) -> None:
        """Close a case that no teardown closed, and give the test the status that its rulings have."""
        result.message = self._harmless(result.message)
        case = self._bench.case
        if case is None:
            return
        judgement = finish(case)
        self._bench.case = None
        ended = status_of(judgement, case.session.catalogue, case.stopped, result, self._bench.told)
        if ended is not None:
            result.status = ended.robot
            result.message = ended.message
            result.tags.add(ended.tags)
        _say_who_was_tested(result, case)
        if result.failed:
            _collect(case)
        if (allure := bridge()) is not None:
            from imsreg.allure.dressing import dressing

            allure.describe(run_facts(case.session))
            allure.dress(dressing(case, judgement), result.full_name)
        journal = case.session.journal
        if journal is not None:
            journal.test(test_name(data), result.status, result.message)

    def close(self) -> None:
        """End of the execution: reports and summary, unless a command that holds the session does it."""
        if (allure := bridge()) is not None:
            allure.close()
        if self._bench.adopted:
            return
        if (unused := kindled()) is not None:
            unused.close()
        for session in self._bench.release():
            try:
                reports = session.close()
            except InputError as error:
                print(f"imsreg: {error}", file=sys.__stderr__)
                continue
            if reports is not None:
                print_summary(reports.summary, session, sys.__stdout__)

    def _markup(self) -> bool:
        return self._bench.case is not None and brings_markup(self._bench.case.transcript)

    def _harmless(self, failure: str) -> str:
        if not failure:
            return failure
        return writable(as_text(failure) if self._markup() else failure)


def _say_who_was_tested(test: ResultTest, case: Case) -> None:
    """Metadata of the top suite: log.html and report.html show it, junit.xml has it as properties."""
    suite = test.parent
    while suite.parent is not None:
        suite = suite.parent
    facts = run_facts(case.session)
    said = {"Profile": facts["profile"], "Security": facts["security"], "imsreg": facts["imsreg"]}
    suite.metadata.update({"DUT": dut_line(case.session), **said})


def _collect(case: Case) -> None:
    """Fetch the DUT's own log, if the profile says how, and let the test's log say what became of it."""
    from imsreg.robot.logview import dut_log_html
    from imsreg.tester.collect import collect

    if (collected := collect(case)) is not None:
        logger.write(dut_log_html(collected), level="INFO", html=True)


def finish(case: Case) -> Judgement:
    """Close a case, write its evidence once, and log what it shows."""
    first = not case.closed
    judgement = case.close()
    output = case.session.settings.output
    if first and output is not None:
        # The log's pictures are not loaded before the first packet has been sent.
        from imsreg.robot.logview import judgement_html

        evidence = case.write_evidence(output, judgement)
        logger.write(judgement_html(case, judgement, evidence), level="INFO", html=True)
    return judgement
