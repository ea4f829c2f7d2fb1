"""Every rule of lint finds what it is for, where it is, and nothing else does."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.rules import RULES
from imsreg.sip.message import parse

REQUEST = {
    "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
    "From": "<sip:a@home.net>;tag=1",
    "To": "<sip:a@home.net>",
    "Call-ID": "c@192.0.2.1",
    "CSeq": "1 REGISTER",
    "Max-Forwards": "70",
    "Contact": "<sip:a@192.0.2.1>",
    "Content-Length": "0",
}
RESPONSE = {
    "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=5060;received=192.0.2.1",
    "From": "<sip:a@home.net>;tag=1",
    "To": "<sip:a@home.net>;tag=2",
    "Call-ID": "c@192.0.2.1",
    "CSeq": "1 REGISTER",
    "Content-Length": "0",
}
REGISTER = "REGISTER sip:home.net SIP/2.0"
OK = "SIP/2.0 200 OK"
CHALLENGE = 'Digest realm="x", nonce="y", qop="auth"'
CREDENTIALS = 'Digest username="u", realm="x", nonce="y", uri="sip:home.net", response=""'
BASE64_30 = "A" * 40


def message(start: str = REGISTER, *more: str, body: str = "", end: str = "\r\n", **changes: str | None) -> bytes:
    """A right message with changes: a header (its hyphens as underlines) with another value, or gone with None."""
    fields = {**(RESPONSE if start.startswith("SIP/") else REQUEST)}
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value  # type: ignore[assignment]  # those that are None go below
    lines = [start, *(f"{name}: {value}" for name, value in fields.items() if value is not None), *more, "", body]
    return end.join(lines).encode("utf-8", "surrogateescape")


class Case(NamedTuple):
    """A message, and where its one finding is."""

    rule: str
    raw: bytes
    line: int
    column: int
    what: str


def response(status: str, *more: str, **changes: str | None) -> bytes:
    return message(f"SIP/2.0 {status}", *more, **changes)


LAST = 10
"""The line of the first field behind those of REQUEST; of a response two less."""

CASES = [
    Case("line-end", message(end="\n"), 1, 30, "an LF without a CR before it, and 9 more of the kind"),
    Case("line-end", message(CSeq="1\n REGISTER"), 6, 8, "an LF without a CR before it"),
    Case("line-end", message(To="<sip:a@home.net>\r"), 4, 21, "a CR without an LF behind it"),
    Case("utf-8", message(REGISTER, "Q: a\udcff"), LAST, 5, "the octet 0xff is no UTF-8"),
    Case("utf-8", message(REGISTER, "Q: \u00e4\udc80"), LAST, 5, "the octet 0x80 is no UTF-8"),
    Case(
        "utf-8-form",
        message(REGISTER, "Q: \udcc0\udc80"),
        LAST,
        4,
        "the octets c0 80 are a form of UTF-8 that is no more",
    ),
    Case("head-end", message()[:-4], 9, 18, "no empty line ends the header"),
    Case("head-end", message()[:-2], 10, 1, "no empty line ends the header"),
    Case("start-line", message("REGISTER  sip:home.net SIP/2.0"), 1, 10, "the start line cannot have ' ' here"),
    Case("start-line", message("REGISTER <sip:home.net> SIP/2.0"), 1, 10, "the start line cannot have '<' here"),
    Case("start-line", message("REGISTER sip:home.net\r\n SIP/2.0"), 1, 22, "the start line cannot have '\\x0d' here"),
    Case("start-line", message("SIP/2.0 200"), 1, 12, "the start line ends too early"),
    Case("start-line", message("SIP/2.0 2000 OK"), 1, 12, "the start line cannot have '0' here"),
    Case("sip-version", message("REGISTER sip:home.net sip/2.0"), 1, 23, "the version is 'sip/2.0'"),
    Case("sip-version", message("SIP/2.1 200 OK"), 1, 1, "the version is 'SIP/2.1'"),
    Case("status-class", response("700 Odd"), 1, 9, "the status code is 700"),
    Case("status-class", response("099 Odd", To="<sip:a@home.net>"), 1, 9, "the status code is 099"),
    Case(
        "method-case",
        message("Options sip:home.net SIP/2.0", CSeq="1 Options"),
        1,
        1,
        "'Options' is a method that nobody has defined",
    ),
    Case("header-name", message(REGISTER, "no colon"), LAST, 1, "the line has no colon"),
    Case("header-name", message(REGISTER, ": value"), LAST, 1, "nothing stands before the colon"),
    Case("header-name", message(REGISTER, "a b: value"), LAST, 2, "'a b' is no header name"),
    Case("header-grammar", message(Via="SIP/2.0/UDP 2001::1:5060;branch=z9hG4bK1"), 2, 22, "Via cannot have ':' here"),
    Case("header-grammar", message(Max_Forwards="70, 69"), 7, 17, "Max-Forwards cannot have ',' here"),
    Case("header-grammar", message(To="<sip:a@home.net"), 4, 20, "To ends too early"),
    Case("header-grammar", message(REGISTER, "Date: now"), LAST, 7, "Date cannot have 'n' here"),
    Case("header-grammar", message(From='"\u00e4\u00f6" sip:a@b;tag=1'), 3, 12, "From cannot have 's' here"),
    Case("header-value", message(REGISTER, "Q: a\x07b"), LAST, 5, "Q cannot have '\\x07' here"),
    Case("header-value", message(REGISTER, "Q: a\0"), LAST, 5, "Q cannot have '\\x00' here"),
    Case(
        "undecided",
        message(REGISTER, "Server: " + "(" * 60 + ")" * 60),
        LAST,
        55,
        "'Server' is nested too deep, or too devious, to be judged",
    ),
    Case("trailing-blank", message(Max_Forwards="70 "), 7, 17, "a blank follows the value"),
    Case("trailing-blank", message(Max_Forwards="70\r\n\t"), 7, 17, "a blank follows the value"),
    Case(
        "duplicate-header", message(REGISTER, "max-forwards: 70"), LAST, 1, "Max-Forwards is there again after line 7"
    ),
    Case("duplicate-header", message(REGISTER, "i: c@192.0.2.1"), LAST, 1, "Call-ID is there again after line 5"),
    Case(
        "combined-credentials",
        response("401 No", f"WWW-Authenticate: {CHALLENGE},\r\n {CHALLENGE}"),
        LAST - 1,
        2,
        "a second WWW-Authenticate value begins in the same field",
    ),
    Case("duplicate-parameter", message(From="<sip:a@home.net>;tag=1;TAG=2"), 3, 30, "'tag' comes twice"),
    Case(
        "duplicate-auth-parameter",
        message(REGISTER, f'Authorization: {CREDENTIALS}, Realm="z"'),
        LAST,
        92,
        "'realm' comes twice",
    ),
    Case(
        "duplicate-parameter",
        message(REGISTER, "P-Charging-Vector: icid-value=1;x;icid-value=2"),
        LAST,
        35,
        "'icid-value' comes twice",
    ),
    Case(
        "duplicate-auth-parameter",
        response("200 OK", 'Authentication-Info: nextnonce="x", nextnonce="y"'),
        LAST - 2,
        37,
        "'nextnonce' comes twice",
    ),
    Case(
        "parameter-grammar", message(Contact="<sip:a@192.0.2.1>;q=1.1"), 8, 32, "the parameter q cannot have '1' here"
    ),
    Case(
        "parameter-grammar",
        message(Contact="<sip:a@192.0.2.1>;expires=soon"),
        8,
        36,
        "the parameter expires cannot have 's' here",
    ),
    Case(
        "parameter-grammar",
        message(REGISTER, f'Authorization: {CREDENTIALS}, qop=auth, cnonce="x", nc=1'),
        LAST,
        118,
        "the parameter nc ends too early",
    ),
    Case(
        "parameter-grammar",
        message(REGISTER, f'Authorization: {CREDENTIALS}, algorithm="MD5"'),
        LAST,
        102,
        "the parameter algorithm cannot have '\"' here",
    ),
    Case(
        "parameter-grammar",
        response("401 No", f"WWW-Authenticate: {CHALLENGE}, stale=maybe"),
        LAST - 2,
        66,
        "the parameter stale cannot have 'm' here",
    ),
    Case(
        "parameter-grammar",
        message(Via="SIP/2.0/UDP a;branch=z9hG4bK1;ttl=1000"),
        2,
        43,
        "the parameter ttl cannot have '0' here",
    ),
    Case(
        "parameter-grammar",
        message(REGISTER, "Security-Verify: tls;q=2"),
        LAST,
        24,
        "the parameter q cannot have '2' here",
    ),
    Case(
        "feature-tag",
        message(Contact='<sip:a@192.0.2.1>;+g.x="a b"'),
        8,
        35,
        "the feature tag '+g.x' cannot have ' ' here",
    ),
    *(
        Case("mandatory-header", message(**{name.replace("-", "_"): None}), 1, 1, f"{name} is missing")
        for name in ("Call-ID", "CSeq", "From", "To", "Via", "Max-Forwards")
    ),
    *(
        Case("mandatory-header", message(OK, **{name.replace("-", "_"): None}), 1, 1, f"{name} is missing")
        for name in ("Call-ID", "CSeq", "From", "To", "Via")
    ),
    *(
        Case("mandatory-header", response(status), 1, 1, f"{name} is missing")
        for status, name in (
            ("401 No", "WWW-Authenticate"),
            ("405 No", "Allow"),
            ("407 No", "Proxy-Authenticate"),
            ("420 No", "Unsupported"),
            ("422 No", "Min-SE"),
            ("423 No", "Min-Expires"),
            ("494 No", "Security-Server"),
        )
    ),
    Case(
        "mandatory-header", message("INVITE sip:b@c SIP/2.0", CSeq="1 INVITE", Contact=None), 1, 1, "Contact is missing"
    ),
    Case("mandatory-header", message("SUBSCRIBE sip:b@c SIP/2.0", CSeq="1 SUBSCRIBE"), 1, 1, "Event is missing"),
    Case(
        "mandatory-header",
        message("NOTIFY sip:b@c SIP/2.0", "Event: reg", CSeq="1 NOTIFY"),
        1,
        1,
        "Subscription-State is missing",
    ),
    Case("mandatory-header", message(Content_Length="2", body="hi"), 1, 1, "Content-Type is missing"),
    Case(
        "header-not-applicable",
        message(REGISTER, "Record-Route: <sip:p;lr>"),
        LAST,
        1,
        "Record-Route stands in a REGISTER",
    ),
    Case(
        "content-length-missing",
        message(Content_Length=None, Via="SIP/2.0/tcp a.b;branch=z9hG4bK1"),
        1,
        1,
        "Content-Length is missing",
    ),
    Case("content-length-advised", message(Content_Length=None), 1, 1, "Content-Length is missing"),
    Case(
        "content-length",
        message(REGISTER, "Content-Type: a/b", Content_Length="3", body="hi"),
        9,
        17,
        "Content-Length is not 2, the octets that came after the header",
    ),
    Case(
        "content-length",
        message(REGISTER, "Content-Type: a/b", Content_Length="1", body="hi"),
        9,
        17,
        "Content-Length is not 2, the octets that came after the header",
    ),
    Case("cseq-range", message(CSeq="2147483648 REGISTER"), 6, 7, "'2147483648' is too large"),
    Case("cseq-method", message(CSeq="1 Register"), 6, 9, "the method is 'Register' in a 'REGISTER' request"),
    Case("max-forwards-range", message(Max_Forwards="256"), 7, 15, "'256' is above 255"),
    Case("seconds-range", message(REGISTER, "Expires: 4294967296"), LAST, 10, "'4294967296' is too large"),
    Case(
        "contact-expires-range",
        message(Contact="<sip:a@192.0.2.1>;expires=4294967296"),
        8,
        36,
        "'4294967296' is too large",
    ),
    Case("date", message(REGISTER, "Date: Mon, 30 Feb 2026 00:00:00 GMT"), LAST, 7, "there is no such date: day "),
    Case(
        "date",
        message(REGISTER, "Date: Sat, 28 Nov 2026 00:00:61 GMT"),
        LAST,
        7,
        "there is no such date: second must be in 0..60",
    ),
    Case(
        "weekday",
        message(REGISTER, "Date: Mon, 28 Nov 2026 00:00:60 GMT"),
        LAST,
        7,
        "the day is Mon, but the date is a Sat",
    ),
    Case("uri-grammar", message(To="<sip:a@home_net.x>"), 4, 16, "a sip URI cannot have '_' here"),
    Case("uri-grammar", message("REGISTER sip:home_net SIP/2.0"), 1, 18, "a sip URI cannot have '_' here"),
    Case("uri-grammar", message(Contact="sips:a@::1"), 8, 17, "a sips URI cannot have ':' here"),
    Case("uri-grammar", response("200 OK", "P-Associated-URI: <tel:911>"), LAST - 2, 27, "a tel URI ends too early"),
    Case(
        "uri-grammar",
        message(REGISTER, f"Authorization: {CREDENTIALS.replace('home.net', 'a:x')}"),
        LAST,
        70,
        "a sip URI cannot have 'x' here",
    ),
    Case(
        "uri-brackets",
        message(From="sip:a,b@home.net;tag=1"),
        3,
        7,
        "'sip:a,b@home.net;tag=1' has a character that only angle brackets can hold",
    ),
    Case(
        "uri-brackets",
        message(To="sip:a@home.net?Subject=x"),
        4,
        5,
        "'sip:a@home.net?Subject=x' has a character that only angle brackets can hold",
    ),
    Case(
        "uri-brackets",
        message(Contact="sip:a;x@home.net"),
        8,
        10,
        "'sip:a;x@home.net' has a character that only angle brackets can hold",
    ),
    Case(
        "uri-brackets",
        message(Contact="sip:a,b@home.net"),
        8,
        16,
        "'b@home.net' has a character that only angle brackets can hold",
    ),
    Case(
        "uri-brackets",
        message(From="urn:x:y;;a;=;a;tag=1"),
        3,
        7,
        "'urn:x:y;;a;=;a;tag=1' has a character that only angle brackets can hold",
    ),
    Case("uri-component", message(From="<sip:a@home.net:5060>;tag=1"), 3, 23, "the URI has a port"),
    Case("uri-component", message(To="<sip:a@home.net;lr>"), 4, 21, "the URI has lr"),
    Case("uri-component", message(To="<sip:a@home.net?x=y>"), 4, 20, "the URI has headers"),
    Case("uri-component", message("REGISTER sip:home.net;method=INVITE SIP/2.0"), 1, 23, "the URI has method"),
    Case("duplicate-uri-parameter", message(Contact="<sip:a@192.0.2.1;x;X=1>"), 8, 29, "'x' comes twice"),
    Case("port-range", message(Contact="<sip:a@192.0.2.1:65536>"), 8, 27, "'65536' is no port"),
    Case("port-range", message(Via="SIP/2.0/UDP a : 99999;branch=z9hG4bK1"), 2, 22, "'99999' is no port"),
    Case("ip-address", message(Contact="<sip:a@192.0.2.256>"), 8, 17, "'192.0.2.256' is no IPv4 address"),
    Case("three-colons", message(Contact="<sip:a@[1:::192.0.2.1]>"), 8, 19, "'[1:::192.0.2.1]' has three colons"),
    Case("display-name-blank", message(From="A<sip:a@home.net>;tag=1"), 3, 8, "no blank stands before the bracket"),
    Case("ip-address", message(Contact="<sip:a@[1:2]>"), 8, 17, "'[1:2]' is no IPv6 address"),
    Case("ip-address", message(Via="SIP/2.0/UDP [1:2:3]:5060;branch=z9hG4bK1"), 2, 18, "'[1:2:3]' is no IPv6 address"),
    Case("from-tag", message(From="<sip:a@home.net;tag=1>"), 3, 7, "From has no tag"),
    Case("from-tag-absent", message(OK, From="<sip:a@home.net>"), 3, 7, "From has no tag"),
    Case("to-tag", message(OK, To="<sip:a@home.net>"), 4, 5, "To has no tag"),
    Case("via-protocol", message(Via="SIP/3.0/UDP a;branch=z9hG4bK1"), 2, 6, "the protocol is 'SIP/3.0'"),
    Case("via-branch", message(Via="SIP/2.0/UDP a, SIP/2.0/UDP b"), 2, 6, "the Via has no branch"),
    Case("branch-cookie", message(Via="SIP/2.0/UDP a;branch=1"), 2, 27, "the branch '1' has no cookie"),
    Case(
        "rport-value",
        message(Via="SIP/2.0/UDP a;branch=z9hG4bK1;rport=1"),
        2,
        42,
        "rport has a value where it is asked for",
    ),
    Case(
        "received-brackets",
        message(OK, Via="SIP/2.0/UDP a;branch=z9hG4bK1;received=[::1]"),
        2,
        45,
        "brackets around an address",
    ),
    Case("register-request-uri", message("REGISTER sip:a@home.net SIP/2.0"), 1, 10, "the Request-URI has a user part"),
    Case("register-to-scheme", message(To="<tel:+1234>"), 4, 6, "To is no SIP URI"),
    Case("register-to-tag", message(To="<sip:a@home.net>;tag=2"), 4, 5, "To has a tag"),
    Case(
        "contact-star-alone",
        message(REGISTER, "m: <sip:a@b>", "Expires: 0", Contact="*"),
        8,
        10,
        '"*" stands beside other contacts',
    ),
    Case("contact-star-expires", message(Contact="*"), 8, 10, '"*" comes without Expires: 0'),
    Case("contact-star-expires", message(REGISTER, "Expires: 1", Contact="*"), 8, 10, '"*" comes without Expires: 0'),
    Case("contact-star-elsewhere", message(OK, "Contact: *"), LAST - 2, 10, '"*" stands outside a REGISTER request'),
    Case(
        "basic-scheme",
        response("401 No", 'WWW-Authenticate: Basic realm="x"'),
        LAST - 2,
        19,
        "the challenge asks for Basic",
    ),
    Case(
        "challenge-qop",
        response("401 No", 'WWW-Authenticate: Digest realm="x", nonce="y"'),
        LAST - 2,
        19,
        "the challenge has no qop",
    ),
    Case(
        "digest-qop",
        message(REGISTER, f"Authorization: {CREDENTIALS}, qop=auth"),
        LAST,
        92,
        "qop comes without cnonce and nc",
    ),
    Case(
        "digest-qop",
        response("200 OK", 'Authentication-Info: qop=auth, cnonce="x", nc=00000001'),
        LAST - 2,
        22,
        "qop comes without rspauth",
    ),
    Case(
        "digest-parameters",
        message(REGISTER, 'Authorization: Digest username="u", realm="x"'),
        LAST,
        16,
        "nonce and uri and response missing",
    ),
    Case(
        "digest-parameters",
        response("401 No", 'WWW-Authenticate: Digest realm="x", qop="auth"'),
        LAST - 2,
        19,
        "nonce missing",
    ),
    Case(
        "digest-length",
        message(REGISTER, "Authorization: " + CREDENTIALS.replace('response=""', 'response="0a"')),
        LAST,
        79,
        "the response has 2 digits",
    ),
    Case(
        "aka-nonce",
        response("401 No", f"WWW-Authenticate: {CHALLENGE}, algorithm=AKAv1-MD5"),
        LAST - 2,
        37,
        "the nonce 'y' is no base64",
    ),
    Case(
        "aka-nonce",
        response("401 No", f"WWW-Authenticate: {CHALLENGE.replace('y', BASE64_30)}, algorithm=AKAv2-SHA-256"),
        LAST - 2,
        37,
        "the nonce holds 30 octets",
    ),
    Case(
        "annex-h",
        message(REGISTER, "Security-Client: ipsec-3gpp;q=0.1;spi-c=0000000001"),
        LAST,
        18,
        "ipsec-3gpp has no alg",
    ),
    Case(
        "annex-h",
        message(REGISTER, "Security-Client: ipsec-3gpp;alg=null;spi-c=1,ipsec-3gpp;alg=null;spi-c=1"),
        LAST,
        38,
        "'spi-c=1' is not in Annex H",
    ),
    Case(
        "annex-h",
        message(REGISTER, "Security-Client: ipsec-3gpp;alg=null;spi-s=4294967296"),
        LAST,
        38,
        "'spi-s=4294967296' is not in Annex H",
    ),
    Case(
        "annex-h",
        message(REGISTER, "Security-Client: ipsec-3gpp;alg=null;port-s=65536"),
        LAST,
        38,
        "'port-s=65536' is not in Annex H",
    ),
    Case(
        "annex-h",
        message(REGISTER, "Security-Client: ipsec-3gpp;alg=null;mode=trans"),
        LAST,
        38,
        "'mode=trans' is not in Annex H",
    ),
]


def test_a_right_message_has_no_findings() -> None:
    assert lint(parse(message())) == ()
    assert lint(parse(message(OK))) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.what[:40]}")
def test_a_rule_finds_what_it_is_for(case: Case) -> None:
    found = lint(parse(case.raw))
    assert [(v.rule, v.line, v.column) for v in found] == [(case.rule, case.line, case.column)], found
    assert found[0].what.startswith(case.what)
    assert found[0].severity is RULES[case.rule].severity
    assert found[0].clause
    assert found[0].right


def test_strings_without_a_name_are_no_repeated_parameter() -> None:
    value = 'P-Access-Network-Info: 3GPP-E-UTRAN;"a=b";"a=c";"a=c"'
    assert lint(parse(message(REGISTER, value))) == ()


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(RULES)
