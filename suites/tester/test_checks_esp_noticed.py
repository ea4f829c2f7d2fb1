"""Associations whose registration the network has ended by itself, as a NOTIFY says (TS 33.203 7.4.2a)."""

from __future__ import annotations

import pytest
from forged_esp import Secured

from imsreg.secagree.associations import Name, Side
from imsreg.sip.draft import Draft
from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo, build_reginfo
from imsreg.verdict.outcome import Breach, Held

ELSE = "33.203-7.4.2a-09"


def notified(life: Secured, event: str, *, state: str = "terminated", contact: str = "") -> Secured:
    """A NOTIFY on the established set."""
    uri = contact or life.contact().strip("<>")
    document = Reginfo(
        0, "partial", (RegistrationInfo("sip:alice@x", "r", "active", (RegContact("c", state, event, uri),)),)
    )
    notify = (
        Draft.request("NOTIFY", uri)
        .add("Via", f"SIP/2.0/UDP {life.p_host}:6002;branch=z9hG4bKnotify")
        .add("Call-ID", "subscription")
        .add("CSeq", "1 NOTIFY")
        .add("Event", "reg")
    )
    notify.body = build_reginfo(document)
    return life.arrives(notify.to_bytes(), life.sets[0].named(Name.DL2))


def astray(life: Secured) -> Secured:
    """What the P-CSCF must not send in the clear while there are associations."""
    return life.request("MESSAGE", sender=Side.P_CSCF, on="clear")


@pytest.mark.parametrize("event", ["deactivated", "rejected", "probation", "unregistered"])
def test_after_it_nothing_is_certain_of_the_set(event: str) -> None:
    life = notified(Secured(Side.P_CSCF).registered(), event)
    assert astray(life).kinds(ELSE) == {Held}  # the NOTIFY


@pytest.mark.parametrize(
    ("state", "contact"), [("active", ""), ("terminated", "sip:u@192.0.2.77:7002")], ids=["stands", "another contact"]
)
def test_any_other_leaves_it_alone(state: str, contact: str) -> None:
    life = notified(Secured(Side.P_CSCF).registered(), "registered", state=state, contact=contact)
    assert astray(life).kinds(ELSE) == {Held, Breach}


def test_one_from_before_does_so_too() -> None:
    life = notified(Secured(Side.P_CSCF).register().challenged(), "unregistered").answer().ok()
    assert Breach in astray(life).kinds(ELSE)
