"""What a NOTIFY says of the UE's own contact (RFC 3680 5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import UriError
from imsreg.sip.message import Request
from imsreg.sip.reginfo import RegContact, ReginfoError, parse_reginfo
from imsreg.sip.uri import Uri
from imsreg.verdict.ue_registers import UeRegister


def version_of(notify: Request) -> int | None:
    """The version of a registration information document, None if there is none that can be read."""
    try:
        return parse_reginfo(notify.body).version
    except ReginfoError:
        return None


def own_contacts(notify: Request, registration: UeRegister) -> Iterator[RegContact]:
    """The contacts of a registration information document that the UE has registered; none if it cannot be read."""
    try:
        document = parse_reginfo(notify.body)
    except ReginfoError:
        return
    for each in document.registrations:
        for contact in each.contacts:
            try:
                own = registration.owns(Uri.parse(contact.uri))
            except UriError:
                continue
            if own:
                yield contact
