"""The grammar of SIP: complete, without dead rules, and right about examples of every header."""

import pytest

from imsreg.sip.abnf.grammar import references, sip_grammar
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.lint.headers import CHALLENGE, CREDENTIALS, HEADERS, PARAMETERS

USED_BY_LINT = {
    *(
        "bare-address",
        "request-line",
        "status-line",
        "header-name",
        "header-value",
        "telephone-uri",
        "sip-uri",
        "sips-uri",
    ),
    *(f"annex-h-{name}" for name in ("alg", "prot", "mod", "ealg", "spi-c", "spi-s", "port-c", "port-s")),
}


def test_every_rule_is_reached_from_a_header_or_from_lint() -> None:
    rules = sip_grammar().rules
    pending = {*USED_BY_LINT, *(name.lower() for name in HEADERS)}
    reached: set[str] = set()
    while pending:
        rule = pending.pop()
        reached.add(rule)
        pending |= set(references(rules[rule])) - reached
    assert set(rules) - reached == set()


def test_every_parameter_with_a_rule_of_its_own_has_that_rule() -> None:
    tables = (CHALLENGE, CREDENTIALS, *PARAMETERS.values())
    rules = {rule.lower() for table in tables for rule in table.values()}
    assert rules - set(sip_grammar().rules) == set()
    assert set(PARAMETERS) <= set(HEADERS)


