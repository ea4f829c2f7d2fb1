"""The beginning and the end of a test: its case, its evidence, and the outcome that its rulings have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from imsreg.allure.dressing import dressing
from imsreg.allure.listening import bridge
from imsreg.errors import InputError
from imsreg.pytest_support.names import DUT_LOG, EVIDENCE
from imsreg.pytest_support.options import reproduce
from imsreg.pytest_support.run import Run
from imsreg.tester.case import Case
from imsreg.tester.collect import collect
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.tester.session import Session
from imsreg.tester.under_test import run_facts
from imsreg.verdict.runners import Status, status

if TYPE_CHECKING:
    from imsreg.tester.judge import Judgement


class RequirementsDoNotHold(AssertionError):
    """Findings, or the reason why there is no verdict: the message that the outcome of the test will have."""


class Ending(NamedTuple):
    """How a test ends: what it raises, None if it passes, and the verdicts that this does not say."""

    error: BaseException | None
    note: str


@contextmanager
def one_line() -> Iterator[None]:
    """An InputError fails the test, or its setup or teardown, with its line alone."""
    try:
        yield
    except InputError as error:
        raise _failed(str(error)) from None


def begin(item: pytest.Item, session: Session, ids: Sequence[str]) -> Case:
    """The case of a test that begins. Its name is the node id: several files may have a test of one name."""
    again = reproduce(item.config, item.nodeid)
    if session.side == "ue" and "simulated_core" in item.fixturenames:  # type: ignore[attr-defined]  # of functions
        from imsreg.tester.ue_case import UeCase

        return UeCase(session, item.nodeid, ids, reproduce=again)
    return CscfCase(session, item.nodeid, ids, reproduce=again)


def finish(item: pytest.Item, run: Run, case: Case) -> Judgement:
    """Close a case and write its evidence, once. Raises InputError if the output directory takes no more."""
    first = not case.closed
    judgement = case.close()
    if first:
        run.used = True
        evidence = case.write_evidence(run.output, judgement)
        item.user_properties.append((EVIDENCE, str(run.shown(evidence.text.parent))))
    return judgement


def conclude(item: pytest.Item, run: Run, case: Case, error: BaseException | None) -> Ending:
    """End a test that passed, or was ended by `error`.

    The worst of the test's rulings is its outcome. A failure of the test's own keeps its traceback, with the verdicts
    beside it, unless a known deviation or N/A explains it.
    """
    if isinstance(error, ScenarioStopped | NotApplicable):
        case.note_stop(error)
    elif isinstance(error, pytest.skip.Exception):
        case.note_stop(NotApplicable(error.msg or "skipped by the test"))
    try:
        judgement = finish(item, run, case)
        ruled = status(judgement.rulings, case.session.catalogue) if judgement.rulings else _UNRULED
        outcome = _outcome(error, ruled)
        if _word(outcome) == "failed" and (collected := collect(case)) is not None:
            item.user_properties.append((DUT_LOG, collected.note))
        if (allure := bridge()) is not None:
            allure.describe(run_facts(case.session))
            allure.dress(dressing(case, judgement, "" if outcome in (None, error) else str(outcome)))
        if case.session.journal is not None:
            case.session.journal.test(case.name, _word(outcome), str(outcome or ruled.message))
    except InputError as problem:
        return Ending(_failed(str(problem)), "")
    return Ending(outcome, "" if outcome is not None and ruled.message in str(outcome) else ruled.message)


_UNRULED = Status("PASS", "PASS", "passed", "")
_RAISED_BY_TESTER = (ScenarioStopped, NotApplicable, RequirementsDoNotHold)


def _outcome(error: BaseException | None, ruled: Status) -> BaseException | None:
    if isinstance(error, InputError):
        return _failed(str(error))
    own = error is not None and not isinstance(error, _RAISED_BY_TESTER)
    match ruled.word:
        case "FAIL" if not own or isinstance(error, pytest.skip.Exception | pytest.xfail.Exception):
            return _failed(ruled.message)
        case "INCONCLUSIVE" if not own:
            return _failed(ruled.message)
        case "KNOWN" if not own or isinstance(error, AssertionError | pytest.fail.Exception):
            return pytest.xfail.Exception(ruled.message, pytrace=False)
        case "N/A" if not own or isinstance(error, AssertionError | pytest.fail.Exception):
            return pytest.skip.Exception(ruled.message)
    match error:
        case ScenarioStopped():
            return _failed(f"INCONCLUSIVE {error.kind}: {error}")
        case NotApplicable():
            return pytest.skip.Exception(f"N/A: {error}")
        case RequirementsDoNotHold():
            return _failed(str(error))
    return error


def _failed(text: str) -> BaseException:
    return pytest.fail.Exception(text, pytrace=False)


def _word(outcome: BaseException | None) -> str:
    match outcome:
        case None:
            return "passed"
        case pytest.skip.Exception():
            return "skipped"
        case pytest.xfail.Exception():
            return "xfailed"
    return "failed"
