"""The REGISTER with an expiry of zero: it ends bindings (RFC 3261 10.3 step 7; TS 24.229 5.4.1.2.2, 5.4.1.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.bindings import requested_seconds
from imsreg.verdict.checks.registry import check
from imsreg.verdict.listing import Listing
from imsreg.verdict.outcome import Breach, Outcome, Unmet, held_unless
from imsreg.verdict.owed import bound, removed, replaced
from imsreg.verdict.undecided import undecided
from imsreg.verdict.view import Answered, View

NOTHING_REMOVED = Unmet("no REGISTER with an expiry of zero for a bound contact got a 2xx")


@check("24.229-5.4.1.2.2-03")
def an_expiry_of_zero_registers_nothing(view: View) -> Iterator[Outcome]:
    """The 2xx no longer lists the contact, or lists it as expired."""
    decided = False
    for answered in view.accepted:
        ended = _ended(view, answered.attempt)
        if ended:
            decided = True
            yield from held_unless(_still_listed(answered, ended), answered.entry)
    if not decided:
        yield NOTHING_REMOVED


@check("rfc3261-10.3-06")
def an_expiry_of_zero_removes_the_binding(view: View) -> Iterator[Outcome]:
    """Gone from that list and from every later one, until the contact is registered again."""
    decided = False
    for place, answered in enumerate(view.accepted):
        for uri in _ended(view, answered.attempt):
            decided = True
            for later in (answered, *_until_registered(uri, view.accepted[place + 1 :], answered.attempt.record)):
                yield from held_unless(_still_listed(later, (uri,)), later.entry)
    if not decided:
        yield NOTHING_REMOVED


@check("24.229-5.4.1.4-01")
def answers_a_deregistration_with_200(view: View) -> Iterator[Outcome]:
    """An authenticated de-registration succeeds: for one contact, and for all of them by Contact *."""
    decided = False
    for answered in view.answered:
        attempt = answered.attempt
        ended = [g.uri for g in bound(view, attempt) if removed(attempt, g) and not replaced(view, g, attempt)]
        if not (ended and attempt.sound):
            continue
        decided = True
        unmet = undecided(attempt)
        if unmet is not None:
            yield unmet
        elif attempt.status // 100 == 2:
            yield from held_unless(_still_listed(answered, ended), answered.entry)
        elif attempt.kind is Kind.RIGHT:
            yield Breach(answered.entry, expected="200 to the de-registration", actual=f"{attempt.status}")
        else:
            yield Unmet(f"{attempt.status}: the de-registration was refused before it was authenticated")
    if not decided:
        yield Unmet("no bound contact was de-registered")


def _ended(view: View, attempt: Attempt) -> tuple[Uri, ...]:
    """The bound contacts that the request names with an expiry of zero."""
    held = bound(view, attempt)
    return tuple(
        contact.uri
        for contact in attempt.contacts
        if requested_seconds(attempt, contact) == 0 and any(equivalent(contact.uri, g.uri) for g in held)
    )


def _until_registered(uri: Uri, accepted: Sequence[Answered], record: str) -> Iterator[Answered]:
    """The 2xx for this address of record before the one that binds `uri` again."""
    for answered in accepted:
        if answered.attempt.record != record:
            continue
        for contact in answered.attempt.contacts:
            if equivalent(contact.uri, uri) and requested_seconds(answered.attempt, contact) != 0:
                return
        yield answered


def _still_listed(answered: Answered, ended: Sequence[Uri]) -> Iterator[Breach]:
    listing = Listing.of(answered.response)
    for uri in ended:
        for listed in listing.bound(uri):
            # Without any expiry nothing says that the contact is still bound: rfc3261-10.3-14 is broken then.
            if listed.seconds is not None:
                expected = f"{uri} no longer listed, or with expires=0"
                yield Breach(answered.entry, expected, f"Contact: {listed.contact}", listed.line)
