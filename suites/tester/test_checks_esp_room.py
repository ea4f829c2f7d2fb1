"""Whether a P-CSCF has associations for a UE that comes back: what a refusal tells, and when."""

from __future__ import annotations

import pytest
from forged import challenge, credentials, vector
from forged_esp import P_ENDS, UE_ENDS, Secured

from imsreg.secagree.associations import Side
from imsreg.tester.catalogue import full_catalogue
from imsreg.verdict.outcome import Breach, Held, Observed, Unmet

ROOM = "33.203-7.1-11"


def gone(life: Secured | None = None) -> Secured:
    """A UE that was registered, and is not any more: what it has of sets is over."""
    life = life or Secured(Side.P_CSCF)
    life.register(ends=UE_ENDS[len(life.sets)]).challenged(ends=P_ENDS[len(life.sets)]).answer().ok()
    life.register(Expires="0").ok(0)
    life.established = None
    return life


def test_a_challenge_means_that_there_is_room() -> None:
    assert gone().register().challenged().kinds(ROOM) == {Held}
    assert gone(gone()).register().challenged().answer().ok().kinds(ROOM) == {Held}


def test_a_challenge_without_a_set_tells_of_no_room() -> None:
    assert gone().register().respond(401, f"WWW-Authenticate: {challenge(vector(9))}").kinds(ROOM) == {Observed}


def test_nobody_comes_back() -> None:
    life = Secured(Side.P_CSCF)
    assert life.kinds(ROOM) == {Unmet}
    assert life.register().respond(403).kinds(ROOM) == {Unmet}
    assert gone().kinds(ROOM) == {Unmet}
    assert gone().register().kinds(ROOM) == {Unmet}


@pytest.mark.parametrize("status", [403, 500, 486, 513])
def test_a_refusal_counts_when_it_lasts(status: int) -> None:
    assert gone().register().respond(status).kinds(ROOM) == {Observed}
    assert gone().register().respond(status).passes(59).register().respond(status).kinds(ROOM) == {Observed}
    assert gone().register().respond(status).passes(61).register().respond(status).kinds(ROOM) == {Observed, Breach}


def test_a_challenge_in_between_ends_the_refusal() -> None:
    life = gone().register().respond(403).passes(61).register().challenged()
    life.pending = None
    assert life.register(on="clear").respond(403).kinds(ROOM) == {Observed, Held}


@pytest.mark.parametrize("status", [302, 408, 420, 421, 423, 480, 494, 503, 504])
def test_other_refusals_decide_nothing(status: int) -> None:
    assert gone().register().respond(status).passes(61).register().respond(status).kinds(ROOM) == {Unmet}


def test_a_ue_that_is_registered_still_may_be_refused() -> None:
    life = Secured(Side.P_CSCF).registered()
    life.register(on="clear").respond(403).passes(61).register(on="clear").respond(403)
    assert life.kinds(ROOM) == {Unmet}


def test_a_user_who_failed_before_may_be_locked_out() -> None:
    life = Secured(Side.P_CSCF).register().challenged().answer(Authorization=credentials(vector(), b"wrong"))
    life.respond(403).pending = None
    gone(life).register(ends=UE_ENDS[0]).respond(403).passes(61).register(ends=UE_ENDS[0]).respond(403)
    assert life.kinds(ROOM) == {Unmet}


@pytest.mark.parametrize(
    "headers", [{"Security_Client": None}, {"Require": "imsreg.unknown"}, {"Expires": "0"}, {"To": "<sip:b@x.example>"}]
)
def test_a_request_that_may_be_refused_for_itself(headers: dict[str, str | None]) -> None:
    life = gone()
    life.register(**headers).respond(403).passes(61).register(**headers).respond(403)
    assert life.kinds(ROOM) == {Unmet}


@pytest.mark.parametrize("side", list(Side))
def test_a_refresh_that_repeats_nonce_count_and_response_breaks_nothing(side: Side) -> None:
    """TS 24.229 5.1.1.4.2 a has it so, over associations: no row finds fault with it on either side."""
    life = Secured(side).registered().passes(2000)
    before = broken(life)  # what these transcripts leave out
    for expires in (600_000, 0):
        repeated = {"Authorization": credentials(vector()), "Security_Verify": life.server(life.sets[0])}
        life.register(ends=UE_ENDS[1], Expires=str(expires), **repeated).ok(expires)
    assert broken(life) == before
    assert side is Side.P_CSCF or life.kinds("24.229-5.1.1.4.2-01") == {Held}


def broken(life: Secured) -> set[str]:
    """The rows for the side under test that the transcript breaks."""
    judged = {"ue", "any"} if life.dut is Side.UE else {"p-cscf", "i-cscf", "s-cscf", "any"}
    return {row.id for row in full_catalogue() if judged & set(row.subject) and Breach in life.kinds(row.id)}
