"""What a UE does in the course of a registration: refreshes, refusals, the end, and what NOTIFY makes it do."""

from __future__ import annotations

import pytest
from forged import BOB, CONTACT, TCP, Forged, credentials, empty, vector

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

AV = vector()
IN_TIME, OWN = "24.229-5.1.1.4.1-01", "rfc3261-10.2.4-01"


def refreshed(after: float, expires: int = 600, *lines: str) -> Forged:
    """A registration for so long, and a refresh by itself after so many seconds."""
    return Forged().registered(AV, expires, *lines).passes(after).sends(Authorization=credentials(AV)).ok()


@pytest.mark.parametrize(
    ("expires", "after", "expected"),
    [
        (600, 300, Held),
        (600, 304, Held),
        (600, 200, Observed),
        (600, 306, Observed),
        (600, 314, Observed),
        (600, 316, Breach),
        (600, 540, Breach),
        (1200, 600, Held),
        (1201, 601, Held),
        (1201, 617, Breach),
        (7200, 6600, Held),
        (7200, 3600, Observed),
        (7200, 7190, Breach),
        (600000, 599400, Held),
    ],
)
def test_the_time_of_a_refresh(expires: int, after: float, expected: type[Outcome]) -> None:
    assert refreshed(after, expires).kinds(IN_TIME) == {expected}


def test_no_refresh_at_all() -> None:
    assert Forged().registered(AV, 600).passes(299).kinds(IN_TIME) == {Unmet}
    assert Forged().registered(AV, 600).passes(303).kinds(IN_TIME) == {Unmet}
    assert Forged().registered(AV, 600).passes(314).kinds(IN_TIME) == {Unmet}
    assert Forged().registered(AV, 600).passes(316).kinds(IN_TIME) == {Breach}
    assert Forged(flow=TCP).registered(AV, 600).passes(306).kinds(IN_TIME) == {Breach}
    assert Forged().registered(AV, 20).passes(19.5).kinds(IN_TIME) == {Breach}


def test_the_time_counts_from_the_200_that_the_ue_has_heard() -> None:
    """It repeats its request, and gets the 200 again."""
    talk = Forged().sends().challenged(AV).sends(Authorization=credentials(AV)).ok(40)
    talk.repeats(2, 6).ok(40).passes(20)
    assert talk.sends(Authorization=credentials(AV)).kinds(IN_TIME) == {Held}


@pytest.mark.parametrize("action", ["register", "deregister", "reset"])
def test_what_the_ue_is_told_before_takes_the_occasion_away(action: str) -> None:
    talk = Forged().registered(AV, 600).passes(100).told(action).sends(Authorization=credentials(AV)).passes(900)
    assert talk.kinds(IN_TIME) == {Unmet}


@pytest.mark.parametrize("event", ["shortened", "deactivated"])
def test_so_does_a_notify(event: str) -> None:
    talk = Forged().registered(AV, 600).subscribes().passes(100)
    talk.notified(event, state="active" if event == "shortened" else "terminated").passes(500)
    assert talk.kinds(IN_TIME) == {Unmet}


OTHER = f"Contact: <sip:tablet@192.0.2.7>;expires=60, {CONTACT};expires=600, <sip:watch@192.0.2.8>;expires=7200"


@pytest.mark.parametrize(
    ("line", "after", "in_time", "own"),
    [
        (OTHER, 300, Held, Held),
        (OTHER, 100, Observed, Held),
        (OTHER, 590, Breach, Held),
        (OTHER, 30, Unmet, Breach),
        (OTHER, 6600, Unmet, Breach),
        (f"Contact: {CONTACT}", 300, Held, Held),
        (f"Contact: {CONTACT}", 540, Breach, Held),
        (f"Contact: {CONTACT}", 605, Unmet, Breach),
        (f"Contact: {CONTACT}", 1800, Unmet, Breach),
        (f"Contact: {CONTACT};expires=600", 590, Breach, Held),
        (f"Contact: {CONTACT};expires=600", 1800, Breach, Unmet),
    ],
)
def test_whose_expiry_is_taken(line: str, after: float, in_time: type[Outcome], own: type[Outcome]) -> None:
    talk = Forged().sends().challenged(AV).sends(Authorization=credentials(AV))
    talk.gets(200, line, *(() if "expires" in line else ("Expires: 600",)))
    talk.passes(after).sends(Authorization=credentials(AV))
    assert talk.kinds(IN_TIME) == {in_time}
    assert talk.kinds(OWN) == {own}


