"""A P-CSCF and its associations: ports, SPIs, and on which of them it answers."""

from __future__ import annotations

import pytest
from forged import credentials, mac_failure, sync_failure, vector
from forged_esp import GCM, P_ENDS, SHA, UE_ENDS, Secured, renumbered

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.transforms import Transform
from imsreg.sip.flow import Transport
from imsreg.verdict.authentication import NOT_ON_ITS_SET
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View

CHALLENGE, ACCEPTED, REFUSED = "33.203-7.4.2a-01", "33.203-7.4.2a-02", "33.203-7.4.2a-03"
ELSEWHERE, UNCHALLENGED = "33.203-7.4.2a-04", "33.203-7.4.2a-05"
FAILED, RELEASED, REPLACED = "33.203-7.4.2a-06", "33.203-7.4.2a-07", "33.203-7.4.2a-08"
PORTS, SPIS, CLEAR_REQUEST = "33.203-7.1-02", "33.203-7.1-05", "33.203-7.1-06"
RENEWED, OFFERED, IN_USE = "33.203-7.4.0-01", "33.203-7.3.2.1-01", "33.203-7.4.2a-09"
IN_THE_CLEAR, UNKNOWN_CONTACT = "24.229-5.4.1.2.2-02", "24.229-5.4.1.2.2-04"
ROWS = (
    *(CHALLENGE, ACCEPTED, REFUSED, ELSEWHERE, UNCHALLENGED, FAILED, RELEASED, REPLACED, PORTS, SPIS),
    *(CLEAR_REQUEST, RENEWED, OFFERED, IN_USE, IN_THE_CLEAR, UNKNOWN_CONTACT),
)
WRONG = credentials(vector(), b"wrong")


def talk(transport: Transport = "UDP", family: str = "IPv4") -> Secured:
    return Secured(Side.P_CSCF, transport=transport, family=family)


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_life_without_fault(transport: Transport, family: str) -> None:
    life = talk(transport, family).registered()
    life.register().challenged().answer().ok()  # on the set, with a new authentication
    life.register().ok()  # without one
    life.register(Expires="0").ok(0)
    for row in (CHALLENGE, ACCEPTED, UNCHALLENGED, PORTS, SPIS, RENEWED, OFFERED, IN_THE_CLEAR):
        assert life.kinds(row) == {Held}, row
    for row in (REFUSED, ELSEWHERE, FAILED, RELEASED, REPLACED, CLEAR_REQUEST, UNKNOWN_CONTACT):
        assert life.kinds(row) == {Unmet}, row


@pytest.mark.parametrize("row", ROWS)
def test_nothing_decides_nothing(row: str) -> None:
    assert talk().kinds(row) == {Unmet}
    assert talk().register().kinds(row) == {Unmet}


def test_the_challenge_in_the_clear() -> None:
    life = talk().registered()
    life.register().challenged(on="clear")
    assert life.kinds(CHALLENGE) == {Held, Breach}


def test_the_challenge_on_a_set_though_the_request_was_in_the_clear() -> None:
    life = talk().registered()
    assert life.established is not None
    life.register(on="clear").challenged(on=life.established.named(Name.DL2))
    assert life.kinds(CHALLENGE) == {Held, Breach}


def test_the_challenge_to_a_report_of_failure() -> None:
    life = talk().register().challenged()
    assert life.answer(on="clear", Authorization=sync_failure(vector(), 1)).challenged().kinds(CHALLENGE) == {Held}
    on_set = talk().registered().register().challenged()
    on_set.register(Authorization=mac_failure(vector(2)))
    assert on_set.challenged(on="clear").kinds(CHALLENGE) == {Held, Breach}


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_the_200_elsewhere(transport: Transport) -> None:
    assert talk(transport).register().challenged().answer().ok(on="clear").kinds(ACCEPTED) == {Breach}
    life = talk(transport).registered()
    life.register().challenged().answer().ok(on=life.sets[0].named(Name.DL2))
    assert life.kinds(ACCEPTED) == {Held, Breach}


def test_each_repetition_of_the_200_counts() -> None:
    life = talk().register().challenged().answer().ok()
    assert life.again().ok(on="clear").kinds(ACCEPTED) == {Held, Breach}


def test_a_refusal() -> None:
    begun = talk().register().challenged().answer(Authorization=WRONG)
    assert begun.respond(403).kinds(REFUSED) == {Held}
    begun = talk().register().challenged().answer(Authorization=WRONG)
    assert begun.respond(403, on="clear").kinds(REFUSED) == {Breach}


