"""An emergency registration beside the normal one: another contact, another life (TS 24.229 5.1.6)."""

from __future__ import annotations

import pytest
from forged import CLIENT, CONTACT, NEW_CLIENT, UE, Forged, credentials, vector
from forged_esp import UE_ENDS, Secured

from imsreg.secagree.associations import Side
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose
from imsreg.verdict.view import View

AV, LATER, SOS_AV = vector(1), vector(2), vector(3)
SOS = f"<sip:u@{UE};sos>"
SOS_CLIENT = "ipsec-3gpp; alg=hmac-sha-1-96; ealg=null; spi-c=9001; spi-s=9002; port-c=9003; port-s=9004"


def emergency(talk: Forged, call_id: str = "sos") -> Forged:
    """A whole emergency registration between two requests of the normal one."""
    kept = talk.cseq, talk.call_id, talk.verify
    talk.cseq, talk.call_id, talk.verify = 0 if call_id != talk.call_id else talk.cseq, call_id, None
    own = {"Contact": SOS, "Security_Client": SOS_CLIENT if talk.security != "none" else None}
    talk.sends(**own).challenged(SOS_AV).sends(Authorization=credentials(SOS_AV), **own)
    talk.gets(200, f"Contact: {CONTACT};expires=600000, {SOS};expires=900")
    if call_id == kept[1]:
        kept = talk.cseq, *kept[1:]
    talk.cseq, talk.call_id, talk.verify = kept
    return talk


@pytest.mark.parametrize(
    ("row", "headers", "expected"),
    [
        ("24.229-5.1.1.4.2-01", {}, Held),
        ("24.229-5.1.1.4.2-02", {}, Held),
        ("24.229-5.1.1.4.2-02", {"Security_Client": CLIENT}, Breach),
        ("24.229-5.1.1.4.2-03", {}, Held),
        ("rfc3261-10.2-01", {}, Held),
        ("rfc3261-10.2-02", {}, Held),
        ("24.229-5.1.1.4.1-02", {}, Held),
    ],
)
def test_a_refresh_goes_on_from_the_normal_registration(
    row: str, headers: dict[str, str | None], expected: type[Outcome]
) -> None:
    talk = emergency(Forged(security="headers").registered(AV).passes(30)).passes(30)
    talk.sends(Authorization=credentials(AV), **({"Security_Client": NEW_CLIENT} | headers))
    assert talk.kinds(row) == {expected}


def test_both_count_under_one_call_id() -> None:
    """RFC 3261 10.2 lets a UA have one Call-ID for all its registrations; a jump is none then."""
    talk = emergency(Forged().registered(AV).passes(30), "one").passes(30)
    assert talk.sends(Authorization=credentials(AV)).kinds("rfc3261-10.2-02") == {Held}


def test_an_emergency_is_no_second_attempt() -> None:
    talk = Forged().sends().passes(3)
    assert emergency(talk).kinds("24.229-5.1.1.2.1-08") == {Held}
    assert Forged().sends().passes(3).sends(Call_ID="two").kinds("24.229-5.1.1.2.1-08") == {Breach}


@pytest.mark.parametrize("status", [403, 503])
def test_an_emergency_may_follow_on_a_refusal(status: int) -> None:
    row = {403: "rfc3261-21.4.4-01", 503: "rfc3261-21.5.4-01"}[status]
    talk = Forged().sends().gets(status, "Retry-After: 60").passes(1)
    assert emergency(talk).passes(70).kinds(row) == {Held}


def test_the_expiry_of_the_emergency_contact_is_its_own() -> None:
    """Though the two contacts are equivalent by RFC 3261 19.1.4, where a parameter that only one has is ignored."""
    talk = Forged().sends().challenged(AV).sends(Authorization=credentials(AV))
    talk.gets(200, f"Contact: {SOS};expires=7200, {CONTACT};expires=600").passes(299)
    assert talk.sends(Authorization=credentials(AV)).kinds("24.229-5.1.1.4.1-01") == {Held}


def test_the_normal_contact_is_refreshed_though_an_emergency_one_came() -> None:
    talk = emergency(Forged().registered(AV, 600).passes(100)).passes(199)
    assert talk.sends(Authorization=credentials(AV)).kinds("24.229-5.1.1.4.1-01") == {Held}


def test_nobody_subscribes_for_an_emergency() -> None:
    talk = emergency(Forged()).passes(60)
    assert talk.kinds("24.229-5.1.1.3-01") == {Unmet}
    assert talk.kinds("24.229-5.1.1.4.1-01") == {Unmet}


def test_it_may_end_without_a_word() -> None:
    """A UE that is told to de-register need not, and must not, end an emergency registration (5.1.6.6)."""
    talk = emergency(Forged().registered(AV).passes(30)).told("deregister")
    assert talk.sends(Expires="0", Authorization=credentials(AV)).ok(0).kinds("24.229-5.1.1.6-01") == {Held}


def test_a_challenge_to_one_is_not_answered_by_the_other() -> None:
    talk = Forged(security="headers").sends().challenged(AV)
    first = talk.verify
    emergency(talk)
    talk.verify = first
    talk.sends(Authorization=credentials(AV)).ok()
    for row in ("24.229-5.1.1.5.1-01", "24.229-5.1.1.5.1-02", "24.229-5.1.1.5.1-07", "24.229-5.1.1.5.1-08"):
        assert talk.kinds(row) == {Held}, row


def test_the_sim_is_one() -> None:
    """An SQN that the UE has taken for an emergency is too old for the normal registration."""
    talk = emergency(Forged().registered(AV).passes(30)).passes(30)
    talk.sends(Authorization=credentials(AV)).challenged(LATER).passes(1)
    talk.sends(Authorization=credentials(LATER))
    assert Breach in talk.kinds("24.229-5.1.1.5.3-02")


def test_what_the_view_tells_apart() -> None:
    talk = emergency(Forged().registered(AV).passes(30))
    ue = View(talk.transcript, talk.facts).ue
    assert [r.purpose for r in ue.registers] == [Purpose.INITIAL] * 2
    assert [r.emergency for r in ue.all_registers] == [False, False, True, True]


def test_the_sets_of_the_normal_registration_stay() -> None:
    """An emergency registration has associations of its own (TS 33.203 6.1.0)."""
    life = Secured(Side.UE).registered().passes(9)
    normal = life.established
    life.call_id = "sos"
    own = {"Contact": f"{life.contact(7012)[:-1]};sos>"}
    ends = UE_ENDS[1].__class__(9001, 9002, 9003, 7012)
    life.register(on="clear", ends=ends, **own).challenged().answer(**own).ok().passes(60)
    life.call_id, life.established = "one", normal
    life.register(ends=UE_ENDS[2], Authorization=credentials(vector(1)))
    for row in ("24.229-5.1.1.4.2-02", "33.203-7.1-08"):
        assert life.kinds(row) == {Held}, row
    assert Breach not in life.kinds("24.229-5.1.1.4.1-03")
    assert Observed not in life.kinds("24.229-5.1.1.4.1-03")
