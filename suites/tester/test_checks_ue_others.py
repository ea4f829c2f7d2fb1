"""Contacts of other user agents in the 200 to a REGISTER (RFC 3261 10.2.4)."""

from __future__ import annotations

import pytest
from forged import CONTACT, Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet

AV = vector()
ROW = "rfc3261-10.2.4-03"
TABLET = "<sip:tablet@192.0.2.7>"


def refreshed(contact: str, *, others: str = f"{TABLET};expires=300", **headers: str | None) -> Forged:
    """A registration whose 200 lists others, too, and a later REGISTER with this Contact."""
    talk = Forged().registered(AV, 600, f"Contact: {others}").passes(300)
    return talk.sends(Authorization=credentials(AV), Contact=contact, **headers)


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (CONTACT, Held),
        (f"{CONTACT}, <sip:watch@192.0.2.8>", Held),
        (f"{CONTACT}, {TABLET}", Breach),
        (f"{CONTACT}, <SIP:tablet@192.0.2.7>;expires=60", Breach),
        (f"{CONTACT}, {TABLET};expires=0", Held),
    ],
)
def test_what_a_later_register_names(contact: str, expected: type[Outcome]) -> None:
    assert refreshed(contact).kinds(ROW) == {expected}


def test_to_take_them_all_off_is_no_refresh() -> None:
    assert refreshed("*", Expires="0").kinds(ROW) == {Unmet}
    assert refreshed(f"{CONTACT}, {TABLET}", Expires="0").kinds(ROW) == {Unmet}


def test_what_is_no_binding_of_another_decides_nothing() -> None:
    assert refreshed(f"{CONTACT}, {TABLET}", others=f"{TABLET};expires=0").kinds(ROW) == {Unmet}
    assert refreshed(CONTACT, others=CONTACT).kinds(ROW) == {Unmet}
    instance = '+sip.instance="<urn:gsma:imei:1>"'
    before = refreshed(f"{CONTACT};{instance}, {TABLET}", others=f"{TABLET};{instance};expires=9")
    assert before.kinds(ROW) == {Unmet}


def test_a_contact_that_the_ue_has_registered_itself() -> None:
    talk = Forged().sends(Contact=TABLET).gets(200, f"Contact: {TABLET};expires=600").passes(5)
    talk.sends().gets(200, f"Contact: {CONTACT};expires=600, {TABLET};expires=590").passes(300)
    assert talk.sends(Contact=f"{CONTACT}, {TABLET}").kinds(ROW) == {Unmet}


def test_a_refused_register_lists_nothing() -> None:
    talk = Forged().sends().gets(403, f"Contact: {TABLET};expires=600").passes(60)
    assert talk.sends(Contact=f"{CONTACT}, {TABLET}").kinds(ROW) == {Unmet}