def test_an_old_contact_with_expires_0_stops_no_refresh() -> None:
    old = "Contact: <sip:u@127.0.2.1:5999>;expires=0"
    too_late = Forged().registered(AV, 600, old).passes(400)
    assert (too_late.kinds(IN_TIME), too_late.kinds(OWN)) == ({Breach}, {Unmet})
    never = Forged().registered(AV, 600, old).passes(600)
    assert (never.kinds(IN_TIME), never.kinds(OWN)) == ({Unmet}, {Breach})


@pytest.mark.parametrize(
    ("expires", "expected"), [("600000", Held), ("600", Breach), ("300", Breach)], ids=["full", "granted", "left"]
)
def test_the_expiry_of_a_refresh(expires: str, expected: type[Outcome]) -> None:
    talk = Forged().registered(AV, 600).passes(300).sends(Authorization=credentials(AV), Expires=expires)
    assert talk.kinds("24.229-5.1.1.4.1-02") == {expected}


@pytest.mark.parametrize(
    ("row", "expires"), [("24.229-5.1.1.4.2-01", "600000"), ("24.229-5.1.1.6-02", "0")], ids=["refresh", "end"]
)
@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (credentials(AV), Held),
        (credentials(AV, count=2), Held),
        (credentials(AV, b"other"), Breach),
        (credentials(vector(2)), Breach),
        (empty(), Breach),
        (None, Breach),
        (credentials(AV, changes={"nc": None}), Unmet),
    ],
)
def test_the_credentials_of_a_later_register(
    row: str, expires: str, authorization: str | None, expected: type[Outcome]
) -> None:
    talk = Forged().registered(AV).passes(30).sends(Authorization=authorization, Expires=expires)
    assert talk.kinds(row) == {expected}


def test_a_nextnonce_may_be_used() -> None:
    said = 'Authentication-Info: nextnonce="n2"'
    talk = Forged().registered(AV, 600, said).passes(300)
    assert talk.sends(Authorization=credentials(AV, changes={"nonce": '"n2"'})).kinds("24.229-5.1.1.4.2-01") == {Held}


def test_a_ue_with_a_password_owes_no_credentials() -> None:
    talk = Forged(subscriber=BOB).sends(Authorization=None).ok(600).passes(300).sends(Authorization=None)
    assert talk.kinds("24.229-5.1.1.4.2-01") == {Moot}
    assert talk.kinds("24.229-5.1.1.4.1-02") == {Held}


END = "24.229-5.1.1.6-01"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Expires": "0"}, Held),
        ({"Contact": f"{CONTACT};expires=0"}, Held),
        ({"Contact": "*", "Expires": "0"}, Held),
        ({"Expires": None}, Breach),
        ({"Expires": "600000"}, Breach),
        ({"Contact": f"{CONTACT};expires=600", "Expires": "0"}, Breach),
        ({"Contact": None, "Expires": "0"}, Breach),
    ],
)
def test_what_ends_a_registration(headers: dict[str, str | None], expected: type[Outcome]) -> None:
    talk = Forged().registered(AV).passes(30).told("deregister").sends(Authorization=credentials(AV), **headers)
    assert talk.kinds(END) == {expected}


def test_a_refresh_before_the_end_is_none() -> None:
    talk = Forged().registered(AV, 600).passes(300).told("deregister").sends(Authorization=credentials(AV)).ok()
    assert talk.sends(Authorization=credentials(AV), Expires="0").kinds(END) == {Held}


def test_nothing_was_ended() -> None:
    assert Forged().registered(AV).passes(30).kinds(END) == {Unmet}
    assert Forged().registered(AV).told("deregister").passes(60).kinds(END) == {Unmet}
    assert Forged().registered(AV).sends(Authorization=credentials(AV), Expires="0").kinds(END) == {Held}


BRIEF, AGAIN = "rfc3261-10.2.8-01", "24.229-5.1.1.2.1-07"


@pytest.mark.parametrize(
    ("expires", "expected"), [("700000", Held), ("800000", Held), ("699999", Breach), ("600000", Breach)]
)
def test_what_is_asked_for_after_a_423(expires: str, expected: type[Outcome]) -> None:
    talk = Forged().sends().gets(423, "Min-Expires: 700000").sends(Expires=expires)
    assert talk.kinds(BRIEF) == {expected}
    assert talk.kinds(AGAIN) == {Held}


def test_no_register_after_a_423() -> None:
    talk = Forged().sends().gets(423, "Min-Expires: 700000").passes(60)
    assert talk.kinds(BRIEF) == {Unmet}
    assert talk.kinds(AGAIN) == {Breach}
    for nothing in ("Min-Expires: 60", "Min-Expires: soon", "Date: never"):
        assert Forged().sends().gets(423, nothing).passes(60).kinds(AGAIN) == {Unmet}


