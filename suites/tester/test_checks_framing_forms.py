"""Checks on legal forms that are odd: what is compared with what, and which answers are a DUT's own choice."""

from __future__ import annotations

import pytest
from registrar_talk import CONTACT, HOME, UE, Talk

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Unmet

ANOTHER = f"<sip:bob@{UE}>"
QUOTED = f'{CONTACT};language="en,fr"'
ODD_USER = f"<sip:a;b%20c@{UE}>"
TWO_VIAS = f"SIP/2.0/UDP {UE};branch={{branch}}, SIP/2.0/UDP way.example;branch=z9hG4bKway;received="


def spaced(octets: bytes) -> bytes:
    """A blank before every colon after a header name."""
    return octets.replace(b": ", b" : ")


def in_form(talk: Talk, requirement: str) -> Talk:
    """A REGISTER in the form that the requirement is about."""
    match requirement:
        case "rfc3261-7.3.1-03":
            return talk.asks(CONTACT, ANOTHER)
        case "rfc3261-7.3.1-04":
            return talk.asks(edit=spaced)
        case "rfc3261-8.2.2-01":
            return talk.asks(X_Unheard_Of=";;,")
        case "rfc3261-10.3-18":
            return talk.asks(To=f"<sip:%61lice@{HOME};x=1>")
        case "rfc3261-25.1-02":
            return talk.asks(ODD_USER)
        case "rfc3261-25.1-03":
            return talk.asks(Via=f"{TWO_VIAS}2001:db8::1")
    return talk.asks(From=f'"A, B" <sip:alice@{HOME}>;tag=1')


def usual(talk: Talk, requirement: str) -> Talk:
    """An equal one in the usual form."""
    match requirement:
        case "rfc3261-7.3.1-03":
            return talk.asks(f"{CONTACT}, {ANOTHER}")
        case "rfc3261-25.1-03":
            return talk.asks(Via=f"{TWO_VIAS}192.0.2.1")
    return talk.asks()


FORMS = pytest.mark.parametrize(
    "requirement",
    [
        "rfc3261-7.3.1-03",
        "rfc3261-7.3.1-04",
        "rfc3261-8.2.2-01",
        "rfc3261-10.3-18",
        "rfc3261-25.1-01",
        "rfc3261-25.1-02",
        "rfc3261-25.1-03",
    ],
)


@FORMS
def test_the_same_answer_is_right_and_another_is_not(requirement: str) -> None:
    for status, outcome in ((401, Held), (400, Breach), (403, Breach)):
        talk = usual(Talk(), requirement).gets(401)
        assert in_form(talk, requirement).gets(status).judge(requirement) == [outcome]


@FORMS
def test_silence_counts_where_the_tester_has_waited(requirement: str) -> None:
    talk = in_form(usual(Talk(), requirement).gets(401), requirement)
    assert talk.judge(requirement) == [Unmet]
    assert talk.gives_up().judge(requirement) == [Breach]


@FORMS
def test_without_an_equal_request_nothing_is_decided(requirement: str) -> None:
    assert in_form(Talk(), requirement).gets(400).judge(requirement) == [Unmet]
    assert in_form(usual(Talk(), requirement).gives_up(), requirement).gets(400).judge(requirement) == [Unmet]
    assert in_form(usual(Talk(), requirement).gets(401), requirement).gets(503).judge(requirement) == [Unmet]


@FORMS
def test_a_refusal_in_either_form_is_the_duts_own_choice(requirement: str) -> None:
    talk = usual(Talk(), requirement).gets(403)
    assert in_form(talk, requirement).gets(403).judge(requirement) == [Moot]


@FORMS
def test_the_order_does_not_matter(requirement: str) -> None:
    talk = in_form(Talk(), requirement).gets(401)
    assert usual(talk, requirement).gets(401).judge(requirement) == [Held]


def test_one_contact_is_no_model_for_two() -> None:
    talk = Talk().asks().gets(401).asks(CONTACT, ANOTHER).gets(403)
    assert talk.judge("rfc3261-7.3.1-03") == [Unmet]
    same = Talk().asks().gets(401).asks(CONTACT, CONTACT).gets(403)
    assert same.judge("rfc3261-7.3.1-03") == [Unmet]


