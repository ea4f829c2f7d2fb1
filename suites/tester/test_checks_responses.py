"""Checks on what responses carry and where they go, where forged transcripts reach what scenarios do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.roles import Role
from imsreg.verdict.view import View

FLOW = Flow("UDP", Address("127.0.1.1", 5066), Address("127.0.2.1", 5060))
LISTENING = Flow("TCP", Address("127.0.1.1", 5066), Address("127.0.2.1", 5060))
CONNECTION = replace(LISTENING, local=Address("127.0.1.1", 40_000), connection=7)
HOP = "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKhop"
VIA = "SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bKtop;rport"
FILLED = "SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bKtop;rport=5066;received=127.0.1.1"
Changes = Mapping[str, str | None]
UNCHANGED: Changes = {}
COPIED = ("Via", "From", "To", "Call-ID", "CSeq")


def request(changes: Changes = UNCHANGED) -> Draft:
    """A REGISTER; None takes a header field out."""
    fields: dict[str, str | None] = {
        "Via": VIA,
        "From": '"Alice" <sip:alice@home.example>;tag=Ab1;x=1',
        "To": "<sip:alice@home.example>",
        "Call-ID": "one@127.0.1.1",
        "CSeq": "7 REGISTER",
    }
    return _filled(Draft.request("REGISTER", "sip:home.example"), {**fields, **changes})


def response(asked: Draft, status: int = 200, changes: Changes = UNCHANGED) -> Draft:
    """A right response to `asked`, but for `changes`."""
    copies: dict[str, str | None] = {name: asked.value(name) for name in COPIED}
    return _filled(Draft.response(status), {**copies, "Via": FILLED, "To": f"{asked.value('To')};tag=own", **changes})


def _filled(draft: Draft, fields: Changes) -> Draft:
    for name, value in fields.items():
        if value is not None:
            draft.add(name, value)
    return draft


def exchange(asked: Draft, *given: Draft, sent: Flow = FLOW, back: Flow | None = None) -> Transcript:
    """A transcript of one request and responses to it."""
    transcript = Transcript("forged", 0.0, start=0.0)
    transcript.record(True, sent, asked.to_bytes(), 0.0)
    for draft in given:
        transcript.record(False, back or sent, draft.to_bytes(), 0.0)
    return transcript


def judge(requirement: str, transcript: Transcript, role: Role = "core") -> list[type[Outcome]]:
    """What kinds of outcome the checks of one requirement yield, in order."""
    view = View(transcript, Facts("home.example", "none", 14, {}, role=role))
    return [type(outcome) for check in checks_of(requirement) for outcome in check(view)]


@pytest.mark.parametrize(
    ("requirement", "changes", "expected"),
    [
        ("rfc3261-8.2.6.2-01", {"From": "<sip:alice@HOME.example>;x=1;tag=ab1"}, Observed),
        ("rfc3261-8.2.6.2-01", {"From": '"Alice" <sip:alice@home.example>;tag=Ab1;x=2'}, Breach),
        ("rfc3261-8.2.6.2-01", {"From": "<sip:alice@home.example>"}, Breach),
        ("rfc3261-8.2.6.2-01", {"From": "<sip:alice@home.example"}, Breach),
        ("rfc3261-8.2.6.2-01", {"From": '"Alice"  <sip:alice@home.example> ; x=1 ; tag=Ab1'}, Held),
        ("rfc3261-8.2.6.2-04", {"CSeq": "007 REGISTER"}, Observed),
        ("rfc3261-8.2.6.2-04", {"CSeq": "7 register"}, Breach),
        ("rfc3261-8.2.6.2-05", {"To": "<sip:alice@HOME.example>;tag=own"}, Observed),
        ("rfc3261-8.2.6.2-05", {"To": "Alice <sip:alice@home.example>;tag=own"}, Held),
        ("rfc3261-8.2.6.2-06", {"To": "<sip:alice@home.example>;tag=AB1"}, Observed),
        ("rfc3261-8.2.6.2-06", {"To": "<sip:alice@home.example>;tag="}, Breach),
        ("rfc3581-4-01", {"Via": FILLED.replace("rport=5066", "rport=5060")}, Breach),
        ("rfc3581-4-02", {"Via": FILLED.replace("received=127.0.1.1", "received=127.0.1.2")}, Breach),
    ],
)
def test_a_changed_header(requirement: str, changes: Changes, expected: type[Outcome]) -> None:
    asked = request()
    assert judge(requirement, exchange(asked, response(asked, changes=changes))) == [expected]


@pytest.mark.parametrize(
    ("vias", "expected"),
    [
        (f"{FILLED}, {HOP}", Held),
        (f"{VIA.removesuffix(';rport')};received=127.0.1.1, {HOP}", Held),  # an absent rport is for RFC 3581
        (f"{FILLED}, SIP/2.0/udp [2001:DB8:0::9]:5070;branch=z9hG4bKhop", Observed),
        (f"{FILLED}, {HOP};received=192.0.2.1", Breach),
        (f"{FILLED}, {HOP.replace('5070', '5071')}", Breach),
        (f"{FILLED}, {HOP}, {HOP}", Breach),
        (f"{FILLED}, SIP/2.0/UDP [2001:db8::9;branch=z9hG4bKhop", Breach),
        (f"{FILLED}, {HOP.replace('[', '').replace(']', '')}", Breach),
        (f"{HOP}, {FILLED}", Breach),  # which no transaction takes for an answer
    ],
)
def test_vias_that_come_back(vias: str, expected: type[Outcome]) -> None:
    asked = request({"Via": f"{VIA}, {HOP}"})
    assert judge("rfc3261-8.2.6.2-02", exchange(asked, response(asked, changes={"Via": vias}))) == [expected]


@pytest.mark.parametrize(("row", "name"), [("rfc3261-8.2.6.2-01", "From"), ("rfc3261-8.2.6.2-05", "To")])
def test_an_ipv6_address_keeps_its_brackets(row: str, name: str) -> None:
    asked = request({name: "<sip:alice@[2001:db8::1]>;tag=1"})
    bare = response(asked, changes={name: "<sip:alice@2001:db8::1>;tag=1"})
    assert judge(row, exchange(asked, response(asked))) == [Held]
    assert judge(row, exchange(asked, bare)) == [Breach]


@pytest.mark.parametrize("name", COPIED)
def test_an_absent_header_breaks_one_requirement(name: str) -> None:
    asked = request()
    transcript = exchange(asked, response(asked, changes={name: None}))
    assert judge("rfc3261-20-01", transcript) == [Breach]
    for row in ("01", "02", "03", "04", "05", "06"):
        assert Breach not in judge(f"rfc3261-8.2.6.2-{row}", transcript)


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Via"])
def test_what_the_request_lacks_is_not_asked_for(name: str) -> None:
    asked = request({name: None})
    transcript = exchange(asked, response(asked, 400, {name: None}))
    for row in ("20-01", "8.2.6.2-01", "8.2.6.2-02", "8.2.6.2-03", "8.2.6.2-04", "8.2.6.2-05", "8.2.6.2-06"):
        assert Breach not in judge(f"rfc3261-{row}", transcript)


def test_a_response_that_belongs_to_nothing_is_judged_unless_it_may_answer_garbage() -> None:
    stray = Draft.response(400).add("Server", "one").add("Server", "two")
    assert judge("rfc3261-20-01", exchange(request(), stray)) == [Breach]
    assert judge("rfc3261-7.3.1-02", exchange(request(), stray)) == [Breach]
    transcript = exchange(request())
    transcript.record(True, FLOW, b"\x00garbage", 0.0)
    transcript.record(False, FLOW, stray.to_bytes(), 0.0)
    assert judge("rfc3261-20-01", transcript) == [Unmet]
    assert judge("rfc3261-7.3.1-02", transcript) == [Unmet]


def test_what_the_request_has_twice_may_come_back_twice() -> None:
    asked = request().add("CSeq", "8 REGISTER")
    assert judge("rfc3261-7.3.1-02", exchange(asked, response(asked).add("CSeq", "8 REGISTER"))) == [Held]
    assert judge("rfc3261-7.3.1-02", exchange(asked, response(asked).add("f", "<sip:alice@home.example>"))) == [Breach]


@pytest.mark.parametrize(
    ("status", "role", "expected"),
    [(500, "core", Held), (600, "core", Observed), (600, "s-cscf", Breach), (603, "core", Breach)],
)
def test_6xx(status: int, role: Role, expected: type[Outcome]) -> None:
    asked = request()
    assert judge("rfc3261-10.3-01", exchange(asked, response(asked, status)), role) == [expected]


def test_a_100_needs_no_tag_and_counts_for_none() -> None:
    asked = request()
    trying = response(asked, 100, {"To": asked.value("To")})
    other = response(asked, 183, {"To": f"{asked.value('To')};tag=2"})
    assert judge("rfc3261-8.2.6.2-06", exchange(asked, trying)) == [Unmet]
    assert judge("rfc3261-8.2.6.2-07", exchange(asked, trying, response(asked))) == [Unmet]
    assert judge("rfc3261-8.2.6.2-07", exchange(asked, other, response(asked))) == [Breach]


@pytest.mark.parametrize(("sent", "after", "expected"), [(FLOW, 1, Breach), (FLOW, 33, Unmet), (LISTENING, 1, Unmet)])
def test_the_same_request_after_the_end_of_its_transaction_is_another_one(
    sent: Flow, after: float, expected: type[Outcome]
) -> None:
    """RFC 3261 17.2.2: Timer J ends it, over TCP at once."""
    asked = request()
    transcript = exchange(asked, response(asked), sent=sent)
    transcript.record(True, sent, asked.to_bytes(), after)
    transcript.record(
        False, sent, response(asked, changes={"To": "<sip:alice@home.example>;tag=new"}).to_bytes(), after
    )
    assert judge("rfc3261-8.2.6.2-07", transcript)[-1] is expected


def test_brackets_around_received_are_odd() -> None:
    sent = Flow("UDP", Address("::1", 5066), Address("::1", 5060))
    asked = request({"Via": "SIP/2.0/UDP [::1]:5066;branch=z9hG4bKtop;rport"})
    given = response(asked, changes={"Via": "SIP/2.0/UDP [::1]:5066;branch=z9hG4bKtop;rport=5066;received=[::1]"})
    assert judge("rfc3581-4-02", exchange(asked, given, sent=sent)) == [Observed]


def test_responses_go_where_they_belong() -> None:
    asked = request()
    astray = replace(FLOW, local=Address("127.0.1.1", 5060))
    foreign = replace(FLOW, remote=Address("127.0.2.1", 5061))
    assert judge("rfc3581-4-03", exchange(asked, response(asked))) == [Held]
    assert judge("rfc3581-4-03", exchange(asked, response(asked), back=astray)) == [Breach]
    assert judge("rfc3581-4-04", exchange(asked, response(asked), back=foreign)) == [Breach]
    same = request({"Via": VIA.replace("5060", "5066")})
    assert judge("rfc3581-4-03", exchange(same, response(same))) == [Unmet]


def test_over_tcp_the_port_shows_on_the_connection_alone() -> None:
    asked = request()
    given = response(asked, changes={"Via": FILLED.replace("5066", "40000")})
    assert judge("rfc3581-4-01", exchange(asked, given, sent=LISTENING, back=CONNECTION)) == [Held]
    assert judge("rfc3581-4-01", exchange(asked, given, sent=LISTENING, back=LISTENING)) == [Unmet]
    assert judge("rfc3261-18.2.2-01", exchange(asked, given, sent=LISTENING, back=CONNECTION)) == [Held]
    assert judge("rfc3261-18.2.2-01", exchange(asked, given, sent=LISTENING, back=LISTENING)) == [Breach]


def test_on_a_connection_that_the_dut_has_opened_the_response_is_at_home() -> None:
    asked = request()
    opened = replace(LISTENING, remote=Address("127.0.2.1", 40001), connection=3)
    given = response(asked, changes={"Via": FILLED})
    assert judge("rfc3261-18.2.2-01", exchange(asked, given, sent=opened, back=opened)) == [Held]
    for elsewhere in (replace(opened, remote=Address("127.0.2.1", 40002), connection=4), CONNECTION):
        assert judge("rfc3261-18.2.2-01", exchange(asked, given, sent=opened, back=elsewhere)) == [Breach]


def test_a_connection_that_has_failed_is_not_missed() -> None:
    asked = request()
    transcript = exchange(asked, sent=LISTENING)
    transcript.note("connection closed", 0.0, kind="transport")
    transcript.record(False, LISTENING, response(asked).to_bytes(), 0.0)
    assert judge("rfc3261-18.2.2-01", transcript) == [Unmet]


@pytest.mark.parametrize(
    ("times", "at", "answer", "expected"),
    [
        (9, 1.0, None, Unmet),
        (10, 1.0, None, Breach),
        (10, 33.0, None, Unmet),
        (1, 1.0, {}, Held),
        (1, 1.0, {"Date": "Sat, 13 Nov 2010 23:29:00 GMT"}, Observed),
        (1, 1.0, {"To": "<sip:alice@home.example>;tag=other"}, Breach),
        (1, 1.0, {"CSeq": "8 REGISTER"}, Breach),
    ],
)
def test_a_repeated_request(times: int, at: float, answer: Changes | None, expected: type[Outcome]) -> None:
    asked = request()
    transcript = exchange(asked, response(asked))
    for _ in range(times):
        transcript.record(True, FLOW, asked.to_bytes(), at)
    if answer is not None:
        transcript.record(False, FLOW, response(asked, changes=answer).to_bytes(), at)
    assert judge("rfc3261-17.2.2-01", transcript) == [expected]
