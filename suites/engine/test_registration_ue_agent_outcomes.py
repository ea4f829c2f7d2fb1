"""What the reference UE makes of final responses to REGISTER, and of none: the test is the network."""

from __future__ import annotations

import pytest

from imsreg.registration.ue_policy import UePhase
from imsreg.registration.ue_times import Backoff
from imsreg.sip.flow import Flow, TransportFailure
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.timers import IMS


class Fixed:
    """A generator that always draws the same place between two bounds."""

    def __init__(self, place):
        self._place = place

    def uniform(self, low, high):
        return low + self._place * (high - low)


@pytest.fixture
def outcome(air):
    """The phase after a response to the first REGISTER."""

    def of(status, *fields):
        air.answer(air.register(), status, *fields)
        return air.ue.phase

    return of


# The back-off.


def test_the_back_off_is_that_of_rfc_5626():
    """The example of 4.5: 30 to 60 s after the first failure, at last 15 to 30 minutes."""
    for place, waits in ((0.0, [30, 60, 120, 240, 480, 900, 900]), (1.0, [60, 120, 240, 480, 960, 1800, 1800])):
        backoff = Backoff(Fixed(place))
        assert [backoff.failed() for _ in waits] == waits


def test_retry_after_makes_it_longer_and_success_begins_again():
    backoff = Backoff(Fixed(0.0))
    assert backoff.failed(10) == 30
    assert backoff.failed(500) == 500
    backoff.succeeded(0.0)
    assert backoff.failed() == 30


def test_who_may_begin_at_once_may_not_do_so_for_ever():
    backoff = Backoff(Fixed(0.0))
    backoff.succeeded(0.0)
    assert [backoff.soon(0.0), backoff.soon(1.0), backoff.soon(2.0)] == [0.0, 30, 60]
    backoff.succeeded(100.0)
    assert backoff.soon(129.0) > 0
    backoff.succeeded(200.0)
    assert backoff.soon(230.0) == 0.0


# An initial registration.


@pytest.mark.parametrize("status", [300, 302, 305, 408, 480, 486, 500, 503, 504, 599])
def test_what_may_pass_is_tried_again_after_the_back_off(air, outcome, status):
    assert outcome(status) is UePhase.WAITING
    air.advance(29.9)
    assert air.quiet()
    assert air.wait("REGISTER", 30.2).get(Authorization).nonce == ""


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 420, 421, 423, 481, 499, 600, 603, 606])
def test_what_is_final_is_left(air, outcome, status):
    assert outcome(status) is UePhase.FAILED
    air.advance(86_400)
    assert air.quiet()
    assert air.register().get(Authorization).nonce == ""


def test_retry_after_is_waited_for(air, outcome):
    outcome(503, ("Retry-After", "300 (maintenance);duration=60"))
    air.advance(299.9)
    assert air.quiet()
    air.advance(0.2)
    air.take("REGISTER")


def test_each_attempt_is_a_registration_of_its_own(air, outcome):
    first = air.register()
    air.answer(first, 500)
    second = air.wait("REGISTER", 60)
    assert second.value("Call-ID") != first.value("Call-ID")
    air.answer(second, 500)
    air.advance(59.9)
    assert air.quiet()
    assert air.wait("REGISTER", 60.2).value("Call-ID") != second.value("Call-ID")


def test_silence_is_repeated_with_timer_e_and_then_waited_out(air):
    air.register()
    times = []
    for _ in range(1280):
        air.advance(0.1)
        while not air.quiet():
            air.take("REGISTER")
            times.append(round(air.now))
    air.advance(0.1)
    assert times == [2, 6, 14, 30, 46, 62, 78, 94, 110, 126]
    assert air.ue.phase is UePhase.WAITING
    air.advance(29.9)
    assert air.quiet()
    air.advance(30.3)
    assert not air.quiet()


def test_a_transport_that_fails_is_waited_out(air):
    air.register()
    flow = Flow("UDP", air.way.local, air.way.core)
    air.ue.fail(TransportFailure(flow, "unreachable", "ICMP port unreachable"), air.now)
    assert air.ue.phase is UePhase.WAITING
    air.advance(29.9)
    assert air.quiet()
    air.wait("REGISTER", 30.2)


def test_423_is_repeated_with_what_is_accepted(new_air):
    air = new_air(expires=60, reg_event=False)
    first = air.register()
    air.answer(first, 423, ("Min-Expires", "1800"))
    again = air.take("REGISTER")
    assert again.value("Expires") == "1800"
    assert again.value("Call-ID") == first.value("Call-ID")
    assert again.get(CSeq).number == first.get(CSeq).number + 1


def test_a_200_that_does_not_list_the_contact_is_no_registration(air):
    air.challenge(air.register())
    air.answer(air.take("REGISTER"), 200, ("Contact", "<sip:another@192.0.2.9>;expires=600000"))
    assert air.ue.phase is UePhase.WAITING


