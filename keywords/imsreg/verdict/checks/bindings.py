"""What the 2xx to a REGISTER lists: contacts, each with its expires (RFC 3261 10.3 step 8; TS 24.229 5.4.1.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.scan import DELTA_SECONDS_LIMIT, optional_number
from imsreg.verdict.bindings import requested_seconds
from imsreg.verdict.checks.registry import check
from imsreg.verdict.listing import Listed, Listing
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet, held_unless
from imsreg.verdict.owed import owed, replaced
from imsreg.verdict.view import Answered, View, line_of

NOTHING_REGISTERED = Unmet("no REGISTER that asks for a contact got a 2xx")


@check("24.229-5.4.1.2.2-06")
def lists_the_registered_contact_with_its_expires(view: View) -> Iterator[Outcome]:
    """The registered contact is there and bound, and whatever else is listed has its expires too."""
    if not view.registered:
        yield NOTHING_REGISTERED
    for answered in view.registered:
        listing = Listing.of(answered.response)
        findings = (*_unequal(answered, listing), *_expires(answered, listing), *_listed_as_gone(answered, listing))
        yield from held_unless(findings, answered.entry)


@check("rfc3261-10.3-13")
def lists_every_binding(view: View) -> Iterator[Outcome]:
    """A binding that was granted, and neither ran out nor was removed, is in the list."""
    decided = False
    for answered in view.accepted:
        expected = owed(view, answered)
        listing = Listing.of(answered.response)
        missing = [granted for granted in expected if not listing.bound(granted.uri)]
        decided = decided or bool(expected)
        for granted in missing:
            kind = Observed if replaced(view, granted, answered.attempt) else Breach
            yield kind(
                answered.entry,
                expected=f"Contact: <{granted.uri}>, bound by message {granted.entry} of the ladder",
                actual=listing.in_words(),
                line=line_of(answered.response, "Contact"),
            )
        if expected and not missing:
            yield Held(answered.entry)
    if not decided:
        yield Unmet("no REGISTER got a 2xx while a binding granted before it was alive")


@check("rfc3261-10.3-14")
def gives_every_contact_its_expires(view: View) -> Iterator[Outcome]:
    """expires = 1*DIGIT beside every contact; an Expires header field does not stand in for it."""
    listings = [(a, Listing.of(a.response)) for a in view.accepted if a.response.field("Contact") is not None]
    if not listings:
        yield (
            Moot("no 2xx lists a contact, which 24.229-5.4.1.2.2-06 judges")
            if view.registered
            else Unmet("no REGISTER that asks for a contact got a 2xx")
        )
    for answered, listing in listings:
        yield from held_unless(_expires(answered, listing), answered.entry)


@check("rfc3261-10.3-15")
def lists_the_contact_under_an_equal_uri(view: View) -> Iterator[Outcome]:
    """The UE finds its own contact by comparing URIs (RFC 3261 10.2.4, 19.1.4)."""
    if not view.registered:
        yield NOTHING_REGISTERED
    for answered in view.registered:
        yield from held_unless(_unequal(answered, Listing.of(answered.response)), answered.entry)


def _unequal(answered: Answered, listing: Listing) -> Iterator[Breach]:
    """The contacts of the request that no listed URI equals."""
    for contact in answered.attempt.contacts:
        if contact.star or requested_seconds(answered.attempt, contact) == 0 or listing.find(contact.uri):
            continue
        yield Breach(
            answered.entry,
            expected=f"a Contact whose URI equals the registered {contact.uri}",
            actual=listing.in_words(),
            line=line_of(answered.response, "Contact"),
        )


def _listed_as_gone(answered: Answered, listing: Listing) -> Iterator[Breach]:
    """The contacts of the request that are listed with an expiry of zero only."""
    for contact in answered.attempt.contacts:
        found = listing.find(contact.uri)
        if contact.star or requested_seconds(answered.attempt, contact) == 0:
            continue
        if not found or listing.bound(contact.uri):
            continue
        yield Breach(
            answered.entry,
            expected=f"{contact.uri} with an expires above 0",
            actual=f"Contact: {found[0].contact}",
            line=found[0].line,
        )


def _expires(answered: Answered, listing: Listing) -> Iterator[Breach | Observed]:
    for unreadable in listing.unreadable:
        # Nothing is listed there that could have an expiry; what is missing, rfc3261-10.3-13 says.
        if unreadable.text:
            yield Breach(answered.entry, "a Contact with expires", unreadable.why, unreadable.line)
        else:
            yield Observed(answered.entry, "a Contact with expires", listing.in_words(), unreadable.line)
    for listed in listing.contacts:
        kind = _expires_fault(listed)
        if kind is not None:
            yield kind(
                answered.entry,
                expected="expires = a number of seconds below 2**32 beside every Contact",
                actual=f"Contact: {listed.contact}",
                line=listed.line,
            )


def _expires_fault(listed: Listed) -> type[Breach] | type[Observed] | None:
    params = listed.contact.params
    value = params.get("expires")
    if value is None or params.quoted("expires") or not (value.isascii() and value.isdecimal()):
        return Breach
    return Observed if optional_number(value, DELTA_SECONDS_LIMIT) is None else None
