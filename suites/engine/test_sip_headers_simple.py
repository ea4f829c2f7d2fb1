"""Via, CSeq, security agreement, numbers, P- headers, events: one value each, read and written."""

import pytest

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.call_id import CallId
from imsreg.sip.headers.content_length import ContentLength
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.expires import Expires, MinExpires
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.headers.p_access_network_info import PAccessNetworkInfo
from imsreg.sip.headers.p_charging_vector import PChargingVector
from imsreg.sip.headers.p_visited_network_id import PVisitedNetworkId
from imsreg.sip.headers.retry_after import RetryAfter
from imsreg.sip.headers.security import SecurityClient, SecurityServer, SecurityVerify
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.headers.via import Via
from imsreg.sip.names import LISTS, canonical, is_known
from imsreg.sip.params import Params


@pytest.mark.parametrize(
    ("header", "text", "canonical_text"),
    [
        (
            Via,
            "SIP / 2.0 / udp  Host.Net : 5060 ; branch = z9hG4bK1;rport",
            "SIP/2.0/UDP host.net:5060;branch=z9hG4bK1;rport",
        ),
        (Via, "SIP/2.0/TCP [2001:DB8:0::1];received=[::2]", "SIP/2.0/TCP [2001:db8::1];received=[::2]"),
        (Via, "SIP/2.0/UDP 2001:DB8::1", "SIP/2.0/UDP [2001:db8::1]"),
        (Via, "SIP/2.0/UDP ::1 ; branch=z9hG4bK1", "SIP/2.0/UDP [::1];branch=z9hG4bK1"),
        (Via, "SIP/2.0/UDP 1:2:3:4:5:6:7:8:5060;rport", "SIP/2.0/UDP [1:2:3:4:5:6:7:8]:5060;rport"),
        (CSeq, "0009\t REGISTER", "9 REGISTER"),
        (CallId, " a@[::1] ", "a@[::1]"),
        (Expires, "007", "7"),
        (MinExpires, "4294967295", "4294967295"),
        (MaxForwards, "70 ", "70"),
        (ContentLength, "0", "0"),
        (SecurityServer, "ipsec-3gpp ; q = 0.1;alg=hmac-sha-1-96", "ipsec-3gpp;q=0.1;alg=hmac-sha-1-96"),
        (PVisitedNetworkId, '"Visited, \\"1\\"";x', '"Visited, \\"1\\"";x'),
        (PVisitedNetworkId, "home.net", '"home.net"'),
        (PChargingVector, 'icid-value="a;b"; orig-ioi=h', 'icid-value="a;b";orig-ioi=h'),
        (PAccessNetworkInfo, "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=31148", "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=31148"),
        (PAccessNetworkInfo, '3GPP; "a;\\"b" ;c = "d";"a"', '3GPP;"a;\\"b";c="d";"a"'),
        (Event, "reg;id=1", "reg;id=1"),
        (SubscriptionState, "Active;expires=60", "active;expires=60"),
        (RetryAfter, "120 (I'm (in) a \\) meeting) ; duration=60", "120 (I'm (in) a \\) meeting);duration=60"),
        (RetryAfter, "5", "5"),
    ],
)
def test_canonical_text(header: type[Header], text: str, canonical_text: str) -> None:
    value = header.parse(text)
    assert str(value) == canonical_text
    assert header.parse(canonical_text) == value


