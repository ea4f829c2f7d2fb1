"""Checks on registration information: its form, its versions and ids, and what it says of the user."""

from __future__ import annotations

import pytest
from forged_core import (
    ALICE_BARRED,
    ALICE_TEL,
    ALICE_URI,
    BOB_URI,
    OTHER,
    OWN,
    ForgedCore,
    contact,
    registration,
    subscribed,
    whole,
)

from imsreg.sip.reginfo import RegistrationInfo
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

REGINFO = '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full"'
ACTIVE = "active;expires=3600"
OVER = "terminated;reason=noresource"

# Form.


@pytest.mark.parametrize(
    ("kind", "accept", "outcome"),
    [
        ("application/reginfo+xml", "application/reginfo+xml", Held),
        ("Application/RegInfo+XML;charset=utf-8", "application/reginfo+xml", Held),
        ("application/reginfo+xml", None, Held),
        ("application/xml", "application/reginfo+xml, application/xml", Held),
        ("application/xml", "application/reginfo+xml", Breach),
        ("application/xml", None, Breach),
        ("text", "application/reginfo+xml", Breach),
        (None, "application/reginfo+xml", Breach),
    ],
)
def test_the_type_is_one_of_accept(kind: str | None, accept: str | None, outcome: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(Accept=accept).notifies(kind=kind).kinds("rfc3680-4.5-02") == [outcome]


def test_a_notify_without_a_body_has_no_type() -> None:
    talk = subscribed(body=b"")
    for row in ("rfc3680-4.5-02", "rfc3680-5.1-01", "rfc3680-5.1-02", "rfc3680-5.1-03", "rfc3680-5.1-04"):
        assert talk.kinds(row) == [Unmet]


def test_what_is_notified_of_another_event_is_another_matter() -> None:
    talk = ForgedCore().registers().subscribes(Event="presence").notifies(event="presence", body=b"?", kind="a/b")
    for row in ("rfc3680-4.5-02", "rfc3680-5.1-01"):
        assert talk.kinds(row) == [Unmet]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (f"{REGINFO}/>", Held),
        (f'<?xml version="1.0"?>\n{REGINFO}><x xmlns="urn:x"/></reginfo>', Held),
        (f"{REGINFO}>", Breach),
        ("sip:alice", Breach),
        ('<reginfo version="0" state="full"/>', Breach),
        (REGINFO.replace('version="0"', "") + "/>", Breach),
        (REGINFO.replace('"0"', '"4294967296"') + "/>", Breach),
        (REGINFO.replace('"full"', '"whole"') + "/>", Breach),
        # Well-formed, and not read: nothing can be said about it.
        (f"<!DOCTYPE reginfo>{REGINFO}/>", Unmet),
        (f"{REGINFO}>{'<x>' * 30}{'</x>' * 30}</reginfo>", Unmet),
    ],
)
def test_a_document(body: str, outcome: type[Outcome]) -> None:
    assert subscribed(body=body.encode()).kinds("rfc3680-5.1-01") == [outcome]


def test_a_document_is_written_in_utf_8() -> None:
    assert subscribed(body=f"{REGINFO}/>".encode("utf-16")).kinds("rfc3680-5.1-01") == [Breach]
    assert subscribed(body=f"{REGINFO}><x>\xe9</x></reginfo>".encode("latin-1")).kinds("rfc3680-5.1-01") == [Breach]


def test_a_body_of_another_type_is_not_judged_as_a_document() -> None:
    assert subscribed(body=b"?", kind="text/plain").kinds("rfc3680-5.1-01") == [Unmet]


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (registration(contact()), Held),
        (registration(state="init"), Held),
        (registration(contact(event="created")), Held),
        (registration(contact(event="shortened", expires=60)), Held),
        (registration(contact("terminated", "probation", retry_after=60)), Held),
        (registration(contact(event="shortened")), Breach),
        (registration(contact("terminated", "probation")), Breach),
        (registration(contact(event="renewed")), Breach),
        (registration(contact("registered")), Breach),
        (registration(state="registered"), Breach),
    ],
)
def test_mandatory_attributes(told: RegistrationInfo, outcome: type[Outcome]) -> None:
    assert subscribed(ACTIVE, told).kinds("rfc3680-5.1-02") == [outcome]


