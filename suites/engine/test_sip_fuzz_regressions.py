"""What the fuzzers found, each under its name, so that it stays mended."""

import pytest

from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.content_disposition import ContentDisposition
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.p_access_network_info import PAccessNetworkInfo
from imsreg.sip.headers.p_visited_network_id import PVisitedNetworkId
from imsreg.sip.headers.security import SecurityVerify
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.headers.warning import Warning as WarningHeader
from imsreg.sip.message import parse
from imsreg.sip.uri import Uri


@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n", "\r\n\r", "\n\r", "\r\n\r\r"])
def test_half_an_empty_line_is_no_field(end):
    """Found by seeds 5 and 6: with an empty field a draft had an empty line in the midst of its header."""
    message = parse(b"REGISTER sip:h SIP/2.0\r\nTo: <sip:a@h>" + end.encode())
    assert [field.name for field in message.headers] == ["To"]
    assert message.body == b""
    changed = Draft.of(message).add("Expires", 1).to_message()
    assert [field.name for field in changed.headers] == ["To", "Expires"]


def test_a_warning_code_keeps_its_zeros():
    """Found by Hypothesis: the text of a code below 100 was no Warning."""
    warning = WarningHeader.parse('007 a "b"')
    assert str(warning) == '007 a "b"'
    assert WarningHeader.parse(str(warning)) == warning


def test_a_third_colon_is_passed_over_before_an_ipv4_address_only():
    """Found by the differential run: libosip2 had the address as written, and this was none."""
    assert Uri.parse("sip:[2001:db8:::192.0.2.1]").host == "2001:db8::c000:201"
    with pytest.raises(UriError):
        Uri.parse("sip:[2001:db8:::1]")


@pytest.mark.parametrize("header", [SecurityVerify, Event, SubscriptionState, ContentDisposition, PAccessNetworkInfo])
def test_a_token_in_quotes_is_read_only_if_it_is_one(header):
    """Found by Hypothesis: a quoted mechanism with a semicolon in it was written as a mechanism with parameters."""
    for text in ('""', '"a;b=c"', '"a b"'):
        with pytest.raises(HeaderError, match="is a token"):
            header.parse(text)
    assert str(header.parse('"a";x=y')) == "a;x=y"
    assert str(PVisitedNetworkId.parse('"a;b=c"')) == '"a;b=c"'
