"""The network ends the subscription of a UE, but not its registration (RFC 6665 4.1.3)."""

from __future__ import annotations

import pytest
from forged import Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet

AV = vector()
ANEW, AWAY = "rfc6665-4.1.3-03", "rfc6665-4.1.3-04"


def ended(reason: str, *, status: int = 200, event: str = "registered", state: str = "active") -> Forged:
    """A registration, a subscription, and a NOTIFY that ends the latter."""
    talk = Forged().registered(AV).subscribes()
    parameter = f";reason={reason}" if reason else ""
    return talk.notified(event, state=state, status=status, Subscription_State=f"terminated{parameter}")


def again(talk: Forged) -> Forged:
    """Another SUBSCRIBE of the UE."""
    return talk.subscribes(Call_ID="second")


@pytest.mark.parametrize(("after", "expected"), [(0, Held), (1, Held), (29, Held), (31, Breach)])
def test_a_deactivated_subscription_is_made_anew(after: float, expected: type[Outcome]) -> None:
    assert again(ended("deactivated").passes(after)).kinds(ANEW) == {expected}


def test_none_at_all_counts_once_the_ue_was_watched() -> None:
    assert ended("deactivated").passes(29).kinds(ANEW) == {Unmet}
    assert ended("deactivated").passes(31).kinds(ANEW) == {Breach}


@pytest.mark.parametrize("reason", ["rejected", "noresource", "invariant"])
def test_after_these_reasons_it_is_not(reason: str) -> None:
    assert ended(reason).passes(29).kinds(AWAY) == {Unmet}
    assert ended(reason).passes(31).kinds(AWAY) == {Held}
    assert again(ended(reason).passes(1)).kinds(AWAY) == {Breach}
    assert again(ended(reason).passes(900)).kinds(AWAY) == {Breach}


@pytest.mark.parametrize("row", [ANEW, AWAY])
@pytest.mark.parametrize("reason", ["", "timeout", "giveup", "probation", "of-our-own"])
def test_other_reasons_decide_nothing(row: str, reason: str) -> None:
    assert ended(reason).passes(100).kinds(row) == {Unmet}
    assert again(ended(reason)).kinds(row) == {Unmet}


@pytest.mark.parametrize(("row", "reason"), [(ANEW, "deactivated"), (AWAY, "rejected")])
def test_what_takes_the_occasion_away(row: str, reason: str) -> None:
    assert ended(reason, status=481).passes(100).kinds(row) == {Unmet}
    assert ended(reason, state="terminated", event="rejected").passes(100).kinds(row) == {Unmet}
    told = ended(reason).passes(1).told("register")
    assert again(told).passes(100).kinds(row) == {Unmet}
    anew = ended(reason).passes(1)
    anew.call_id = "two"
    assert again(anew.sends().ok(600)).passes(100).kinds(row) == {Unmet}


def test_an_extended_registration_changes_nothing() -> None:
    talk = ended("rejected").passes(10).sends(Authorization=credentials(AV)).ok(600)
    assert again(talk.passes(1)).kinds(AWAY) == {Breach}
