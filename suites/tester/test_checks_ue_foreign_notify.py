"""A NOTIFY that belongs to none of a UE's subscriptions (RFC 6665 4.1.3)."""

from __future__ import annotations

import pytest
from forged import IMPU, Forged, vector

from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet

AV = vector()
ROW, OWN = "rfc6665-4.1.3-02", "rfc6665-4.1.3-01"
OTHER = f"<{IMPU}>;tag=of-nobody"


def notified(status: int, **headers: str) -> Forged:
    """A registration, a subscription, and a NOTIFY with other header fields."""
    return Forged().registered(AV).subscribes().notified("refreshed", state="active", status=status, **headers)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(481, Held), (489, Held), (400, Held), (403, Held), (500, Held), (200, Breach), (202, Breach), (603, Breach)],
)
def test_another_tag_of_the_ue(status: int, expected: type[Outcome]) -> None:
    talk = notified(status, To=OTHER)
    assert talk.kinds(ROW) == {expected}
    assert talk.kinds(OWN) == {Unmet}


def test_silence() -> None:
    assert notified(0, To=OTHER).passes(29).kinds(ROW) == {Unmet}
    assert notified(0, To=OTHER).passes(31).kinds(ROW) == {Breach}


@pytest.mark.parametrize(
    "headers", [{}, {"From": f"<{IMPU}>;tag=another-fork"}, {"Call_ID": "of-nobody"}, {"To": "<", "Call_ID": "x"}]
)
def test_what_the_ue_may_have_subscribed_to_decides_nothing(headers: dict[str, str]) -> None:
    assert notified(200, **headers).passes(31).kinds(ROW) == {Unmet}


def test_a_subscription_that_is_over_is_not_another_ones() -> None:
    talk = Forged().registered(AV).subscribes(403).notified("refreshed", state="active", status=200)
    assert talk.kinds(ROW) == {Unmet}
