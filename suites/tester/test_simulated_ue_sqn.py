"""The sequence number of a simulated USIM, and an AuC that earlier runs have moved on."""

from __future__ import annotations

from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings


def test_the_usim_gets_ahead_of_an_auc_that_was_resynchronised_before() -> None:
    """Each time the AuC goes on from where the USIM says that it is; a new USIM knows nothing of it."""
    with Session(Settings(link="memory")) as session:
        for number in range(3):
            case = CscfCase(session, f"test {number}", [])
            ue = case.power_on(subscriber="sub01")
            case.send(ue.registration.initial_register())
            challenge = case.expect(401)
            ue.advance_sqn()
            report = ue.answer(challenge)
            assert 'auts="' in (report.value("Authorization") or "")
            assert ue.complete(report).status == 200
            case.close()
