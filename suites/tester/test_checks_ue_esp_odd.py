"""UEs that are odd and within their rights: none of them breaks a rule on associations."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Literal

import pytest
from forged import credentials, mac_failure, vector, with_wrong_mac
from forged_esp import P_ENDS, UE_ENDS, Secured, renumbered

from imsreg.secagree.associations import Association, Name, Side
from imsreg.secagree.events import Fate
from imsreg.secagree.ip import build_ip
from imsreg.secagree.transforms import Transform
from imsreg.sip.flow import Address, Transport
from imsreg.transcript.esp import EspEntry
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

SPIS, RENEWED, REFRESH, END = "33.203-7.1-08", "24.229-5.1.1.4.2-02", "24.229-5.1.1.4.1-03", "24.229-5.1.1.6-03"
REPORT, ELSE, CLEAR, PORTS = "33.203-7.4.1a-03", "33.203-7.4.1a-02", "33.203-7.1-04", "33.203-7.1-03"
CONTACT, ABANDONED, ANEW = "24.229-5.1.1.2.2-05", "33.203-7.3.2.2-01", "24.229-5.1.1.5.1-09"
ANSWERED, NOTIFIED, AGAIN = "24.229-5.1.1.5.1-01", "rfc6665-4.1.3-01", "rfc3261-17.1.2.2-02"

LISTED = (("0.9", "null"), ("0.1", "aes-cbc"))


def registered() -> Secured:
    return Secured(Side.UE).registered().passes(9)


def again(life: Secured, **headers: str | None) -> Secured:
    """A REGISTER with the credentials of the last authentication."""
    return life.register(Authorization=credentials(vector(len(life.sets))), **headers)


def test_two_pairs_of_spis_in_turn() -> None:
    """The pair of the set before the last is free as soon as that set is gone, which does not show."""
    life = again(registered()).challenged().answer().ok().passes(9)
    third = renumbered(UE_ENDS[2], spi_c=UE_ENDS[0].spi_c, spi_s=UE_ENDS[0].spi_s)
    assert life.register(ends=third, Authorization=credentials(vector(2))).kinds(SPIS) == {Held}


def test_a_counter_of_spis_that_begins_anew() -> None:
    """Whoever was switched off, or gave his sets up and begins in the clear, has no associations."""
    life = registered().told("reset")
    life.call_id = "two"
    assert life.register(on="clear", ends=UE_ENDS[0]).kinds(SPIS) == {Held, Observed}


def test_an_offer_that_was_not_taken_up_is_made_again() -> None:
    life = again(registered(), Security_Client=Secured(Side.UE).entry(UE_ENDS[1])).ok().passes(9)
    assert again(life, Security_Client=life.entry(UE_ENDS[1])).kinds(RENEWED) == {Held}
    assert again(life, Security_Client=life.entry(UE_ENDS[0])).kinds(RENEWED) == {Held, Breach}


@pytest.mark.parametrize("status", [0, 408, 500, 503, 504])
def test_in_the_clear_after_a_try_on_the_set(status: int) -> None:
    """The UE may take its associations for dead (TS 33.203 7.4.0)."""
    for row, expires in ((REFRESH, "600000"), (END, "0")):
        life = again(registered(), Expires=expires)
        if status:
            life.respond(status)
        life.passes(40)
        life.register(on="clear", Authorization=credentials(vector()), Expires=expires)
        assert Breach not in life.kinds(row)


def test_a_report_on_a_set_from_before() -> None:
    """The set of the first REGISTER is not known, and the report is on it, too."""
    life = Secured(Side.UE)
    old = Association(Name.UL1, 99, Address(life.ue_host, 7001), Address(life.p_host, 6002))
    bad = with_wrong_mac(vector())
    life.register(on=old).challenged(bad, on=Association(Name.DL2, 98, Address(life.p_host, 6001), old.source))
    assert life.register(on=old, Authorization=mac_failure(bad)).kinds(REPORT) == {Held}
    other = Secured(Side.UE)
    other.register(on=old).challenged(bad, on=Association(Name.DL2, 98, Address(life.p_host, 6001), old.source))
    assert other.register(on="clear", Authorization=mac_failure(bad)).kinds(REPORT) == {Breach}


def test_a_report_on_the_old_set_of_what_began_in_the_clear() -> None:
    bad = with_wrong_mac(vector(2))
    life = registered().register(on="clear").challenged(bad)
    assert life.register(Authorization=mac_failure(bad)).kinds(REPORT) == {Observed}


def test_a_new_request_on_the_old_set_is_odd() -> None:
    life = again(registered()).challenged().answer().ok()
    assert life.request(on=life.sets[0].named(Name.UL1)).kinds(ELSE) == {Held}  # on its way when the 200 came
    assert life.passes(9).request(on=life.sets[0].named(Name.UL1), call="y").kinds(ELSE) == {Held, Observed}


def test_a_port_that_is_protected_no_more() -> None:
    """Or not yet: what protects a port is its associations."""
    begin = Secured(Side.UE)
    own = Address(begin.ue_host, 7002)

    def sends(life: Secured) -> Secured:
        return life.clear(own, life.p_cscf, udp(own, life.p_cscf, b"REGISTER sip:h SIP/2.0\r\n"))

    assert sends(begin).register().challenged().answer().ok().kinds(CLEAR) == {Observed}
    assert sends(registered().told("reset")).kinds(CLEAR) == {Observed}
    assert sends(again(registered(), Expires="0").ok(0)).kinds(CLEAR) == {Observed}
    assert sends(registered()).kinds(CLEAR) == {Breach}


def test_other_contacts_of_its_own_are_removed_beside_it() -> None:
    both = "<sip:u@192.0.2.1:7002>, <sip:u@192.0.2.1:7009>"
    assert again(registered(), Contact=both, Expires="0").kinds(CONTACT) == {Held}
    assert again(registered(), Contact="<sip:u@192.0.2.1:7009>", Expires="0").kinds(CONTACT) == {Held, Breach}


def test_a_packet_of_another_protocol_is_odd() -> None:
    life = registered()
    event = life.sets[0].named(Name.UL1)
    assert Breach in Secured(Side.UE).registered().packet(event, Fate.WRONG_SELECTOR).kinds(PORTS)
    life.packet(event, Fate.WRONG_SELECTOR)
    life.transcript.esp[-1] = _without_ports(life)
    assert life.kinds(PORTS) == {Held, Observed}


def udp(source: Address, destination: Address, data: bytes) -> bytes:
    """An IP packet with a datagram."""
    ends = [ipaddress.ip_address(a.host).packed for a in (source, destination)]
    header = b"".join(n.to_bytes(2, "big") for n in (source.port, destination.port, 8 + len(data), 0))
    return build_ip(ends[0], ends[1], 17, header + data)


def _without_ports(life: Secured) -> EspEntry:
    last = life.transcript.esp[-1]
    return replace(last, event=replace(last.event, inner=None))


def test_a_parameter_that_stands_twice_leaves_a_doubt() -> None:
    twice = f"ipsec-3gpp; alg=hmac-sha-1-96; {P_ENDS[0].parameters()}; spi-c=77"
    life = Secured(Side.UE).register().challenged(lists=twice)
    assert life.answer(on="clear", Security_Verify=None).kinds(ABANDONED) == {Observed}


def test_another_mode_that_both_sides_have() -> None:
    life = Secured(Side.UE)
    entry = life.entry(UE_ENDS[0])
    life.register(Security_Client=f"{entry}, {entry}; mod=UDP-enc-tun")
    life.challenged(lists=f"{life.entry(P_ENDS[0])}; mod=UDP-enc-tun").passes(40)
    assert (life.kinds(ABANDONED), life.kinds(ANEW)) == ({Moot}, {Moot})


def test_what_comes_on_the_set_in_use_answers_no_list_that_names_its_spis() -> None:
    life = again(registered()).challenged(lists=f"ipsec-3gpp; alg=x; {P_ENDS[0].parameters()}")
    life.packet(life.sets[0].named(Name.UL1)).passes(40)
    assert life.kinds(ABANDONED) == {Held}


def test_the_call_id_of_another_identity() -> None:
    life = Secured(Side.UE).register().challenged(lists="tls").passes(20)
    assert life.register(To="<sip:other@home.example>", From="<sip:other@home.example>;tag=1").kinds(ANEW) != {Breach}


@pytest.mark.parametrize(("on", "kinds"), [("right", {Held, Breach}), ("clear", {Held})])
def test_a_challenge_in_the_clear_to_a_request_on_a_set(
    on: Literal["clear", "right"], kinds: set[type[Outcome]]
) -> None:
    assert again(registered()).challenged(on=on).passes(40).kinds(ANSWERED) == kinds


def test_a_200_in_the_clear_to_a_refresh_is_none() -> None:
    life = again(registered()).ok(on="clear").passes(2).again().passes(4).again()
    assert life.kinds(AGAIN) == {Held}


def test_a_challenge_on_a_set_to_a_request_in_the_clear() -> None:
    life = registered().register(on="clear", Authorization=credentials(vector()))
    life.challenged(on=life.sets[0].named(Name.DL2)).passes(40)
    assert life.kinds(ANSWERED) == {Held}


@pytest.mark.parametrize("name", ["deleted", "temporary", "in use"])
def test_a_notify_on_another_set_need_not_be_answered(name: str) -> None:
    life = registered().request("SUBSCRIBE", Event="reg").respond(200)
    if name != "in use":
        again(life).challenged()
    if name == "deleted":
        life.answer().ok().passes(9)
        again(life).challenged().answer().ok().passes(9)
    sas = {"deleted": 0, "temporary": 1, "in use": 0}[name]
    life.request("NOTIFY", sender=Side.P_CSCF, on=life.sets[sas].named(Name.DL2), Event="reg").passes(40)
    assert life.kinds(NOTIFIED) == {Breach if name == "in use" else Unmet}


@pytest.mark.parametrize("number", [1, 2])
def test_the_last_nonce_or_that_of_the_last_success(number: int) -> None:
    """An authentication whose answer is refused leaves both."""
    life = again(registered()).challenged().answer().respond(503).passes(30)
    assert life.register(Authorization=credentials(vector(number))).kinds("24.229-5.1.1.4.2-01") == {Held}


def test_a_request_that_nobody_could_read_takes_a_number() -> None:
    life = Secured(Side.UE).register().challenged()
    life.packet(life.sets[0].named(Name.UL1), Fate.BAD_ICV)
    life._cseq += 1
    assert life.register(on="clear").kinds("rfc3261-10.2-02") == {Unmet}
    other = Secured(Side.UE).register().challenged()
    other._cseq += 1
    assert other.register(on="clear").kinds("rfc3261-10.2-02") == {Breach}


def test_a_failure_on_another_set_shows_nothing_of_repetitions() -> None:
    life = again(registered()).challenged().answer()
    life.respond(403, on=life.sets[0].named(Name.DL2)).passes(4).again().passes(8).again()
    assert Breach not in life.kinds(AGAIN)


@pytest.mark.parametrize(("before", "since"), [("UDP", "TCP"), ("TCP", "UDP")])
def test_one_transport_in_the_clear_and_another_on_associations(before: Transport, since: Transport) -> None:
    life = Secured(Side.UE, transport=before).register().challenged()
    life.transport = since
    life.answer().ok().request().respond(200)
    again(life.passes(9)).challenged().answer().ok()
    again(life.passes(9), Expires="0").ok(0)
    for row in ("33.203-7.4.1a-01", ELSE, PORTS, CONTACT, REFRESH, END, CLEAR):
        assert life.kinds(row) == {Held}, row


def test_all_of_an_emergency_call_may_be_in_the_clear() -> None:
    life = registered().request("INVITE", on="clear", uri="urn:service:sos", call="e").respond(200, on="clear")
    life.request("BYE", on="clear", uri="sip:psap@home.example", call="e").respond(200, on="clear")
    assert life.kinds(ELSE) == {Unmet}
    life.request("OPTIONS", sender=Side.P_CSCF, on="clear", call="e").respond(200, sender=Side.UE, on="clear")
    assert life.kinds("33.203-7.1-09") == {Unmet}
    assert life.request("BYE", on="clear", call="f").kinds(ELSE) == {Breach}


def test_encryption_that_the_network_leaves_out() -> None:
    """The UE has not offered that, and may know it all the same."""
    cbc = Transform("hmac-sha-1-96", "aes-cbc")
    life = Secured(Side.UE, offered=cbc)
    both = ", ".join(f"ipsec-3gpp; q={q}; alg=hmac-sha-1-96; ealg={e}; {P_ENDS[0].parameters()}" for q, e in LISTED)
    life.register().challenged(lists=both)
    life.packet(life.sets[0].named(Name.UL1), Fate.DUMMY)
    assert life.kinds("33.203-I-01") == {Unmet}


def test_whoever_takes_a_challenge_in_the_clear_does_not_begin_twice() -> None:
    life = again(registered()).challenged(on="clear").passes(3).answer()
    assert Breach not in life.kinds("24.229-5.1.1.2.1-08")


@pytest.mark.parametrize(("data", "kind"), [(b"SIP/2.0 200 OK", Breach), (b"GET / HTTP/1.1\r\n", Observed)])
def test_what_another_program_of_the_host_sends_is_no_message(data: bytes, kind: type[Outcome]) -> None:
    life = registered()
    source, destination = Address(life.ue_host, 40000), Address(life.p_host, 6002)
    assert life.clear(source, destination, udp(source, destination, data)).kinds(CLEAR) == {kind}
