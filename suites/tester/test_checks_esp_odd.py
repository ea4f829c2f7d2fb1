"""P-CSCFs that are odd and within their rights: none of them breaks a rule on associations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from forged import ALICE, credentials, vector
from forged_esp import P_ENDS, UE_ENDS, Secured, renumbered

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Fate
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Transport
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet

CHALLENGE, REFUSED, ELSEWHERE = "33.203-7.4.2a-01", "33.203-7.4.2a-03", "33.203-7.4.2a-04"
FAILED, RELEASED, IN_USE, HEARD = "33.203-7.4.2a-06", "33.203-7.4.2a-07", "33.203-7.4.2a-09", "33.203-7.4.2a-10"
SPIS, RENEWED, CLEAR, CLEAR_REQUEST = "33.203-7.1-05", "33.203-7.4.0-01", "33.203-7.1-04", "33.203-7.1-06"
REPEATED = "rfc3261-17.2.2-01"
WRONG = credentials(vector(), b"wrong")


def talk(transport: Transport = "UDP") -> Secured:
    return Secured(Side.P_CSCF, transport=transport)


def on_the_first(life: Secured, row: str) -> set[type[Outcome]]:
    """What it means for a row that a later request on the first set is accepted."""
    life.passes(1).request(on=life.sets[0].named(Name.UL1), call="later")
    return life.respond(200).kinds(row)


def test_two_pairs_of_spis_in_turn() -> None:
    """The set before goes with the next message on the new one, and its SPIs and ports are free."""
    life = talk().registered().registered()
    again = renumbered(P_ENDS[0], port_s=P_ENDS[1].port_s)
    life.register().challenged(ends=again)
    assert life.kinds(SPIS) == {Held}
    assert life.kinds(RENEWED) == {Held}


@pytest.mark.parametrize(("status", "kind"), [(403, Breach), (503, Unmet), (423, Unmet), (302, Unmet)])
def test_an_answer_that_is_put_off_has_not_failed(status: int, kind: type[Outcome]) -> None:
    life = talk().register().challenged().answer().respond(status)
    assert on_the_first(life, FAILED) == {kind}


def test_a_set_may_go_all_the_same_when_an_answer_is_put_off() -> None:
    life = talk().register().challenged().answer().respond(503)
    for _ in range(11):
        life.again()
    assert life.kinds(REPEATED) == {Unmet}


def test_the_old_set_may_go_before_its_requests_are_repeated() -> None:
    life = talk().registered().register().challenged()
    first, where = life._last, life._last_on
    life.answer().ok()
    life._last, life._last_on = first, where
    for _ in range(11):
        life.again()
    assert life.kinds(REPEATED) == {Unmet}


def test_a_challenge_without_a_list_makes_no_set_and_ends_none() -> None:
    life = talk().register().challenged().register(Security_Client=None)
    life.respond(401)
    assert on_the_first(life, FAILED) == {Unmet}


def test_a_contact_that_nobody_here_has_registered_keeps_the_sets() -> None:
    """The 200 to the de-registration lists a contact from before."""
    life = talk().registered().register(Expires="0")
    life.respond(200, "Contact: <sip:phone@192.0.2.77:7002>;expires=1200")
    assert on_the_first(life, RELEASED) == {Unmet}
    gone = talk().registered().register(Expires="0")
    gone.respond(200, "Contact: <sip:phone@192.0.2.77:7002>;expires=0")
    assert on_the_first(gone, RELEASED) == {Breach}


def test_the_sets_of_a_contact_that_the_network_has_dropped_are_not_certain() -> None:
    """As an S-CSCF may, when another contact of the user comes: the P-CSCF need not keep anything for it."""
    other = "<sip:u@192.0.2.9:7002>"
    kept = talk().registered()
    kept.request("NOTIFY", sender=Side.P_CSCF, on="clear")
    assert kept.kinds(IN_USE) == {Breach}
    dropped = talk().registered().register()
    dropped.respond(200, f"Contact: {other};expires=1200")
    dropped.request("NOTIFY", sender=Side.P_CSCF, on="clear")
    assert dropped.kinds(IN_USE) == {Unmet}
    assert dropped.register(on="clear").challenged(ends=P_ENDS[0]).kinds(SPIS) == {Held}


def test_a_wrong_response_with_a_wrong_list_may_be_refused_anywhere() -> None:
    life = talk().register().challenged()
    life.answer(Authorization=WRONG, Security_Verify="ipsec-3gpp;alg=null").respond(494, on="clear")
    assert life.kinds(REFUSED) == {Unmet}


def test_a_challenge_to_what_came_on_a_set_that_is_over() -> None:
    """Where that belongs no text says."""
    life = talk().register().challenged().register(ends=UE_ENDS[1]).challenged()
    life.pending = life.sets[0]
    life.answer(vector(1)).respond(401, on="clear")
    assert life.kinds(CHALLENGE) == {Held}


@pytest.mark.parametrize(("transport", "kind"), [("UDP", Breach), ("TCP", Observed)])
def test_an_answer_on_the_other_association_of_the_set(transport: Transport, kind: type[Outcome]) -> None:
    """Over TCP either side may use a connection that is there."""
    life = talk(transport).register().challenged()
    life.answer(on=life.sets[0].named(Name.UL2)).ok(on=life.sets[0].named(Name.DL2))
    assert life.kinds(ELSEWHERE) == {kind}


def test_a_datagram_in_the_clear_of_unknown_content_is_odd() -> None:
    life = talk().registered()
    assert life.clear(Address(life.p_host, 6002), life.ue, b"").kinds(CLEAR) == {Observed}


def test_what_could_not_be_recorded_is_not_taken_for_silence() -> None:
    life = talk().registered()
    life.transcript.dropped_esp = 1
    assert life.kinds(CLEAR) == {Unmet}


def test_a_request_that_overtakes_the_200() -> None:
    life = talk().registered().register().challenged().answer()
    life.request("NOTIFY", sender=Side.P_CSCF, on=life.sets[1].named(Name.DL2))
    assert life.kinds(IN_USE) == {Breach}
    crossed = talk().registered().register().challenged().answer()
    asked, on = crossed._last, crossed._last_on
    crossed.request("NOTIFY", sender=Side.P_CSCF, on=crossed.sets[1].named(Name.DL2))
    crossed._last, crossed._last_on = asked, on
    assert crossed.ok().kinds(IN_USE) == {Held}


def test_a_user_with_a_password_has_no_associations() -> None:
    plain = replace(ALICE, algorithm=None, password=Secret(b"x"))
    life = talk().registered().request("OPTIONS", on="clear").respond(200, on="clear")
    assert life.kinds(CLEAR_REQUEST) == {Breach}
    life.facts = replace(life.facts, subscribers={plain.impi: plain})
    assert life.kinds(CLEAR_REQUEST) == {Unmet}


def given_up(life: Secured) -> Secured:
    life.again().passes(32.0)
    life.transcript.note("no answer to REGISTER on UL1 within 32 s (Timer F)", life.now, kind="transport")
    return life


def test_silence_that_shows_nothing() -> None:
    late = talk().register().challenged().passes(60).answer()
    assert given_up(late).kinds(HEARD) == {Unmet}
    begun = talk().register(Security_Client=_both(talk()))
    begun.challenged(lists=_unsorted(begun))
    assert given_up(begun.answer()).kinds(HEARD) == {Unmet}
    kept_back = talk().register().challenged().answer()
    kept_back.transcript.esp = [
        replace(r, event=replace(r.event, fate=Fate.NOT_SENT)) for r in kept_back.transcript.esp
    ]
    kept_back.passes(32.0)
    kept_back.transcript.note("no answer to REGISTER", kept_back.now, kind="transport")
    assert kept_back.kinds(HEARD) == {Unmet}


def _both(life: Secured) -> str:
    ends = UE_ENDS[0].parameters()
    return f"ipsec-3gpp; alg=hmac-sha-1-96; ealg=null; {ends}, ipsec-3gpp; alg=hmac-sha-1-96; ealg=aes-cbc; {ends}"


def _unsorted(life: Secured) -> str:
    ends = P_ENDS[0].parameters()
    entry = "ipsec-3gpp; q={}; alg=hmac-sha-1-96; ealg={}; {}"
    return ", ".join((entry.format("0.1", "null", ends), entry.format("0.9", "aes-cbc", ends)))
