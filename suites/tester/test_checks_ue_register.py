"""What a UE writes into its REGISTER requests, and how it numbers them: legal forms hold, wrong ones are found."""

from __future__ import annotations

import pytest
from forged import ALICE, BOB, CONTACT, HOME, IMPU, TCP, Forged, credentials, empty, vector

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet


@pytest.mark.parametrize(
    ("row", "headers", "expected"),
    [
        ("24.229-5.1.1.1A-01", {}, Held),
        ("24.229-5.1.1.1A-01", {"To": "<sip:alice@HOME.example>"}, Held),
        ("24.229-5.1.1.1A-01", {"To": "<tel:+1-555-0100>"}, Held),
        ("24.229-5.1.1.1A-01", {"To": "<sip:carol@home.example>"}, Breach),
        ("24.229-5.1.1.2.1-01", {}, Held),
        ("24.229-5.1.1.2.1-01", {"From": '"Alice" <sip:alice@HOME.example>;tag=1'}, Held),
        ("24.229-5.1.1.2.1-01", {"From": "<sip:carol@home.example>;tag=1"}, Breach),
        ("24.229-5.1.1.2.1-01", {"To": "<tel:+15550100>", "From": "<tel:+15550100>;tag=1"}, Breach),
        ("24.229-5.1.1.2.1-01", {"From": None}, Breach),
        ("24.229-5.1.1.2.1-01", {"To": "<<"}, Breach),
        ("24.229-5.1.1.2.1-02", {}, Held),
        ("24.229-5.1.1.2.1-02", {"Contact": "<sip:u@ue.home.example>"}, Held),
        ("24.229-5.1.1.2.1-02", {"Contact": "<sip:u@192.0.2.1:5060>"}, Observed),
        ("24.229-5.1.1.2.1-02", {"Contact": "<sip:u@[127.0.2.1]:5062>"}, Breach),
        ("24.229-5.1.1.2.1-02", {"Contact": "<tel:+15550100>"}, Breach),
        ("24.229-5.1.1.2.1-02", {"Contact": "<sip:alice@2001:db8::1>"}, Breach),
        ("24.229-5.1.1.2.1-01", {"To": "<sip:alice@2001:db8::1>"}, Breach),
        ("24.229-5.1.1.2.1-01", {"From": "<sip:alice@::1>;tag=1", "To": "<sip:alice@[::1]>"}, Breach),
        ("24.229-5.1.1.2.1-02", {"Contact": None}, Unmet),
        ("24.229-5.1.1.2.1-03", {}, Held),
        ("24.229-5.1.1.2.1-03", {"rport": ";rport=5062"}, Observed),
        ("24.229-5.1.1.2.1-03", {"rport": None}, Breach),
        ("24.229-5.1.1.2.1-04", {}, Held),
        ("24.229-5.1.1.2.1-04", {"Expires": None, "Contact": f"{CONTACT};expires=600000"}, Held),
        ("24.229-5.1.1.2.1-04", {"Contact": f"{CONTACT};expires = 600000"}, Held),
        ("24.229-5.1.1.2.1-04", {"Expires": "7200"}, Breach),
        ("24.229-5.1.1.2.1-04", {"Contact": f"{CONTACT};expires=3600"}, Breach),
        ("24.229-5.1.1.2.1-04", {"Expires": None}, Breach),
        ("24.229-5.1.1.2.1-05", {"uri": "sip:HOME.example"}, Held),
        ("24.229-5.1.1.2.1-05", {"uri": "sip:alice@home.example"}, Breach),
        ("24.229-5.1.1.2.1-05", {"uri": "sip:127.0.1.1:5060"}, Breach),
        ("24.229-5.1.1.2.1-05", {"uri": "sip:home.example:5060"}, Breach),
        ("24.229-5.1.1.2.1-06", {"Supported": "PATH"}, Held),
        ("24.229-5.1.1.2.1-06", {"Supported": "gruu"}, Breach),
        ("24.229-5.1.1.2.1-06", {"Supported": None}, Breach),
        ("24.229-5.1.1.2.2-01", {}, Held),
        ("24.229-5.1.1.2.2-01", {"Authorization": empty(username=f'"{IMPU}"')}, Breach),
        ("24.229-5.1.1.2.2-01", {"Authorization": empty(username='"x')}, Breach),
        ("24.229-5.1.1.2.2-01", {"Authorization": None}, Breach),
        ("24.229-5.1.1.2.2-02", {"Authorization": empty(realm='"HOME.example"')}, Held),
        ("24.229-5.1.1.2.2-02", {"Authorization": empty(realm='"elsewhere"')}, Breach),
        ("24.229-5.1.1.2.2-02", {"Authorization": empty(uri='"sip:127.0.1.1"')}, Breach),
        ("24.229-5.1.1.2.2-03", {}, Held),
        ("24.229-5.1.1.2.2-03", {"Authorization": empty(nonce=None)}, Breach),
        ("24.229-5.1.1.2.2-03", {"Authorization": empty(response=None)}, Breach),
        ("rfc7315-6.4-01", {}, Held),
        ("rfc7315-6.4-01", {"P_Access_Network_Info": "3GPP-E-UTRAN-FDD"}, Breach),
        ("34.229-1-A.1.1-02", {}, Held),
        ("34.229-1-A.1.1-02", {"Route": "<sip:127.0.1.1;lr>"}, Breach),
        ("rfc3261-8.1.1.2-01", {}, Held),
        ("rfc3261-8.1.1.2-01", {"To": f"<{IMPU}>;tag=9"}, Breach),
        ("rfc3261-8.1.1.6-01", {}, Held),
        ("rfc3261-8.1.1.6-01", {"Max_Forwards": None}, Breach),
        ("rfc3261-8.1.1.6-01", {"Max_Forwards": "many"}, Breach),
        ("rfc3261-8.1.1.6-02", {}, Held),
        ("rfc3261-8.1.1.6-02", {"Max_Forwards": "20"}, Breach),
        ("rfc3261-8.1.1.6-02", {"Max_Forwards": None}, Unmet),
        ("rfc3261-8.1.1.7-01", {}, Held),
        ("rfc3261-8.1.1.7-01", {"branch": "1"}, Breach),
        ("rfc3261-8.1.1.7-01", {"Via": "SIP/2.0/UDP 127.0.2.1:5062;rport"}, Breach),
        ("rfc7616-3.4-04", {}, Held),
        ("rfc7616-3.4-04", {"Authorization": empty(realm=HOME)}, Breach),
        ("rfc7616-3.4-04", {"Authorization": empty(algorithm='"AKAv1-MD5"')}, Breach),
        ("rfc7616-3.4-04", {"Authorization": None}, Unmet),
    ],
)
def test_an_initial_register(row: str, headers: dict[str, str | None], expected: type[Outcome]) -> None:
    assert Forged().sends(**headers).kinds(row) == {expected}


