"""What a NOTIFY says of its subscription and of its dialog (RFC 6665 4.2.2, 8.2.1; RFC 3261 12.2.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.subscriptions import Notify, Subscription
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of

NO_NOTIFY = Unmet("no NOTIFY came for a subscription of the tester")

STATES = ("active", "pending", "terminated")


@check("rfc6665-4.2.2-01")
def has_a_subscription_state(view: View) -> Iterator[Outcome]:
    """One of the three values that RFC 6665 names."""
    yield from _none(view)
    expected = f"Subscription-State: {', '.join(STATES[:2])} or {STATES[2]}"
    for _, notify in _notifies(view):
        line = line_of(notify.request, "Subscription-State")
        try:
            state = notify.request.get(SubscriptionState)
        except HeaderError as error:
            yield Breach(notify.number, expected, str(error), line)
            continue
        if state is None:
            yield Breach(notify.number, expected, "no Subscription-State")
        elif state.state in STATES:
            yield Held(notify.number)
        else:
            yield Breach(notify.number, expected, f"Subscription-State: {state}", line)


@check("rfc6665-4.2.2-02")
def says_how_long_it_still_lasts(view: View) -> Iterator[Outcome]:
    """A number of seconds in expires, as long as the subscription is not over."""
    decided = False
    for _, notify in _notifies(view):
        if notify.state is None or notify.state.state not in STATES[:2]:
            continue
        decided = True
        if notify.state.expires is not None:
            yield Held(notify.number)
        else:
            expected = "expires with a number of seconds in Subscription-State"
            yield Breach(notify.number, expected, f"Subscription-State: {notify.state}", _state_line(notify))
    if not decided:
        yield Unmet("no NOTIFY with Subscription-State: active or pending came")


@check("rfc6665-4.2.2-03")
def does_not_lengthen(view: View) -> Iterator[Outcome]:
    """Neither above what a 2xx has granted nor beyond its end; half a minute is left for a NOTIFY that came late."""
    decided = False
    for subscription, notify in _notifies(view):
        seconds = notify.state.expires if notify.state is not None and not notify.terminated else None
        most = _longest(subscription, notify)
        if seconds is None or most is None:
            continue
        decided = True
        granted, end = most
        if seconds <= granted and notify.at + seconds <= end + PATIENCE:
            yield Held(notify.number)
        else:
            left = max(0.0, end - notify.at)
            expected = f"expires of at most {granted} s, of which {left:.0f} s are left"
            yield Breach(notify.number, expected, f"Subscription-State: {notify.state}", _state_line(notify))
    if not decided:
        yield Unmet("no NOTIFY said how long a subscription lasts of which the tester knows that")


@check("rfc6665-4.2.2-04")
def gives_a_reason(view: View) -> Iterator[Outcome]:
    """Any reason, an unknown one included."""
    ended = [notify for _, notify in _notifies(view) if notify.terminated]
    if not ended:
        yield Unmet("no NOTIFY with Subscription-State: terminated came")
    for notify in ended:
        if notify.state is not None and notify.state.reason:
            yield Held(notify.number)
        else:
            expected = "a reason in Subscription-State: terminated"
            yield Breach(notify.number, expected, f"Subscription-State: {notify.state}", _state_line(notify))


@check("rfc6665-8.2.1-01")
def names_the_event_of_the_subscription(view: View) -> Iterator[Outcome]:
    """Event type and id octet by octet; other parameters do not count."""
    yield from _none(view)
    for subscription, notify in _notifies(view):
        asked = subscription.begun.event
        if asked is None:
            continue
        expected, line = f"Event: {asked}", line_of(notify.request, "Event")
        try:
            event = notify.request.get(Event)
        except HeaderError as error:
            yield Breach(notify.number, expected, str(error), line)
            continue
        if event is not None and event.matches(asked) and len(notify.request.fields("Event")) == 1:
            yield Held(notify.number)
        else:
            named = ", ".join(notify.request.values("Event"))
            yield Breach(notify.number, expected, f"Event: {named}" if named else "no Event", line)


@check("rfc3261-12.2.1.1-01")
def counts_cseq_up(view: View) -> Iterator[Outcome]:
    """By what the documents in them tell of their order: a NOTIFY may be overtaken, and sent again on another way.

    Two with one CSeq are one that was sent twice, unless they differ in what they say.
    """
    decided = False
    for subscription in view.subscriptions.all:
        known: list[Notify] = []
        for notify in (n for n in subscription.notifies if n.cseq is not None):
            wrong = next((each for each in known if _out_of_order(each, notify)), None)
            decided = decided or bool(known)
            if wrong is not None:
                expected = f"a CSeq above {wrong.cseq}, that of message {wrong.number}"
                yield Breach(notify.number, expected, f"CSeq: {notify.request.value('CSeq')}", _cseq_line(notify))
            elif known:
                yield Held(notify.number)
            known.append(notify)
    if not decided:
        yield Unmet("no two NOTIFY requests came in one dialog")


@check("rfc3261-12.2.1.1-02")
def has_the_tags_of_its_dialog(view: View) -> Iterator[Outcome]:
    """In To that of the subscriber, in From that of the 2xx: another one is odd beside, and wrong instead of it."""
    yield from _none(view)
    for subscription in view.subscriptions.all:
        for notify in subscription.notifies:
            yield Held(notify.number)
        for notify in subscription.strange:
            expected = f"the tag {subscription.tag} in To, as in From of the SUBSCRIBE"
            yield Breach(notify.number, expected, f"To: {notify.request.value('To')}", line_of(notify.request, "To"))
        for notify in subscription.others:
            yield _of_another_dialog(view, subscription, notify)


def _of_another_dialog(view: View, subscription: Subscription, notify: Notify) -> Outcome:
    expected = f"the tag {subscription.remote_tag} in From, as in To of the 2xx"
    actual, line = f"From: {notify.request.value('From')}", line_of(notify.request, "From")
    if subscription.notifies:
        return Observed(notify.number, f"{expected}: the SUBSCRIBE was forked", actual, line)
    if view.subscriptions.listened - subscription.begun.answered_at < PATIENCE:
        return Unmet("the tester did not wait for a NOTIFY in the dialog of the 2xx")
    return Breach(notify.number, expected, actual, line)


def _notifies(view: View) -> Iterator[tuple[Subscription, Notify]]:
    for subscription in view.subscriptions.all:
        yield from ((subscription, notify) for notify in subscription.every_notify)


def _none(view: View) -> Iterator[Unmet]:
    if not any(True for _ in _notifies(view)):
        yield NO_NOTIFY


def _longest(subscription: Subscription, notify: Notify) -> tuple[int, float] | None:
    """The most seconds that a SUBSCRIBE before this NOTIFY got, or asks for, and when the longest of them ends."""
    granted: list[tuple[int, float]] = []
    for subscribe in subscription.subscribes:
        if subscribe.number > notify.number or subscribe.status >= 300:
            continue
        seconds = subscribe.granted if subscribe.accepted and subscribe.granted is not None else subscribe.asked
        if seconds is None:
            return None
        granted.append((seconds, subscribe.answered_at + seconds))
    return (max(s for s, _ in granted), max(end for _, end in granted)) if granted else None


def _out_of_order(earlier: Notify, later: Notify) -> bool:
    """Whether the CSeq of a NOTIFY that was made later is not higher."""
    assert earlier.cseq is not None
    assert later.cseq is not None
    if later.cseq > earlier.cseq:
        return False
    if earlier.document is not None and later.document is not None and later.cseq < earlier.cseq:
        return later.document.version > earlier.document.version
    return later.cseq == earlier.cseq and _said(earlier) != _said(later)


def _said(notify: Notify) -> tuple[str, bytes]:
    return (notify.state.state if notify.state is not None else ""), notify.request.body


def _state_line(notify: Notify) -> int | None:
    return line_of(notify.request, "Subscription-State")


def _cseq_line(notify: Notify) -> int | None:
    return line_of(notify.request, "CSeq")
