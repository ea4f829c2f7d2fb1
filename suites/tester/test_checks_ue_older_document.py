"""A registration information document with a lower version than one before it (RFC 3680 5.2)."""

from __future__ import annotations

import pytest
from forged import CONTACT, IMPU, Forged, credentials, empty, vector

from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo, build_reginfo
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet

AV = vector()
ROW = "rfc3680-5.2-01"
SHORTENED, DEACTIVATED = "24.229-5.1.1.5A-01", "24.229-5.1.1.7-01"


def document(version: int, event: str = "shortened", uri: str = CONTACT) -> bytes:
    """What a NOTIFY says of one contact, in this version."""
    ended = event not in ("registered", "refreshed", "shortened")
    state, expires = ("terminated", None) if ended else ("active", 60)
    contact = RegContact("c", state, event, uri.strip("<>"), expires=expires)
    return build_reginfo(Reginfo(version, "full", (RegistrationInfo(IMPU, "r", "active", (contact,)),)))


def notified(version: int = 3, event: str = "shortened", *, quiet: float = 40, expires: int = 600000) -> Forged:
    """A NOTIFY with version 7, some time, and another NOTIFY."""
    talk = Forged().registered(AV, expires).subscribes().notified("", body=document(7, "registered"))
    return talk.passes(quiet).notified("", body=document(version, event))


def test_a_ue_that_stays_quiet_has_discarded_it() -> None:
    assert notified().passes(34).kinds(ROW) == {Unmet}
    assert notified().passes(35).kinds(ROW) == {Held}
    assert notified(event="deactivated").passes(30).kinds(ROW) == {Held}


@pytest.mark.parametrize(("after", "expected"), [(1, Breach), (30, Breach), (34, Breach), (50, Held)])
def test_a_register_in_the_shorter_time(after: float, expected: type[Outcome]) -> None:
    assert notified().passes(after).sends(Authorization=credentials(AV)).kinds(ROW) == {expected}


def test_a_new_registration() -> None:
    anew = notified(event="deactivated").passes(1)
    anew.call_id = "two"
    assert anew.sends(Authorization=empty()).kinds(ROW) == {Breach}


def test_a_ue_that_was_not_as_quiet_before_may_have_its_reasons() -> None:
    assert notified(quiet=20).passes(20).sends(Authorization=credentials(AV)).kinds(ROW) == {Observed}


@pytest.mark.parametrize("version", [7, 8])
def test_a_version_that_is_not_lower_is_another_matter(version: int) -> None:
    assert notified(version).passes(100).kinds(ROW) == {Unmet}
    assert notified(version).passes(100).kinds(SHORTENED) == {Breach}


@pytest.mark.parametrize("event", ["registered", "rejected"])
def test_what_makes_no_ue_register_decides_nothing(event: str) -> None:
    assert notified(event=event).passes(100).kinds(ROW) == {Unmet}


def test_nor_does_what_was_due_anyway_or_told() -> None:
    assert notified(expires=120).passes(20).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}
    assert notified().passes(1).told("register").sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}
    after_another = notified().passes(1).notified("", body=document(8)).passes(30)
    assert after_another.sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}


def test_a_version_that_the_ue_has_not_taken_does_not_count() -> None:
    talk = Forged().registered(AV).subscribes().notified("", body=document(7, "registered"), status=500)
    assert talk.passes(40).notified("", body=document(3)).passes(40).kinds(ROW) == {Unmet}


def test_nothing_is_owed_to_an_older_document() -> None:
    assert notified().passes(100).kinds(SHORTENED) == {Unmet}
    assert notified(event="deactivated").passes(100).kinds(DEACTIVATED) == {Unmet}
