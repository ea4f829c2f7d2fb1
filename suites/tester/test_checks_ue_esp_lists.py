"""A UE and the lists of its network: those of no use, those that break a rule, those that two texts read apart."""

from __future__ import annotations

import pytest
from forged_esp import GCM, P_ENDS, SHA, UE_ENDS, Secured, renumbered

from imsreg.secagree.associations import Association, Name, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Fate, Fault, Inner
from imsreg.sip.flow import Address, Transport
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

ABANDONED, ANEW, ANSWERED = "33.203-7.3.2.2-01", "24.229-5.1.1.5.1-09", "24.229-5.1.1.5.1-01"
KEYS, CLEAR, REPLAY = "33.203-I-01", "33.203-7.1-04", "33.203-6.3-01"
UNKNOWN = f"ipsec-3gpp;q=0.5; alg=hmac-example-96; {P_ENDS[0].parameters()}"
CLASHING = renumbered(P_ENDS[0], spi_c=2002)
STANDARD = renumbered(P_ENDS[0], port_s=5060)


def under(life: Secured, spi: int) -> Association:
    """An association that nobody has, with an SPI."""
    return Association(Name.UL1, spi, Address(life.ue_host, 7001), Address(life.p_host, 6002))


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_packet_under_an_spi_of_the_list_is_an_answer(transport: Transport) -> None:
    life = Secured(Side.UE, transport=transport).register().challenged(lists=UNKNOWN)
    life.packet(under(life, 5002), Fate.UNKNOWN_SPI).passes(40)
    assert (life.kinds(ABANDONED), life.kinds(ANEW)) == ({Breach}, {Moot})


def test_other_packets_are_none() -> None:
    life = Secured(Side.UE).register().challenged(lists=UNKNOWN)
    life.packet(under(life, 77), Fate.UNKNOWN_SPI).passes(40)
    assert life.kinds(ABANDONED) == {Held}
    life = Secured(Side.UE).register()
    life.packet(under(life, 5002), Fate.UNKNOWN_SPI).challenged(lists=UNKNOWN).passes(40)
    assert life.kinds(ABANDONED) == {Held}


@pytest.mark.parametrize("ends", [CLASHING, STANDARD])
def test_a_list_that_breaks_a_rule_leaves_a_doubt(ends: Endpoints) -> None:
    begun = Secured(Side.UE).register().challenged(ends=ends)
    assert (begun.kinds(ABANDONED), begun.kinds(ANEW)) == ({Unmet}, {Unmet})
    begun.passes(40)
    assert (begun.kinds(ABANDONED), begun.kinds(ANEW)) == ({Held}, {Observed})
    same = Secured(Side.UE).register().challenged(ends=ends).passes(20).register()
    assert (same.kinds(ABANDONED), same.kinds(ANEW)) == ({Held}, {Observed})
    used = Secured(Side.UE).register().challenged(ends=ends)
    used.packet(under(used, ends.spi_s), Fate.UNKNOWN_SPI).passes(40)
    assert (used.kinds(ABANDONED), used.kinds(ANEW)) == ({Observed}, {Moot})


def test_a_standard_port_is_for_the_clear_whatever_a_list_says() -> None:
    life = Secured(Side.UE).register().challenged(ends=STANDARD).passes(40)
    assert life.p_cscf.port == 5060
    assert Breach not in life.register().kinds(CLEAR)


@pytest.mark.parametrize(("changes", "kind"), [({"port_s": 5060}, Unmet), ({"spi_c": 2002}, Unmet), ({}, Breach)])
def test_an_offer_that_cannot_be_taken_need_not_be_followed_up(changes: dict[str, int], kind: type[Outcome]) -> None:
    life = Secured(Side.UE).register(ends=renumbered(UE_ENDS[0], **changes)).challenged().passes(40)
    assert life.kinds(ANSWERED) == {kind}


@pytest.mark.parametrize(("first", "second", "kind"), [("0.9", "0.1", Breach), ("0.1", "0.9", Unmet)])
def test_two_texts_on_the_choice(first: str, second: str, kind: type[Outcome]) -> None:
    """Where the first entry is not that with the highest q, wrong packets may be right ones of the other choice."""
    ends = P_ENDS[0].parameters()
    lists = ", ".join(
        f"ipsec-3gpp;q={q}; alg={each.alg}; ealg={each.ealg}; {ends}" for q, each in ((first, SHA), (second, GCM))
    )
    life = Secured(Side.UE)
    offer = ", ".join(life.entry(UE_ENDS[0], each) for each in (SHA, GCM))
    life.register(Security_Client=offer).challenged(lists=lists)
    life.packet(life.sets[0].named(Name.UL1), Fate.BAD_ICV)
    assert life.kinds(KEYS) == {kind}


def test_a_segment_that_comes_twice_is_no_request() -> None:
    life = Secured(Side.UE, transport="TCP").registered().request("OPTIONS", sender=Side.P_CSCF, call="o")
    record = life.transcript.esp[-1].event
    life.packet(record.association, injected=Fault.REPLAY, sequence=record.sequence).passes(3)
    assert life.kinds(REPLAY) == {Moot}


@pytest.mark.parametrize(("mechanism", "kinds"), [("tls", {Moot}), ("digest", {Held})])
def test_another_mechanism_that_both_sides_have(mechanism: str, kinds: set[type[Outcome]]) -> None:
    life = Secured(Side.UE)
    life.register(Security_Client=f"{life.entry(UE_ENDS[0])}, {mechanism}").challenged(lists="tls;q=0.5").passes(40)
    assert life.kinds(ABANDONED) == kinds


def test_spis_crossed_are_no_matter_of_keys() -> None:
    life = Secured(Side.UE).register().challenged()
    own, other = (life.sets[0].named(name) for name in (Name.UL1, Name.UL2))
    life.packet(other, Fate.WRONG_SELECTOR, inner=Inner("UDP", own.source, own.destination))
    assert (life.kinds("33.203-7.1-03"), life.kinds(KEYS)) == ({Breach}, {Held})
