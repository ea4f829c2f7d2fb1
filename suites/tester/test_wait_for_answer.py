"""Silence is an answer too: how long a case listens, and that the checks can tell."""

from __future__ import annotations

import pytest

from imsreg.paths import data
from imsreg.sip.flow import Transport
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.verdict.verdict import Verdict

ELSEWHERE = "33.203-7.4.2a-04"
PROFILE = data("fixtures", "profiles", "embedded-core-ipsec.yaml")


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_nobody_answers_at_the_client_port(transport: Transport) -> None:
    """Over TCP there is not even a connection, which is no reason to listen no longer."""
    with Session(Settings(profile=PROFILE, link="memory", seed=1)) as session:
        case = CscfCase(session, "elsewhere", (ELSEWHERE,))
        ue = case.power_on(transport=transport)
        answer = ue.answer(ue.exchange(ue.registration.initial_register()))
        case.send(answer, "UL2 of the temporary set")
        before = session.link.now()
        assert case.wait_for_answer(4.0) is None
        assert session.link.now() - before >= 4.0
        assert [event.text for event in case.transcript.events][-1] == "no answer within 4 s"
        judgement = case.close()
    (ruling,) = [each for each in judgement.rulings if each.requirement == ELSEWHERE]
    assert ruling.verdict is Verdict.PASS


def test_an_answer_ends_the_wait() -> None:
    with Session(Settings(profile=PROFILE, link="memory", seed=1)) as session:
        case = CscfCase(session, "answered", ())
        case.send(case.power_on().registration.initial_register())
        before = session.link.now()
        answer = case.wait_for_answer(4.0)
        assert answer is not None
        assert answer.status == 401
        assert session.link.now() - before < 1.0


def test_what_the_tester_could_not_send_says_nothing_of_the_dut() -> None:
    with Session(Settings(profile=PROFILE, link="memory", seed=1)) as session:
        case = CscfCase(session, "denied", ())
        ue = case.power_on()
        answer = ue.answer(ue.exchange(ue.registration.initial_register()))
        sent = case.send(answer, "UL2 of the temporary set")
        sent.stopped = ScenarioStopped("tool", "no rights")
        with pytest.raises(ScenarioStopped, match="no rights"):
            case.wait_for_answer(1.0)
