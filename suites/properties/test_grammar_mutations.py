"""Lint and the named mutations: what breaks a rule is found under it, what means the same is left alone."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from imsreg.sip.draft import Draft
from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.violation import Severity
from imsreg.sip.message import MessageError, parse
from imsreg.sip.mutation import MUTATIONS, mutate


class Mutation(NamedTuple):
    """A mutation with its arguments, and the rules whose violations it brings; none if it means the same."""

    name: str
    arguments: dict[str, object]
    rules: frozenset[str] = frozenset()


def brings(name: str, /, *rules: str, **arguments: object) -> Mutation:
    return Mutation(name, arguments, frozenset(rules))


CREDENTIALS = (
    'Digest username="u", realm="home.net", nonce="bm9uY2U=", uri="sip:home.net", qop=auth, nc=00000001, cnonce="x", '
    'response="00000000000000000000000000000000", algorithm=AKAv1-MD5'
)


def register() -> Draft:
    """A right REGISTER with a body and two of what can be twice."""
    draft = (
        Draft.request("REGISTER", "sip:home.net")
        .add("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport, SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK2")
        .add("Route", "<sip:p1.home.net;lr>")
        .add("Route", "<sip:p2.home.net;lr>")
        .add("From", '"A B" <sip:a@home.net>;tag=1')
        .add("To", "<sip:a@home.net>")
        .add("Call-ID", "c@192.0.2.1")
        .add("CSeq", "1 REGISTER")
        .add("Max-Forwards", 70)
        .add("Contact", '<sip:a@192.0.2.1>;q=0.5;+sip.instance="<urn:gsma:imei:1-2-0>"')
        .add("Supported", "path, gruu")
        .add("Authorization", CREDENTIALS)
        .add("Expires", 600000)
        .add("Content-Type", "text/plain")
    )
    draft.body = b"hello\r\n"
    return draft


FRAMED_ANEW = "the octets are no message any more"

CASES = [
    brings("drop-header", "mandatory-header", header="Via"),
    brings("drop-header", "mandatory-header", header="Content-Type"),
    brings("drop-header", header="Expires"),
    brings("insert-header", header="X-New", value="anything ;,"),
    brings("insert-header", "header-name", header="X New", value="a"),
    brings("insert-header", "header-not-applicable", header="Record-Route", value="<sip:a;lr>"),
    brings("duplicate-header", "duplicate-header", header="Max-Forwards"),
    brings("duplicate-header", "duplicate-header", header="Call-ID", value="other"),
    brings("duplicate-header", header="Route"),
    brings("duplicate-header", header="Authorization"),
    brings("rename-header", "mandatory-header", header="CSeq", name="X-CSeq"),
    brings("rename-header", "header-name", header="Expires", name="Ex pires"),
    brings("move-header", header="Via", at=-1),
    brings("reverse-headers"),
    brings("split-header", header="Via"),
    brings("join-header", header="Route"),
    brings("compact-names"),
    brings("compact-header", header="Via"),
    brings("recase-names"),
    brings("space-before-colon", header="To"),
    brings("drop-colon", "header-name", header="Expires"),
    brings("change-value", "header-grammar", header="Max-Forwards", value="seventy"),
    brings("change-value", "max-forwards-range", header="Max-Forwards", value="256"),
    brings("change-value", "cseq-method", header="CSeq", value="1 INVITE"),
    brings("change-value", "cseq-range", header="CSeq", value="2147483648 REGISTER"),
    brings("change-value", "header-grammar", header="CSeq", value="REGISTER"),
    brings("change-value", "header-grammar", header="From", value='"A B <sip:a@home.net>;tag=1'),
    brings("change-value", "from-tag", header="From", value="<sip:a@home.net>"),
    brings("change-value", "uri-grammar", header="To", value="<sip:a@home_net>"),
    brings("change-value", "header-grammar", header="Via", value="SIP/2.0/UDP ::1;branch=z9hG4bK1"),
    brings("change-value", "port-range", header="Via", value="SIP/2.0/UDP a:65536;branch=z9hG4bK1"),
    brings("change-value", "header-grammar", header="Expires", value="-1"),
    brings("change-value", "seconds-range", header="Expires", value="4294967296"),
    brings("change-value", "contact-star-expires", header="Contact", value="*"),
    brings("change-value", "combined-credentials", header="Authorization", value=f"{CREDENTIALS}, {CREDENTIALS}"),
    brings("change-value", "header-grammar", header="Supported", value="path gruu"),
    brings("change-value", header="Supported", value=""),
    brings("drop-value", header="Via", index=1),
    brings("duplicate-value", header="Supported"),
    brings("reverse-values", header="Via"),
    brings("recase-value", "cseq-method", header="CSeq"),
    brings("fold-header", header="Authorization"),
    brings("fold-header", header="Max-Forwards", blank="tab"),
    brings("fold-headers"),
    brings("recode-value", "header-grammar", header="Max-Forwards", encoding="utf-16-be"),
    brings("escape-user", header="To"),
    brings("change-body", body="bye\r\n"),
    brings("change-length", "content-length", by=1),
    brings("change-length", "content-length", by=-1),
    brings("add-parameter", header="From", name="x", value='"y"'),
    brings("add-parameter", "header-grammar", header="From", name="x", value=""),
    brings("add-parameter", "parameter-grammar", header="Contact", name="expires", value="soon"),
    brings("change-parameter", "parameter-grammar", header="Contact", name="q", value="1.5"),
    brings("change-parameter", "parameter-grammar", header="Authorization", name="nc", value="1"),
    brings("change-parameter", "parameter-grammar", header="Authorization", name="nc", value="0000000A"),
    brings("change-parameter", "parameter-grammar", header="Authorization", name="response", value="XYZ"),
    brings("change-parameter", "uri-grammar", header="Authorization", name="uri", value="sip:::1"),
    brings("drop-parameter", "via-branch", header="Via", name="branch"),
    brings("drop-parameter", "from-tag", header="From", name="tag"),
    brings("drop-parameter", "digest-qop", header="Authorization", name="nc"),
    brings("duplicate-parameter", "duplicate-parameter", header="From", name="tag"),
    brings("rename-parameter", "from-tag", header="From", name="tag", new="gat"),
    brings("requote-parameter", "parameter-grammar", header="Authorization", name="qop"),
    brings("requote-parameter", "parameter-grammar", header="Authorization", name="algorithm"),
    brings("requote-parameter", "parameter-grammar", header="Authorization", name="realm"),
    brings("change-start-line", "start-line", value="REGISTER  sip:home.net SIP/2.0"),
    brings("change-method", "cseq-method", method="OPTIONS"),
    brings("change-request-uri", "register-request-uri", uri="sip:a@home.net"),
    brings("change-request-uri", "start-line", uri="<sip:home.net>"),
    brings("change-version", "sip-version", version="SIP/3.0"),
    brings("change-version", "sip-version", version="sip/2.0"),
    brings("truncate", "head-end", "header-grammar", octets=300),
    brings("replace-bytes", "uri-grammar", old="a@home.net", new="a@home..net"),
    brings("insert-bytes", "header-name", "mandatory-header", at=-50, octets=b"\x00"),
    brings("delete-bytes", "content-length", at=-1),
    brings("flip-bit", "utf-8", at=12, bit=7),
    brings("prepend-bytes"),
    brings("append-bytes", "content-length", octets="x"),
    brings("bare-lf", "line-end"),
    brings("bare-cr", FRAMED_ANEW),
    brings("drop-empty-line", "head-end", "header-name", "content-length"),
]

RESPONSE_CASES = [
    brings("change-status", "mandatory-header", status=401),
    brings("change-status", "status-class", status=700),
    brings("change-status", "start-line", status="2000"),
    brings("change-status", status=202),
]


def response() -> Draft:
    """A right 200."""
    return (
        Draft.response(200)
        .add("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1")
        .add("From", "<sip:a@home.net>;tag=1")
        .add("To", "<sip:a@home.net>;tag=2")
        .add("Call-ID", "c@192.0.2.1")
        .add("CSeq", "1 REGISTER")
    )


def violated(octets: bytes) -> set[str]:
    try:
        message = parse(octets)
    except MessageError:
        return {FRAMED_ANEW}
    return {each.rule for each in lint(message) if each.severity is Severity.VIOLATION}


def test_the_messages_are_right_before() -> None:
    assert lint(register().to_message()) == ()
    assert lint(response().to_message()) == ()


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.name}-{'-'.join(map(str, case.arguments.values()))[:40]}"
)
def test_a_mutation_of_a_request(case: Mutation) -> None:
    assert violated(mutate(register(), case.name, **case.arguments)) == case.rules


@pytest.mark.parametrize("case", RESPONSE_CASES, ids=lambda case: f"{case.name}-{case.arguments['status']}")
def test_a_mutation_of_a_response(case: Mutation) -> None:
    assert violated(mutate(response(), case.name, **case.arguments)) == case.rules


def test_every_mutation_has_a_case() -> None:
    assert {case.name for case in (*CASES, *RESPONSE_CASES)} == set(MUTATIONS)
