"""Refusals before registration, and survival, where forged transcripts reach what scenarios do not."""

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
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View

FLOW = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
STREAM = Flow("TCP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060), connection=1)
HOME = "home.example"
ALICE = Subscriber(
    name="alice",
    imsi="001010000000001",
    mnc_digits=2,
    impi=f"alice@{HOME}",
    home_domain=HOME,
    impus=(f"sip:alice@{HOME}",),
    barred=(),
    algorithm=Milenage(Secret(bytes(16)), Secret(bytes(16))),
    res_length=8,
    amf=bytes(2),
    sqn=0,
)
FACTS = Facts(home_domain=HOME, security="none", release=14, subscribers={ALICE.impi: ALICE})


class Talk:
    """A transcript in the making."""

    def __init__(self) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self._cseq = 0

    def register(self, status: int = 0, *answer: str, user: str = "alice", **headers: str) -> Talk:
        """A REGISTER that is right but for `headers`, and its response; status 0 is silence."""
        self._cseq += 1
        request = (
            Draft.request("REGISTER", f"sip:{HOME}")
            .add("Via", f"SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK{self._cseq}")
            .add("Max-Forwards", 70)
            .add("From", f"<sip:{user}@{HOME}>;tag=1")
            .add("To", f"<sip:{user}@{HOME}>")
            .add("Call-ID", "one")
            .add("CSeq", f"{self._cseq} REGISTER")
            .add("Contact", "<sip:u@127.0.1.1:5060>")
            .add("Expires", 600)
            .add(
                "Authorization",
                f'Digest username="{user}@{HOME}", realm="{HOME}", nonce="", uri="sip:{HOME}", response=""',
            )
        )
        for name, value in headers.items():
            request.set(name.replace("_", "-"), value)
        self.transcript.record(True, FLOW, request.to_bytes(), 0.0)
        if status:
            response = Draft.response(status)
            for name in ("Via", "From", "To", "Call-ID", "CSeq"):
                response.add(name, request.value(name))
            for line in answer:
                name, _, value = line.partition(": ")
                response.add(name, value)
            self.transcript.record(False, FLOW, response.to_bytes(), 0.0)
        return self

    def octets(self, data: bytes, flow: Flow = FLOW) -> Talk:
        """Anything that the tester sends."""
        self.transcript.record(True, flow, data, 0.0)
        return self

    def waited(self) -> Talk:
        """The tester has waited for a response until Timer F."""
        self.transcript.note("no answer within 32 s", 32.0, kind="transport")
        return self

    def judge(self, row: str) -> list[Outcome]:
        """What the checks of a row yield."""
        view = View(self.transcript, FACTS)
        return [outcome for check in checks_of(row) for outcome in check(view)]


def kinds(outcomes: list[Outcome]) -> set[type[Outcome]]:
    return {type(outcome) for outcome in outcomes}


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (403, (), Held),
        (404, (), Observed),
        (480, (), Observed),
        (401, (), Observed),
        (401, ("WWW-Authenticate: Digest",), Breach),
        (407, ("Proxy-Authenticate: Digest realm=x",), Breach),
        (200, (), Breach),
        (603, (), Breach),
        (500, (), Unmet),
        (494, (), Unmet),
    ],
)
def test_answers_to_an_unknown_user(status: int, answer: tuple[str, ...], expected: type[Outcome]) -> None:
    assert kinds(Talk().register(status, *answer, user="nobody").judge("24.229-5.3.1.3-01")) == {expected}


FOREIGN = {"To": "<sip:bob@elsewhere.invalid>", "From": "<sip:bob@elsewhere.invalid>;tag=1"}


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (404, (), Held),
        (403, (), Observed),
        (400, (), Observed),
        (480, (), Observed),
        (200, (), Breach),
        (500, (), Breach),
        (604, (), Breach),
        (401, ("WWW-Authenticate: Digest",), Unmet),
        (407, (), Unmet),
        (302, (), Unmet),
        (503, (), Unmet),
        (504, (), Unmet),
        (0, (), Unmet),
    ],
)
def test_answers_to_a_foreign_identity(status: int, answer: tuple[str, ...], expected: type[Outcome]) -> None:
    assert kinds(Talk().register(status, *answer, **FOREIGN).judge("rfc3261-10.3-03")) == {expected}


