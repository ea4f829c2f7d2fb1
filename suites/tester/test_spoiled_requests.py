"""What a response is that answers a request in a spoiled packet, which is no message of the ladder."""

from __future__ import annotations

from forged_esp import Secured

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Fault
from imsreg.sip.draft import Draft
from imsreg.verdict.outcome import Breach

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
    life = Secured(Side.P_CSCF).registered()
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
    life = Secured(Side.P_CSCF).register().challenged()
    life.packet(life.sets[0].named(Name.UL1), injected=Fault.BAD_ICV)
    life.arrives(answer(life, 2, "2"), life.sets[0].named(Name.DL2)).passes(3).answer().ok()
    assert life.kinds(SPOILED) == {Breach}
