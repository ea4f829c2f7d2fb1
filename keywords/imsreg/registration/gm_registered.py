"""What a 200 to a REGISTER means for the associations of its UE: how long they live, whether they end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from imsreg.registration.gm_arrival import Arrival, address_of_record
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact, PAssociatedUri
from imsreg.sip.message import Request, Response
from imsreg.sip.uri import equivalent


class RegisteredIdentities:
    """The implicit sets that a UE has registered over its associations, each as addresses of record."""

    def __init__(self) -> None:
        self._groups: list[frozenset[str]] = []

    @property
    def some(self) -> bool:
        """Whether a 200 has bound any."""
        return bool(self._groups)

    def register(self, records: frozenset[str]) -> None:
        """A 200 has bound these."""
        self._groups = [group for group in self._groups if group.isdisjoint(records)] + [records]

    def deregister(self, records: frozenset[str]) -> bool:
        """A 200 has unbound these, and whatever is of an implicit set with one of them (TS 23.228 5.2.1a).

        Whether nothing is left.
        """
        self._groups = [group for group in self._groups if group.isdisjoint(records)]
        return not self._groups


def records_of(request: Request, response: Response) -> frozenset[str]:
    """The addresses of record that a 200 is about: that of To, and those of P-Associated-URI."""
    own = address_of_record(request)
    found = set() if own is None else {own}
    with suppress(HeaderError, UriError):  # then the identity of To is all that is known
        found.update(each.uri.address_of_record() for each in response.get_all(PAssociatedUri))
    return frozenset(found)


def granted(arrival: Arrival, response: Response) -> int | None:
    """Seconds for which a 200 binds the UE's own contact; None: the contact is not listed.

    Its own is one that the request names, or one at its protected server port.
    """
    listed = _contacts(response)
    named = [each for each in listed if any(equivalent(each.uri, own.uri) for own in _contacts(arrival.request))]
    own = named or [each for each in listed if _at_server_port(each, arrival)]
    default = _default(response)
    return max(((default or 0) if each.expires is None else each.expires for each in own), default=None)


def removes(request: Request) -> bool:
    """Whether a REGISTER asks for the end of every binding that it names."""
    contacts, default = _contacts(request, stars=True), _default(request)
    return bool(contacts) and all((default if each.expires is None else each.expires) == 0 for each in contacts)


def _contacts(message: Request | Response, *, stars: bool = False) -> Sequence[Contact]:
    try:
        return [each for each in message.get_all(Contact) if stars or not each.star]
    except HeaderError:
        return ()


def _default(message: Request | Response) -> int | None:
    try:
        expires = message.get(Expires)
    except HeaderError:
        return None
    return None if expires is None else expires.seconds


def _at_server_port(contact: Contact, arrival: Arrival) -> bool:
    sets = [each for each in (arrival.held, arrival.answers) if each is not None]
    ports = {each.live.sas.ue.port_s for each in sets}
    return contact.uri.host == arrival.contact.host and contact.uri.port in ports