def test_what_only_the_schema_asks_for_is_odd() -> None:
    body = (
        f'{REGINFO}><registration aor="sip:a@b" id="a" state="active">'
        '<contact id="1" state="active" event="registered" cseq="one"><uri>sip:u@h</uri></contact>'
        "</registration></reginfo>"
    )
    assert subscribed(body=body.encode()).kinds("rfc3680-5.1-02") == [Held, Observed]
    assert subscribed(body=body.replace(' id="1"', "").encode()).kinds("rfc3680-5.1-02") == [Breach, Observed]
    assert subscribed(body=body.replace("<uri>sip:u@h</uri>", "").encode()).kinds("rfc3680-5.1-02") == [
        Breach,
        Observed,
    ]


# Versions.


def test_versions_count_from_zero() -> None:
    row = "rfc3680-5.1-03"
    assert subscribed().kinds(row) == [Held]
    assert subscribed().notifies().notifies().kinds(row) == [Held]
    assert subscribed(version=1).kinds(row) == [Breach]
    assert subscribed().notifies(version=0).kinds(row) == [Breach, Held]
    assert subscribed().notifies(version=2).kinds(row) == [Breach, Held]


def test_whether_the_first_document_came_first_has_to_be_certain() -> None:
    row = "rfc3680-5.1-03"
    assert subscribed(version=1).refreshes().notifies().kinds(row) == [Breach, Held]
    assert ForgedCore().registers().subscribes().refreshes().notifies(version=1).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes().registers(OTHER).notifies(version=1).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes().notifies(body=b"").notifies(version=1).kinds(row) == [Unmet]


def test_a_document_that_is_lost_overtaken_or_unreadable_breaks_no_count() -> None:
    row = "rfc3680-5.1-03"
    assert subscribed().notifies(cseq=4, version=3).kinds(row) == [Held]
    assert subscribed().notifies(cseq=4, version=1).kinds(row) == [Held]
    assert subscribed().notifies(cseq=4, version=4).kinds(row) == [Breach, Held]
    assert subscribed().notifies(cseq=3, version=2).notifies(cseq=2, version=1).kinds(row) == [Held]
    assert subscribed().notifies(body=b"?").notifies(version=7).kinds(row) == [Held]
    assert subscribed().notifies(body=b"").notifies(version=1).kinds(row) == [Held]
    assert subscribed().notifies(body=b"").notifies(version=2).kinds(row) == [Held]


def test_a_document_that_was_not_taken_may_come_again() -> None:
    row = "rfc3680-5.1-03"
    assert subscribed(answer=500).notifies(version=0).kinds(row) == [Held]
    assert subscribed(answer=500).notifies(version=1).kinds(row) == [Held]
    assert subscribed(answer=500).notifies(version=2).kinds(row) == [Breach, Held]


def test_each_subscription_has_versions_of_its_own() -> None:
    talk = subscribed().subscribes(Call_ID="again").notifies(call_id="again", version=0)
    assert talk.kinds("rfc3680-5.1-03") == [Held]
    assert talk.notifies(call_id="again", version=2).kinds("rfc3680-5.1-03") == [Breach, Held]


# Ids.


def test_an_address_of_record_has_one_id() -> None:
    row = "rfc3680-5.1-04"
    assert subscribed().notifies().kinds(row) == [Held]
    assert subscribed().notifies(ACTIVE, registration(name="x")).kinds(row) == [Breach, Held]
    assert subscribed().notifies(ACTIVE, registration(aor=BOB_URI, name=f"r-{ALICE_URI}")).kinds(row) == [Breach, Held]
    twice = registration(name="x"), registration(name="y")
    assert subscribed(ACTIVE, *twice).kinds(row) == [Breach]
    alike = registration(name="x"), registration(aor=ALICE_TEL, name="x")
    assert subscribed(ACTIVE, *alike).kinds(row) == [Breach]