@pytest.mark.parametrize(("on", "kind"), [(0, Held), (1, Breach)])
def test_a_refusal_of_a_new_authentication_goes_on_the_old_set(on: int, kind: type[Outcome]) -> None:
    life = talk().registered().register().challenged().answer(Authorization=credentials(vector(2), b"wrong"))
    assert life.respond(403, on=life.sets[on].named(Name.DL2)).kinds(REFUSED) == {kind}


def test_the_right_response_in_the_clear_is_no_answer() -> None:
    begun = talk().register().challenged().answer(on="clear")
    assert begun.respond(200).kinds(ELSEWHERE) == {Breach}
    assert begun.kinds(IN_THE_CLEAR) == {Held, Breach}
    begun = talk().register().challenged().answer(on="clear").challenged()
    assert begun.kinds(ELSEWHERE) == {Held}
    assert begun.kinds(IN_THE_CLEAR) == {Held}
    assert begun.kinds("24.229-5.4.1.2.2-05") == {Unmet}
    begun = talk().register().challenged().answer(on="clear").respond(403)
    assert begun.kinds(IN_THE_CLEAR) == {Held, Unmet}


def test_the_right_response_on_a_wrong_association() -> None:
    begun = talk().register().challenged()
    wrong = begun.sets[0].named(Name.UL2)
    begun.answer(on=wrong)
    assert begun.kinds(ELSEWHERE) == {Unmet}
    assert begun.passes(3).kinds(ELSEWHERE) == {Held}
    assert begun.respond(403).kinds(ELSEWHERE) == {Observed}
    begun = talk().register().challenged().answer(on=wrong)
    assert begun.ok(on=begun.sets[0].named(Name.DL2)).kinds(ELSEWHERE) == {Breach}
    attempt = View(begun.transcript, begun.facts).attempts[-1]
    assert attempt.faults == (NOT_ON_ITS_SET,)


def test_a_deregistration_in_the_clear() -> None:
    life = talk().registered().register(Expires="0").ok(0, on="clear")
    assert life.kinds(UNCHALLENGED) == {Breach}


@pytest.mark.parametrize(("port", "kind"), [(5060, Breach), (5061, Breach), (5062, Held)])
def test_standard_ports(port: int, kind: type[Outcome]) -> None:
    assert talk().register().challenged(ends=renumbered(P_ENDS[0], port_s=port)).kinds(PORTS) == {kind}


@pytest.mark.parametrize(
    ("ends", "renewed", "unique"),
    [
        (P_ENDS[1], Held, Held),
        (renumbered(P_ENDS[1], port_s=6100), Breach, Held),
        (renumbered(P_ENDS[1], port_c=6001), Breach, Held),
        (renumbered(P_ENDS[1], spi_c=5002), Breach, Breach),
    ],
)
def test_a_new_authentication(ends: Endpoints, renewed: type[Outcome], unique: type[Outcome]) -> None:
    life = talk().registered().register().challenged(ends=ends)
    assert life.kinds(RENEWED) == {renewed}
    assert life.kinds(SPIS) == {Held, unique}


def test_a_set_that_is_over_keeps_no_spi() -> None:
    over = talk().registered().register(Expires="0").ok(0)
    over.established = None
    assert over.register().challenged(ends=P_ENDS[0]).kinds(SPIS) == {Held}
    late = talk().registered().passes(3600)
    assert late.register(on="clear").challenged(ends=P_ENDS[0]).kinds(SPIS) == {Held}
    overtaken = talk().register().challenged()
    assert overtaken.register().challenged(ends=P_ENDS[0]).kinds(SPIS) == {Held}


@pytest.mark.parametrize(
    ("offered", "listed", "kind"),
    [
        (SHA, SHA, Held),
        (SHA, GCM, Breach),
        (SHA, Transform("hmac-sha-1-96", "aes-cbc"), Held),
        (Transform("hmac-sha-1-96", "aes-cbc"), Transform("hmac-md5-96", "aes-cbc"), Breach),
        (Transform("hmac-sha-1-96", "aes-cbc"), SHA, Held),
        (Transform("hmac-sha-1-96", "aes-cbc"), Transform("hmac-sha-1-96", "des-ede3-cbc"), Breach),
        (Transform("hmac-sha-9", "null"), SHA, Unmet),
    ],
)
def test_algorithms(offered: Transform, listed: Transform, kind: type[Outcome]) -> None:
    begun = Secured(Side.P_CSCF, offered=offered)
    assert begun.register().challenged(transform=listed).kinds(OFFERED) == {kind}


@pytest.mark.parametrize(
    ("method", "uri", "status", "kind"),
    [
        ("SUBSCRIBE", "sip:a@home.example", 200, Breach),
        ("SUBSCRIBE", "sip:a@home.example", 403, Held),
        ("INVITE", "urn:service:sos.police", 200, Unmet),
    ],
)
def test_other_requests_in_the_clear(method: str, uri: str, status: int, kind: type[Outcome]) -> None:
    life = talk().registered().request(method, on="clear", uri=uri)
    assert life.respond(status, on="clear").kinds(CLEAR_REQUEST) == {kind}


