"""Header fields in another legal form mean the same (RFC 3261 7.3.1, 7.3.3, 8.2.2, 10.3, 25.1).

Folded, under compact names, one value a line or several, with blanks where they may be, with a quoted string or a user
part that holds what separates elsewhere, beside fields that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.name_addr import Contact
from imsreg.verdict import forms
from imsreg.verdict.alike import compared
from imsreg.verdict.bindings import requested_seconds
from imsreg.verdict.checks.registry import check
from imsreg.verdict.listing import Listing
from imsreg.verdict.outcome import Breach, Observed, Outcome, held_unless
from imsreg.verdict.view import Answered, View


@check("rfc3261-7.3.1-01")
def folded_fields_are_understood(view: View) -> Iterator[Outcome]:
    """A REGISTER with folded header fields gets what an equal one without any gets."""
    return compared(view, forms.folded, "folded header fields")


@check("rfc3261-7.3.1-03")
def values_may_stand_in_several_fields(view: View) -> Iterator[Outcome]:
    """A REGISTER with a Contact field for each value gets what one with all of them in one field gets."""
    return compared(view, forms.repeated, "a Contact field for each value")


@check("rfc3261-7.3.1-04")
def blanks_mean_nothing(view: View) -> Iterator[Outcome]:
    """A REGISTER with blanks before colons and around slashes gets what an equal one without any gets."""
    return compared(view, forms.spaced, "blanks before colons and around slashes")


@check("rfc3261-7.3.3-01")
def compact_names_are_understood(view: View) -> Iterator[Outcome]:
    """A REGISTER with compact header names gets what an equal one without any gets."""
    return compared(view, forms.compact, "compact header names")


@check("rfc3261-8.2.2-01")
def unknown_fields_are_ignored(view: View) -> Iterator[Outcome]:
    """A REGISTER with header fields that nobody knows gets what an equal one without any gets."""
    return compared(view, forms.unknown, "header fields that nobody knows")


@check("rfc3261-10.3-18")
def addresses_of_record_are_canonical(view: View) -> Iterator[Outcome]:
    """A REGISTER with escapes or URI parameters in To gets what one without them gets."""
    return compared(view, forms.other_record, "escapes or URI parameters in To")


@check("rfc3261-25.1-01")
def quoted_strings_are_words(view: View) -> Iterator[Outcome]:
    """A REGISTER with separators in quoted strings gets what an equal one without any gets."""
    return compared(view, forms.quoted, "separators in a quoted string")


@check("rfc3261-25.1-01")
def quoted_parameters_come_back_whole(view: View) -> Iterator[Outcome]:
    """A parameter of a contact may be left out of the list. One that is there has not lost what follows a separator."""
    for answered in view.registered:
        for contact in answered.attempt.contacts:
            if forms.holds_separators(contact.params) and requested_seconds(answered.attempt, contact) != 0:
                yield from held_unless(_changed(answered, contact), answered.entry)


@check("rfc3261-25.1-02")
def user_parts_are_read_to_their_end(view: View) -> Iterator[Outcome]:
    """A REGISTER with separators or escapes in the user part of its contact gets what one without any gets."""
    return compared(view, forms.odd_user, "separators or escapes in the user part of the contact")


@check("rfc3261-25.1-03")
def received_has_no_brackets(view: View) -> Iterator[Outcome]:
    """A REGISTER with an IPv6 address in received gets what one with an IPv4 address there gets."""
    return compared(view, forms.bare_received, "an IPv6 address in received")


def _changed(answered: Answered, contact: Contact) -> Iterator[Breach | Observed]:
    for listed in Listing.of(answered.response).bound(contact.uri):
        params = listed.contact.params
        for param in contact.params.all:
            value = params.get(param.name)
            if not param.quoted or param.value is None or value is None or value == param.value:
                continue
            kind = Breach if _cut(param.value, value) else Observed
            expected = f'{param.name}="{param.value}", or no {param.name} at all'
            yield kind(answered.entry, expected, f"Contact: {listed.contact}", listed.line)


def _cut(whole: str, value: str) -> bool:
    """Whether `value` is what a reader has of a quoted string that he takes to end at a separator."""
    rest = whole.removeprefix(value.strip('"'))
    return rest != whole and rest[:1] in {*forms.SEPARATORS, "<", ">"} and bool(rest)
