"""Legal forms that a REGISTER may be written in, of which none changes what it means (RFC 3261 7.3, 8.2.2, 25.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from imsreg.sip.headers.address import NameAddr
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request
from imsreg.sip.names import is_known
from imsreg.sip.params import Params
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.view import readable

Form = Callable[[Attempt], bool]

SEPARATORS: Final = frozenset(",;")
"""What ends a value or a parameter where it is not quoted."""

ODD_IN_A_USER: Final = frozenset("%;?/,=&")
"""An escape, and characters of a user part that separate elsewhere (user-unreserved, RFC 3261 25.1)."""

LARGE: Final = 4000
"""Octets above which a datagram is larger than any that a UE sends by itself, with every proposal in it."""

_NAME_ADDRS: Final[tuple[type[NameAddr], ...]] = (From, To, Contact)
_SPACED_COLON: Final = re.compile(rb"[^:\r\n]*[ \t]:")
_SPACED_SLASH: Final = re.compile(r"SIP(?:[ \t]+/|/[ \t]+)", re.IGNORECASE)


def folded(attempt: Attempt) -> bool:
    """A header field goes on in the next line."""
    return any(b"\n" in field.raw for field in attempt.request.headers)


def compact(attempt: Attempt) -> bool:
    """A header field has the compact form of its name."""
    return any(field.compact for field in attempt.request.headers)


def quoted(attempt: Attempt) -> bool:
    """A quoted string holds separators: a parameter of Via or Contact, or a display name."""
    request = attempt.request
    if any(holds_separators(params) for params in (*_params_of(request, Via), *_params_of(request, Contact))):
        return True
    names = (each.display_name for header in _NAME_ADDRS for each in readable(request, header))
    return any(not SEPARATORS.isdisjoint(name) for name in names if name is not None)


def repeated(attempt: Attempt) -> bool:
    """Several Contact values stand in several fields."""
    return len(attempt.request.fields("Contact")) > 1


def spaced(attempt: Attempt) -> bool:
    """Blanks stand before the colon of a header field, or around the slash in a Via."""
    request = attempt.request
    return any(_SPACED_COLON.match(field.raw) for field in request.headers) or any(
        _SPACED_SLASH.match(value) for value in request.values("Via")
    )


def unknown(attempt: Attempt) -> bool:
    """There is a header field that no specification knows."""
    return any(field.name and not is_known(field.name) for field in attempt.request.headers)


def odd_user(attempt: Attempt) -> bool:
    """The user part of a contact holds an escape, or what separates elsewhere."""
    return any(not ODD_IN_A_USER.isdisjoint(contact.uri.user or "") for contact in attempt.contacts)


def other_record(attempt: Attempt) -> bool:
    """To writes the address-of-record otherwise than From: with escapes, or with URI parameters."""
    to, sender = readable(attempt.request, To), readable(attempt.request, From)
    if not to or not sender or to[0].uri.text == sender[0].uri.text:
        return False
    return to[0].uri.address_of_record() == sender[0].uri.address_of_record()


def bare_received(attempt: Attempt) -> bool:
    """A Via tells by `received` that the request came from an IPv6 address, which has no brackets there."""
    received = (params.get("received") for params in _params_of(attempt.request, Via))
    return any(value is not None and ":" in value and not value.startswith("[") for value in received)


def large(attempt: Attempt) -> bool:
    """It is a datagram of more than LARGE octets."""
    request = attempt.exchange.request
    return not request.flow.reliable and len(request.raw) > LARGE


FORMS: Final[tuple[Form, ...]] = (
    folded,
    compact,
    quoted,
    repeated,
    spaced,
    unknown,
    odd_user,
    other_record,
    bare_received,
    large,
)
"""Every form that is judged: a request in two of them tells nothing about either."""


def holds_separators(params: Params) -> bool:
    """Whether the quoted value of a parameter holds what separates values or parameters elsewhere."""
    return any(params.quoted(name) and not SEPARATORS.isdisjoint(params[name] or "") for name in params)


def _params_of(request: Request, header: type[Via] | type[Contact]) -> Iterator[Params]:
    return (each.params for each in readable(request, header))
