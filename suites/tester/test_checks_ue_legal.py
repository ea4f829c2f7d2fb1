"""UEs that do what few do, and what no text forbids."""

from __future__ import annotations

from dataclasses import replace

import pytest
from forged import BOB, CONTACT, TCP, UDP, Forged, credentials, empty, vector

from imsreg.sip.flow import Address
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

AV, LATER = vector(1), vector(2)
FORMER = "<sip:u@127.0.2.1:6060>;expires=0"
CSEQ, BRANCH, LAST, EMPTY = "rfc3261-10.2-02", "rfc3261-8.1.1.7-02", "24.229-5.1.1.4.2-01", "24.229-5.1.1.2.2-03"


@pytest.mark.parametrize(("contact", "expected"), [(f"{CONTACT}, {FORMER}", Held), (f"{CONTACT};expires=0", Unmet)])
def test_a_contact_of_before_goes_beside_the_new_one(contact: str, expected: type[Outcome]) -> None:
    """RFC 3261 10.2.2: the expiry of each is its own."""
    assert Forged().sends(Contact=contact).kinds("24.229-5.1.1.2.1-04") == {expected}


def test_a_423_is_about_what_is_asked_for() -> None:
    """RFC 3261 10.3 step 7: an expiry of zero is never too brief."""
    talk = Forged().sends(Expires="30").gets(423, "Min-Expires: 60").passes(1)
    assert talk.sends(Contact=f"{CONTACT}, {FORMER}", Expires="60").kinds("rfc3261-10.2.8-01") == {Held}


@pytest.mark.parametrize(("seconds", "expected"), [(1, Breach), (3600, Observed)])
def test_a_registration_long_after_a_423_is_another_one(seconds: float, expected: type[Outcome]) -> None:
    talk = Forged().sends(Expires="30").gets(423, "Min-Expires: 60").passes(seconds).sends(Expires="30")
    assert talk.kinds("rfc3261-10.2.8-01") == {expected}


def test_another_server_may_be_asked_before_retry_after_is_over() -> None:
    """RFC 3261 21.5.4."""
    talk = Forged().sends().gets(503, "Retry-After: 60").passes(1)
    talk.flow = replace(UDP, local=Address("127.0.1.2", 5060))
    assert talk.sends(Call_ID="two").passes(70).kinds("rfc3261-21.5.4-01") == {Held}


@pytest.mark.parametrize(("connection", "expected"), [(1, Breach), (2, Held)])
def test_what_waited_on_a_connection_ends_with_it(connection: int, expected: type[Outcome]) -> None:
    """RFC 3261 8.1.3.1."""
    talk = Forged(flow=TCP).sends().passes(3)
    talk.flow = replace(TCP, connection=connection)
    assert expected in talk.sends().kinds("24.229-5.1.1.2.1-08")
    assert (Breach in talk.kinds("24.229-5.1.1.2.1-08")) is (expected is Breach)


def again(talk: Forged, **headers: str | None) -> Forged:
    """The last request with the same CSeq."""
    talk.cseq -= 1
    return talk.sends(**headers)


def test_a_request_that_failed_goes_elsewhere_as_it_was() -> None:
    """RFC 3263 4.3: identical but for the branch; RFC 3261 18.1.1 for what TCP does not take."""
    other = replace(UDP, local=Address("127.0.1.2", 5060))
    for flow in (TCP, other):
        talk = Forged().sends().passes(33)
        talk.flow = flow
        assert again(talk).kinds(CSEQ) == {Held}
        same = Forged().sends().passes(33)
        same.flow = flow
        assert again(same, branch="z9hG4bK1").kinds(BRANCH) == {Unmet}
    assert again(Forged().sends().passes(33)).kinds(CSEQ) == {Breach}
    accepted = Forged().registered(AV).passes(33)
    accepted.flow = TCP
    assert Breach in again(accepted, Authorization=credentials(AV)).kinds(CSEQ)


