"""RES is octets: tester and reference core register with one that holds 0x00, and a core that cuts it is found."""

from __future__ import annotations

import pytest

from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.verdict.authentication import Kind
from imsreg.verdict.facts import Facts
from imsreg.verdict.verdict import Verdict
from imsreg.verdict.view import View

ROW = "24.229-5.4.1.2.2-05"


@pytest.mark.parametrize("subscriber", ["sub01", "sub04"])  # RES of eight octets and of four
@pytest.mark.parametrize(
    ("mutant", "status", "verdict"), [("c-res-with-nul", 200, Verdict.PASS), ("c-xres-cut-at-nul", 403, Verdict.FAIL)]
)
def test_a_registration_with_a_nul_in_res(mutant: str, status: int, verdict: Verdict, subscriber: str) -> None:
    with Session(Settings(link="memory", mutant=mutant, seed=1)) as session:
        facts = Facts.of(session.profile, session.subscribers, ())
        case = CscfCase(session, "RES with NUL", [ROW])
        ue = case.power_on(subscriber=subscriber)
        assert ue.register().status == status
        judgement = case.close()
        answers = [a for a in View(case.transcript, facts).attempts if a.kind is Kind.RIGHT]
    assert [ruling.verdict for ruling in judgement.rulings] == [verdict]
    assert answers
    for answer in answers:
        assert answer.subscriber is not None
        assert answer.answers is not None
        assert answer.answers.nonce is not None
        assert 0 in answer.subscriber.algorithm.f2345(answer.answers.nonce.rand).res[: answer.subscriber.res_length]
