"""URIs: their parts, equivalence (RFC 3261 19.1.4, RFC 3966 4), addresses-of-record."""

import pytest

from imsreg.sip.errors import UriError
from imsreg.sip.uri import Uri, equivalent


def test_parts_of_a_sip_uri() -> None:
    uri = Uri.parse("SIP:%61lice;x=1:secret@[2001:DB8:0::1]:5070;transport=TCP;lr?Subject=a%20b&x=")
    assert (uri.scheme, uri.user, uri.password) == ("sip", "%61lice;x=1", "secret")
    assert (uri.host, uri.host_written, uri.port) == ("2001:db8::1", "[2001:DB8:0::1]", 5070)
    assert (uri.params["Transport"], uri.params["lr"], "x" in uri.params) == ("TCP", None, False)
    assert uri.headers == (("Subject", "a%20b"), ("x", ""))
    assert not uri.lacks_brackets
    assert str(uri) == uri.text


def test_parts_of_other_uris() -> None:
    home = Uri.parse("sip:Home1.NET")
    assert (home.user, home.host, home.host_written, home.port) == (None, "home1.net", "Home1.NET", None)
    number = Uri.parse("tel:+1-123-456;phone-context=home")
    assert (number.scheme, number.user, number.params["phone-context"]) == ("tel", "+1-123-456", "home")
    urn = Uri.parse("urn:gsma:imei:35425006-000655-0")
    assert (urn.scheme, urn.user, urn.host, str(urn)) == ("urn", None, "", "urn:gsma:imei:35425006-000655-0")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("sip:a@2001:DB8:0::1", "2001:db8::1", None),
        ("sip:::1", "::1", None),
        ("sip:a@2001:80::1;lr", "2001:80::1", None),
        ("sip:a@2001:db8::5060?subject=x", "2001:db8::5060", None),  # its last group, or a port: nobody can tell
        ("sip:a@2001:db8::1:50600;lr", "2001:db8::1", 50600),
        ("sip:1:2:3:4:5:6:7:8:5060", "1:2:3:4:5:6:7:8", 5060),
        ("sip:a@::192.0.2.1:5060", "::c000:201", 5060),
    ],
)
def test_an_ipv6_host_without_brackets_is_read(text: str, host: str, port: int | None) -> None:
    uri = Uri.parse(text)
    assert (uri.host, uri.port) == (host, port)
    assert uri.lacks_brackets
    assert f"{uri.host_written}{'' if port is None else f':{port}'}" in text
    assert ":" in uri.host_written
    assert "[" not in uri.host_written
    assert str(uri) == text


@pytest.mark.parametrize(
    ("text", "user", "password", "host"),
    [
        ("sip:+1;isub=a@b@home.net", "+1;isub=a@b", None, "home.net"),
        ("sip:+1-(2);ext=3;ISUB=a:b@c@home.net;user=phone", "+1-(2);ext=3;ISUB=a:b@c", None, "home.net"),
        ("sip:70;isub=a;phone-context=+1:secret@home.net", "70;isub=a;phone-context=+1", "secret", "home.net"),
        ("sip:+1;isub=a@home.net;x=b@[::1]", "+1;isub=a@home.net;x=b", None, "::1"),
        ("sip:alice@home.net;isub=a@b", "alice", None, "home.net"),
        ("sip:+1@home.net;isub=a@b", "+1", None, "home.net"),
    ],
)
def test_the_at_signs_of_a_subaddress_end_no_user_part(text: str, user: str, password: str | None, host: str) -> None:
    uri = Uri.parse(text)
    assert (uri.user, uri.password, uri.host) == (user, password, host)


def test_a_subaddress_may_hold_what_parameters_are_made_of() -> None:
    assert dict(Uri.parse("tel:+1;a=b;isub=c;ext=3").params) == {"a": "b", "isub": "c", "ext": "3"}
    assert dict(Uri.parse("tel:+1;a=b;ISUB=;=,c;ext=3").params) == {"a": "b", "isub": ";=,c;ext=3"}


@pytest.mark.parametrize(
    ("text", "why", "column"),
    [
        ("", "begins with its scheme", 1),
        ("alice@home", "begins with its scheme", 1),
        ("sip:", "the host is missing", 5),
        ("sip:alice@", "the host is missing", 11),
        ("sip:a b@home", "' ' cannot be in a URI", 6),
        ("sip:a@home\x00", r"'\x00' cannot be in a URI", 11),
        ("sip:a@b@c", "'@' cannot follow the host", 8),
        ("sip:[::zz]", "'[::zz]' is no IPv6 address", 5),
        ("sip:h:70000", "a port is at most 65535", 7),
        ("sip:h:" + "9" * 6000, "a port is at most 65535", 7),
        ("sip:h:", "':' cannot follow the host", 6),
        ("sip:a@::1::", "the host is missing", 7),
        ("sip:a@2001::1::2", "':' cannot follow the host", 11),
        ("sip:a@2001::1/", "':' cannot follow the host", 11),
        ("sip:a@::1:70000", "a port is at most 65535", 11),
        ("sip:a@::1:x", "the host is missing", 7),
        ("tel:+1;=", "a parameter name was expected", 8),
        ("sip:h;=x", "a parameter name was expected", 7),
        ("tel:;phone-context=x", "the number is missing", 5),
    ],
)
def test_what_is_no_uri_is_refused_in_words(text: str, why: str, column: int) -> None:
    with pytest.raises(UriError) as raised:
        Uri.parse(text)
    assert why in str(raised.value)
    assert raised.value.column == column


