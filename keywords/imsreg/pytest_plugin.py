"""The pytest plugin: a DUT, simulated UEs and verdicts for a test.

    def test_my_registrar_challenges(dut, simulated_ue):
        exchange = simulated_ue.send_initial_register()
        assert exchange.final.status == 401
        exchange.requirements("24.229/5.4.1.2.1").should_hold()

Nothing of imsreg is loaded or started before a test asks for one of these fixtures or names a requirement. A profile,
subscriber or mutant that cannot be used ends the run in one line with exit code 2, before the first packet.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imsreg.errors import InputError
from imsreg.pytest_support.run import Run

if TYPE_CHECKING:
    from imsreg.pytest_support.core_objects import Core
    from imsreg.pytest_support.objects import DutFacts, PowerOn, Ue
    from imsreg.tester.case import Case
    from imsreg.tester.session import Session

_RUN = pytest.StashKey[Run]()
_CASE = pytest.StashKey["Case"]()
_NOTE = pytest.StashKey[str]()
"""Verdicts of a test that its outcome does not show."""
_STOPPED = pytest.StashKey[BaseException]()
"""What ended a test before its function was called."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("imsreg", "IMS registration")
    group.addoption(
        "--imsreg-profile",
        type=Path,
        metavar="FILE",
        help="the profile of the DUT (default: IMSREG_PROFILE, else the built-in reference core)",
    )
    group.addoption(
        "--imsreg-output",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="where journal, verdicts and evidence go (default: results/)",
    )
    group.addoption(
        "--imsreg-link",
        choices=("sockets", "memory"),
        default="sockets",
        help="memory: the embedded DUT in this process, on a virtual clock",
    )
    group.addoption("--imsreg-mutant", metavar="ID", help="seed one defect into the embedded DUT")
    group.addoption("--imsreg-seed", type=int, metavar="N", help="seed of all random values: repeats a run")
    group.addoption("--imsreg-ignore-known", action="store_true", help="show known deviations as failures")
    group.addoption("--imsreg-spec-strict", action="store_true", help="a broken SHOULD is a failure")
    group.addoption("--imsreg-esp-keys", action="store_true", help="write the keys of associations, for Wireshark")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker and begin the run."""
    config.addinivalue_line("markers", "requirement(id, ...): requirements whose verdicts are the test's outcome")
    config.stash[_RUN] = Run(config)
    config.pluginmanager.register(config.stash[_RUN], "imsreg run")


@pytest.fixture(scope="session")
def imsreg_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """The run against one DUT: profile, subscribers, catalogue. Making it is the preflight, which sends nothing."""
    from imsreg.pytest_support.ending import one_line
    from imsreg.pytest_support.report import record
    from imsreg.tester.session import Session

    run = request.config.stash[_RUN]
    try:
        session = Session(run.settings())
    except InputError as error:
        run.stop(error)
    record(request, session)
    yield session
    with one_line():
        session.close(reports=False)


@pytest.fixture(scope="session")
def dut(imsreg_session: Session) -> DutFacts:
    """What is known of the device under test: name, version, build, role, transports and addresses."""
    from imsreg.pytest_support.objects import DutFacts

    return DutFacts.of(imsreg_session)


@pytest.fixture
def imsreg_case(request: pytest.FixtureRequest, imsreg_session: Session) -> Iterator[Case]:
    """The running test as the tester sees it: `transcript`, `advance(seconds)`, `judge()`."""
    from imsreg.pytest_support.ending import begin, finish, one_line

    item: pytest.Item = request.node
    case = item.stash[_CASE] = begin(item, imsreg_session, _requirement_ids(item))
    yield case
    # It ended with the test function, unless that was never called, or interrupted.
    with one_line():
        finish(item, item.config.stash[_RUN], case)


@pytest.fixture
def power_on(imsreg_case: Case) -> PowerOn:
    """Powers UEs on: `power_on(transport="TCP", family="IPv6", subscriber="sub01", security="none", compact=True)`.

    Every argument may be left out. The test is skipped if the profile or this host lacks what is asked for.
    """
    from imsreg.pytest_support.objects import PowerOn
    from imsreg.tester.cscf_case import CscfCase

    if not isinstance(imsreg_case, CscfCase):
        raise InputError(imsreg_case.name, "power_on", "the test has simulated_core as well", "use one of both")
    return PowerOn(imsreg_case)


@pytest.fixture
def simulated_ue(power_on: PowerOn) -> Ue:
    """A UE with a subscriber of its own, on the profile's first transport and family.

    It is de-registered and powered off when the test function returns, so that this too is judged.
    """
    return power_on()


@pytest.fixture
def simulated_core(imsreg_case: Case) -> Core:
    """The network of a UE under test: `tell("register")`, `expect_request("REGISTER")`, `respond(request, response)`.

    The UE has been reset and is listened for. When the test function returns, what is open is answered, the UE is
    reset again, and the transcript is judged. The test is skipped if the DUT is no UE.
    """
    from imsreg.pytest_support.core_objects import Core
    from imsreg.tester.outcome import NotApplicable
    from imsreg.tester.ue_case import UeCase

    if not isinstance(imsreg_case, UeCase):
        raise NotApplicable(f"the DUT is no UE but a {imsreg_case.session.profile.dut.role}: this test is for a UE")
    return Core(imsreg_case)


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector: pytest.Collector) -> Generator[None, object, object]:
    """Refuse a test that names a requirement which does not exist, or that can decide none."""
    result = yield
    for item in result if isinstance(result, list) else ():
        if isinstance(item, pytest.Function) and item.get_closest_marker("requirement") is not None:
            _check_marker(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """What ends a fixture ends the test. If the DUT is why, it has failed: pytest's errors are for tests at fault."""
    try:
        return (yield)
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:
        try:
            _end(item, error)
        except pytest.xfail.Exception:
            raise
        except pytest.fail.Exception as failure:
            item.stash[_STOPPED] = failure
            return None
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """End the test with its function: UEs are powered off, the transcript is judged, the rulings are the outcome."""
    if _STOPPED in item.stash:
        raise item.stash[_STOPPED]
    try:
        result = yield
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:
        _end(item, error)
        raise
    _end(item, None)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put verdicts and ladder into the sections of the report."""
    report = yield
    if _CASE in item.stash:
        from imsreg.pytest_support.report import dress

        dress(report, item, item.stash[_CASE], item.stash.get(_NOTE, ""))
    return report


def _end(item: pytest.Item, error: BaseException | None) -> None:
    """Raise what the test ends with, unless that is `error` itself."""
    if _CASE not in item.stash:
        return
    from imsreg.pytest_support.ending import conclude

    ending = conclude(item, item.config.stash[_RUN], item.stash[_CASE], error)
    item.stash[_NOTE] = ending.note
    if ending.error is not None and ending.error is not error:
        raise ending.error from None


def _requirement_ids(item: pytest.Item) -> list[str]:
    """The ids in the markers of a test, its class and its module."""
    return list(dict.fromkeys(identifier for marker in item.iter_markers("requirement") for identifier in marker.args))


def _check_marker(item: pytest.Function) -> None:
    ids = _requirement_ids(item)
    unknown = [str(identifier) for identifier in ids if identifier not in item.config.stash[_RUN].catalogue]
    if unknown:
        error = InputError(
            item.nodeid, "requirement", f"no requirement has the id {', '.join(unknown)}", "see imsreg requirements"
        )
    elif "imsreg_case" not in item.fixturenames:
        error = InputError(item.nodeid, "requirement", "the test uses no UE, it decides nothing", "use simulated_ue")
    else:
        return
    raise pytest.Collector.CollectError(str(error))
