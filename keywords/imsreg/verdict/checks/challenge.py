"""What a 401 challenge carries (TS 24.229 5.4.1.2.1; RFC 3310 3; RFC 3261 22)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View, line_of

NOBODY_CHALLENGED = Unmet("no REGISTER got a 401 with a digest challenge that can be read")


@check("24.229-5.4.1.2.1A-01")
def realm_is_the_home_domain(view: View) -> Iterator[Outcome]:
    """The realm is the domain at which the subscriber is at home."""
    if not view.challenges:
        yield NOBODY_CHALLENGED
    for challenged in view.challenges:
        subscriber = challenged.attempt.subscriber
        home = subscriber.home_domain if subscriber is not None else view.facts.home_domain
        realm = challenged.header.realm
        if realm is not None and realm.lower() == home.lower():
            yield Held(challenged.entry)
        else:
            yield Breach(
                challenged.entry,
                expected=f'realm="{home}"',
                actual="no realm" if realm is None else f'realm="{realm}"',
                line=line_of(challenged.response, "WWW-Authenticate"),
            )
