"""The REGISTER without Contact: it asks for the bindings and changes none (RFC 3261 10.2.3, 10.3 steps 6 and 8)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.bindings import SLACK
from imsreg.verdict.checks.registry import check
from imsreg.verdict.listing import Listed, Listing
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet, held_unless
from imsreg.verdict.owed import bound, owed, replaced
from imsreg.verdict.undecided import undecided
from imsreg.verdict.view import Answered, View, line_of


@check("rfc3261-10.3-17")
def a_fetch_lists_the_bindings(view: View) -> Iterator[Outcome]:
    """200 with the bindings, and not the refusal of a request that lacks a Contact."""
    decided = False
    for answered in view.answered:
        attempt = answered.attempt
        if not (_fetches(attempt) and attempt.sound and bound(view, attempt)):
            continue
        decided = True
        unmet = undecided(attempt)
        if unmet is not None:
            yield unmet
        elif attempt.status // 100 == 2:
            yield from _lists(view, answered)
        elif attempt.kind is Kind.RIGHT:
            yield Breach(answered.entry, expected="200 with the current bindings", actual=f"{attempt.status}")
        else:
            yield Unmet(f"{attempt.status}: the REGISTER without Contact was refused before it was authenticated")
    if not decided:
        yield Unmet("no REGISTER without Contact was answered while a contact was bound")


@check("rfc3261-10.2.3-01")
def a_fetch_changes_no_binding(view: View) -> Iterator[Outcome]:
    """The list in the 2xx to a fetch is the one before it, with the time that has passed taken off."""
    decided = False
    lists: dict[str, Answered] = {}
    for answered in view.accepted:
        former = lists.get(answered.attempt.record)
        if former is not None and _fetches(answered.attempt) and Listing.of(former.response).contacts:
            decided = True
            yield from held_unless(_changes(former, answered), answered.entry)
        lists[answered.attempt.record] = answered
    if not decided:
        yield Unmet("no REGISTER without Contact got a 2xx after one that lists a contact")


def _fetches(attempt: Attempt) -> bool:
    return attempt.request.field("Contact") is None


def _lists(view: View, answered: Answered) -> Iterator[Outcome]:
    listing = Listing.of(answered.response)
    missing = [
        granted
        for granted in owed(view, answered)
        if not any("expires" in listed.contact.params for listed in listing.bound(granted.uri))
        and not replaced(view, granted, answered.attempt)
    ]
    for granted in missing:
        expected = f"Contact: <{granted.uri}> with its expires, bound by message {granted.entry} of the ladder"
        yield Breach(answered.entry, expected, listing.in_words(), line_of(answered.response, "Contact"))
    if not missing:
        yield Held(answered.entry)


def _changes(former: Answered, answered: Answered) -> Iterator[Breach]:
    before, now = Listing.of(former.response), Listing.of(answered.response)
    passed = answered.attempt.final_entry.at - former.attempt.final_entry.at
    for known in before.contacts:
        left = _left(known, passed)
        if left is not None and left > SLACK and not now.bound(known.contact.uri):
            yield Breach(
                answered.entry,
                expected=f"{known.contact.uri}, which message {former.entry} of the ladder lists for {left:.0f} s more",
                actual=now.in_words(),
                line=line_of(answered.response, "Contact"),
            )
    for listed in now.contacts:
        if listed.removed:
            continue
        known_before = before.bound(listed.contact.uri)
        if not known_before:
            expected = f"no contact that message {former.entry} of the ladder does not list"
            yield Breach(answered.entry, expected, f"Contact: {listed.contact}", listed.line)
            continue
        most = max((left for k in known_before if (left := _left(k, passed)) is not None), default=None)
        if most is not None and listed.seconds is not None and listed.seconds > most + SLACK:
            expected = f"at most the {most:.0f} s that are left of {listed.contact.uri}"
            yield Breach(answered.entry, expected, f"expires={listed.seconds}", listed.line)


def _left(listed: Listed, passed: float) -> float | None:
    return None if listed.seconds is None else listed.seconds - passed
