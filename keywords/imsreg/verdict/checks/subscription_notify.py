"""When the notifier owes a NOTIFY, and when none may come any more (RFC 6665 4.2.1.2, 4.2.1.4, 4.2.2, 4.4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from imsreg.sip.errors import UriError
from imsreg.sip.reginfo import Reginfo
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.bindings import SLACK, Granted
from imsreg.verdict.checks.registry import check
from imsreg.verdict.listing import Listing
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.owed import removed, touches
from imsreg.verdict.registered import live, owners
from imsreg.verdict.subscriptions import Notify, Subscribe, Subscription
from imsreg.verdict.ue_told import PATIENCE, TRANSACTION
from imsreg.verdict.view import Answered, View

Due = Iterator[tuple[Subscription, Subscribe]]

NOT_WATCHED = Unmet("the tester did not wait for a NOTIFY as long as a subscriber does")


@check("rfc6665-4.2.1.2-01")
def notifies_a_new_subscriber(view: View) -> Iterator[Outcome]:
    """Before the 2xx, or after it as long as a subscriber waits. A NOTIFY of another dialog does not stand for it."""
    first = [(s, s.begun) for s in view.subscriptions.all if s.begun.accepted and s.begun.asked != 0]
    yield from _each(view, first, "no SUBSCRIBE of a new subscription got a 2xx")


@check("rfc6665-4.2.1.2-02")
def notifies_after_a_refresh(view: View) -> Iterator[Outcome]:
    """A NOTIFY that comes after the refresh was sent and before the next SUBSCRIBE is taken for the one that is due."""
    yield from _each(view, _in_dialog(view), "no refresh of a subscription got a 2xx")


@check("rfc6665-4.2.1.4-01")
def ends_a_subscription_on_demand(view: View) -> Iterator[Outcome]:
    """A fetch, the first SUBSCRIBE with Expires: 0, likewise. The reason is timeout; another one is odd."""
    asked = [(each, s) for each in view.subscriptions.all for s in each.accepted if s.asked == 0]
    if not asked:
        yield Unmet("no SUBSCRIBE with Expires: 0 got a 2xx")
    for subscription, subscribe in asked:
        notifies = list(subscription.after(subscribe))
        last = next((each for each in notifies if each.terminated), None)
        expected = "NOTIFY with Subscription-State: terminated;reason=timeout"
        if last is not None:
            yield _with_reason(last, expected)
            continue
        if any(each.state is None for each in notifies):
            yield Unmet("the Subscription-State of a NOTIFY cannot be read, which rfc6665-4.2.2-01 judges")
            continue
        yield _missing(
            view, subscription, subscribe, expected, ", ".join(str(each.state) for each in notifies) or "none"
        )


@check("rfc6665-4.2.1.4-02")
def tells_that_a_subscription_has_run_out(view: View) -> Iterator[Outcome]:
    """One that nobody refreshed, and that nothing else can have ended before: no de-registration, no failed NOTIFY."""
    decided = False
    for subscription in view.subscriptions.of_registration:
        end = _end(subscription)
        if end is None or _ended_otherwise(view, subscription, end):
            continue
        over, disturbed = subscription.over(), _disturbed(view, subscription)
        quiet = disturbed.exchange.request.at if disturbed is not None else view.subscriptions.listened
        expected = "NOTIFY with Subscription-State: terminated;reason=timeout when the subscription has run out"
        if over is not None and (disturbed is None or over.number < disturbed.number):
            decided = True
            yield _with_reason(over, expected)
        elif view.subscriptions.complete and quiet - end >= PATIENCE:
            decided = True
            yield Breach(subscription.accepted[-1].entry, expected, f"none for {quiet - end:.0f} s after its end")
    if not decided:
        yield Unmet("no subscription ran out while the tester listened, with nothing that could have ended it before")


@check("rfc6665-4.2.2-05")
def notifies_of_every_change(view: View) -> Iterator[Outcome]:
    """A contact of another UE comes or goes while the subscriber's own stays: nothing has ended his subscription then.

    The UE that de-registers itself knows: TS 24.229 lets it take its subscription for cancelled (5.1.1.6).
    """
    decided = False
    for subscription in view.subscriptions.of_registration:
        for answered, what in _changes(view, subscription):
            decided = True
            yield _told_of(view, subscription, answered, what)
    if not decided:
        yield Unmet("no contact of another UE came or went while a subscription stood")


@check("rfc6665-4.4.1-01")
def sends_nothing_after_the_end(view: View) -> Iterator[Outcome]:
    """By CSeq, so that a NOTIFY which was overtaken is none after it; a SUBSCRIBE accepted since begins it anew."""
    decided = False
    for subscription in view.subscriptions.all:
        over = subscription.over()
        if over is None or over.cseq is None or any(s.entry > over.number for s in subscription.accepted):
            continue
        decided = True
        late = [n for n in subscription.notifies if n.number > over.number and n.cseq is not None]
        late = [n for n in late if n.cseq is not None and n.cseq > over.cseq]
        for notify in late:
            yield Breach(notify.number, "no NOTIFY after the one that is terminated", f"NOTIFY with CSeq {notify.cseq}")
        if not late:
            yield Held(over.number)
    if not decided:
        yield Unmet("no NOTIFY has ended a subscription for good")


def _told_of(view: View, subscription: Subscription, answered: Answered, what: str) -> Outcome:
    own, since = subscription.begun.contact, answered.attempt.final_entry.at
    bound = [each for each in Listing.of(answered.response).contacts if each.seconds]
    listed = own is not None and any(equivalent(each.contact.uri, own) for each in bound)
    if own is None or not (listed or _stood(view, subscription, answered, own)):
        return Moot("the 2xx lists the subscriber's own contact no more: another may have taken its place")
    following = next((n for n in subscription.notifies if n.number > answered.attempt.number), None)
    if following is not None and following.at - since < TRANSACTION:
        return Held(following.number)
    waited = view.subscriptions.listened - since
    if waited < PATIENCE or not view.subscriptions.complete:
        return NOT_WATCHED
    return Breach(answered.entry, f"NOTIFY that {what}", f"none for {waited:.0f} s")


def _stood(view: View, subscription: Subscription, answered: Answered, own: Uri) -> bool:
    """Whether a later NOTIFY of the subscription has the subscriber's contact as active, brought back by no REGISTER.

    A NOTIFY from before the 2xx may be older than the change.
    """
    again = next((a.number for a in view.attempts if a.number > answered.attempt.number and touches(a, own)), inf)
    return any(
        answered.entry < notify.number < again and _is_active(document, own)
        for notify, document in subscription.documents
    )


def _is_active(document: Reginfo, own: Uri) -> bool:
    active = (c.uri for each in document.registrations for c in each.contacts if c.state == "active")
    return any(uri is not None and equivalent(uri, own) for uri in map(_uri, active))


def _uri(text: str) -> Uri | None:
    try:
        return Uri.parse(text)
    except UriError:
        return None


def _each(view: View, due: Iterable[tuple[Subscription, Subscribe]], none: str) -> Iterator[Outcome]:
    decided = False
    for subscription, subscribe in due:
        decided = True
        notify = next(subscription.after(subscribe), None)
        if notify is not None and notify.at - subscribe.answered_at < TRANSACTION:
            yield Held(notify.number)
        else:
            yield _missing(view, subscription, subscribe, "NOTIFY in the dialog of this 2xx", "none")
    if not decided:
        yield Unmet(none)


def _in_dialog(view: View) -> Due:
    for each in view.subscriptions.all:
        yield from ((each, s) for s in each.accepted if not s.begins and s.asked != 0)


def _missing(
    view: View, subscription: Subscription, subscribe: Subscribe, expected: str, actual: str
) -> Breach | Unmet:
    """A NOTIFY that did not come is a finding where the tester waited for it as long as a subscriber does (Timer N)."""
    if any(each.number > subscribe.number for each in (*subscription.others, *subscription.strange)):
        return Unmet("a NOTIFY came with other tags than those of the dialog, which rfc3261-12.2.1.1-02 judges")
    following = subscription.until(subscribe)
    until = following.at if following is not None else view.subscriptions.listened
    waited = until - subscribe.answered_at
    if waited < PATIENCE or not view.subscriptions.complete:
        return NOT_WATCHED
    return Breach(subscribe.entry, expected, f"{actual} for {waited:.0f} s")


def _with_reason(notify: Notify, expected: str) -> Held | Observed:
    state = notify.state
    if state is None or state.reason in (None, "timeout"):
        return Held(notify.number)
    return Observed(notify.number, expected, f"Subscription-State: {state}")


def _end(subscription: Subscription) -> float | None:
    """When a subscription runs out by its last 2xx, or by a later NOTIFY that shortens it; None where nobody says."""
    last = subscription.accepted[-1]
    if not last.granted:
        return None
    told = [n for n in subscription.notifies if n.number > last.number and not n.terminated]
    shortened = (n.at + n.state.expires for n in told if n.state is not None and n.state.expires is not None)
    return min([last.answered_at + last.granted, *shortened])


def _ended_otherwise(view: View, subscription: Subscription, end: float) -> bool:
    """Whether something else may have ended a subscription before it runs out, or may do so at the same time."""
    over, last = subscription.over(), subscription.accepted[-1].exchange.final
    unclear = any(each.state is None or not each.accepted for each in subscription.notifies)
    if subscription.successor is not None or unclear or last is None:
        return True
    disturbed = _disturbed(view, subscription)
    if (over is not None and over.at < end - SLACK) or (disturbed is not None and disturbed.exchange.request.at < end):
        return True
    mine = owners(view, subscription.begun.request.request_uri)
    return not any(g.until > end + PATIENCE for subscriber in mine for g in live(view, subscriber, last))


def _disturbed(view: View, subscription: Subscription) -> Attempt | None:
    """The first REGISTER of a UE of the user after the subscription was begun: it may end that as well."""
    mine = owners(view, subscription.begun.request.request_uri)
    return next((a for a in view.attempts if a.number > subscription.begun.number and a.subscriber in mine), None)


def _changes(view: View, subscription: Subscription) -> Iterator[tuple[Answered, str]]:
    """The REGISTER requests after the 2xx by which another contact of the user comes or goes, and what they do.

    As long as nothing has ended the subscription, which a later one of the same UE may have done too.
    """
    mine = owners(view, subscription.begun.request.request_uri)
    over, end = subscription.over(), _end(subscription)
    if end is None or subscription.successor is not None or any(not n.accepted for n in subscription.notifies):
        return
    for answered in view.accepted:
        attempt = answered.attempt
        if attempt.subscriber not in mine or attempt.number < subscription.accepted[-1].entry:
            continue
        stands = (over is None or over.number > answered.entry) and attempt.final_entry.at < end - SLACK
        what = _change(view.ledger.before(attempt), attempt)
        if stands and what is not None and not _names(attempt, subscription):
            yield answered, what


def _names(attempt: Attempt, subscription: Subscription) -> bool:
    own = subscription.begun.contact
    return own is not None and any(c.star or equivalent(c.uri, own) for c in attempt.contacts)


def _change(before: tuple[Granted, ...], attempt: Attempt) -> str | None:
    at = attempt.final_entry.at
    alive = [g for g in before if g.alive(at)]
    for granted in alive:
        if removed(attempt, granted):
            return f"{granted.uri} is no longer registered"
    for contact in attempt.contacts:
        if attempt.binds and not any(equivalent(contact.uri, g.uri) for g in before):
            return f"{contact.uri} is registered"
    return None
