"""What a UE does after a 408, 500 or 504 to a re-registration (TS 24.229 5.1.1.4.1)."""

from __future__ import annotations

import pytest
from forged import BOB, Forged, credentials, empty, vector

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Unmet

AV = vector()
ROW = "24.229-5.1.1.4.1-04"


def refused(status: int, *lines: str) -> Forged:
    """A registration and a refresh of it that gets this response."""
    talk = Forged().registered(AV, 600).passes(300).sends(Authorization=credentials(AV))
    return talk.gets(status, *lines)


@pytest.mark.parametrize("status", [408, 500, 504])
def test_an_initial_registration_follows(status: int) -> None:
    anew = refused(status).passes(40)
    anew.call_id = "two"
    assert anew.sends(Authorization=empty()).kinds(ROW) == {Held}
    assert refused(status).passes(0.1).sends(Authorization=empty()).kinds(ROW) == {Held}


@pytest.mark.parametrize("status", [408, 500, 504])
def test_the_refresh_again_is_no_initial_registration(status: int) -> None:
    assert refused(status).passes(5).sends(Authorization=credentials(AV)).kinds(ROW) == {Breach}


def test_credentials_of_before_under_another_call_id_are_odd() -> None:
    talk = refused(500).passes(5)
    talk.call_id = "two"
    assert talk.sends(Authorization=credentials(AV)).kinds(ROW) == {Observed}


def test_silence_is_odd_once_the_ue_was_watched() -> None:
    assert refused(500).passes(20).kinds(ROW) == {Unmet}
    assert refused(500).passes(31).kinds(ROW) == {Observed}


@pytest.mark.parametrize("action", ["register", "deregister", "reset"])
def test_what_the_ue_is_told_takes_the_occasion_away(action: str) -> None:
    assert refused(500).passes(5).told(action).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}


@pytest.mark.parametrize("status", [403, 480, 503])
def test_other_refusals_decide_nothing(status: int) -> None:
    assert refused(status).passes(5).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}


def test_nor_does_one_that_asks_to_wait() -> None:
    assert refused(500, "Retry-After: 5").passes(5).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}


def test_nor_a_500_to_an_initial_registration() -> None:
    assert Forged().sends().gets(500).passes(5).sends().kinds(ROW) == {Unmet}


def test_a_ue_with_a_password_owes_none_of_this() -> None:
    talk = Forged(subscriber=BOB).sends().ok(600).passes(300).sends().gets(500).passes(40)
    assert talk.kinds(ROW) == {Moot}