ADDRESS = ("<sip:a@b.c>", '"A \\" B" <sip:a@b.c;lr>;x', "<tel:+1-234>;x=y", "A b  <sips:b.c:5061>;x=[::1]", "<urn:x:y>")
BAD_ADDRESS = ("", "<sip:a@b.c", "sip:a b", '"A <sip:a@b.c>', "<sip:a@b.c>;", "<sip:a@b.c>;x=", "<>", "<sip:a@b.c> x")
CREDENTIAL = 'Digest username="a", realm="b",\r\n nonce="", uri="sip:c", response="", algorithm=AKAv1-MD5, x=y'
EXAMPLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Accept": (("", "*/*", "a/*;q=0.5, b/c;level=1"), ("a", "a/b;", "a//b")),
    "Accept-Encoding": (("", "*", "gzip;q=1.000, x"), ("gzip;",)),
    "Accept-Language": (("", "*", "da, en-gb;q=0.8"), ("abcdefghi", "en_gb")),
    "Alert-Info": (("<http://a/b>;x=y, <cid:1>",), ("http://a/b", "")),
    "Allow": (("", "INVITE,ACK , x"), ("INVITE ACK", ",")),
    "Allow-Events": (("reg, conference.winfo",), ("", "a.")),
    "Authentication-Info": (
        ('qop=auth, rspauth="0a", cnonce="x", nc=00000001', 'nextnonce="x"'),
        ("", 'rspauth="0A"', "nc=1", "x=y"),
    ),
    "Authorization": (
        (CREDENTIAL, "Other x=y"),
        ("Digest", "Digest ", 'Digest realm="x" nonce="y"', "Basic QWxhZGRpbg=="),
    ),
    "CSeq": (("1 REGISTER", "0009\r\n INVITE"), ("1", "REGISTER 1", "1 2 A", "-1 A", "1  A B")),
    "Call-ID": (("a@b", 'a<b>{}"\\@[::1]'), ("", "a b", "a@b@c", "a,b")),
    "Call-Info": (("<http://a>;purpose=icon",), ("<http://a>;purpose=",)),
    "Contact": (
        (*ADDRESS, "*", "sip:a@b.c;q=0.5, <sip:d>", '<sip:a>;+sip.instance="<urn:gsma:imei:1-2-0>";+g.x="a,b"'),
        (*BAD_ADDRESS, "*, <sip:a>", "*;q=1"),
    ),
    "Content-Disposition": (("session;handling=optional",), ("", "a;handling=")),
    "Content-Encoding": (("gzip,tar",), ("", "gzip,")),
    "Content-Language": (("fr, en-GB",), ("", "e1")),
    "Content-Length": (("0", "00349"), ("", "-1", "1 2", "1,1", "0x1")),
    "Content-Type": (("application/sdp", 'a/b;charset="x";c=d'), ("a", "a/b;c", "")),
    "Date": (
        ("Sat, 13 Nov 2010 23:29:00 GMT",),
        ("sat, 13 Nov 2010 23:29:00 GMT", "Sat, 13 Nov 2010 23:29:00 UTC", "Sat, 3 Nov 2010 23:29:00 GMT"),
    ),
    "Error-Info": (("<sip:a@b>",), ("sip:a@b",)),
    "Event": (("reg", "a.b.c;id=1"), ("", "a..b")),
    "Expires": (("0", "600000"), ("", "-1", "1.5", "never")),
    "Flow-Timer": (("120",), ("", "x")),
    "From": ((*ADDRESS, "sip:a@b.c;tag=1", "<sip:a@b.c>\r\n ; tag = x"), BAD_ADDRESS),
    "In-Reply-To": (("a@b, c",), ("",)),
    "MIME-Version": (("1.0",), ("1", "1.0 ")),
    "Max-Forwards": (("70", "0068"), ("", "seventy", "70,69", "-1")),
    "Min-Expires": (("60",), ("", "60s")),
    "Min-SE": (("90;x=y",), ("x",)),
    "Organization": (("", "Boxes by B\u00f6b"), ("\x07",)),
    "P-Access-Network-Info": (
        (
            "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=3114800102FFFFFFF",
            'IEEE-802.11;i-wlan-node-id="x";network-provided, 3GPP-GERAN',
            'DVB-RCS2;dvb-rcs2-node-id="1-2-3";local-time-zone="UTC+1"',
        ),
        ("", ";x", "a;"),
    ),
    "P-Asserted-Identity": (("<sip:a@b>, tel:+1", "sip:a@b"), ("", "<sip:a@b>;x")),
    "P-Associated-URI": (("", "<sip:a@b>;x, <tel:+1>"), ("sip:a@b",)),
    "P-Called-Party-ID": (("<sip:a@b>;x=y",), ("", "<sip:a>, <sip:b>")),
    "P-Charging-Function-Addresses": (('ccf=192.0.2.1;ecf="x", ccf=[::1]',), ("", "ccf=")),
    "P-Charging-Vector": (
        ('icid-value="x";icid-generated-at=192.0.2.1;orig-ioi=a;transit-ioi="a.1,void"',),
        ("", "orig-ioi=a", "icid-value"),
    ),
    "P-Preferred-Identity": (('"A" <sip:a@b>',), ("",)),
    "P-Visited-Network-ID": (('"Visited network 1";x, other.net',), ("", "a b")),
    "Path": (("<sip:p@a.b;lr>,<sip:[::1];lr>;x",), ("sip:a.b;lr", "")),
    "Priority": (("emergency",), ("", "a b")),
    "Privacy": (("id", "header;user"), ("", "id;", "id, user")),
    "Proxy-Authenticate": (('Digest realm="x", stale=FALSE', "Other a=b"), ("", "Digest realm")),
    "Proxy-Authorization": ((CREDENTIAL,), ("Digest",)),
    "Proxy-Require": (("sec-agree, x",), ("", "a b")),
    "RAck": (("1 2 INVITE",), ("1 INVITE",)),
    "RSeq": (("1",), ("", "x")),
    "Record-Route": (("<sip:a.b;lr>;x",), ("sip:a.b",)),
    "Reply-To": ((*ADDRESS, "sip:a@b"), BAD_ADDRESS),
    "Require": (("path",), ("", "a,")),
    "Retry-After": (("5", "18000;duration=3600", "120 (I'm in a (long) meeting);x"), ("", "x", "5 (a", "5;duration=")),
    "Route": (("<sip:a.b;lr>, <sip:[2001:db8::1]:5060;lr>",), ("sip:a.b;lr", "")),
    "Security-Client": (
        ("ipsec-3gpp; alg=hmac-md5-96; spi-c=1;q=0.1, tls", 'digest;d-ver="' + "0" * 32 + '"'),
        ("", "ipsec-3gpp;", "tls;q="),
    ),
    "Security-Server": (("tls;q=0.2",), ("",)),
    "Security-Verify": (("tls;q=0.2",), ("",)),
    "Server": (("A/1.0 (b; c) D", "(x)"), ("", "A/", "(a")),
    "Service-Route": (("<sip:a@b;lr>",), ("sip:a@b", "")),
    "Session-Expires": (("4000;refresher=uac",), ("", "x", "1;refresher=")),
    "Subject": (("", "I know, I know"), ("a\x00b",)),
    "Subscription-State": (("active;expires=600", "terminated;reason=rejected;retry-after=5"), ("", "active;expires=")),
    "Supported": (("", "path,sec-agree"), (",", "a b")),
    "Timestamp": (("54", "54.21 0.5", "54."), ("", "x")),
    "To": (ADDRESS, BAD_ADDRESS),
    "Unsupported": (("foo",), ("",)),
    "User-Agent": (("Softphone Beta1.5", "a/b-c.1"), ("", "a,b")),
    "Via": (
        (
            "SIP/2.0/UDP [2001::21f:29ff:fe7c:8f51]:5060;branch=z9hG4bK1;rport;received=2001:db8::1",
            "SIP / 2.0 / TCP a.b : 5061 ; ttl=1;maddr=224.0.0.1;keep, SIP/2.0/UDP 192.0.2.1",
        ),
        ("", "SIP/2.0/UDP", "SIP/2.0 UDP a", "SIP/2.0/UDP 2001::1:5060", "SIP/2.0/UDP a;branch=a;", "SIP/2.0/UDP a b"),
    ),
    "WWW-Authenticate": (
        ('Digest realm="x",\r\n\tnonce="y", qop="auth,auth-int", algorithm=AKAv1-MD5',),
        ("", 'Digest realm="x", Digest realm="y"'),
    ),
    "Warning": (('301 isi.edu "x", 399 - "y"', '399 a:5060 "x"'), ("301 x", '3 a "x"', "")),
}


def test_every_header_has_examples() -> None:
    assert set(EXAMPLES) == set(HEADERS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_a_header(name: str) -> None:
    for right in EXAMPLES[name][0]:
        assert sip_grammar().recognise(name, right.encode()).answer is Answer.YES, right
    for wrong in EXAMPLES[name][1]:
        assert sip_grammar().recognise(name, wrong.encode()).answer is Answer.NO, wrong


@pytest.mark.parametrize(
    ("rule", "octets", "right"),
    [
        ("nonce-count", b"nc=0000000a", True),
        ("nonce-count", b"nc=0000000A", False),
        ("nonce-count", b"nc=1", False),
        ("nonce-count", b'nc="00000001"', False),
        ("dresponse", b'response=""', True),
        ("dresponse", b'response="0A"', False),
        ("c-p-q", b"q=1.001", False),
        ("c-p-q", b"q=0.1234", False),
        ("c-p-q", b"Q = 1.", True),
        ("via-received", b"received=2001:db8::1", True),
        ("via-received", b"received=[2001:db8::1]", False),
        ("sip-uri", b"sip:+1;phone-context=x@a.b", True),
        ("sip-uri", b"sip:a@b_c", False),
        ("sip-uri", b"SIP:%41:p@192.0.2.1:5060;transport=tcp;gr=x?Subject=a&b=", True),
        ("sip-uri", b"sip:%4@a", False),
        ("sip-uri", b"sip:a@::1", False),
        ("telephone-uri", b"tel:911", False),
        ("telephone-uri", b"tel:911;phone-context=+1", True),
        ("telephone-uri", b"tel:+", False),
        ("request-line", b"REGISTER sip:a SIP/2.0", True),
        ("request-line", b"REGISTER  sip:a SIP/2.0", False),
        ("request-line", b"REGISTER <sip:a> SIP/2.0", False),
        ("status-line", b"SIP/2.0 200 ", True),
        ("status-line", b"SIP/2.0 200", False),
        ("status-line", "SIP/2.0 486 B\u00fcsy".encode(), True),
        ("annex-h-spi-c", b"spi-c=799251570", False),
        ("annex-h-spi-c", b"spi-c=0799251570", True),
    ],
)
def test_rules_that_matter(rule: str, octets: bytes, right: bool) -> None:
    assert (sip_grammar().recognise(rule, octets).answer is Answer.YES) is right