ROWS_OF_A_REGISTER = (
    *(f"24.229-5.1.1.2.1-{number:02}" for number in range(1, 9)),
    *(f"24.229-5.1.1.2.2-{number:02}" for number in range(1, 4)),
    *("24.229-5.1.1.1A-01", "rfc7315-6.4-01", "34.229-1-A.1.1-02", "rfc3261-8.1.1.2-01"),
    *("rfc3261-8.1.1.6-01", "rfc3261-8.1.1.6-02", "rfc3261-8.1.1.7-01", "rfc3261-8.1.1.7-02"),
    *("rfc3261-8.1.3.5-01", "rfc3261-10.2-01", "rfc3261-10.2-02"),
)


@pytest.mark.parametrize("row", ROWS_OF_A_REGISTER)
def test_silence_decides_nothing(row: str) -> None:
    assert Forged().told("register").passes(60).kinds(row) == {Unmet}


def test_every_part_is_checked_in_the_answer_too() -> None:
    talk = Forged().sends().challenged(vector())
    talk.sends(
        "REGISTER", "sip:elsewhere", Authorization=credentials(vector()), Supported=None, Expires="60", rport=None
    )
    for number in (3, 4, 5, 6):
        assert talk.kinds(f"24.229-5.1.1.2.1-{number:02}") == {Held, Breach}


def test_what_a_423_asked_for_is_no_wrong_expiry() -> None:
    talk = Forged().sends().gets(423, "Min-Expires: 700000").sends(Expires="700000").challenged(vector())
    assert talk.sends(Expires="700000", Authorization=credentials(vector())).kinds("24.229-5.1.1.2.1-04") == {Held}
    answer = Forged().sends().challenged(vector()).sends(Authorization=credentials(vector()))
    answer.gets(423, "Min-Expires: 700000").sends(Expires="700000", Authorization=credentials(vector()))
    assert answer.kinds("24.229-5.1.1.2.1-04") == {Held}


