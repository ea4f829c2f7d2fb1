"""Typed headers that hold an address."""

import pytest

from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.name_addr import (
    Contact,
    From,
    NameAddr,
    PAssertedIdentity,
    PAssociatedUri,
    Path,
    RecordRoute,
    Route,
    ServiceRoute,
    To,
)


@pytest.mark.parametrize(
    ("text", "display", "uri", "params", "canonical"),
    [
        ("<sip:a@h>", None, "sip:a@h", "", "<sip:a@h>"),
        ("sip:a@h;tag=1", None, "sip:a@h", ";tag=1", "<sip:a@h>;tag=1"),
        ("  sip:a@h ; tag = 1 ", None, "sip:a@h", ";tag=1", "<sip:a@h>;tag=1"),
        ("<sip:a@h;lr?x=y>;tag=1;tag=2", None, "sip:a@h;lr?x=y", ";tag=1;tag=2", "<sip:a@h;lr?x=y>;tag=1;tag=2"),
        ("Alice  B <sip:a@h>", "Alice  B", "sip:a@h", "", '"Alice  B" <sip:a@h>'),
        ('"A \\"<x>\\" \\\\" <tel:+1>', 'A "<x>" \\', "tel:+1", "", '"A \\"<x>\\" \\\\" <tel:+1>'),
        ('""<sip:h>', "", "sip:h", "", '"" <sip:h>'),
        ('<sip:h>;x="a;\\"b";y', None, "sip:h", ';x="a;\\"b";y', '<sip:h>;x="a;\\"b";y'),
        ("<sip:h>;;x= ;", None, "sip:h", ";x=", "<sip:h>;x="),
    ],
)
def test_one_address(text: str, display: str | None, uri: str, params: str, canonical: str) -> None:
    address = To.parse(text)
    assert (address.display_name, str(address.uri), str(address.params)) == (display, uri, params)
    assert str(address) == canonical
    assert To.parse(canonical) == address


@pytest.mark.parametrize(
    ("text", "why", "column"),
    [
        ("", "the address is missing", 1),
        ("<sip:a@h", "the '<' is never closed", 1),
        ('"Alice <sip:a@h>', "a quoted string does not end", 1),
        ("Alice", "begins with its scheme", 1),
        ("<>", "begins with its scheme", 2),
        ("Bob <sip:a b@h>", "' ' cannot be in a URI", 11),
        ("<sip:a@h> tag=1", "';' or the end was expected after the URI, not 't'", 11),
        ("<sip:a@h>;=1", "a parameter name was expected, not '='", 11),
        ('<sip:a@h>;x="1', "the quoted string does not end", 13),
        ("<sip:a@h>;x=1 2", "';' was expected, not '2'", 15),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, why: str, column: int) -> None:
    with pytest.raises(HeaderError) as raised:
        From.parse(text)
    assert why in str(raised.value)
    assert (raised.value.name, raised.value.column, raised.value.line) == ("From", column, None)


def test_tag() -> None:
    assert From.parse("<sip:a@h;tag=uri>;TAG=1").tag == "1"
    assert To.parse("<sip:a@h>").tag is None


@pytest.mark.parametrize(
    ("text", "expires", "q"),
    [
        ("<sip:h>", None, None),
        ("<sip:h>;expires = 7200;q=0.500", 7200, 0.5),
        ('<sip:h>;expires="60";q=1.000', 60, 1.0),
        ("<sip:h>;expires=-1;q=1.5", None, None),
        ("<sip:h>;expires;q", None, None),
        ("<sip:h>;expires=4294967295", 4294967295, None),
        ("<sip:h>;expires=4294967296", None, None),
        ("<sip:h>;expires=" + "9" * 6000, None, None),
        ("<sip:h>;expires=" + "0" * 6000, 0, None),
        ("<sip:h>;expires=\u0663", None, None),
    ],
)
def test_contact_parameters(text: str, expires: int | None, q: float | None) -> None:
    contact = Contact.parse(text)
    assert (contact.expires, contact.q, contact.star) == (expires, q, False)


def test_contact_star() -> None:
    contact = Contact.parse("*")
    assert (contact.star, str(contact), contact.uri.scheme, contact.expires) == (True, "*", "", None)


def test_a_contact_to_send() -> None:
    contact = Contact.of("sip:a@[::1]:5060", {"expires": 600000, "+g.3gpp.smsip": None})
    assert str(contact) == "<sip:a@[::1]:5060>;expires=600000;+g.3gpp.smsip"
    assert str(contact.with_param("Expires", 0)) == "<sip:a@[::1]:5060>;Expires=0;+g.3gpp.smsip"
    marked = contact.with_param("+sip.instance", "<urn:x>", quoted=True).without("EXPIRES", "+g.3gpp.smsip")
    assert str(marked) == '<sip:a@[::1]:5060>;+sip.instance="<urn:x>"'
    assert Contact.of(contact.uri, contact.params) == contact
    with pytest.raises(UriError):
        Contact.of("nowhere")


@pytest.mark.parametrize("header", [Route, RecordRoute, Path, ServiceRoute, PAssociatedUri, PAssertedIdentity])
def test_the_others_are_lists_of_addresses(header: type[NameAddr]) -> None:
    assert header.LIST
    value = header.parse("<sip:p@h;lr>;x=1")
    assert (type(value), value.uri.user, value.params["X"]) == (header, "p", "1")


def test_two_headers_with_the_same_text_differ() -> None:
    sender: NameAddr = From.parse("<sip:h>")
    assert sender != To.parse("<sip:h>")
    assert len({Route.parse("<sip:h>;a;b"), Route.parse("<sip:h>;a;b")}) == 1