def test_the_same_address_of_record_in_another_form() -> None:
    told = registration(aor="SIP:%61lice@HOME.example;user=phone", name=f"r-{ALICE_URI}")
    assert subscribed().notifies(ACTIVE, told).kinds("rfc3680-5.1-04") == [Held]


def test_each_subscription_has_ids_of_its_own() -> None:
    talk = subscribed().subscribes(Call_ID="again").notifies(ACTIVE, registration(name="x"), call_id="again")
    assert talk.kinds("rfc3680-5.1-04") == [Held]


def test_a_contact_has_an_id_of_its_own() -> None:
    row = "rfc3680-5.1-05"
    assert subscribed().notifies().kinds(row) == [Held]
    alike = registration(contact(), contact(uri=OTHER))
    assert subscribed(ACTIVE, alike).kinds(row) == [Breach]
    assert subscribed().notifies(ACTIVE, registration(contact(uri=OTHER))).kinds(row) == [Breach, Held]
    assert subscribed().notifies(ACTIVE, registration(contact(name="c2"))).kinds(row) == [Held]
    assert subscribed().notifies(ACTIVE, registration(contact(uri="SIP:u@127.0.1.1:5060;ob"))).kinds(row) == [Held]
    assert subscribed(ACTIVE, registration()).kinds(row) == [Unmet]
    assert subscribed(ACTIVE, registration(contact(uri="?"), contact(uri="??"))).kinds(row) == [Unmet]


@pytest.mark.parametrize(
    ("aor", "outcome"),
    [
        (ALICE_URI, Held),
        (ALICE_TEL, Held),
        ("sips:alice@home.example", Held),
        ("urn:service:sos", Observed),
        ("aor", Breach),
        ("alice", Breach),
        ("sip:", Breach),
    ],
)
def test_an_aor(aor: str, outcome: type[Outcome]) -> None:
    assert Breach not in subscribed(ACTIVE, registration(aor=aor)).kinds("rfc3680-5.1-02")
    found = subscribed(ACTIVE, registration(aor=aor)).kinds("rfc3680-5.1-06")
    assert found == ([Held, Observed] if outcome is Observed else [outcome])


# What it says of the user.


def test_every_identity_that_is_not_barred() -> None:
    row = "24.229-5.4.2.1.2-01"
    assert subscribed().kinds(row) == [Held]
    assert subscribed(ACTIVE, registration(contact())).kinds(row) == [Breach]
    more = subscribed(ACTIVE, *whole(contact()), registration(contact(name="b"), aor=BOB_URI))
    assert more.kinds(row) == [Held, Observed]
    other_form = registration(contact(), aor="sip:%61lice@HOME.example"), registration(contact(), aor="tel:+1-555")
    assert subscribed(ACTIVE, *other_form).kinds(row) == [Held]


def test_a_partial_document_need_not_have_them_all() -> None:
    row = "24.229-5.4.2.1.2-01"
    assert subscribed(ACTIVE, registration(contact()), document="partial").kinds(row) == [Unmet]
    assert subscribed().notifies(ACTIVE, registration(contact()), document="partial").kinds(row) == [Held]


def test_who_may_no_longer_be_registered_may_be_left_out() -> None:
    row = "24.229-5.4.2.1.2-01"
    gone = registration(state="init")
    assert subscribed().registers(expires=0).notifies(OVER, gone).kinds(row) == [Held]
    assert subscribed().registers(expires=0, answered=False).notifies(OVER, gone).kinds(row) == [Held]
    late = ForgedCore().registers(expires=60).subscribes().passes(59).notifies(OVER, gone)
    assert late.kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes(uri="sip:x@home.example").notifies(ACTIVE, gone).kinds(row) == [Unmet]