def test_a_lost_contact_is_seen_in_the_list() -> None:
    one, both = f"{CONTACT};expires=600", (f"{CONTACT};expires=600", f"{ANOTHER};expires=600")
    model = Talk().asks(f"{CONTACT}, {ANOTHER}").gets(200, *both)
    assert model.asks(CONTACT, ANOTHER, at=1000.0).gets(200, one, at=1000.0).judge("rfc3261-7.3.1-03") == [Breach]


def test_a_contact_of_another_user_part_is_not_the_same() -> None:
    plain = Talk().asks().gets(200, f"{CONTACT};expires=600")
    cut = plain.asks(ODD_USER, at=1000.0).gets(200, f"<sip:a@{UE}>;expires=600", at=1000.0)
    assert cut.judge("rfc3261-25.1-02") == [Breach]
    plain = Talk().asks().gets(200, f"{CONTACT};expires=600")
    whole = plain.asks(ODD_USER, at=1000.0).gets(200, f"{ODD_USER};expires=600", at=1000.0)
    assert whole.judge("rfc3261-25.1-02") == [Held]


def test_a_contact_that_ought_to_have_ended_is_no_matter_of_forms() -> None:
    plain = Talk().asks().gets(200, f"{CONTACT};expires=600").asks(Expires="0").gets(200, f"{CONTACT};expires=500")
    both = plain.asks(ODD_USER).gets(200, f"{CONTACT};expires=500", f"{ODD_USER};expires=600")
    assert Breach not in both.judge("rfc3261-25.1-02")


def test_a_contact_that_is_spoilt_in_every_form_is_no_matter_of_forms() -> None:
    plain = Talk().asks().gets(200, "<sip:alice@127.0.1.1>;expires=600")
    odd = plain.asks(ODD_USER, at=1000.0).gets(200, "<sip:a;b%20c@127.0.1.1>;expires=600", at=1000.0)
    assert odd.judge("rfc3261-25.1-02") == [Held]


@pytest.mark.parametrize(
    ("listed", "outcome"),
    [
        (f"{QUOTED};expires=600", Held),
        (f"{CONTACT};expires=600", Held),  # a registrar may leave it out
        (f'{CONTACT};language="en";expires=600', Breach),
        (f"{CONTACT};language=en;expires=600", Breach),
        (f'{CONTACT};language="fr";expires=600', Observed),
        (f'{CONTACT};language="EN,fr";expires=600', Observed),
        (f"{CONTACT};language;expires=600", Held),
    ],
)
def test_a_quoted_parameter_comes_back_whole_or_not_at_all(listed: str, outcome: type) -> None:
    assert outcome in Talk().asks(QUOTED).gets(200, listed).judge("rfc3261-25.1-01")


def test_an_instance_in_angle_brackets_is_not_cut_either() -> None:
    instance = f'{QUOTED};+sip.instance="<urn:uuid:1;2>"'
    talk = Talk().asks(instance).gets(200, f'{CONTACT};+sip.instance="<urn:uuid:1";expires=600')
    assert Breach in talk.judge("rfc3261-25.1-01")


def test_what_is_removed_need_not_be_listed() -> None:
    talk = Talk().asks(QUOTED, Expires="0").gets(200, f'{CONTACT};language="en";expires=0')
    assert talk.judge("rfc3261-25.1-01") == [Unmet]


def test_an_address_of_record_that_is_another_one_is_no_form_of_it() -> None:
    talk = Talk().asks().gets(401).asks(To=f"<sip:%62lice@{HOME}>").gets(404)
    assert talk.judge("rfc3261-10.3-18") == [Unmet]


def test_an_address_of_record_in_the_form_of_from_is_usual() -> None:
    odd = f"<sip:%61lice@{HOME}>"
    talk = Talk().asks().gets(401).asks(From=f"{odd};tag=1", To=odd).gets(404)
    assert talk.judge("rfc3261-10.3-18") == [Unmet]


@pytest.mark.parametrize("received", ["192.0.2.7", "[2001:db8::1]"])
def test_other_values_of_received_are_not_judged(received: str) -> None:
    talk = Talk().asks(Via=f"{TWO_VIAS}192.0.2.1").gets(401).asks(Via=f"{TWO_VIAS}{received}").gets(400)
    assert talk.judge("rfc3261-25.1-03") == [Unmet]


def test_a_second_via_may_have_another_answer() -> None:
    talk = Talk().asks().gets(401).asks(Via=f"{TWO_VIAS}2001:db8::1").gets(502)
    assert talk.judge("rfc3261-25.1-03") == [Unmet]
