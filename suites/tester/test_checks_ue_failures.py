"""Challenges that a UE cannot accept: what it reports, how often, and what follows."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from forged import (
    ALGORITHM,
    NEW_CLIENT,
    Forged,
    credentials,
    empty,
    mac_failure,
    sync_failure,
    vector,
    with_wrong_mac,
)

from imsreg.aka.sqn import DELTA, join
from imsreg.aka.vector import AuthenticationVector, build_auts
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet

AV = vector(5)
BAD = with_wrong_mac(vector(6))
OLD = vector(7, seq=3)
MAC, SQN, RECOVERY, MOST = (f"24.229-5.1.1.5.{which}" for which in ("3-01", "3-02", "3-04", "12-01"))


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (mac_failure(BAD), Held),
        (mac_failure(BAD, response=None), Observed),
        (sync_failure(BAD, join(9, 0)), Breach),
        (credentials(BAD), Breach),
        (empty(), Breach),
    ],
)
def test_the_report_of_a_wrong_mac(authorization: str, expected: type[Outcome]) -> None:
    assert Forged().sends().challenged(BAD).sends(Authorization=authorization).kinds(MAC) == {expected}


def test_silence_after_a_wrong_mac_counts_once_the_ue_was_watched() -> None:
    talk = Forged().sends().challenged(BAD)
    assert talk.kinds(MAC) == {Unmet}
    assert talk.passes(32).kinds(MAC) == {Breach}


def test_mac_comes_before_sqn() -> None:
    both = with_wrong_mac(OLD)
    talk = Forged().registered(AV).passes(30).sends(Authorization=credentials(AV)).challenged(both)
    talk.sends(Authorization=sync_failure(both, join(5, 0)))
    assert talk.kinds(MAC) == {Breach}
    assert talk.kinds(SQN) == {Unmet}


def after_a_registration(av: AuthenticationVector = OLD) -> Forged:
    """A registration, and a refresh that gets this challenge."""
    return Forged().registered(AV).passes(30).sends(Authorization=credentials(AV)).challenged(av)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (sync_failure(OLD, join(5, 0)), Held),
        (sync_failure(OLD, join(7000, 3)), Held),
        (sync_failure(OLD, join(4, 0)), Breach),
        (sync_failure(OLD, join(5, 0), auts='"AAAAAAAAAAAAAAAAAAA="'), Breach),
        (sync_failure(OLD, join(5, 0), auts='""'), Breach),
        (credentials(OLD), Breach),
        (mac_failure(OLD), Breach),
        (empty(), Breach),
    ],
)
def test_the_report_of_an_old_sqn(authorization: str, expected: type[Outcome]) -> None:
    assert after_a_registration().sends(Authorization=authorization).kinds(SQN) == {expected}


def test_an_sqn_whose_range_nobody_knows() -> None:
    talk = Forged().sends().challenged(OLD)
    assert talk.passes(60).kinds(SQN) == {Unmet}
    accepted = Forged().sends().challenged(OLD).sends(Authorization=credentials(OLD))
    assert accepted.kinds(SQN) == {Unmet}
    reported = Forged().sends().challenged(OLD).sends(Authorization=sync_failure(OLD, join(900, 0)))
    assert reported.kinds(SQN) == {Held}


def test_another_ind_may_be_lower() -> None:
    lower = vector(8, seq=2)
    other = replace(lower, autn=_autn(8, join(2, 1)))
    talk = after_a_registration(other).sends(Authorization=credentials(other))
    assert talk.kinds(SQN) == {Unmet}
    assert talk.kinds("24.229-5.1.1.5.1-01") == {Held}


def _autn(number: int, sqn: int) -> bytes:
    rand = number.to_bytes(16)
    concealed = sqn ^ int.from_bytes(ALGORITHM.f2345(rand).ak)
    return concealed.to_bytes(6) + b"\x80\x00" + ALGORITHM.f1(rand, sqn, b"\x80\x00")


def test_an_sqn_beyond_delta_is_the_usims_to_judge() -> None:
    far = vector(9, seq=5 + DELTA + 1)
    talk = after_a_registration(far)
    assert talk.sends(Authorization=credentials(far)).kinds(SQN) == {Observed}
    right = after_a_registration(far).sends(Authorization=sync_failure(far, join(5, 0)))
    assert right.kinds(SQN) == {Held}


@pytest.mark.parametrize(
    ("auts", "expected"),
    [
        (base64.b64encode(build_auts(ALGORITHM, OLD.rand, join(5, 0))).decode(), Held),
        (build_auts(ALGORITHM, OLD.rand, join(5, 0)).hex(), Breach),
        (base64.b64encode(build_auts(ALGORITHM, OLD.rand, join(5, 0))[2:]).decode(), Breach),
        ("", Breach),
    ],
    ids=["base64", "hexadecimal", "12 octets", "empty"],
)
def test_the_form_of_auts(auts: str, expected: type[Outcome]) -> None:
    talk = after_a_registration().sends(Authorization=sync_failure(OLD, 0, auts=f'"{auts}"'))
    assert talk.kinds("rfc3310-3.4-02") == {expected}


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (sync_failure(OLD, join(5, 0)), Held),
        (sync_failure(OLD, join(5, 0), response=None), Held),
        (sync_failure(OLD, join(5, 0), response='""'), Held),
        (sync_failure(OLD, join(5, 0), response=f'"{"0" * 32}"'), Breach),
        (sync_failure(OLD, join(5, 0), nc=None), Unmet),
    ],
)
def test_the_response_beside_auts(authorization: str, expected: type[Outcome]) -> None:
    assert after_a_registration().sends(Authorization=authorization).kinds("rfc3310-3.4-03") == {expected}


def test_without_auts_its_rows_have_no_occasion() -> None:
    for row in ("rfc3310-3.4-02", "rfc3310-3.4-03", SQN, MAC, RECOVERY, MOST):
        assert Forged().registered(AV).kinds(row) == {Unmet}


NEXT = vector(10, seq=901)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [(credentials(NEXT), Held), (sync_failure(NEXT, join(900, 0)), Breach), (mac_failure(NEXT), Breach)],
)
def test_the_registration_after_a_resynchronisation(authorization: str, expected: type[Outcome]) -> None:
    talk = Forged().sends().challenged(OLD).sends(Authorization=sync_failure(OLD, join(900, 0))).challenged(NEXT)
    talk.sends(Authorization=authorization)
    assert talk.kinds(RECOVERY) == {expected}
    assert Breach not in talk.kinds("24.229-5.1.1.5.1-01")


def test_the_registration_after_a_wrong_mac() -> None:
    talk = Forged().sends().challenged(BAD).sends(Authorization=mac_failure(BAD)).challenged(NEXT)
    assert talk.passes(32).kinds(RECOVERY) == {Breach}
    right = Forged().sends().challenged(BAD).sends(Authorization=mac_failure(BAD)).challenged(NEXT)
    assert right.sends(Authorization=credentials(NEXT)).kinds(RECOVERY) == {Held}


def three_bad_ones() -> Forged:
    talk = Forged().sends()
    for number in (1, 2):
        bad = with_wrong_mac(vector(number))
        talk.challenged(bad).sends(Authorization=mac_failure(bad))
    return talk.challenged(BAD)


def test_the_third_invalid_challenge() -> None:
    assert three_bad_ones().kinds(MOST) == {Unmet}
    assert three_bad_ones().passes(60).kinds(MOST) == {Held}
    assert three_bad_ones().sends(Authorization=mac_failure(BAD)).kinds(MOST) == {Breach}
    assert three_bad_ones().passes(60).kinds(MAC) == {Held}


def test_a_valid_third_challenge_ends_the_row() -> None:
    talk = Forged().sends()
    for number in (1, 2):
        bad = with_wrong_mac(vector(number))
        talk.challenged(bad).sends(Authorization=mac_failure(bad))
    talk.challenged(NEXT).sends(Authorization=credentials(NEXT)).ok().passes(30)
    talk.sends(Authorization=credentials(NEXT)).challenged(BAD).sends(Authorization=mac_failure(BAD))
    assert talk.kinds(MOST) == {Unmet}
    assert talk.kinds(MAC) == {Held}


@pytest.mark.parametrize(("client", "expected"), [(NEW_CLIENT, Held), (None, Breach)])
def test_security_client_in_a_report(client: str | None, expected: type[Outcome]) -> None:
    talk = Forged(security="headers").sends().challenged(BAD)
    talk.client = client or talk.client
    assert talk.sends(Authorization=mac_failure(BAD)).kinds("24.229-5.1.1.5.3-03") == {expected}
    gone = Forged(security="headers").sends().challenged(BAD)
    gone.sends(Authorization=mac_failure(BAD), Security_Client=None)
    assert gone.kinds("24.229-5.1.1.5.3-03") == {Breach}