@pytest.mark.parametrize(
    "headers",
    [
        {"To": "<sip:bob@elsewhere.example>"},  # which some network may well have beside its own
        {"To": "<sip:bob@invalid.example>"},
        {"To": "<tel:+1555>"},
        {**FOREIGN, "Max_Forwards": "0"},
        {**FOREIGN, "Require": "imsreg.unknown"},
    ],
    ids=["some domain", "a name of a domain", "telephone number", "another fault", "an extension"],
)
def test_what_is_no_foreign_identity(headers: dict[str, str]) -> None:
    assert kinds(Talk().register(500, **headers).judge("rfc3261-10.3-03")) == {Unmet}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f'Digest username="alice@{HOME}", realm="{HOME}", nonce="", uri="sip:{HOME}", response=""'},
        {"To": f"<sip:alice@{HOME}>"},
        {"To": "<sip:nobody@elsewhere.example>"},
        {"Max_Forwards": "0"},
    ],
    ids=["known IMPI", "known IMPU", "foreign", "another fault"],
)
def test_who_is_no_unknown_user(headers: dict[str, str]) -> None:
    assert kinds(Talk().register(200, user="nobody", **headers).judge("24.229-5.3.1.3-01")) == {Unmet}


def test_a_tag_that_is_registered_is_no_unknown_extension() -> None:
    assert kinds(Talk().register(200).register(200, Require="timer").judge("rfc3261-8.2.2.3-01")) == {Unmet}


@pytest.mark.parametrize(
    ("before", "status", "expected"),
    [(200, 403, Breach), (403, 403, Unmet), (403, 200, Breach), (200, 401, Unmet), (200, 503, Unmet), (200, 420, Held)],
)
def test_a_refusal_counts_only_where_the_user_may_register(before: int, status: int, expected: type[Outcome]) -> None:
    talk = Talk().register(before).register(status, Require="imsreg.unknown")
    assert kinds(talk.judge("rfc3261-8.2.2.3-01")) == {expected}


@pytest.mark.parametrize(
    ("unsupported", "expected"),
    [
        ("imsreg.unknown", Held),
        ("IMSREG.unknown, path", Held),
        ("path", Breach),
        ("imsreg.unknown, timer", Breach),
    ],
)
def test_what_unsupported_may_list(unsupported: str, expected: type[Outcome]) -> None:
    talk = Talk().register(420, f"Unsupported: {unsupported}", Require="imsreg.unknown, path")
    assert kinds(talk.judge("rfc3261-8.2.2.3-02")) == {expected}


@pytest.mark.parametrize(("status", "expected"), [(483, Held), (401, Breach), (420, Breach), (494, Unmet), (0, Unmet)])
def test_max_forwards_0(status: int, expected: type[Outcome]) -> None:
    assert kinds(Talk().register(status, Max_Forwards="0").judge("rfc3261-16.3-01")) == {expected}


@pytest.mark.parametrize(
    ("contact", "expires", "decided"),
    [
        ("*", "600", {"rfc3261-10.3-04"}),
        ("*", "0", set()),
        ("*", "soon", set()),
        ("*, <sip:u@127.0.1.1>", "0", {"rfc3261-10.3-05"}),
        ("<sip:u@127.0.1.1>, <sip:v@127.0.1.1>", "0", set()),
    ],
)
def test_each_wrong_star_has_its_row(contact: str, expires: str, decided: set[str]) -> None:
    talk = Talk().register(400, Contact=contact, Expires=expires)
    rows = ("rfc3261-10.3-04", "rfc3261-10.3-05")
    assert {row for row in rows if kinds(talk.judge(row)) == {Held}} == decided


MALFORMED = b"REGISTER\r\n\r\n"


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (Talk().register(401).octets(MALFORMED).register(401), Held),
        (Talk().register(401).octets(MALFORMED).register(403), Held),
        (Talk().register(401).octets(MALFORMED).register(500), Observed),
        (Talk().register(500).octets(MALFORMED).register(500), Held),
        (Talk().register(401).octets(MALFORMED).register().waited(), Breach),
        (Talk().register(401).octets(MALFORMED).register(), Unmet),
        (Talk().octets(MALFORMED).register().waited(), Unmet),
        (Talk().octets(MALFORMED).register(401), Unmet),
        (Talk().register(401).octets(b"\r\n\r\n").register().waited(), Unmet),
        (Talk().register(401).octets(MALFORMED, STREAM).register().waited(), Unmet),
        (Talk().register(401).register(400, CSeq="none").register().waited(), Breach),
    ],
    ids=[
        "answered",
        "otherwise answered",
        "fails since",
        "always failed",
        "silent",
        "not waited for",
        "silent before",
        "not sane before",
        "keep-alive",
        "stream",
        "unreadable header",
    ],
)
def test_survival(talk: Talk, expected: type[Outcome]) -> None:
    assert kinds(talk.judge("robustness-01")) == {expected}
