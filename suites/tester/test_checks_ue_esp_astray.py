"""Responses that a UE discards because of where they came, and the right one after them (TS 33.203 7.1, 7.4.1a)."""

from __future__ import annotations

import pytest
from forged import credentials, vector
from forged_esp import Secured

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Fault
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View

TAKEN, ELSE, REFRESH = "33.203-7.4.1a-04", "33.203-7.4.1a-02", "24.229-5.1.1.4.1-03"
ANSWERED, AGAIN = "24.229-5.1.1.5.1-01", "rfc3261-17.1.2.2-02"
PROTECTED = 7002


def answered(transport: Transport = "UDP") -> Secured:
    return Secured(Side.UE, transport=transport).register().challenged().answer()


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_the_right_200_after_a_wrong_one_counts(transport: Transport) -> None:
    life = answered(transport).ok(on="clear").passes(4)
    life.pending = life.sets[0]
    life.established = None
    life.ok().request().respond(200)
    (registration,) = View(life.transcript, life.facts).ue.registrations
    assert registration.final_entry.flow.association is not None
    assert life.kinds(ELSE) == {Held}
    assert life.kinds(TAKEN) == {Held}


@pytest.mark.parametrize(("waits", "later", "kind"), [(4, 1, Held), (1, 0, Unmet), (4, 5, Unmet)])
def test_a_pause_before_the_right_200(waits: float, later: float, kind: type[Outcome]) -> None:
    """It decides if it was long enough, and the UE quicker afterwards."""
    life = answered("TCP").ok(on="clear").passes(waits)
    life.pending = life.sets[0]
    life.ok().passes(later).request()
    assert life.kinds(TAKEN) == {kind}


def test_a_use_that_the_ue_was_told_shows_nothing() -> None:
    life = answered("TCP").ok(on="clear").passes(4)
    life.pending = life.sets[0]
    assert life.ok().told("deregister").request().kinds(TAKEN) == {Unmet}


def test_every_wrong_200_before_the_use_is_named() -> None:
    life = answered()
    life.packet(life.sets[0].named(Name.DL2), injected=Fault.BAD_ICV).ok(on="clear").passes(1).request(
        on=life.sets[0].named(Name.UL1)
    )
    (breach,) = life.rule(TAKEN)
    assert isinstance(breach, Breach)
    assert "bad ICV" in breach.actual
    assert "200 OK in the clear" in breach.actual


@pytest.mark.parametrize(("on", "kind"), [("clear", Held), ("the new set", Breach)])
def test_another_call_id(on: str, kind: type[Outcome]) -> None:
    """In the clear it is a new registration; on the set of the challenge it is the refresh of one."""
    life = answered().ok(on="clear").passes(20)
    life.call_id = "two"
    life.register(on="clear" if on == "clear" else life.sets[0].named(Name.UL1))
    assert life.kinds(TAKEN) == {kind}


def test_a_deregistration_on_the_new_set() -> None:
    life = answered().ok(on="clear").passes(1)
    life.register(on=life.sets[0].named(Name.UL1), Expires="0", Authorization=credentials(vector()))
    assert life.kinds(TAKEN) == {Breach}


def test_a_failure_in_the_clear_does_not_stand_against_the_right_200() -> None:
    life = answered().respond(403, on="clear").ok().request()
    assert len(View(life.transcript, life.facts).ue.registrations) == 1
    assert life.kinds(ELSE) == {Held}
    alone = answered().respond(403, on="clear")
    assert [register.status for register in View(alone.transcript, alone.facts).ue.registers] == [401, 403]


@pytest.mark.parametrize("port", [5062, PROTECTED])
def test_an_answer_in_the_clear_at_a_protected_port(port: int) -> None:
    """The Via of a refresh in the clear has asked for it. No UE takes it, and none has to act on it."""
    life = Secured(Side.UE).registered().passes(9)
    life.register(on="clear", Authorization=credentials(vector()))
    assert life._last is not None
    registers = life.transcript.entries[-1]
    flow = Flow("UDP", registers.flow.local, Address(life.ue_host, port))
    raw = _challenge(life)
    life.transcript.record(True, flow, raw, life.now)
    life.passes(4).again().passes(40)
    known = port == 5062
    assert life.kinds(REFRESH) == {Breach}
    assert life.kinds(ANSWERED) == ({Held, Breach} if known else {Held})
    assert [register.status for register in View(life.transcript, life.facts).ue.registers][-1] == (401 if known else 0)
    assert (Breach in life.kinds(AGAIN)) is False


def _challenge(life: Secured) -> bytes:
    """The octets of the 401 that `challenged` would send, written in a transcript of their own."""
    copy = Secured(Side.UE)
    copy.sets, copy._last, copy._branches = list(life.sets), life._last, life._branches
    return copy.challenged().transcript.entries[-1].raw
