"""SIPp as a UE under test: the checks find what it does wrong with AKA, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from imsreg.paths import data
from imsreg.registration.core_messages import Av
from imsreg.sip.message import Request
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.tester.ue_case import UeCase
from imsreg.verdict.verdict import Verdict

pytestmark = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="SIPp is not installed; apt-get install sip-tester"
)

URI = "24.229-5.1.1.5.1-05"
RES = "rfc3310-3.3-01"
SQN = "24.229-5.1.1.5.3-02"

Scenario = Callable[[UeCase], object]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """SIPp by its profile, beside a core at another place than that of whoever uses the profile as it is."""
    profiles = data("fixtures", "profiles")
    text = (profiles / "sipp-ue.yaml").read_text().replace("../", f"{profiles.parent}/")
    path = tmp_path_factory.mktemp("sipp") / "sipp-ue.yaml"
    # An address of this process alone: the tests of this file may be shared among several.
    number = os.getpid()
    own = f"127.19.{number >> 8 & 255}.{number & 255 or 254}"
    path.write_text(text.replace("address: 127.0.3.16, port: 5060", f"address: {own}, port: 5069"))
    with Session(Settings(profile=path)) as running:
        yield running


def answered(case: UeCase, av: Av, expires: int | None = None) -> Request:
    """The next REGISTER is challenged by this vector, and the one after it accepted, whatever it says."""
    register = case.expect_request("REGISTER")
    case.respond(register, case.lane.attendant.challenge(register, av=av))
    answer = case.expect_request("REGISTER")
    case.respond(answer, case.lane.attendant.ok(answer, expires=expires))
    return answer


def registers(case: UeCase) -> None:
    case.tell("register")
    answered(case, Av.RIGHT)


def refreshes(case: UeCase) -> None:
    case.tell("register")
    answered(case, Av.RIGHT, expires=4)
    refresh = case.expect_request("REGISTER")
    case.respond(refresh, case.lane.attendant.ok(refresh))


def deregisters(case: UeCase) -> None:
    registers(case)
    case.tell("deregister")
    answered(case, Av.RIGHT, expires=0)


def takes_a_res_with_nul(case: UeCase) -> None:
    case.tell("register")
    answered(case, Av.RES_WITH_NUL)


def takes_an_old_sqn(case: UeCase) -> None:
    case.tell("register")
    answered(case, Av.RIGHT, expires=4)
    answered(case, Av.SQN_TOO_OLD)


def asks_for_longer(case: UeCase) -> None:
    case.tell("register")
    register = case.expect_request("REGISTER")
    case.respond(register, case.lane.attendant.response(register, 423, headers={"Min-Expires": "700000"}))
    answered(case, Av.RIGHT)


@pytest.mark.parametrize(
    ("scenario", "broken"),
    [
        (registers, {URI}),
        (refreshes, {URI}),
        (deregisters, {URI}),
        (asks_for_longer, {URI}),
        (takes_a_res_with_nul, {URI, RES}),
        (takes_an_old_sqn, {URI, SQN}),
    ],
)
def test_sipp_breaks_what_it_breaks(session: Session, scenario: Scenario, broken: set[str]) -> None:
    case = UeCase(session, scenario.__name__, [])
    case.power_on()
    scenario(case)
    judgement = case.close()
    found = [ruling for ruling in judgement.in_passing if ruling.verdict in (Verdict.FAIL, Verdict.NON_STRICT)]
    assert {ruling.requirement for ruling in found} == broken
    assert all(ruling.known for ruling in found), "the profile lists them"


def test_the_profile_lists_nothing_more(session: Session) -> None:
    # Each takes 30 s of silence to be seen.
    told_nothing = {"24.229-5.1.1.5.3-01", "24.229-5.1.1.5.1-01", "24.229-5.1.1.3-01"}
    assert {deviation.id for deviation in session.profile.deviations} == {URI, RES, SQN, *told_nothing}
