"""A NOTIFY that shortens the registration of a UE (TS 24.229 5.1.1.5A)."""

from __future__ import annotations

import pytest
from forged import CONTACT, IMPU, Forged, credentials, vector

from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo, build_reginfo
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet

AV = vector()
ROW = "24.229-5.1.1.5A-01"


def document(event: str = "shortened", expires: int | None = 60, state: str = "active", uri: str = CONTACT) -> bytes:
    """What a NOTIFY says of one contact."""
    contact = RegContact("c", state, event, uri.strip("<>"), expires=expires)
    return build_reginfo(Reginfo(0, "full", (RegistrationInfo(IMPU, "r", "active", (contact,)),)))


def notified(body: bytes, *, status: int = 200, expires: int = 600000) -> Forged:
    """A registration, a subscription to it, and such a NOTIFY ten seconds later."""
    return Forged().registered(AV, expires).subscribes().passes(10).notified("", body=body, status=status)


@pytest.mark.parametrize(
    ("after", "expected"), [(1, Held), (25, Held), (30, Held), (34, Held), (36, Breach), (59, Breach)]
)
def test_when_the_register_comes(after: float, expected: type[Outcome]) -> None:
    assert notified(document()).passes(after).sends(Authorization=credentials(AV)).kinds(ROW) == {expected}


def test_none_at_all() -> None:
    assert notified(document()).passes(34).kinds(ROW) == {Unmet}
    assert notified(document()).passes(36).kinds(ROW) == {Breach}


def test_a_long_time_is_shortened_likewise() -> None:
    talk = notified(document(expires=7200)).passes(6600).sends(Authorization=credentials(AV))
    assert talk.kinds(ROW) == {Held}


@pytest.mark.parametrize(
    "body",
    [
        document("refreshed"),
        document(expires=None),
        document(uri="<sip:tablet@192.0.2.7>"),
        document("deactivated", None, "terminated"),
        b"",
    ],
)
def test_what_shortens_nothing(body: bytes) -> None:
    assert notified(body).passes(100).kinds(ROW) == {Unmet}


def test_what_leaves_more_than_there_is() -> None:
    assert notified(document(), expires=60).passes(100).kinds(ROW) == {Unmet}


@pytest.mark.parametrize("status", [0, 481, 500])
def test_a_notify_that_was_not_taken(status: int) -> None:
    assert notified(document(), status=status).passes(100).kinds(ROW) == {Unmet}


@pytest.mark.parametrize("action", ["register", "deregister", "reset"])
def test_a_command_takes_the_occasion_away(action: str) -> None:
    assert notified(document()).passes(5).told(action).passes(100).kinds(ROW) == {Unmet}
    assert notified(document()).passes(5).told(action).passes(50).sends().kinds(ROW) == {Unmet}


def test_another_notify_soon_after_decides_instead() -> None:
    talk = notified(document()).passes(5).notified("", body=document(expires=20))
    assert talk.passes(40).kinds(ROW) == {Breach}
    assert notified(document()).passes(5).notified("rejected").passes(40).kinds(ROW) == {Unmet}


def test_a_notify_while_a_register_is_under_way() -> None:
    talk = Forged().registered(AV).subscribes().passes(10).sends(Authorization=credentials(AV))
    assert talk.notified("", body=document()).passes(100).kinds(ROW) == {Unmet}