@pytest.mark.parametrize(
    ("header", "text", "why", "column"),
    [
        (Via, "", "a Via begins with SIP/2.0/transport", 1),
        (Via, "SIP/2.0 UDP h", "a Via begins with SIP/2.0/transport", 1),
        (Via, "SIP/2.0/UDP ", "the sent-by host is missing", 13),
        (Via, "SIP/2.0/UDP 2001::1::2", "':' cannot follow the sent-by", 17),
        (Via, "SIP/2.0/UDP 2001::1:99999", "a port is at most 65535", 21),
        (Via, "SIP/2.0/UDP 2001::1 x", "':' cannot follow the sent-by", 17),
        (Via, "SIP/2.0/UDP :1:x", "the sent-by host is missing", 13),
        (PAccessNetworkInfo, 'ADSL;"a"b', "';' was expected, not 'b'", 9),
        (PAccessNetworkInfo, 'ADSL;"a', "a parameter name was expected", 6),
        (PChargingVector, '"a"', "a parameter name was expected", 1),
        (Via, "SIP/2.0/UDP h branch=1", "'b' cannot follow the sent-by", 15),
        (Via, "SIP/2.0/UDP h:99999", "a port is at most 65535", 15),
        (CSeq, "1", "a CSeq is a number, a blank and a method", 1),
        (CSeq, " x REGISTER", "the sequence number is a decimal number", 2),
        (CSeq, "36893488147419103232 REGISTER", "the sequence number is at most 4294967295", 1),
        (CallId, "  ", "the Call-ID is empty", 1),
        (CallId, "a b", "' ' cannot be in a Call-ID", 2),
        (Expires, "7200;x", "a time span in seconds is a decimal number, not '7200;x'", 1),
        (Expires, "-1", "is a decimal number", 1),
        (Expires, "\u0663", "is a decimal number", 1),
        (Expires, "9" * 6000, "is at most 4294967295", 1),
        (MaxForwards, "256", "the number of hops is at most 255", 1),
        (SecurityClient, "", "the mechanism name is missing", 1),
        (SecurityClient, "ipsec 3gpp", "';' was expected after the mechanism name, not '3'", 7),
        (PChargingVector, "", "there is no parameter", 1),
        (PVisitedNetworkId, '"x', "the network is missing", 1),
        (RetryAfter, "soon", "a Retry-After is a number of seconds", 1),
        (RetryAfter, "5 (never closed", "a Retry-After is a number of seconds", 1),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(header: type[Header], text: str, why: str, column: int) -> None:
    with pytest.raises(HeaderError) as raised:
        header.parse(text)
    assert why in str(raised.value)
    assert (raised.value.name, raised.value.column) == (header.NAME, column)


def test_via() -> None:
    via = Via.parse("SIP/2.0/udp [2001:0:0:1::3]:5060;branch=z9hG4bK1;rport=5070;received=[2001:0:0:1::4]")
    assert (via.version, via.transport, via.host, via.port) == ("SIP/2.0", "UDP", "2001:0:0:1::3", 5060)
    assert (via.branch, via.rport, via.received) == ("z9hG4bK1", 5070, "2001:0:0:1::4")
    assert via.sent_from("2001:0:0:1:0::3")
    assert not via.sent_from("2001::4")
    bare = Via("SIP/2.0", "TCP", "::1", params=Params.of({"rport": None, "ttl": 1}))
    assert str(bare) == "SIP/2.0/TCP [::1];rport;ttl=1"
    assert (bare.rport, bare.branch, bare.received) == (None, None, None)
    assert "rport" in bare.params
    assert Via.parse("SIP/2.0/UDP h;received=Odd").received == "odd"
    assert Via.parse("SIP/2.0/UDP h;received=2001:DB8:0::1").received == "2001:db8::1"


def test_security_mechanism() -> None:
    offer = SecurityVerify.parse(
        "ipsec-3gpp;q=0.9;alg=a;ealg=e;prot=esp;mod=trans;spi-c=1;spi-s=4294967295;port-c=5;port-s=70000"
    )
    assert (offer.mechanism, offer.q, offer.alg, offer.ealg, offer.prot, offer.mod) == (
        "ipsec-3gpp", 0.9, "a", "e", "esp", "trans",
    )  # fmt: skip
    assert (offer.spi_c, offer.spi_s, offer.port_c, offer.port_s) == (1, 4294967295, 5, None)


def test_properties_of_the_other_headers() -> None:
    vector = PChargingVector.parse("icid-value=1;icid-generated-at=h;orig-ioi=a;term-ioi=b")
    assert (vector.icid_value, vector.icid_generated_at, vector.orig_ioi, vector.term_ioi) == ("1", "h", "a", "b")
    assert PAccessNetworkInfo.parse("ADSL;network-provided").network_provided
    assert not PAccessNetworkInfo.parse("ADSL").network_provided
    assert PAccessNetworkInfo.parse('ADSL;"a b";dsl-location=1').params == {"": "a b", "dsl-location": "1"}
    state = SubscriptionState.parse("terminated;reason=probation;retry-after=30")
    assert (state.state, state.reason, state.retry_after, state.expires) == ("terminated", "probation", 30, None)
    assert PVisitedNetworkId.parse('"a b"').network == "a b"


def test_the_type_and_the_table_of_names_agree_on_lists() -> None:
    headers: list[type[Header]] = []
    rest: list[type[Header]] = [Header]  # type: ignore[type-abstract]  # only its subclasses are asked for
    while rest:
        subclasses = rest.pop().__subclasses__()
        rest += subclasses
        headers += [each for each in subclasses if "NAME" in vars(each)]
    assert len(headers) >= 20
    assert [each.NAME for each in headers if (each.NAME in LISTS) != each.LIST] == []
    assert [each.NAME for each in headers if canonical(each.NAME.upper()) != each.NAME] == []


def test_params_keep_order_case_quotes_and_doubles() -> None:
    params = Params.read(';Lr;a="x;y";a=2;B=')
    assert dict(params) == {"lr": None, "a": "x;y", "b": ""}
    assert [list(Params.read(each)) for each in (str(params), ";Lr;a=1;a=2;B=")] == [["lr", "a", "b"]] * 2
    assert (params.quoted("A"), params.quoted("b"), params.quoted("c"), len(params.all)) == (True, False, False, 4)
    assert str(params) == ';Lr;a="x;y";a=2;B='
    assert str(params.with_param("A", 3)) == ";Lr;A=3;B="
    assert params.get("c", "none") == "none"
    assert repr(params.without("a", "lr")) == "Params(';B=')"


def test_events_match_by_type_and_id_alone() -> None:
    event = Event.parse("foo.winfo;id=1234")
    assert (event.package, event.templates, event.id) == ("foo.winfo", ("winfo",), "1234")
    assert event.matches(Event.parse("foo.winfo;param=abcd;id=1234"))
    for other in ("foo.winfo", "Foo.winfo;id=1234", "foo.winfo;id=1235", "foo;id=1234"):
        assert not event.matches(Event.parse(other))
        assert not Event.parse(other).matches(event)
    assert Event.parse("reg;x=1").matches(Event.parse("reg"))
    assert Event.parse("reg").templates == ()


def test_subscription_state_in_any_case() -> None:
    state = SubscriptionState.parse("Terminated;Reason=NoResource")
    assert (state.terminated, state.reason) == (True, "noresource")
    pending = SubscriptionState.parse("pending;expires=60;x")
    assert (pending.terminated, pending.reason, pending.expires, pending.retry_after) == (False, None, 60, None)


def test_a_name_is_known_in_every_form_and_case() -> None:
    assert all(is_known(name) for name in ("Via", "VIA", "v", "www-authenticate", "P-Access-Network-Info"))
    assert not any(is_known(name) for name in ("", "X-Via", "Unheard-Of", "z"))