def test_a_barred_identity() -> None:
    row = "24.229-5.4.2.1.2-02"
    assert subscribed().kinds(row) == [Held]
    assert subscribed(ACTIVE, *whole(), registration(aor=ALICE_BARRED)).kinds(row) == [Breach]
    over = registration(aor=ALICE_BARRED, state="terminated")
    assert subscribed().notifies(OVER, over, document="partial").kinds(row) == [Breach, Held]
    bob = ForgedCore().registers(user="bob").subscribes(uri=BOB_URI, user="bob")
    assert bob.notifies(ACTIVE, registration(aor=BOB_URI)).kinds(row) == [Moot]
    assert ForgedCore().registers().subscribes().kinds(row) == [Unmet]


def test_the_contact_is_active() -> None:
    row = "24.229-5.4.2.1.2-03"
    assert subscribed().kinds(row) == [Held]
    assert subscribed(ACTIVE, *whole()).kinds(row) == [Breach]
    assert subscribed(ACTIVE, *whole(contact(uri=OTHER))).kinds(row) == [Breach]
    assert subscribed(ACTIVE, *whole(contact("terminated", "expired"))).kinds(row) == [Breach]
    assert subscribed(ACTIVE, *whole(contact(), state="init")).kinds(row) == [Breach]
    assert subscribed(ACTIVE, *whole(contact(uri="SIP:%75@127.0.1.1:5060;ob"))).kinds(row) == [Held]
    assert subscribed(ACTIVE, *whole(contact("terminated", "expired", OTHER, "c2"), contact())).kinds(row) == [Held]


BOTH = f"<{OWN}>;expires=7000, <{OTHER}>;expires=7200"


def test_a_notify_may_have_been_made_before_a_contact_came() -> None:
    row = "24.229-5.4.2.1.2-03"
    # With another contact nobody knows whether it has taken the place of the first (TS 24.229 5.4.1.2.2 step 4A).
    assert ForgedCore().registers().subscribes().registers(OTHER, listed=BOTH).notifies().kinds(row) == [Unmet]
    talk = subscribed().registers(OTHER, listed=BOTH).refreshes().notifies()
    assert talk.kinds(row) == [Held]


def test_a_contact_that_was_told_of_stays_until_it_ends() -> None:
    row = "24.229-5.4.2.1.2-03"
    second = contact(uri=OTHER, name="c2")
    talk = subscribed().registers(OTHER, listed=BOTH)
    talk.notifies(ACTIVE, registration(second), document="partial")
    assert talk.kinds(row) == [Held]
    both = whole(contact(), second)
    assert talk.notifies(ACTIVE, *both).kinds(row) == [Held]
    assert talk.notifies(ACTIVE, *whole(contact())).kinds(row) == [Breach, Held]
    # What was overtaken was made before.
    late = subscribed().registers(OTHER, listed=BOTH).notifies(ACTIVE, *both, cseq=5, version=4)
    assert late.notifies(ACTIVE, *whole(contact()), cseq=4, version=3).kinds(row) == [Held]


def test_the_network_may_have_ended_it_since() -> None:
    row = "24.229-5.4.2.1.2-03"
    ended = contact("terminated", "deactivated")
    talk = subscribed().notifies(ACTIVE, registration(ended), document="partial").refreshes()
    assert talk.notifies(ACTIVE, *whole()).kinds(row) == [Held]


# What became of contacts.


def test_a_de_registered_contact() -> None:
    row = "rfc3680-4.7.1-01"

    def left(event: str) -> ForgedCore:
        return (
            subscribed().registers(expires=0).notifies(OVER, *whole(contact("terminated", event), state="terminated"))
        )

    assert left("unregistered").kinds(row) == [Held]
    assert left("expired").kinds(row) == [Breach]
    assert left("registered").kinds(row) == [Breach]
    assert left("").kinds(row) == [Breach]
    assert left("deactivated").kinds(row) == [Observed]
    assert left("rejected").kinds(row) == [Observed]


