"""A UE and its associations: what it offers, on which of them it sends, what it takes."""

from __future__ import annotations

from typing import Literal

import pytest
from forged import credentials, mac_failure, sync_failure, vector, with_wrong_mac
from forged_esp import P_ENDS, UE_ENDS, Secured, renumbered

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Fault
from imsreg.sip.flow import Transport
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View

ANSWER, ELSE, REPORT, TAKEN = (f"33.203-7.4.1a-0{number}" for number in (1, 2, 3, 4))
PORTS, SPIS, CLEAR = (f"33.203-7.1-0{number}" for number in (7, 8, 9))
ABANDONED, ANEW = "33.203-7.3.2.2-01", "24.229-5.1.1.5.1-09"
CONTACT, REFRESH, END = "24.229-5.1.1.2.2-05", "24.229-5.1.1.4.1-03", "24.229-5.1.1.6-03"
ROWS = (ANSWER, ELSE, REPORT, TAKEN, PORTS, SPIS, CLEAR, ABANDONED, ANEW, CONTACT, REFRESH, END)


def talk(transport: Transport = "UDP", family: str = "IPv4") -> Secured:
    return Secured(Side.UE, transport=transport, family=family)


def again(life: Secured, **headers: str | None) -> Secured:
    """A re-registration with the credentials of the last authentication."""
    return life.register(Authorization=credentials(vector(len(life.sets))), **headers)


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_life_without_fault(transport: Transport, family: str) -> None:
    life = talk(transport, family).registered()
    life.request("SUBSCRIBE").respond(200).request("NOTIFY", sender=Side.P_CSCF).respond(200, sender=Side.UE)
    again(life.passes(9)).challenged().answer().ok()
    again(life.passes(9), Expires="0").ok(0)
    for row in (ANSWER, ELSE, PORTS, SPIS, CONTACT, REFRESH, END):
        assert life.kinds(row) == {Held}, row
    for row in (REPORT, TAKEN, CLEAR, ABANDONED, ANEW):
        assert life.kinds(row) == {Unmet}, row


@pytest.mark.parametrize("row", ROWS)
def test_nothing_decides_nothing(row: str) -> None:
    assert talk().kinds(row) == {Unmet}


@pytest.mark.parametrize("name", [None, Name.UL2])
def test_the_answer_elsewhere(name: Name | None) -> None:
    begun = talk().register().challenged()
    assert begun.answer(on="clear" if name is None else begun.sets[0].named(name)).kinds(ANSWER) == {Breach}


def test_the_answer_on_the_old_set() -> None:
    life = again(talk().registered().passes(9)).challenged()
    assert life.answer(on=life.sets[0].named(Name.UL1)).kinds(ANSWER) == {Held, Breach}


def test_each_repetition_of_the_answer_counts() -> None:
    begun = talk().register().challenged().answer()
    begun._last_on = None  # the copy goes in the clear
    assert begun.again().kinds(ANSWER) == {Held, Breach}


def test_a_refresh_in_the_clear() -> None:
    life = talk().registered().passes(9)
    life.register(on="clear", Authorization=credentials(vector()))
    assert life.kinds(REFRESH) == {Breach}


def test_a_refresh_after_the_registration_has_run_out() -> None:
    life = talk().registered().passes(3601)
    assert life.register(on="clear", Authorization=credentials(vector())).kinds(REFRESH) == {Unmet}


def test_a_deregistration_in_the_clear() -> None:
    life = talk().registered().passes(9)
    assert life.register(on="clear", Authorization=credentials(vector()), Expires="0").kinds(END) == {Breach}


def test_what_else_it_sends() -> None:
    assert talk().registered().request(on="clear").kinds(ELSE) == {Breach}
    emergency = talk().registered().request("INVITE", on="clear", uri="urn:service:sos")
    assert emergency.kinds(ELSE) == {Unmet}
    early = again(talk().registered().passes(9)).challenged()
    assert early.request(on=early.sets[1].named(Name.UL1)).kinds(ELSE) == {Breach}
    assert talk().register().challenged().request(on="clear").kinds(ELSE) == {Unmet}


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_an_answer_to_a_protected_request(transport: Transport) -> None:
    life = talk(transport).registered().request("NOTIFY", sender=Side.P_CSCF)
    assert life.respond(200, sender=Side.UE, on="clear").kinds(ELSE) == {Breach}
    life = talk(transport).registered().request("NOTIFY", sender=Side.P_CSCF)
    again(life, Expires="0").ok(0)  # the answer may still be on the set that goes
    assert life.request("NOTIFY", sender=Side.P_CSCF).respond(200, sender=Side.UE).kinds(ELSE) == {Held}