def test_a_refresh_that_crosses_the_notify_goes_on() -> None:
    """The answer to a challenge from before is no consequence of it."""
    talk = Forged().registered(AV).subscribes().passes(30)
    talk.sends(Authorization=credentials(AV)).challenged(LATER).notified("deactivated")
    talk.sends(Authorization=credentials(LATER)).ok(600)
    assert talk.kinds("24.229-5.1.1.7-01") == {Unmet}
    talk.call_id = "two"
    assert talk.passes(1).sends(Authorization=empty()).kinds("24.229-5.1.1.7-01") == {Held}


@pytest.mark.parametrize("offsets", [(1.5, 3.5, 7.5), (3.5, 7.5, 11.5), (6, 14, 30), (0.5, 3.5, 7.5), (2, 14, 30)])
def test_repetitions_that_got_lost(offsets: tuple[float, ...]) -> None:
    assert Forged().sends().repeats(*offsets).kinds("rfc3261-17.1.2.2-01") == {Held}


def test_a_provisional_response_does_not_keep_a_request_alive() -> None:
    """Timer F ends it after 64 T1 all the same (RFC 3261 17.1.2.2)."""
    talk = Forged().sends().repeats(0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5)
    assert talk.gets(100).passes(60).kinds("rfc3261-17.1.2.2-03") == {Unmet}


def test_a_second_identity_has_a_registration_of_its_own() -> None:
    """Under one Call-ID, as RFC 3261 10.2 has it."""
    second = {"To": "<tel:+15550100>", "From": "<tel:+15550100>;tag=1"}
    talk = Forged().registered(AV).passes(1).sends(**second)
    assert talk.kinds(LAST) == {Unmet}
    assert talk.kinds(EMPTY) == {Held}
    talk.challenged(LATER).sends(Authorization=credentials(LATER), **second).ok()
    assert talk.passes(30).sends(Authorization=credentials(AV)).kinds(LAST) == {Held}
    talk.ok().sends(Authorization=credentials(AV), Expires="0").ok(0)
    assert talk.passes(1).sends(Authorization=credentials(LATER), **second).kinds(EMPTY) == {Held}


@pytest.mark.parametrize(("told", "expected"), [(False, Unmet), (True, Breach)])
def test_a_capture_may_begin_in_the_middle(told: bool, expected: type[Outcome]) -> None:
    """With the refresh of a registration that it does not have; in a run the UE begins without any."""
    talk = Forged().told("register") if told else Forged()
    assert talk.sends(Authorization=credentials(AV)).kinds(EMPTY) == {expected}


@pytest.mark.parametrize(("late", "expected"), [(1, Breach), (40, Unmet)])
def test_a_challenge_that_came_too_late_is_not_answered(late: float, expected: type[Outcome]) -> None:
    """What comes next goes on from an earlier one."""
    md5 = {"algorithm": "MD5"}
    talk = Forged(subscriber=BOB).sends().passes(late).challenged(LATER, **md5).passes(1)
    talk.sends(Authorization=credentials(AV, b"secret", algorithm="MD5"))
    assert talk.kinds("24.229-5.1.1.5.1-02") - {Moot} == {expected}


@pytest.mark.parametrize(("after", "expected"), [(30, Breach), (299, Unmet)])
def test_a_refresh_may_cross_the_command_to_deregister(after: float, expected: type[Outcome]) -> None:
    talk = Forged().registered(AV, 600).passes(after).told("deregister").sends(Authorization=credentials(AV))
    assert talk.kinds("24.229-5.1.1.6-01") == {expected}


@pytest.mark.parametrize(("expires", "expected"), [("0", Unmet), ("700000", Unmet), ("3600", Breach)])
def test_a_subscription_for_another_time(expires: str, expected: type[Outcome]) -> None:
    """After a 423, or for a look alone (RFC 6665 4.1.2.1, 4.4.3)."""
    talk = Forged().registered(AV).subscribes(423).subscribes(Expires=expires)
    assert talk.kinds("24.229-5.1.1.3-03") == {Held, expected}
    assert Forged().registered(AV).subscribes(Expires="700000").kinds("24.229-5.1.1.3-03") == {Breach}
