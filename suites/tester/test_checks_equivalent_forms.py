"""Checks on other forms of header fields: which two requests they compare, and what they make of the difference."""

from __future__ import annotations

import pytest

from imsreg.aka.milenage import Milenage
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View

FLOW = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
HOME = "home.example"
CONTACT = "<sip:alice@127.0.1.1>;expires=60"


class Talk:
    """A transcript in the making: a REGISTER with an expiry of 60 s, its response, and so on."""

    def __init__(self) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.sent = 0

    def register(self, status: int | None, *contacts: str, form: str = "plain", at: float = 0.0) -> Talk:
        """A REGISTER in one form, and its response with `contacts`; without a status there is none."""
        self.sent += 1
        note = ';note="a, b"' if form == "quoted" else ';note="a b"'
        fields = {
            "Via": f"SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK{self.sent}{note}",
            "Max-Forwards": "70",
            "From": f"<sip:alice@{HOME}>;tag=1",
            "To": f"<sip:alice@{HOME}>",
            "Call-ID": "one",
            "CSeq": f"{self.sent} REGISTER",
        }
        request = Draft.request("REGISTER", f"sip:{HOME}")
        for name, value in fields.items():
            request.add(name, value)
        request.add("Contact", "<sip:alice@127.0.1.1>").add("Expires", 60)
        request.add("Authorization", f'Digest username="alice@{HOME}", realm="{HOME}", nonce="", response=""')
        if form == "folded":
            request.fold()
        request.compact = form == "compact"
        self.transcript.record(True, FLOW, request.to_bytes(), at)
        if status is not None:
            response = Draft.response(status)
            for name in ("Via", "From", "To", "Call-ID", "CSeq"):
                response.add(name, fields[name])
            for contact in contacts:
                response.add("Contact", contact)
            self.transcript.record(False, FLOW, response.to_bytes(), at)
        return self

    def judge(self, requirement: str) -> list[type[Outcome]]:
        """What kinds of outcome the checks of one requirement yield."""
        algorithm = Milenage(Secret(bytes(16)), Secret(bytes(16)))
        impi, impus = f"alice@{HOME}", (f"sip:alice@{HOME}",)
        alice = Subscriber("alice", "001010000000001", 2, impi, HOME, impus, (), 8, bytes(2), 0, algorithm)
        view = View(self.transcript, Facts(HOME, "none", 14, {impi: alice}))
        return [type(outcome) for check in checks_of(requirement) for outcome in check(view)]


FORMS = pytest.mark.parametrize(
    ("form", "requirement"),
    [("folded", "rfc3261-7.3.1-01"), ("compact", "rfc3261-7.3.3-01"), ("quoted", "rfc3261-25.1-01")],
)


@FORMS
def test_the_same_answer_is_right_and_another_is_not(form: str, requirement: str) -> None:
    assert Talk().register(401).register(401, form=form).judge(requirement) == [Held]
    assert Talk().register(401, form=form).register(401).judge(requirement) == [Held]
    assert Talk().register(401).register(400, form=form).judge(requirement) == [Breach]


@FORMS
def test_an_answer_that_decides_nothing(form: str, requirement: str) -> None:
    assert Talk().register(503).register(400, form=form).judge(requirement) == [Unmet]
    assert Talk().register(401).register(503, form=form).judge(requirement) == [Unmet]


@FORMS
def test_silence_counts_where_the_tester_has_waited(form: str, requirement: str) -> None:
    talk = Talk().register(401).register(None, form=form)
    assert talk.judge(requirement) == [Unmet]
    talk.transcript.note("no answer within 32 s", 32.0, kind="transport")
    assert talk.judge(requirement) == [Breach]


@FORMS
def test_bindings_are_compared_from_the_same_state_on(form: str, requirement: str) -> None:
    lost = Talk().register(200, CONTACT).register(200, form=form, at=100.0)
    assert lost.judge(requirement) == [Breach]
    bound_before = Talk().register(200, CONTACT).register(200, form=form, at=10.0)
    assert bound_before.judge(requirement) == [Unmet]


def test_a_request_in_both_forms_tells_nothing() -> None:
    talk = Talk().register(401).register(400, form="folded")
    assert talk.judge("rfc3261-7.3.3-01") == [Unmet]
