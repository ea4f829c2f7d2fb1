"""A SUBSCRIBE of a UE that is refused for a while (TS 24.229 5.1.2.2)."""

from __future__ import annotations

import pytest
from forged import Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet

AV = vector()
ROW = "24.229-5.1.2.2-01"


def refused(status: int = 503, *lines: str) -> Forged:
    """A registration, and a SUBSCRIBE that gets this response."""
    return Forged().registered(AV).subscribes(0).gets(status, *lines)


WAIT = "Retry-After: 60 (busy);duration=9"


@pytest.mark.parametrize(("after", "expected"), [(0.1, Breach), (30, Breach), (58, Breach), (59.5, Held), (400, Held)])
def test_when_the_next_one_comes(after: float, expected: type[Outcome]) -> None:
    assert refused(503, WAIT).passes(after).subscribes().kinds(ROW) == {expected}


def test_none_at_all_is_right() -> None:
    assert refused(503, WAIT).passes(58).kinds(ROW) == {Unmet}
    assert refused(503, WAIT).passes(60).kinds(ROW) == {Held}


@pytest.mark.parametrize("line", ["Retry-After: 0", "Retry-After: soon", "Server: x"])
def test_nobody_asked_to_wait(line: str) -> None:
    assert refused(503, line).passes(1).subscribes().kinds(ROW) == {Unmet}


def test_another_refusal_decides_nothing() -> None:
    assert refused(480, WAIT).passes(1).subscribes().kinds(ROW) == {Unmet}


def test_nor_does_what_follows_on_a_command_or_a_new_registration() -> None:
    assert refused(503, WAIT).passes(1).told("register").subscribes().kinds(ROW) == {Unmet}
    anew = refused(503, WAIT).passes(1)
    anew.call_id = "two"
    assert anew.sends().ok(600).subscribes().kinds(ROW) == {Unmet}


def test_a_refresh_of_the_registration_meanwhile_changes_nothing() -> None:
    talk = refused(503, WAIT).passes(10).sends(Authorization=credentials(AV)).ok()
    assert talk.subscribes().kinds(ROW) == {Breach}