@pytest.mark.parametrize(("after", "expected"), [(0, Breach), (10, Breach), (30, Held)])
def test_a_register_after_a_403(after: float, expected: type[Outcome]) -> None:
    assert Forged().sends().gets(403).passes(after).sends().kinds("rfc3261-21.4.4-01") == {expected}


def test_the_403_that_nobody_repeats() -> None:
    row = "rfc3261-21.4.4-01"
    assert Forged().sends().gets(403).kinds(row) == {Unmet}
    assert Forged().sends().gets(403).passes(60).kinds(row) == {Held}
    assert Forged().sends().gets(403).told("register").sends().kinds(row) == {Unmet}
    refused = Forged().registered(AV, 600).passes(300).sends(Authorization=credentials(AV)).gets(403)
    assert refused.sends().kinds(row) == {Observed}


@pytest.mark.parametrize(("after", "expected"), [(0, Breach), (58, Breach), (59.5, Held), (61, Held)])
def test_a_register_after_a_503(after: float, expected: type[Outcome]) -> None:
    talk = Forged().sends().gets(503, "Retry-After: 60 (busy)").passes(after).sends()
    assert talk.kinds("rfc3261-21.5.4-01") == {expected}


def test_the_503_that_is_waited_for() -> None:
    row = "rfc3261-21.5.4-01"
    assert Forged().sends().gets(503, "Retry-After: 60").passes(30).kinds(row) == {Unmet}
    assert Forged().sends().gets(503, "Retry-After: 60").passes(60).kinds(row) == {Held}
    assert Forged().sends().gets(503, "Retry-After: 0").sends().kinds(row) == {Unmet}
    assert Forged().sends().gets(503).sends().kinds(row) == {Unmet}
    assert Forged().sends().gets(503, "Retry-After: 60").told("register").sends().kinds(row) == {Unmet}


ONE = "24.229-5.1.1.2.1-08"


def test_one_registration_at_a_time() -> None:
    assert Forged().sends().kinds(ONE) == {Unmet}
    assert Forged().sends().passes(20).kinds(ONE) == {Held}
    assert Forged().sends().passes(10).sends(Call_ID="two").kinds(ONE) == {Breach}
    assert Forged().sends().passes(31).sends(Call_ID="two").kinds(ONE) == {Held}
    assert Forged().sends().passes(10).told("reset").sends(Call_ID="two").kinds(ONE) == {Held}
    assert Forged().sends().repeats(2, 6, 14).gets(503).sends(Call_ID="two").kinds(ONE) == {Held}


def notified(event: str, status: int = 200) -> Forged:
    return Forged().registered(AV).subscribes().passes(5).notified(event, status=status)


ANEW, STAY = "24.229-5.1.1.7-01", "24.229-5.1.1.7-02"


def test_a_deactivated_contact() -> None:
    assert notified("deactivated").kinds(ANEW) == {Unmet}
    assert notified("deactivated").sends().kinds(ANEW) == {Held}
    assert notified("deactivated").passes(60).kinds(ANEW) == {Breach}
    assert notified("deactivated").told("register").sends().kinds(ANEW) == {Unmet}
    assert notified("deactivated", 481).passes(60).kinds(ANEW) == {Unmet}
    assert notified("rejected").passes(60).kinds(ANEW) == {Unmet}


def test_a_rejected_contact() -> None:
    assert notified("rejected").kinds(STAY) == {Unmet}
    assert notified("rejected").passes(60).kinds(STAY) == {Held}
    assert notified("rejected").sends().kinds(STAY) == {Breach}
    assert notified("rejected").passes(90).sends().kinds(STAY) == {Held, Observed}
    assert notified("rejected").told("register").sends().kinds(STAY) == {Unmet}
    assert notified("deactivated").sends().kinds(STAY) == {Unmet}


@pytest.mark.parametrize(("status", "expected"), [(200, Held), (202, Breach), (481, Breach), (0, Unmet)])
def test_the_answer_to_a_notify(status: int, expected: type[Outcome]) -> None:
    talk = Forged().registered(AV).subscribes().notified("registered", state="active", status=status)
    assert talk.kinds("rfc6665-4.1.3-01") == {expected}


def test_a_notify_that_the_ue_need_not_know() -> None:
    row = "rfc6665-4.1.3-01"
    unknown = Forged().registered(AV).notified("registered", state="active", status=481)
    assert unknown.kinds(row) == {Unmet}
    over = Forged().registered(AV).subscribes().sends(Authorization=credentials(AV), Expires="0").ok(None)
    assert over.notified("unregistered", status=481).kinds(row) == {Unmet}
    silent = Forged().registered(AV).subscribes().notified("registered", state="active", status=0)
    assert silent.passes(40).kinds(row) == {Breach}
