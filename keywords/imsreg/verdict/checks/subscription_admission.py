"""Whose SUBSCRIBE to whose registration state is accepted (TS 24.229 5.4.2.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.reginfo_model import PACKAGE
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.registered import comparable, ended, live, open_identities, owners
from imsreg.verdict.subscribing import sender, undecided, whole
from imsreg.verdict.subscriptions import Subscribe
from imsreg.verdict.view import View


@check("24.229-5.4.2.1.1-01")
def accepts_the_user_himself(view: View) -> Iterator[Outcome]:
    """A right SUBSCRIBE from the contact that he has registered, by the Service-Route that he got."""
    decided = False
    for subscribe, who in _asked(view):
        if not _own(view, subscribe, who):
            continue
        decided = True
        why = undecided(subscribe)
        if subscribe.accepted:
            yield Held(subscribe.entry)
        elif why is not None:
            yield why
        else:
            expected = "200 to the SUBSCRIBE of a registered user to his own registration state"
            yield Breach(subscribe.entry, expected, f"{subscribe.status}")
    if not decided:
        yield Unmet("no registered UE sent a SUBSCRIBE to its own registration state that is right")


@check("24.229-5.4.2.1.1-02")
def refuses_where_nothing_is_bound(view: View) -> Iterator[Outcome]:
    """Another refusal may be that of somebody on the way; acceptance is wrong where the last 2xx lists no contact."""
    decided = False
    for subscribe, _ in _asked(view):
        mine = owners(view, subscribe.request.request_uri)
        bound = any(live(view, each, subscribe.exchange.request) for each in mine)
        free = bool(mine) and all(ended(view, each, subscribe.number, subscribe.at) for each in mine)
        if not mine or bound or not (free or subscribe.status == 480):
            continue
        decided = True
        expected = f"480: {subscribe.request.request_uri} has no binding"
        why = undecided(subscribe)
        if subscribe.status == 480:
            yield Held(subscribe.entry)
        elif subscribe.accepted:
            yield Breach(subscribe.entry, expected, f"{subscribe.status}")
        else:
            yield why if why is not None else Observed(subscribe.entry, expected, f"{subscribe.status}")
    if not decided:
        yield Unmet("no SUBSCRIBE was sent to the registration state of somebody who certainly has no binding")


@check("24.229-5.4.2.1.1-03")
def refuses_strangers(view: View) -> Iterator[Outcome]:
    """Who may is also a matter of local policy, so that acceptance and other refusals are an observation."""
    decided = False
    for subscribe, who in _asked(view):
        mine = owners(view, subscribe.request.request_uri)
        if who in mine or not any(live(view, each, subscribe.exchange.request) for each in mine):
            continue
        decided = True
        why = undecided(subscribe)
        if subscribe.status == 403:
            yield Held(subscribe.entry)
        elif why is not None:
            yield why
        else:
            expected = f"403: {subscribe.request.request_uri} is not the sender's own"
            yield Observed(subscribe.entry, expected, f"{subscribe.status}")
    if not decided:
        yield Unmet("no SUBSCRIBE was sent to the registration state of another user who is registered")


def _asked(view: View) -> Iterator[tuple[Subscribe, Subscriber]]:
    """What registered UEs asked for of the event reg, outside a dialog and by their route, with who sent it."""
    for subscribe in view.subscriptions.subscribes:
        event = subscribe.event
        if event is None or event.package != PACKAGE or not whole(view, subscribe):
            continue
        who = sender(view, subscribe)
        if who is not None:
            yield subscribe, who


def _own(view: View, subscribe: Subscribe, who: Subscriber) -> bool:
    """Whether a user asks for his own state, under identities of his that are not barred."""
    if who not in owners(view, subscribe.request.request_uri):
        return False
    named = _identities(subscribe)
    usable = {comparable(impu) for impu in open_identities(who)}
    return named is not None and {comparable(subscribe.request.request_uri), *named} <= usable


def _identities(subscribe: Subscribe) -> set[str] | None:
    """Whom From, To and P-Preferred-Identity name; None if one of them cannot be read."""
    request = subscribe.request
    try:
        values = [request.get(From), request.get(To)]
        preferred = [To.parse(text).uri for text in request.values("P-Preferred-Identity")]
    except HeaderError:
        return None
    if None in values:
        return None
    return {each.uri.address_of_record() for each in values if each is not None} | {
        uri.address_of_record() for uri in preferred
    }
