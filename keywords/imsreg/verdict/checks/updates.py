"""Which REGISTER changes a binding, and for how long (RFC 3261 10.3 step 7)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.uri import equivalent
from imsreg.verdict.authentication import CSEQ_NOT_HIGHER, Attempt, Kind
from imsreg.verdict.bindings import Granted, requested_seconds
from imsreg.verdict.checks.bindings import NOTHING_REGISTERED
from imsreg.verdict.checks.registry import check
from imsreg.verdict.listing import Listing
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.owed import bound, replaced
from imsreg.verdict.undecided import undecided
from imsreg.verdict.view import Answered, View, line_of

TELLING = 5.0
"""Seconds by which the old and the new end of a binding must differ to be told apart."""

ROUNDING = 1.0
"""Seconds that a registrar may gain or lose when it writes what is left of a binding as a whole number."""


@check("rfc3261-10.3-07")
def refuses_a_cseq_that_is_not_higher(view: View) -> Iterator[Outcome]:
    """Same Call-ID as the binding, CSeq not higher: the update is aborted and the request fails."""
    decided = False
    for attempt in view.attempts:
        held = _older(view, attempt)
        if held is None or attempt.kind not in (Kind.RIGHT, Kind.OUTDATED, Kind.UNCHALLENGED):
            continue
        decided = True
        unmet = undecided(attempt)
        if unmet is not None:
            yield unmet
        elif attempt.status >= 300:
            yield Held(attempt.final_entry.number)
        else:
            yield Breach(
                attempt.final_entry.number,
                expected=f"a failure: the binding was made by CSeq {held.cseq} under the same Call-ID",
                actual=f"{attempt.status} to CSeq {attempt.cseq}",
            )
    if not decided:
        yield Unmet("no REGISTER had the Call-ID of a binding and a CSeq that is not higher than its own")


@check("rfc3261-10.3-08")
def takes_any_cseq_under_another_call_id(view: View) -> Iterator[Outcome]:
    """A UE that was started anew counts from elsewhere: another Call-ID makes its CSeq say nothing."""
    decided = False
    for answered in view.answered:
        attempt = answered.attempt
        if not (attempt.sound and attempt.kind is Kind.RIGHT and _restarted(view, attempt)):
            continue
        decided = True
        unmet = Unmet("423: the expiry was too brief") if attempt.status == 423 else undecided(attempt)
        if unmet is not None:
            yield unmet
        elif attempt.status // 100 == 2:
            yield Held(answered.entry)
        else:
            yield Breach(answered.entry, expected="2xx: the Call-ID is another one", actual=f"{attempt.status}")
    if not decided:
        yield Unmet("no contact was registered again under another Call-ID with a lower CSeq")


@check("rfc3261-10.3-09")
def a_refresh_sets_the_expiry_anew(view: View) -> Iterator[Outcome]:
    """A higher CSeq under the same Call-ID: one binding still, and its time no longer the old one."""
    decided = False
    for answered in view.registered:
        for contact in answered.attempt.contacts:
            held = _refreshed(view, answered.attempt, contact)
            if held is not None:
                decided = True
                yield _time_left(answered, contact, held)
    if not decided:
        yield Unmet(
            f"no binding was refreshed for {TELLING:g} s longer than what was left, {TELLING:g} s after it was made"
        )


@check("rfc3261-10.3-10")
def grants_no_more_than_was_asked_for(view: View) -> Iterator[Outcome]:
    """The registrar may shorten an expiry; nothing says that it may lengthen it."""
    outcomes = [outcome for answered in view.registered for outcome in _against_what_was_asked(view, answered)]
    yield from outcomes or [NOTHING_REGISTERED]


def _against_what_was_asked(view: View, answered: Answered) -> Iterator[Outcome]:
    listing = Listing.of(answered.response)
    most = view.facts.max_expires
    for contact in answered.attempt.contacts:
        asked = requested_seconds(answered.attempt, contact)
        for listed in listing.bound(contact.uri):
            if not asked or listed.seconds is None:
                continue
            if listed.seconds <= asked:
                yield Held(answered.entry)
                continue
            beyond = f", above the profile's max-expires {most} too" if most and listed.seconds > most else ""
            expected = f"at most the {asked} s that the REGISTER asks for"
            yield Breach(answered.entry, expected, f"expires={listed.seconds}{beyond}", listed.line)


def _older(view: View, attempt: Attempt) -> Granted | None:
    """The binding that bars this request, if its CSeq is all that is wrong with it."""
    if attempt.faults != (CSEQ_NOT_HIGHER,):
        return None
    touched = (
        granted
        for granted in bound(view, attempt)
        if any(c.star or equivalent(c.uri, granted.uri) for c in attempt.contacts)
        and not replaced(view, granted, attempt)
    )
    return next((g for g in touched if g.call_id == attempt.call_id and attempt.cseq <= g.cseq), None)


def _restarted(view: View, attempt: Attempt) -> bool:
    return any(
        granted.call_id != attempt.call_id and attempt.cseq < granted.cseq
        for granted in bound(view, attempt)
        if any(equivalent(c.uri, granted.uri) and requested_seconds(attempt, c) != 0 for c in attempt.contacts)
    )


def _refreshed(view: View, attempt: Attempt, contact: Contact) -> Granted | None:
    """The binding that this REGISTER refreshes, if its old end can be told from the one that is asked for."""
    at = attempt.final_entry.at
    asked = requested_seconds(attempt, contact)
    for held in bound(view, attempt):
        if (
            equivalent(held.uri, contact.uri)
            and held.call_id == attempt.call_id
            and attempt.cseq > held.cseq
            and at - held.since >= TELLING
            and asked is not None
            and asked >= held.until - at + TELLING
        ):
            return held
    return None


def _time_left(answered: Answered, contact: Contact, held: Granted) -> Outcome:
    listing = Listing.of(answered.response)
    found = listing.bound(contact.uri)
    line = line_of(answered.response, "Contact")
    if len(found) != 1:
        return Breach(answered.entry, f"{contact.uri} once", f"{len(found)} times: {listing.in_words()}", line)
    seconds = found[0].seconds
    left = held.until - answered.attempt.final_entry.at
    if seconds is None:
        return Unmet("the contact was listed without an expiry")
    if abs(seconds - left) <= ROUNDING:
        asked = requested_seconds(answered.attempt, contact)
        expected = f"an expiry by the {asked} s that are asked for now, not the {left:.0f} s that were left"
        return Breach(answered.entry, expected, f"expires={seconds}", found[0].line)
    if seconds < left:
        return Observed(answered.entry, f"an expiry of at least {left:.0f} s", f"expires={seconds}", found[0].line)
    return Held(answered.entry)
