"""A network that calls every nonce of a UE stale (RFC 7616 3.3)."""

from __future__ import annotations

import pytest
from forged import BOB, Forged, credentials, empty, vector

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Unmet

ROW, RESPONSE = "rfc7616-3.3-01", "rfc7616-3.4.1-01"
MD5: dict[str, str | None] = {"algorithm": "MD5"}


def answers(number: int, **stale: str | None) -> Forged:
    """So many right answers of a UE with a password, each challenged again with another nonce."""
    talk = Forged(subscriber=BOB).sends().challenged(vector(1), **MD5, **stale)
    for count in range(1, number + 1):
        talk.passes(0.1).sends(Authorization=credentials(vector(count), b"secret", algorithm="MD5"))
        talk.challenged(vector(count + 1), **MD5, **stale)
    return talk


def test_ten_answers_in_a_row_are_told_once() -> None:
    assert answers(9, stale="true").kinds(ROW) == {Unmet}
    assert answers(10, stale="true").kinds(ROW) == {Breach}
    assert len(answers(14, stale="true").rule(ROW)) == 1


@pytest.mark.parametrize("number", [1, 2, 6, 9])
def test_a_ue_that_gives_up_earlier_is_right(number: int) -> None:
    assert answers(number, stale="true").passes(31).kinds(ROW) == {Held}
    anew = answers(number, stale="TRUE").passes(20)
    anew.call_id = "two"
    assert anew.sends(Authorization=empty()).kinds(ROW) == {Held}


def test_what_follows_on_a_command_decides_nothing() -> None:
    assert answers(3, stale="true").passes(2).told("register").sends().kinds(ROW) == {Unmet}


def test_nonces_that_are_not_called_stale_do_not_count() -> None:
    assert answers(12).passes(31).kinds(ROW) == {Unmet}
    assert answers(12, stale="false").passes(31).kinds(ROW) == {Unmet}


def test_a_ue_with_aka_keys_is_another_matter() -> None:
    talk = Forged().sends().challenged(vector(1), stale="true").passes(31)
    assert talk.kinds(ROW) == {Moot}


@pytest.mark.parametrize(("number", "expected"), [(1, {Held, Observed}), (2, {Held, Observed}), (3, {Held, Moot})])
def test_to_give_up_is_odd_after_one_or_two_responses_only(number: int, expected: set[type]) -> None:
    assert answers(number, stale="true").passes(31).kinds("rfc3261-22.2-01") == expected
    assert answers(number, stale="true").passes(31).kinds(RESPONSE) == {Held, Unmet}
