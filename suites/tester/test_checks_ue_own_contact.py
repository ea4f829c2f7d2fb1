"""Whether a UE knows its contact in a 200 that spells it in another way (RFC 3261 10.2.4, 19.1.4)."""

from __future__ import annotations

import pytest
from forged import CONTACT, Forged, credentials, empty, vector

from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet

AV = vector()
ROW = "rfc3261-10.2.4-02"
ESCAPED, CAPITALS = CONTACT.replace("sip:u@", "sip:%75@"), CONTACT.replace("sip:", "SIP:")


def refreshed(expires: int = 600) -> Forged:
    """A registration whose 200 has the contact as the UE wrote it, and a refresh half-way."""
    return Forged().registered(AV, expires).passes(expires / 2).sends(Authorization=credentials(AV))


def respelt(talk: Forged, contact: str = ESCAPED, expires: int = 600) -> Forged:
    """The 200 to the last request with the contact in other words."""
    return talk.gets(200, f"Contact: {contact};expires={expires}")


@pytest.mark.parametrize("contact", [ESCAPED, CAPITALS, f"<sip:tablet@192.0.2.7>;expires=9, {ESCAPED}"])
@pytest.mark.parametrize(
    ("after", "expected"), [(0.5, Breach), (70, Breach), (80, Held), (240, Held), (300, Held), (590, Held)]
)
def test_the_refresh_comes_when_it_does_else(contact: str, after: float, expected: type[Outcome]) -> None:
    talk = respelt(refreshed(), contact).passes(after).sends(Authorization=credentials(AV)).ok(600)
    assert talk.kinds(ROW) == {expected}


def test_a_new_registration_shows_that_the_ue_takes_itself_for_unregistered() -> None:
    talk = respelt(refreshed()).passes(45)
    talk.call_id = "two"
    assert talk.sends(Authorization=empty()).gets(401).kinds(ROW) == {Breach}


def test_no_refresh_at_all_counts_once_the_registration_is_over() -> None:
    assert respelt(refreshed()).passes(500).kinds(ROW) == {Unmet}
    assert respelt(refreshed()).passes(600).kinds(ROW) == {Breach}


def test_a_contact_as_it_was_written_decides_nothing() -> None:
    assert refreshed().ok(600).passes(1).sends(Authorization=credentials(AV)).ok(600).kinds(ROW) == {Unmet}
    beside = respelt(refreshed(), f"{CONTACT};expires=600, {ESCAPED}")
    assert beside.passes(1).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}


def test_a_ue_that_is_always_early_is_early_here_too() -> None:
    talk = Forged().registered(AV, 600).passes(20).sends(Authorization=credentials(AV))
    assert respelt(talk).passes(20).sends(Authorization=credentials(AV)).kinds(ROW) == {Held}


def test_nothing_is_decided_without_a_registration_for_as_long() -> None:
    alone = respelt(Forged().sends().challenged(AV).sends(Authorization=credentials(AV)))
    assert alone.passes(1).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}
    shorter = respelt(refreshed(60)).passes(1).sends(Authorization=credentials(AV))
    assert shorter.kinds(ROW) == {Unmet}


@pytest.mark.parametrize("action", ["register", "deregister", "reset"])
def test_nor_where_the_ue_was_told_something(action: str) -> None:
    told = respelt(refreshed()).passes(1).told(action).sends(Authorization=credentials(AV)).ok(600)
    assert told.kinds(ROW) == {Unmet}


def test_nor_by_a_200_that_may_be_lost() -> None:
    talk = respelt(refreshed()).repeats(2.0)
    talk.call_id = "two"
    assert talk.passes(40).sends().kinds(ROW) == {Unmet}


def test_nor_after_a_notify_that_shortens_the_registration() -> None:
    talk = Forged().registered(AV, 600).passes(300).sends(Authorization=credentials(AV)).ok(600).subscribes()
    talk.passes(300).sends(Authorization=credentials(AV))
    respelt(talk).passes(10).notified("shortened", state="active")
    assert talk.passes(5).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}
