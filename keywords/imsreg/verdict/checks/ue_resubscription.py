"""What a UE does when the network ends its subscription, but not its registration (RFC 6665 4.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_notices import own_contacts
from imsreg.verdict.ue_registers import Purpose
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.ue_view import Notified, Subscribed
from imsreg.verdict.view import View, line_of

FOR_GOOD = ("rejected", "noresource", "invariant")
"""Reasons on which a UE does not subscribe again."""


@check("rfc6665-4.1.3-03")
def subscribes_anew_when_deactivated(view: View) -> Iterator[Outcome]:
    """At once. Later than PATIENCE, or never while it is watched, is too late."""
    decided = False
    for notified in _ended(view, ("deactivated",)):
        later, watched = _own_subscribe(view, notified), _watched(view, notified)
        expected = "SUBSCRIBE at once: the subscription was deactivated"
        line = line_of(notified.request, "Subscription-State")
        if later is not None and later.exchange.request.at - notified.at < PATIENCE:
            decided = True
            yield Held(later.number)
        elif watched >= PATIENCE:
            decided = True
            yield Breach(notified.number, expected, f"none for {watched:.0f} s", line)
    if not decided:
        yield Unmet("no NOTIFY ended the UE's subscription as deactivated, with time to watch")


@check("rfc6665-4.1.3-04")
def stays_away_when_rejected(view: View) -> Iterator[Outcome]:
    """By itself, and as long as it has not registered anew."""
    decided = False
    for notified in _ended(view, FOR_GOOD):
        later, watched = _own_subscribe(view, notified), _watched(view, notified)
        if later is not None:
            decided = True
            after = f"SUBSCRIBE {later.exchange.request.at - notified.at:.1f} s after it"
            yield Breach(later.number, "no SUBSCRIBE after the end of the subscription", after)
        elif watched >= PATIENCE:
            decided = True
            yield Held(notified.number)
    if not decided:
        yield Unmet(f"no NOTIFY ended the UE's subscription as {', '.join(FOR_GOOD)}, with time to watch")


def _ended(view: View, reasons: tuple[str, ...]) -> Iterator[Notified]:
    """The NOTIFY requests that the UE has taken, which end its subscription so, and not its registration."""
    for notified in view.ue.notified:
        final, registration = notified.exchange.final, view.ue.registration_before(notified.number)
        if not notified.known or final is None or not final.label.startswith("2") or registration is None:
            continue
        try:
            state = notified.request.get(SubscriptionState)
        except HeaderError:
            continue
        gone = any(contact.state == "terminated" for contact in own_contacts(notified.request, registration))
        if state is not None and state.terminated and state.reason in reasons and not gone:
            yield notified


def _own_subscribe(view: View, notified: Notified) -> Subscribed | None:
    """The UE's next SUBSCRIBE outside a dialog, if nothing but the NOTIFY can have made it send it."""
    later = next((each for each in view.ue.subscribed if each.number > notified.number), None)
    if later is None or view.ue.watch.told_between(notified.number, later.number) is not None:
        return None
    return None if any(notified.number < each < later.number for each in _beginnings(view)) else later


def _watched(view: View, notified: Notified) -> float:
    """Seconds after the NOTIFY until the UE was told something, began a registration, subscribed, or was left."""
    number, watch = notified.number, view.ue.watch
    ends = [watch.until, *(told.at for told in watch.commands if told.after >= number)]
    ends += [r.at for r in view.ue.registers if r.number > number and r.purpose is not Purpose.REFRESH]
    ends += [each.exchange.request.at for each in view.ue.subscribed if each.number > number]
    return min(ends) - notified.at


def _beginnings(view: View) -> list[int]:
    return [r.number for r in view.ue.registers if r.purpose is Purpose.INITIAL]