SAME = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),  # this one to the note: 19.1.4
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=off"),  # so far
    ("sip:h;ttl=1", "sip:h;TTL=1"),
    ("sip:h;maddr=[2001:db8::1]", "sip:h;maddr=[2001:DB8::1]"),
    ("tel:+1201555;ext=1-23", "tel:+1201555;ext=123"),
    ("tel:863-1234;phone-context=+1-914-555", "tel:8631234;phone-context=+1914555"),
    ("tel:+1;a=1;b=2", "tel:+1;b=2;a=1"),
    ("sip:%61lice@home.net;transport=TCP", "sip:alice@HoMe.NeT;Transport=tcp"),
    ("sip:carol@home.net", "sip:carol@home.net;newparam=5"),
    ("sip:h;transport=tcp;method=REGISTER?to=sip:bob%40h", "sip:h;method=REGISTER;transport=tcp?to=sip:bob%40h"),
    ("sip:a@h?subject=project%20x&priority=urgent", "sip:a@h?priority=urgent&subject=project%20x"),
    ("sip:a@[2001:db8:0:0::1]:5060", "sip:a@[2001:DB8::1]:5060"),
    ("sip:a@h;gr=1", "sip:a@h"),
    ("sip:a%2fb@h", "sip:a%2Fb@h"),
    ("tel:+1-201-555.0123", "tel:+12015550123"),
    ("tel:7042;phone-context=Home.Net;isub=1", "tel:70-42;ISUB=1;phone-context=home.net"),
    ("tel:7042;phone-context=+1-914", "tel:7042;phone-context=+1914"),
    ("urn:x:y", "urn:x:y"),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),  # this one to the note: 19.1.4
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),  # so far
    ("sip:bob@h;ttl=1", "sip:bob@h"),
    ("sip:bob@h;method=INVITE", "sip:bob@h"),
    ("tel:1;phone-context=a-b.example", "tel:1;phone-context=ab.example"),
    ("sip:ALICE@h", "sip:alice@h"),
    ("sip:bob@h", "sip:bob@h:5060"),
    ("sip:bob@h", "sip:bob@h;transport=udp"),
    ("sip:bob@h", "sip:bob@h;maddr=192.0.2.1"),
    ("sip:bob@h;user=phone", "sip:bob@h"),
    ("sip:bob@h;x=1", "sip:bob@h;x=2"),
    ("sip:bob@h", "sip:bob@h?subject=x"),
    ("sip:bob@h", "sips:bob@h"),
    ("sip:bob@h", "sip:h"),
    ("sip:bob@h", "sip:bob:@h"),
    ("sip:a%40b@h", "sip:a%41b@h"),
    ("sip:a%2Fb@h", "sip:a/b@h"),
    ("sip:a%252Fb@h", "sip:a%2Fb@h"),
    ("sip:[::1]", "sip:[::2]"),
    ("tel:+7042", "tel:7042"),
    ("tel:+7042;isub=1", "tel:+7042"),
    ("tel:+7042", "sip:+7042@h"),
    ("urn:x:y", "urn:x:Y"),
]


@pytest.mark.parametrize(("a", "b", "same"), [(*pair, True) for pair in SAME] + [(*pair, False) for pair in DIFFERENT])
def test_equivalence_both_ways(a: str, b: str, same: bool) -> None:
    one, other = Uri.parse(a), Uri.parse(b)
    assert equivalent(one, other) is same
    assert equivalent(other, one) is same
    assert equivalent(one, one)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("sip:%61lice@HOME.net:5061;user=phone?subject=x", "sip:alice@home.net:5061"),
        ("sips:a%00:p%20@[2001:0:0:1::3]", "sips:a\x00:p @[2001:0:0:1::3]"),
        ("sip:home", "sip:home"),
        ("tel:+1-123;isub=4", "tel:+1123"),
        ("tel:42;phone-context=Home", "tel:42;phone-context=home"),
        ("urn:x:y", "urn:x:y"),
    ],
)
def test_address_of_record(text: str, record: str) -> None:
    assert Uri.parse(text).address_of_record() == record


def test_gruu() -> None:
    assert Uri.parse("sip:a@h;gr=urn:uuid:1").gruu
    assert Uri.parse("sip:t@h;GR").gruu
    assert not Uri.parse("sip:gr@h;x=gr").gruu