def test_the_access_network_in_a_later_register_is_odd() -> None:
    talk = Forged().sends().challenged(vector())
    talk.sends(Authorization=credentials(vector()), P_Access_Network_Info="3GPP-E-UTRAN-FDD")
    assert talk.kinds("rfc7315-6.4-01") == {Held, Observed}


def test_rport_is_for_udp() -> None:
    assert Forged(flow=TCP).sends(rport=None).kinds("24.229-5.1.1.2.1-03") == {Moot}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_sip_digest_owes_no_credentials_before_a_challenge(number: int) -> None:
    assert Forged(subscriber=BOB).sends(Authorization=None).kinds(f"24.229-5.1.1.2.2-{number:02}") == {Moot}


def test_a_wrong_private_identity_is_found_where_the_public_one_tells_whose_it_is() -> None:
    derived_wrongly = empty(username='"001010000000001@ims.mnc01.mcc001.3gppnetwork.org"')
    (outcome,) = Forged().sends(Authorization=derived_wrongly).rule("24.229-5.1.1.2.2-01")
    assert isinstance(outcome, Breach)
    assert ALICE.impi in outcome.expected


@pytest.mark.parametrize(("branch", "expected"), [(None, Held), ("z9hG4bK1", Breach)])
def test_a_branch_of_its_own(branch: str | None, expected: type[Outcome]) -> None:
    talk = Forged().sends().challenged(vector()).sends(Authorization=credentials(vector()), branch=branch)
    assert talk.kinds("rfc3261-8.1.1.7-02") == {expected}


def test_a_retransmission_has_the_same_branch() -> None:
    talk = Forged().sends().repeats(2, 6).challenged(vector()).sends(Authorization=credentials(vector()))
    assert talk.kinds("rfc3261-8.1.1.7-02") == {Held}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {Held}),
        ({"From": f'"A" <{IMPU}>;tag=1'}, {Held}),
        ({"From": f"<{IMPU}>;tag=2"}, {Held, Breach}),
        ({"To": "<sip:carol@home.example>"}, {Held, Breach}),
    ],
)
def test_from_and_to_of_the_answer(headers: dict[str, str | None], expected: set[type[Outcome]]) -> None:
    talk = Forged().sends().challenged(vector()).sends(Authorization=credentials(vector()), **headers)
    assert talk.kinds("rfc3261-8.1.3.5-01") == expected


@pytest.mark.parametrize(("cseq", "expected"), [(2, Held), (1, Breach), (3, Breach), (9, Breach)])
def test_cseq_of_the_answer(cseq: int, expected: type[Outcome]) -> None:
    talk = Forged().sends().challenged(vector())
    talk.sends(Authorization=credentials(vector()), CSeq=f"{cseq} REGISTER")
    assert talk.kinds("rfc3261-10.2-02") == {expected}


@pytest.mark.parametrize(("cseq", "expected"), [(2, Held), (3, Observed), (9, Observed), (1, Breach), (0, Breach)])
@pytest.mark.parametrize("unanswered", [True, False])
def test_cseq_after_a_request_that_may_have_got_lost(cseq: int, expected: type[Outcome], unanswered: bool) -> None:
    """Or that the UE has given up: its number is gone."""
    talk = Forged().sends().passes(40) if unanswered else Forged().sends().challenged(vector()).passes(5)
    assert talk.sends(CSeq=f"{cseq} REGISTER").kinds("rfc3261-10.2-02") == {expected}


def test_a_connection_may_take_a_request_along() -> None:
    talk = Forged(flow=TCP).sends().challenged(vector()).sends(CSeq="3 REGISTER")
    assert talk.kinds("rfc3261-10.2-02") == {Observed}


def test_cseq_begins_anew_with_another_call_id() -> None:
    assert Forged().sends().gets(503).sends(Call_ID="two", CSeq="77 REGISTER").kinds("rfc3261-10.2-02") == {Unmet}


@pytest.mark.parametrize(("call_id", "expected"), [("one", Held), ("two", Breach)])
@pytest.mark.parametrize("expires", ["600000", "0"])
def test_refresh_and_end_come_under_the_call_id_of_the_registration(
    call_id: str, expires: str, expected: type[Outcome]
) -> None:
    talk = Forged().registered(vector()).passes(30)
    talk.sends(Authorization=credentials(vector()), Call_ID=call_id, Expires=expires)
    assert talk.kinds("rfc3261-10.2-01") == {expected}
