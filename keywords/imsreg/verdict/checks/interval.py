"""The REGISTER whose expiry a registrar finds too brief: 423 and Min-Expires (RFC 3261 10.3 step 7)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.expires import MinExpires
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.bindings import requested_seconds
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.view import Answered, View, line_of

AN_HOUR = 3600
"""Seconds from which on no expiry is too brief, whatever the registrar's own minimum is."""


@check("rfc3261-10.3-11")
def a_423_states_the_shortest_expiry(view: View) -> Iterator[Outcome]:
    """Every 423 has a Min-Expires with a number in it; which one is the registrar's own matter."""
    refused = list(_too_brief(view))
    if not refused:
        yield _never(view)
    for answered in refused:
        expected = "Min-Expires with a number of seconds in the 423"
        line = line_of(answered.response, MinExpires.NAME)
        try:
            minimum = answered.response.get(MinExpires)
        except HeaderError as error:
            yield Breach(answered.entry, expected, str(error), line)
            continue
        yield Held(answered.entry) if minimum is not None else Breach(answered.entry, expected, "no Min-Expires")


@check("rfc3261-10.3-12")
def only_a_brief_expiry_is_too_brief(view: View) -> Iterator[Outcome]:
    """One of the contacts asks for more than nothing, less than an hour, and less than the 423 states as its minimum.

    What a REGISTER asks for that states no expiry is the registrar's own default.
    """
    refused = list(_too_brief(view))
    if not refused:
        yield _never(view)
    for answered in refused:
        asked, shortest = _asked(answered.attempt), _minimum(answered)
        most = AN_HOUR if shortest is None else min(AN_HOUR, shortest)
        if any(seconds is not None and 0 < seconds < most for seconds in asked):
            yield Held(answered.entry)
            continue
        if None in asked:
            yield Unmet("the REGISTER that got 423 states no expiry that can be read")
            continue
        stated = "no readable Min-Expires" if shortest is None else f"Min-Expires: {shortest}"
        expected = "423 only to an expiry above zero, below an hour and below the minimum that it states"
        yield Breach(answered.entry, expected, f"423 with {stated} to {', '.join(map(str, asked))} s")


def _too_brief(view: View) -> Iterator[Answered]:
    """The 423s to REGISTER requests that are right and name contacts."""
    return (a for a in view.answered if a.response.status == 423 and not a.attempt.faults and a.attempt.contacts)


def _asked(attempt: Attempt) -> tuple[int | None, ...]:
    """Seconds that each contact asks for, None for one that states none."""
    return tuple(requested_seconds(attempt, contact) for contact in attempt.contacts)


def _minimum(answered: Answered) -> int | None:
    try:
        header = answered.response.get(MinExpires)
    except HeaderError:
        return None
    return None if header is None else header.seconds


def _never(view: View) -> Outcome:
    """A registrar may refuse a brief expiry and need not: where it takes one there is nothing to judge."""
    for answered in view.registered:
        if any(seconds is not None and 0 < seconds < AN_HOUR for seconds in _asked(answered.attempt)):
            return Moot("the registrar takes the brief expiry, as it may")
    return Unmet("no REGISTER was refused with 423")