@pytest.mark.parametrize("wrong", ["mac", "sqn"])
def test_a_report(wrong: str) -> None:
    def failed(life: Secured, number: int) -> tuple[Secured, str]:
        av = vector(number)
        if wrong == "mac":
            return life.challenged(with_wrong_mac(av)), mac_failure(with_wrong_mac(av))
        return life.challenged(av), sync_failure(av, 1 << 30)

    life, report = failed(talk().register(), 1)
    assert life.register(on="clear", Authorization=report).kinds(REPORT) == {Held}
    life, report = failed(talk().register(), 1)
    assert life.answer(Authorization=report).kinds(REPORT) == {Breach}
    life, report = failed(again(talk().registered().passes(9)), 2)
    assert life.register(Authorization=report).kinds(REPORT) == {Held}
    life, report = failed(again(talk().registered().passes(9)), 2)
    assert life.register(on="clear", Authorization=report).kinds(REPORT) == {Breach}
    life, report = failed(again(talk().registered().passes(9)), 2)
    assert life.answer(Authorization=report).kinds(REPORT) == {Breach}


@pytest.mark.parametrize(("on", "kind"), [("clear", Breach), ("right", Unmet)])
def test_a_200_in_the_clear_that_it_takes(on: str, kind: type[Outcome]) -> None:
    life = talk().register().challenged().answer()
    life.ok(on="clear") if on == "clear" else life.ok()
    life.request(on=life.sets[0].named(Name.UL1))
    assert life.kinds(TAKEN) == {kind}
    assert len(View(life.transcript, life.facts).ue.registrations) == (on == "right")


def test_a_200_in_the_clear_that_it_ignores() -> None:
    life = talk().register().challenged().answer().ok(on="clear")
    assert life.kinds(TAKEN) == {Unmet}
    assert life.passes(4).again().kinds(TAKEN) == {Held}
    life = talk().register().challenged().answer().ok(on="clear").passes(40)
    life.call_id = "two"
    life.established = None
    assert life.register().kinds(TAKEN) == {Held}


def test_a_200_on_the_old_set() -> None:
    life = again(talk().registered().passes(9)).challenged().answer()
    life.ok(on=life.sets[0].named(Name.DL2)).request(on=life.sets[1].named(Name.UL1))
    assert life.kinds(TAKEN) == {Breach}


@pytest.mark.parametrize("fault", [Fault.BAD_ICV, Fault.WRONG_SPI])
def test_a_spoiled_200(fault: Fault) -> None:
    life = talk().register().challenged().answer()
    life.packet(life.sets[0].named(Name.DL2), injected=fault)
    assert life.kinds(TAKEN) == {Unmet}
    life.request(on=life.sets[0].named(Name.UL1))
    assert life.kinds(TAKEN) == {Breach}
    other = talk().register().challenged().answer()
    other.packet(other.sets[0].named(Name.DL2), injected=fault).again().ok().request()
    assert other.kinds(TAKEN) == {Held}


def test_what_is_spoiled_later_is_no_200() -> None:
    life = talk().registered()
    life.packet(life.sets[0].named(Name.DL2), injected=Fault.BAD_ICV).request()
    assert life.kinds(TAKEN) == {Unmet}


@pytest.mark.parametrize(("port", "kind"), [(5060, Breach), (5061, Breach), (5063, Held)])
def test_standard_ports(port: int, kind: type[Outcome]) -> None:
    assert talk().register(ends=renumbered(UE_ENDS[0], port_c=port)).kinds(PORTS) == {kind}


@pytest.mark.parametrize(
    ("ends", "kind"),
    [
        (UE_ENDS[1], Held),
        (renumbered(UE_ENDS[1], spi_c=3002), Breach),
        (renumbered(UE_ENDS[1], spi_c=2002), Breach),
        (renumbered(UE_ENDS[1], spi_s=5001), Breach),
    ],
)
def test_spis(ends: Endpoints, kind: type[Outcome]) -> None:
    life = talk().registered().passes(9)
    assert life.register(ends=ends, Authorization=credentials(vector())).kinds(SPIS) == {Held, kind}