def test_silence_keeps_a_request_out() -> None:
    life = talk().registered().request(on="clear")
    assert life.kinds(CLEAR_REQUEST) == {Unmet}
    assert life.passes(3).kinds(CLEAR_REQUEST) == {Held}
    assert talk().registered().request().respond(200).kinds(CLEAR_REQUEST) == {Unmet}


@pytest.mark.parametrize(("status", "kind"), [(403, Held), (200, Breach), (503, Unmet)])
def test_an_unknown_contact_on_a_set(status: int, kind: type[Outcome]) -> None:
    life = talk().registered().register(Contact="<sip:u@192.0.2.1:7010>")
    assert life.respond(status).kinds(UNKNOWN_CONTACT) == {kind}


def test_a_contact_with_reg_id_or_one_that_is_known() -> None:
    life = talk().registered()
    assert life.register(Contact="<sip:u@192.0.2.1:7010>;reg-id=1").ok().kinds(UNKNOWN_CONTACT) == {Unmet}
    assert talk().registered().register().ok().kinds(UNKNOWN_CONTACT) == {Unmet}


def _answered(life: Secured, row: str, status: int | None) -> set[type[Outcome]]:
    """What a request on the first set brings."""
    life.passes(1).request(on=life.sets[0].named(Name.UL1), call="later")
    return (life.passes(3) if status is None else life.respond(status)).kinds(row)


GONE = pytest.mark.parametrize(("status", "kind"), [(200, Breach), (403, Observed), (None, Held)])


@GONE
def test_a_failed_set(status: int | None, kind: type[Outcome]) -> None:
    life = talk().register().challenged().answer(Authorization=WRONG).respond(403)
    assert _answered(life, FAILED, status) == {kind}
    changed = talk().register().challenged().answer(Security_Verify="ipsec-3gpp;alg=null").respond(494)
    assert _answered(changed, FAILED, status) == {kind}


@GONE
def test_a_set_that_another_challenge_has_overtaken(status: int | None, kind: type[Outcome]) -> None:
    life = talk().register().challenged().register(ends=UE_ENDS[1]).challenged()
    assert _answered(life, FAILED, status) == {kind}


@GONE
def test_a_released_set(status: int | None, kind: type[Outcome]) -> None:
    life = talk().registered().register(Expires="0").ok(0)
    assert _answered(life, RELEASED, status) == {kind}


@GONE
def test_a_replaced_set(status: int | None, kind: type[Outcome]) -> None:
    life = talk().registered().register(on="clear").challenged().answer().ok()
    assert _answered(life, REPLACED, status) == {kind}


def test_a_set_on_which_the_next_registration_began_is_kept() -> None:
    life = talk().registered().registered()
    assert _answered(life, REPLACED, 200) == {Unmet}


def test_another_contact_keeps_the_sets() -> None:
    life = talk().registered().register(Contact="<sip:u@192.0.2.1:7010>").ok().register(Expires="0").ok(0)
    assert _answered(life, RELEASED, 200) == {Unmet}


def test_what_the_p_cscf_sends_beside() -> None:
    life = talk().registered().request("NOTIFY", sender=Side.P_CSCF)
    assert life.kinds(IN_USE) == {Held}
    assert life.request("NOTIFY", sender=Side.P_CSCF, on="clear").kinds(IN_USE) == {Held, Breach}
    early = talk().registered().register().challenged()
    assert early.request("NOTIFY", sender=Side.P_CSCF, on=early.sets[1].named(Name.DL2)).kinds(IN_USE) == {Breach}
    assert talk().registered().request("SUBSCRIBE").respond(200).kinds(IN_USE) == {Held}
    assert talk().registered().request("SUBSCRIBE").respond(200, on="clear").kinds(IN_USE) == {Breach}


def test_repetitions_on_a_set_that_went_with_the_response_need_no_answer() -> None:
    life = talk().register().challenged().answer(Authorization=WRONG).respond(403)
    for _ in range(11):
        life.again()
    assert life.kinds("rfc3261-17.2.2-01") == {Unmet}
    life = talk().registered()
    for _ in range(11):
        life.again()
    assert life.kinds("rfc3261-17.2.2-01") == {Breach}


def test_a_protected_first_register_is_not_the_unprotected_one() -> None:
    """TS 24.229 5.4.1.2.1 speaks of the one that is not integrity protected."""
    life = talk().registered().register(To="<sip:alice@home.example;x=y>", Contact="<sip:other@192.0.2.1:7002>").ok()
    assert life.kinds("24.229-5.4.1.2.1-01") == {Held}
