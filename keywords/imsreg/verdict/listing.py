"""The contacts that a response lists, each with its line and its expiry (RFC 3261 10.3 step 8)."""

from __future__ import annotations

from dataclasses import dataclass

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Response
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.bindings import expires_header
from imsreg.verdict.view import elements


@dataclass(frozen=True, slots=True)
class Listed:
    """One contact of a list. `seconds`: its expires parameter, else Expires of the response, None if neither reads."""

    contact: Contact
    line: int
    seconds: int | None

    @property
    def removed(self) -> bool:
        """Listed as gone: with an expiry of zero."""
        return self.seconds == 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A Contact value that cannot be read. `text` is empty where the header field holds nothing."""

    line: int
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What one response lists. Values that cannot be read are kept apart and hide no other."""

    contacts: tuple[Listed, ...]
    unreadable: tuple[Unreadable, ...]

    @classmethod
    def of(cls, response: Response) -> Listing:
        """The list of a response, whatever its octets are."""
        contacts: list[Listed] = []
        unreadable: list[Unreadable] = []
        common = expires_header(response)
        for line, text in elements(response, "Contact"):
            try:
                contact = Contact.parse(text)
            except HeaderError as error:
                unreadable.append(Unreadable(line, str(error), text))
                continue
            if contact.uri.lacks_brackets:
                unreadable.append(Unreadable(line, "an IPv6 address without brackets", text))
                continue
            contacts.append(Listed(contact, line, contact.expires if contact.expires is not None else common))
        return cls(tuple(contacts), tuple(unreadable))

    def find(self, uri: Uri) -> tuple[Listed, ...]:
        """The contacts URI-equal to `uri` (RFC 3261 19.1.4), those listed as gone included."""
        return tuple(listed for listed in self.contacts if equivalent(listed.contact.uri, uri))

    def bound(self, uri: Uri) -> tuple[Listed, ...]:
        """The contacts URI-equal to `uri` that are not listed as gone."""
        return tuple(listed for listed in self.find(uri) if not listed.removed)

    def in_words(self) -> str:
        """The list for the "actual" of a finding."""
        if not self.contacts:
            return "Contact without a value" if self.unreadable else "no Contact"
        return f"Contact: {', '.join(str(c.contact) for c in self.contacts)}"
