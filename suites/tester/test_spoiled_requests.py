"""What a response is that answers a request in a spoiled packet, which is no message of the ladder."""

from __future__ import annotations

import ipaddress

from forged_esp import Secured

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Fault
from imsreg.secagree.ip import build_ip
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address
from imsreg.transcript.spoiled import carried, spoiled_note
from imsreg.verdict.outcome import Breach, Held

SPOILED, VIA, CSEQ = "33.203-6.3-02", "rfc3261-8.2.6.2-02", "rfc3261-8.2.6.2-04"


def answer(life: Secured, cseq: int, branch: str) -> bytes:
    """A 200 to a REGISTER of this Call-ID."""
    return (
        Draft.response(200)
        .add("Via", f"SIP/2.0/UDP {life.ue_host}:7002;branch=z9hG4bK{branch}")
        .add("From", "<sip:alice@example.org>;tag=1")
        .add("To", "<sip:alice@example.org>;tag=2")
        .add("Call-ID", life.call_id)
        .add("CSeq", f"{cseq} REGISTER")
        .to_bytes()
    )


def test_it_is_not_held_against_the_request_before() -> None:
    life = Secured(Side.P_CSCF).registered().spoils("spoiled")
    life.packet(life.sets[0].named(Name.UL1), injected=Fault.BAD_ICV)
    life.arrives(answer(life, 99, "spoiled"), life.sets[0].named(Name.DL2)).passes(3)
    assert life.kinds(SPOILED) == {Breach}
    assert Breach not in life.kinds(VIA)
    assert Breach not in life.kinds(CSEQ)


def test_without_a_spoiled_packet_it_is_a_copy_gone_wrong() -> None:
    life = Secured(Side.P_CSCF).registered()
    life.arrives(answer(life, 99, "spoiled"), life.sets[0].named(Name.DL2)).passes(3)
    assert Breach in life.kinds(CSEQ)


def test_the_same_request_may_follow_as_it_should() -> None:
    life = Secured(Side.P_CSCF).register().challenged().spoils("2")
    life.packet(life.sets[0].named(Name.UL1), injected=Fault.BAD_ICV)
    life.arrives(answer(life, 2, "2"), life.sets[0].named(Name.DL2)).passes(3).answer().ok()
    assert life.kinds(SPOILED) == {Breach}


def leaked(life: Secured, cseq: int, branch: str) -> Secured:
    """A response in the clear between the server ports."""
    source, destination = Address(life.p_host, 6002), Address(life.ue_host, 7002)
    raw = answer(life, cseq, branch)
    head = b"".join(each.to_bytes(2, "big") for each in (source.port, destination.port, 8 + len(raw), 0))
    ends = (ipaddress.ip_address(each.host).packed for each in (source, destination))
    return life.clear(source, destination, octets=build_ip(*ends, 17, head + raw))


def test_it_may_come_in_the_clear() -> None:
    life = Secured(Side.P_CSCF).register().challenged().spoils("2")
    life.packet(life.sets[0].named(Name.UL1), injected=Fault.CLEAR).passes(3)
    assert life.kinds(SPOILED) == {Held}
    assert leaked(life, 2, "2").answer().ok().kinds(SPOILED) == {Breach}


def test_who_leaks_what_was_asked_rightly_is_not_blamed_for_more() -> None:
    life = Secured(Side.P_CSCF).register().challenged().spoils("2")
    life.packet(life.sets[0].named(Name.UL1), injected=Fault.BAD_ICV).passes(3).answer()
    assert leaked(life, 2, "2").kinds(SPOILED) == {Held}


def test_who_leaks_to_nobody_anyway_is_not_judged_by_that() -> None:
    life = leaked(Secured(Side.P_CSCF).registered(), 99, "odd").spoils("odd")
    life.packet(life.sets[0].named(Name.UL1), injected=Fault.BAD_ICV).passes(3)
    assert life.kinds(SPOILED) == {Held}
    assert leaked(life, 99, "late").kinds(SPOILED) == {Held}
    assert leaked(life, 99, "odd").kinds(SPOILED) == {Breach}


def test_the_note_names_the_request() -> None:
    life = Secured(Side.P_CSCF).registered()
    for data in (
        b"",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n\r\n",
        b"OPTIONS sip:u SIP/2.0\r\n\r\n",
    ):
        assert spoiled_note(data) == "a spoiled packet follows, and in it no request"
        life.transcript.note(spoiled_note(data), 0.0)
    life.spoils("one").ok().spoils("other")
    branches = [(each.branch, each.after) for each in carried(life.transcript.events)]
    assert branches == [("z9hG4bKone", 4), ("z9hG4bKother", 5)]