def test_a_200_to_the_first_register_is_taken(air):
    """Whether the network may do so is for a check to say."""
    air.accept(air.register())
    assert air.ue.phase is UePhase.REGISTERED


def test_a_provisional_response_changes_nothing(air):
    register = air.register()
    air.answer(register, 100)
    assert air.ue.phase is UePhase.REGISTERING
    air.challenge(register)
    air.take("REGISTER")


# One REGISTER at a time.


def test_nothing_new_is_sent_while_a_register_waits(air):
    first = air.register()
    air.ue.register(air.now)
    air.ue.deregister(air.now)
    assert air.quiet()
    air.challenge(first)
    air.accept(air.take("REGISTER"))
    leaving = air.take("REGISTER")
    assert leaving.value("Expires") == "0"
    air.answer(leaving, 200)
    assert air.ue.phase is UePhase.UNREGISTERED
    assert air.quiet()


def test_who_changes_his_mind_during_the_de_registration_is_registered_again(air):
    air.registered()
    air.ue.deregister(air.now)
    leaving = air.take("REGISTER")
    air.ue.register(air.now)
    assert air.quiet()
    air.answer(leaving, 200)
    assert air.take("REGISTER").value("Expires") == "600000"


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_refused_de_registration_is_the_end_all_the_same(air, status):
    air.registered()
    air.ue.deregister(air.now)
    air.answer(air.take("REGISTER"), status)
    assert air.ue.phase is UePhase.UNREGISTERED
    air.advance(700_000)
    assert air.quiet()


def test_a_challenged_de_registration_is_answered_with_expiry_zero(air):
    air.registered()
    air.ue.deregister(air.now)
    air.challenge(air.take("REGISTER"))
    answer = air.take("REGISTER")
    assert answer.value("Expires") == "0"
    assert len(answer.get(Authorization).response) == 32


def test_de_registration_ends_the_waiting(air, outcome):
    outcome(500)
    air.ue.deregister(air.now)
    assert air.ue.phase is UePhase.UNREGISTERED
    air.advance(3600)
    assert air.quiet()


# A refresh.


def refreshing(air, expires=1200):
    """The refresh of a registration, at half-time."""
    air.registered(expires=expires)
    air.advance(expires / 2)
    return air.take("REGISTER")


def test_a_refresh_repeats_the_answer_that_was_accepted(air):
    answer = air.registered(expires=1200)
    air.advance(599.9)
    assert air.quiet()
    air.advance(0.2)
    refresh = air.take("REGISTER")
    assert refresh.value("Authorization") == answer.value("Authorization")
    assert refresh.value("Call-ID") == answer.value("Call-ID")
    assert refresh.value("Expires") == "600000"
    assert refresh.get(CSeq).number == answer.get(CSeq).number + 1


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_refresh_that_fails_in_the_network_is_an_initial_registration_at_once(air, status):
    refresh = refreshing(air)
    air.answer(refresh, status)
    initial = air.take("REGISTER")
    assert initial.value("Call-ID") != refresh.value("Call-ID")
    assert initial.get(Authorization).nonce == ""


@pytest.mark.parametrize("status", [408, 305, 480])
def test_another_failure_is_an_initial_registration_later(air, status):
    refresh = refreshing(air)
    air.answer(refresh, status)
    air.advance(29.9)
    assert air.quiet()
    air.advance(30.2)
    assert air.take("REGISTER").get(Authorization).nonce == ""


def test_silence_to_a_refresh_ends_the_registration(air):
    refreshing(air)
    air.advance(IMS.timer_f + 0.1)
    while not air.quiet():
        air.take("REGISTER")
    assert air.ue.phase is UePhase.WAITING
    air.advance(60.1)
    assert air.take("REGISTER").get(Authorization).nonce == ""


def test_retry_after_to_a_refresh_leaves_the_binding(air):
    refresh = refreshing(air)
    air.answer(refresh, 503, ("Retry-After", "120"))
    air.advance(120.1)
    again = air.take("REGISTER")
    assert again.value("Call-ID") == refresh.value("Call-ID")
    assert again.get(Authorization).nonce


def test_retry_after_beyond_the_expiry_needs_a_new_registration(air):
    refresh = refreshing(air)
    air.answer(refresh, 503, ("Retry-After", "601"))
    air.advance(601.1)
    assert air.take("REGISTER").value("Call-ID") != refresh.value("Call-ID")


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_refresh_is_the_end(air, status):
    air.answer(refreshing(air), status)
    assert air.ue.phase is UePhase.FAILED
    assert air.ue.registration.current.service_route == ()
    air.advance(86_400)
    assert air.quiet()


def test_what_is_granted_is_counted_from_the_own_contact_alone(air):
    air.challenge(air.register())
    answer = air.take("REGISTER")
    other = "<sip:another@192.0.2.9>;expires=100"
    air.answer(answer, 200, ("Contact", f"{other}, {answer.value('Contact')}"), ("Expires", "1000"))
    air.advance(499.9)
    assert air.quiet()
    air.advance(0.2)
    air.take("REGISTER")
