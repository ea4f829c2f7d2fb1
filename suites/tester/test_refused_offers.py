"""What a 494 to a proposal decides, and what it leaves nothing of to judge."""

from __future__ import annotations

from forged_esp import GCM, P_ENDS, SHA, Secured

from imsreg.secagree.associations import Side
from imsreg.verdict.outcome import Held, Moot, Observed, Unmet

CHOICE, LIST, KEYS = "33.203-7.3.2.1-01", "33.203-7.2-01", "33.203-I-01"
GCM_IV = "rfc4106-3.1-01"


def refused(listed: str | None) -> Secured:
    """A UE that offers AES-GCM alone gets a 494 with this list."""
    life = Secured(Side.P_CSCF, offered=GCM).register()
    return life.respond(494, *(() if listed is None else (f"Security-Server: {listed}",)))


def test_a_list_with_nothing_in_common() -> None:
    life = Secured(Side.P_CSCF, offered=GCM)
    life = refused(life.entry(P_ENDS[0], SHA))
    assert life.kinds(CHOICE) == {Held}
    assert life.kinds(LIST) == {Unmet}
    assert life.kinds(KEYS) == {Moot}
    assert life.kinds(GCM_IV) == {Moot}


def test_a_list_with_what_the_ue_offers() -> None:
    life = Secured(Side.P_CSCF, offered=GCM)
    life = refused(life.entry(P_ENDS[0], GCM))
    assert life.kinds(CHOICE) == {Unmet}
    assert life.kinds(LIST) == {Observed}
    assert life.kinds(KEYS) == {Unmet}


def test_no_list() -> None:
    life = refused(None)
    assert life.kinds(CHOICE) == {Unmet}
    assert life.kinds(KEYS) == {Unmet}


def test_somebody_else_was_challenged() -> None:
    life = Secured(Side.P_CSCF, offered=GCM)
    life = refused(life.entry(P_ENDS[0], SHA)).register().challenged()
    assert life.kinds(KEYS) == {Unmet}
