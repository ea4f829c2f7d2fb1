"""What a network with associations may do as it likes, and what the checks make of the choice that it took."""

from __future__ import annotations

import pytest
from forged import credentials, vector
from forged_esp import UE_ENDS, Secured

from imsreg.secagree.associations import Name, Side
from imsreg.sip.flow import Transport
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet

ACCEPTED, REFUSED, ELSEWHERE, UNCHALLENGED = (f"33.203-7.4.2a-0{number}" for number in (2, 3, 4, 5))
RENEWED, RIGHT_PORT, UNKNOWN_CONTACT = "33.203-7.4.0-01", "33.203-7.1-03", "24.229-5.4.1.2.2-04"


def talk(transport: Transport = "UDP") -> Secured:
    return Secured(Side.P_CSCF, transport=transport)


@pytest.mark.parametrize("row", [REFUSED, ELSEWHERE, RENEWED])
def test_no_refresh_is_challenged(row: str) -> None:
    assert talk().registered().kinds(row) == {Unmet}
    assert talk().registered().register().ok().kinds(row) == {Moot}
    assert talk().registered().register().respond(503).kinds(row) == {Unmet}


def test_every_refresh_is_challenged() -> None:
    life = talk().registered().register().challenged()
    assert life.kinds(UNCHALLENGED) == {Moot}
    life.answer().ok()
    assert life.kinds(UNCHALLENGED) == {Moot}
    assert life.register().ok().kinds(UNCHALLENGED) == {Held}
    assert talk().registered().register().respond(503).kinds(UNCHALLENGED) == {Unmet}


def test_a_wrong_response_is_challenged_again() -> None:
    begun = talk().register().challenged().answer(Authorization=credentials(vector(), b"wrong"))
    assert begun.challenged().kinds(REFUSED) == {Moot}


def test_another_contact_is_challenged() -> None:
    life = talk().registered().register(Contact="<sip:u@192.0.2.1:7010>").challenged()
    assert life.kinds(UNKNOWN_CONTACT) == {Moot}


@pytest.mark.parametrize("name", [Name.DL1, Name.DL2])
def test_a_refusal_over_tcp_on_the_old_set_needs_no_certain_connection(name: Name) -> None:
    life = talk("TCP").registered().register().challenged().answer(Authorization=credentials(vector(2), b"wrong"))
    life.respond(403, on=life.sets[0].named(name))
    assert life.kinds(RIGHT_PORT) == {Held}
    assert life.kinds(REFUSED) == {Held}


@pytest.mark.parametrize(("on", "kind"), [("right", Held), ("clear", Breach)])
def test_an_answer_that_was_dropped_leaves_the_challenge_open(on: str, kind: type[Outcome]) -> None:
    begun = talk().register().challenged()
    begun.answer(on=begun.sets[0].named(Name.UL2)).passes(3)
    begun.answer().ok(on="clear" if on == "clear" else "right")
    assert begun.kinds(ACCEPTED) == {kind}
    overtaken = talk().register().challenged().register(ends=UE_ENDS[1]).challenged()
    late, overtaken.pending = overtaken.pending, overtaken.sets[0]
    overtaken.answer(vector(1)).passes(3)
    overtaken.pending = late
    overtaken.answer().ok(on="clear" if on == "clear" else "right")
    assert overtaken.kinds(ACCEPTED) == {kind}


@pytest.mark.parametrize("row", ["rfc3581-4-01", "rfc3581-4-03", "rfc3581-4-04", "rfc3261-18.2.2-01"])
def test_rules_of_the_clear_say_nothing_of_what_comes_on_associations(row: str) -> None:
    life = talk().registered()
    assert life.established is not None
    life.register(on="clear").challenged(on=life.established.named(Name.DL2))
    assert Breach not in life.kinds(row)
