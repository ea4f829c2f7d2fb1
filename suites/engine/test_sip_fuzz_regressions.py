"""What the fuzzers found, each under its name, so that it stays mended."""

import pytest

from imsreg.sip.draft import Draft
from imsreg.sip.headers.warning import Warning as WarningHeader
from imsreg.sip.message import parse
from imsreg.sip.uri import Uri, UriError


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