def test_an_end_of_which_nobody_knows_why() -> None:
    row = "rfc3680-4.7.1-01"
    expired = contact("terminated", "expired")
    assert subscribed().notifies(OVER, *whole(expired)).kinds(row) == [Unmet]
    assert subscribed().registers(expires=0, answered=False).notifies(OVER, *whole(expired)).kinds(row) == [Unmet]
    assert subscribed().registers(expires=0, status=481).notifies(OVER, *whole(expired)).kinds(row) == [Unmet]
    elsewhere = contact("terminated", "expired", OTHER, "c2")
    assert subscribed().registers(expires=0).notifies(OVER, *whole(elsewhere)).kinds(row) == [Unmet]
    short = ForgedCore().registers(expires=60).subscribes().passes(61).registers(expires=0)
    assert short.notifies(OVER, *whole(expired)).kinds(row) == [Unmet]
    told = subscribed().notifies(ACTIVE, registration(contact("terminated", "deactivated")), document="partial")
    assert told.registers(expires=0).notifies(OVER, *whole(expired)).kinds(row) == [Unmet]
    assert told.kinds("rfc3680-4.7.1-02") == [Unmet]
    again = subscribed().registers(expires=0).registers().notifies(ACTIVE, *whole(expired))
    assert again.kinds(row) == [Unmet]


def test_an_end_that_is_told_before_the_register_is_answered() -> None:
    row = "rfc3680-4.7.1-01"

    def left(event: str, expires: int = 7200, *, more: bool = False) -> ForgedCore:
        talk = ForgedCore().registers(expires=expires).subscribes().notifies()
        if more:
            talk.registers(OTHER, answered=False)
        talk.registers(expires=0, answered=False)
        return talk.notifies(OVER, *whole(contact("terminated", event), state="terminated"))

    assert left("unregistered").gets(200).kinds(row) == [Held]
    assert left("expired").gets(200).kinds(row) == [Breach]
    assert left("deactivated").gets(200).kinds(row) == [Observed]
    assert left("expired").gets(500).kinds(row) == [Unmet]
    assert left("expired", 1).gets(200).kinds(row) == [Unmet]
    assert left("expired", more=True).gets(200).kinds(row) == [Unmet]
    told = subscribed().notifies(ACTIVE, registration(contact("terminated", "deactivated")), document="partial")
    told.registers(expires=0, answered=False).notifies(OVER, *whole(contact("terminated", "expired")))
    assert told.gets(200).kinds(row) == [Unmet]
    refresh = subscribed().registers(answered=False).notifies(OVER, *whole(contact("terminated", "expired")))
    assert refresh.gets(200, f"Contact: <{OWN}>;expires=7200").kinds(row) == [Unmet]


def test_a_contact_that_ran_out() -> None:
    row = "rfc3680-4.7.1-02"

    def left(event: str, after: float = 60) -> ForgedCore:
        talk = ForgedCore().registers(expires=60).subscribes().notifies().passes(after)
        return talk.notifies(OVER, *whole(contact("terminated", event), state="terminated"))

    assert left("expired").kinds(row) == [Held]
    assert left("expired", 90).kinds(row) == [Held]
    assert left("unregistered").kinds(row) == [Breach]
    assert left("refreshed").kinds(row) == [Breach]
    assert left("deactivated").kinds(row) == [Observed]
    assert left("unregistered", 50).kinds(row) == [Unmet]


def test_an_end_told_of_twice_is_judged_by_the_first() -> None:
    row = "rfc3680-4.7.1-02"
    early = ForgedCore().registers(expires=60).subscribes().passes(30)
    early.notifies(ACTIVE, *whole(contact("terminated", "deactivated")), document="partial").passes(40)
    assert early.notifies(OVER, *whole(contact("terminated", "deactivated"))).kinds(row) == [Unmet]