@pytest.mark.parametrize(
    ("headers", "transport", "kind"),
    [
        ({}, "UDP", Held),
        ({"Contact": "<sip:u@192.0.2.1:5062>"}, "UDP", Breach),
        ({"Contact": "<sip:u@192.0.2.1>"}, "UDP", Breach),
        ({"Contact": "<sip:u@ue.home.example:7002>;expires=600000"}, "UDP", Held),
        ({"Via": "SIP/2.0/UDP 192.0.2.1:7001;branch=z9hG4bKv"}, "UDP", Breach),
        ({"Via": "SIP/2.0/TCP 192.0.2.1:7001;branch=z9hG4bKv"}, "TCP", Held),
        ({"Contact": "*", "Expires": "0"}, "UDP", Held),
    ],
)
def test_the_protected_port(headers: dict[str, str | None], transport: Transport, kind: type[Outcome]) -> None:
    life = talk(transport).registered().passes(9)
    assert again(life, **headers).kinds(CONTACT) == {Held, kind}
    assert talk().register(Contact="<sip:u@192.0.2.1:5062>").kinds(CONTACT) == {Unmet}


@pytest.mark.parametrize("status", [200, 403, None])
def test_a_request_in_the_clear(status: int | None) -> None:
    life = talk().registered().request("OPTIONS", sender=Side.P_CSCF, on="clear")
    assert life.kinds(CLEAR) == {Unmet}
    answered = life.passes(3) if status is None else life.respond(status, sender=Side.UE, on="clear")
    assert answered.kinds(CLEAR) == {Breach if status == 200 else Held}
    before = talk().request("OPTIONS", sender=Side.P_CSCF, on="clear").respond(200, sender=Side.UE, on="clear")
    assert before.kinds(CLEAR) == {Unmet}


UNUSABLE = (
    "",
    "tls;q=0.5",
    "ipsec-3gpp;q=0.5; alg=hmac-sha-9; ealg=null; spi-c=1;spi-s=2;port-c=3;port-s=4",
    "ipsec-3gpp;q=0.5; alg=hmac-sha-1-96; spi-c=5001; port-c=6001; port-s=6002",
)


@pytest.mark.parametrize("lists", UNUSABLE)
def test_no_usable_agreement(lists: str) -> None:
    begun = talk().register().challenged(lists=lists)
    assert (begun.kinds(ABANDONED), begun.kinds(ANEW)) == ({Unmet}, {Unmet})
    begun.passes(40)
    assert (begun.kinds(ABANDONED), begun.kinds(ANEW)) == ({Held}, {Observed})
    begun.call_id = "two"
    begun.register()
    assert (begun.kinds(ABANDONED), begun.kinds(ANEW)) == ({Held}, {Held})
    same = talk().register().challenged(lists=lists).passes(20).register()
    assert (same.kinds(ABANDONED), same.kinds(ANEW)) == ({Held}, {Breach})
    answered = talk().register().challenged(lists=lists).answer(on="clear", Security_Verify=None)
    assert (answered.kinds(ABANDONED), answered.kinds(ANEW)) == ({Breach}, {Moot})


@pytest.mark.parametrize(("ends", "kind"), [(P_ENDS[0], Breach), (renumbered(P_ENDS[0], spi_c=2002), Unmet)])
def test_who_need_not_answer(ends: Endpoints, kind: type[Outcome]) -> None:
    """A challenge that makes no sound set is no challenge that the UE has to answer."""
    begun = talk().register().challenged(ends=ends).passes(40)
    assert begun.kinds("24.229-5.1.1.5.1-01") == {kind}


def test_repetitions_after_a_200_that_it_ignores() -> None:
    life = talk().register().challenged().answer().ok(on="clear").passes(4).again().ok(on="clear").passes(8).again()
    assert life.kinds("rfc3261-17.1.2.2-02") == {Held}


@pytest.mark.parametrize(("on", "kind"), [("clear", Unmet), ("right", Breach)])
def test_a_notify_in_the_clear_need_not_be_answered(on: Literal["clear", "right"], kind: type[Outcome]) -> None:
    life = talk().registered().request("SUBSCRIBE", Event="reg").respond(200)
    life.request("NOTIFY", sender=Side.P_CSCF, on=on, Event="reg").passes(40)
    assert life.kinds("rfc6665-4.1.3-01") == {kind}


def test_an_algorithm_that_the_ue_may_know_leaves_a_doubt() -> None:
    lists = f"ipsec-3gpp;q=0.5; alg=hmac-md5-96; ealg=aes-cbc; {P_ENDS[0].parameters()}"
    begun = talk().register().challenged(lists=lists).passes(40)
    assert (begun.kinds(ABANDONED), begun.kinds(ANEW)) == ({Unmet}, {Unmet})
