"""Lists of words, media types, dates, warnings, charging, feature tags: one value each, read and written."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.accept import Accept
from imsreg.sip.headers.allow import Allow
from imsreg.sip.headers.allow_events import AllowEvents
from imsreg.sip.headers.authorization import (
    Authorization,
    ProxyAuthenticate,
    ProxyAuthorization,
    WwwAuthenticate,
)
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.content_disposition import ContentDisposition
from imsreg.sip.headers.content_encoding import ContentEncoding
from imsreg.sip.headers.content_type import ContentType
from imsreg.sip.headers.date import Date
from imsreg.sip.headers.feature_tags import FeatureTag, TagValue
from imsreg.sip.headers.name_addr import Contact, PCalledPartyId, PPreferredIdentity, Route
from imsreg.sip.headers.option_tag import ProxyRequire, Require, Supported, Unsupported
from imsreg.sip.headers.p_charging_function_addresses import PChargingFunctionAddresses
from imsreg.sip.headers.warning import Warning as WarningHeader
from imsreg.sip.message import parse


@pytest.mark.parametrize(
    ("header", "text", "canonical_text"),
    [
        (Supported, " Sec-Agree ", "sec-agree"),
        (Require, "path", "path"),
        (ProxyRequire, "sec-agree", "sec-agree"),
        (Unsupported, "GRUU", "gruu"),
        (Allow, "REGISTER", "REGISTER"),
        (AllowEvents, "Presence.winfo", "Presence.winfo"),
        (ContentEncoding, "GZip", "gzip"),
        (ContentDisposition, "Session ; handling=Optional", "session;handling=Optional"),
        (ContentType, 'Application / SDP ;charset="UTF-8"', 'application/sdp;charset="UTF-8"'),
        (Accept, "*/*;q=0.5", "*/*;q=0.5"),
        (Date, "Mon, 22 Apr 2013 15:43:15 GMT", "Mon, 22 Apr 2013 15:43:15 GMT"),
        (Date, "mon,  2 apr 2013 15:43:15 gmt", "Tue, 02 Apr 2013 15:43:15 GMT"),
        (WarningHeader, '370  h:5060  "a \\"b\\", c"', '370 h:5060 "a \\"b\\", c"'),
        (WarningHeader, "399 pseudonym no quotes ", '399 pseudonym "no quotes"'),
        (PChargingFunctionAddresses, "ccf=[::1]; ecf=h", "ccf=[::1];ecf=h"),
        (PPreferredIdentity, "<tel:+1>", "<tel:+1>"),
        (PCalledPartyId, "sip:a@h", "<sip:a@h>"),
        (ProxyAuthenticate, 'Digest realm="h", qop="auth"', 'Digest realm="h", qop="auth"'),
        (ProxyAuthorization, 'Digest username="a", nc=00000001', 'Digest username="a", nc=00000001'),
    ],
)
def test_canonical_text(header: type[Header], text: str, canonical_text: str) -> None:
    value = header.parse(text)
    assert str(value) == canonical_text
    assert str(header.parse(canonical_text)) == canonical_text


@pytest.mark.parametrize(
    ("header", "text", "why", "column"),
    [
        (Supported, "", "the word is missing", 1),
        (Supported, " a b", "' ' cannot be in a word", 3),
        (Allow, "REGISTER;x", "';' cannot be in a word", 9),
        (ContentDisposition, ";x", "the disposition is missing", 1),
        (ContentType, "application", "a media type is type/subtype", 1),
        (ContentType, "a/b c", "';' was expected after the media type, not 'c'", 5),
        (Accept, "a/", "a media type is type/subtype", 1),
        (Date, "2013-04-22T15:43:15Z", "a Date is written as in", 1),
        (Date, "Mon, 22 Apr 2013 15:43:15 CET", "a Date is written as in", 1),
        (Date, "Mon, 31 Apr 2013 15:43:15 GMT", "there is no such day or time", 1),
        (Date, "Mon, 22 Apr 2013 15:43:61 GMT", "there is no such day or time", 1),
        (Date, "Fri, 31 Dec 9999 23:59:60 GMT", "there is no such day or time", 1),
        (WarningHeader, "37 h x", "a Warning is a code of three digits", 1),
        (WarningHeader, "370 h  ", "the text is missing", 8),
        (PChargingFunctionAddresses, " ", "there is no parameter", 1),
        (ProxyAuthenticate, "", "the authentication scheme is missing", 1),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(header: type[Header], text: str, why: str, column: int) -> None:
    with pytest.raises(HeaderError) as raised:
        header.parse(text)
    assert why in str(raised.value)
    assert (raised.value.name, raised.value.column) == (header.NAME, column)


def test_lists_of_words_in_a_message() -> None:
    message = parse(
        b"REGISTER sip:h SIP/2.0\r\nk: Path, sec-agree\r\nSupported: GRUU\r\nAllow: INVITE,, Ack\r\nu: reg\r\n"
        b'Accept: application/sdp;x="a,b";q=0.1, */*\r\nAccept:\r\nWarning: 370 h "a, b", 399 h "c"\r\n\r\n'
    )
    assert [each.word for each in message.get_all(Supported)] == ["path", "sec-agree", "gruu"]
    assert [each.method for each in message.get_all(Allow)] == ["INVITE", "Ack"]
    assert [each.package for each in message.get_all(AllowEvents)] == ["reg"]
    assert [(each.media_type, each.q) for each in message.get_all(Accept)] == [("application/sdp", 0.1), ("*/*", None)]
    assert [(each.code, each.agent, each.text) for each in message.get_all(WarningHeader)] == [
        (370, "h", "a, b"),
        (399, "h", "c"),
    ]


@pytest.mark.parametrize(
    ("media_range", "covered"),
    [
        ("application/reginfo+xml", True),
        ("Application/*", True),
        ("*/*", True),
        ("text/*", False),
        ("application/sdp", False),
    ],
)
def test_accept_covers(media_range: str, covered: bool) -> None:
    assert Accept.parse(media_range).covers(ContentType.parse("application/REGINFO+xml;version=1")) is covered


def test_disposition_is_required_unless_it_says_optional() -> None:
    assert ContentDisposition.parse("session;handling=OPTIONAL").optional
    assert not ContentDisposition.parse("session;handling=required").optional
    assert not ContentDisposition.parse("session").optional


def test_date_is_a_moment_in_utc() -> None:
    assert Date.parse("Sat, 31 Dec 2016 23:59:60 GMT").moment == datetime(2017, 1, 1, tzinfo=UTC)
    east = timezone(timedelta(hours=2))
    assert str(Date(datetime(2013, 4, 22, 1, 0, tzinfo=east))) == "Sun, 21 Apr 2013 23:00:00 GMT"
    assert str(Date(datetime(99, 4, 22, tzinfo=UTC))).split()[3] == "0099"


def test_charging_addresses_in_the_order_of_use() -> None:
    addresses = PChargingFunctionAddresses.parse('ccf-2=b;ECF="e f";ccf=a;ecf-2;ccf=c')
    assert (addresses.ccf, addresses.ecf) == (("a", "c", "b"), ("e f",))


def test_server_and_proxy_have_the_same_parameters() -> None:
    challenge = ProxyAuthenticate.parse('Digest nonce="n", qop="auth, auth-int", stale=TRUE')
    assert (challenge.nonce, challenge.qop_options, challenge.stale) == ("n", ("auth", "auth-int"), True)
    assert not isinstance(challenge, WwwAuthenticate)
    credentials = ProxyAuthorization.of({"username": "a", "response": "00", "nc": "00000001"})
    assert str(credentials) == 'Digest username="a", response="00", nc=00000001'
    assert not isinstance(credentials, Authorization)


def test_loose_route() -> None:
    assert Route.parse("<sip:p;lr>").loose
    assert not Route.parse("<sip:p>;lr").loose


# Feature tags, RFC 3840, and what RFC 5626 and RFC 5627 add to Contact


def test_feature_tags() -> None:
    contact = Contact.parse(
        '<sip:u@h>;audio;methods="INVITE,!BYE, #>=5, !#-1.5:+2";+G.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp";'
        '+sip.x="<a \\"b\\", c>";expires=5;q=0.1;reg-id=1;audio="FALSE";+1bad;class="#=3,#<=4.";text="";data="#:"'
    )
    assert contact.features == {
        "audio": FeatureTag("audio", (TagValue("TRUE"),)),
        "methods": FeatureTag(
            "methods",
            (
                TagValue("INVITE"),
                TagValue("BYE", negated=True),
                TagValue(None, Decimal(5)),
                TagValue(None, Decimal("-1.5"), Decimal(2), negated=True),
            ),
        ),
        "+g.3gpp.icsi-ref": FeatureTag("+g.3gpp.icsi-ref", (TagValue("urn%3Aurn-7%3A3gpp"),)),
        "+sip.x": FeatureTag("+sip.x", string='a "b", c'),
        "class": FeatureTag("class", (TagValue(None, Decimal(3), Decimal(3)), TagValue(None, None, Decimal(4)))),
    }


def test_a_number_without_end_is_no_feature() -> None:
    assert Contact.parse(f'<sip:u@h>;class="#={"9" * 6000}"').features == {}


def test_outbound_and_gruu_in_contact() -> None:
    contact = Contact.parse(
        '<sip:u@h;ob>;+sip.instance="<urn:uuid:1>";reg-id=2147483647;pub-gruu="sip:u@h;gr=1";temp-gruu="sip:t@h;gr"'
    )
    assert (contact.instance, contact.reg_id, contact.outbound) == ("urn:uuid:1", 2147483647, True)
    assert (contact.pub_gruu, contact.temp_gruu) == ("sip:u@h;gr=1", "sip:t@h;gr")
    bare = Contact.parse("<sip:u@h>;ob")
    assert (bare.instance, bare.reg_id, bare.outbound, bare.pub_gruu, bare.temp_gruu) == (None, None, False, None, None)


@pytest.mark.parametrize("reg_id", ["0", "2147483648", "x", "-1"])
def test_reg_id_outside_its_range_is_none(reg_id: str) -> None:
    assert Contact.parse(f"<sip:u@h>;reg-id={reg_id}").reg_id is None


@pytest.mark.parametrize("instance", ['"urn:uuid:1"', "1", '"<urn:uuid:1"', '""'])
def test_an_instance_outside_brackets_is_none(instance: str) -> None:
    assert Contact.parse(f"<sip:u@h>;+sip.instance={instance}").instance is None