@pytest.mark.parametrize(
    ("document", "body", "outcome"),
    [("full", None, Held), ("partial", None, Breach), ("full", b"", Breach), ("full", b"?", Unmet)],
)
def test_a_fetch(document: str, body: bytes | None, outcome: type[Outcome]) -> None:
    talk = ForgedCore().registers().subscribes(Expires="0", granted=0)
    assert talk.kinds("rfc3680-4.7.2-01") == [Unmet]
    talk.notifies("terminated;reason=timeout", document=document, body=body)
    assert talk.kinds("rfc3680-4.7.2-01") == [outcome]


def test_the_end_of_a_subscription_need_not_have_the_full_state() -> None:
    assert subscribed().ends().notifies("terminated", body=b"").kinds("rfc3680-4.7.2-01") == [Unmet]


def test_the_end_of_the_last_registration_ends_the_subscription() -> None:
    row = "24.229-5.4.2.1.2-04"
    gone = whole(contact("terminated", "unregistered"), state="terminated")
    assert subscribed().registers(expires=0).notifies(OVER, *gone).kinds(row) == [Held]
    assert subscribed().registers(expires=0).notifies(ACTIVE, *gone).kinds(row) == [Breach]
    assert subscribed().registers(expires=0).notifies(ACTIVE, *gone, document="partial").kinds(row) == [Breach]
    assert subscribed().registers(expires=0).notifies(None, *gone).kinds(row) == [Unmet]
    short = ForgedCore().registers(expires=60).subscribes().notifies().passes(60)
    assert short.notifies(ACTIVE, *gone).kinds(row) == [Breach]


def test_what_is_not_the_last_registration() -> None:
    row = "24.229-5.4.2.1.2-04"
    one = registration(contact("terminated", "unregistered"), state="terminated")
    assert subscribed().registers(expires=0).notifies(ACTIVE, one, document="partial").kinds(row) == [Unmet]
    left = one, registration(contact(), aor=ALICE_TEL)
    assert subscribed().registers(expires=0).notifies(ACTIVE, *left).kinds(row) == [Unmet]
    gone = whole(contact("terminated", "unregistered"), state="terminated")
    assert subscribed().notifies(ACTIVE, *gone).kinds(row) == [Unmet]
    never = ForgedCore().registers().subscribes(uri=BOB_URI).notifies(ACTIVE, registration(aor=BOB_URI, state="init"))
    assert never.kinds(row) == [Unmet]


def test_nobody_has_to_tell_the_ue_that_has_de_registered() -> None:
    row = "24.229-5.4.2.1.2-04"
    assert subscribed().registers(expires=0).kinds(row) == [Unmet]
    assert subscribed().registers(expires=0).passes(31).kinds(row) == [Moot]
    assert subscribed().passes(31).kinds(row) == [Unmet]


def test_no_notify_need_report_the_end_of_a_contact() -> None:
    removed, expired = "rfc3680-4.7.1-01", "rfc3680-4.7.1-02"
    talk = subscribed().registers(expires=0)
    assert (talk.kinds(removed), talk.kinds(expired)) == ([Unmet], [Unmet])
    talk.passes(31)
    assert (talk.kinds(removed), talk.kinds(expired)) == ([Moot], [Unmet])
    talk = ForgedCore().registers(expires=60).subscribes().notifies().passes(61)
    assert (talk.kinds(removed), talk.kinds(expired)) == ([Unmet], [Unmet])
    talk.passes(30)
    assert (talk.kinds(removed), talk.kinds(expired)) == ([Unmet], [Moot])
    # The end of the test de-registers the UE.
    assert talk.passes(2).registers(expires=0).kinds(expired) == [Moot]
    assert talk.kinds("24.229-5.4.2.1.2-04") == [Moot]
    before = ForgedCore().registers().registers(expires=0).subscribes().passes(40)
    assert (before.kinds(removed), before.kinds(expired)) == ([Unmet], [Unmet])
