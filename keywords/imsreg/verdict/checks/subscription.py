"""The responses to SUBSCRIBE (RFC 6665 3.1.1, 4.2.1.1, 8.3.1; RFC 3261 12.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import Contact
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.subscribing import sender, undecided, whole
from imsreg.verdict.subscriptions import Subscribe
from imsreg.verdict.view import View, line_of

NOT_ACCEPTED = Unmet("no SUBSCRIBE got a 2xx")

KNOWN_PACKAGES = frozenset(
    (
        *("calendar", "call-completion", "conference", "consent-pending-additions", "debug", "dialog", "http-monitor"),
        *("kpml", "load-control", "message-summary", "poc-settings", "presence", "presence.winfo", "refer", "reg"),
        *("resource", "spirits-INDPs", "spirits-user-prof", "ua-profile", "vq-rtcpxr", "winfo", "xcap-diff"),
    )
)
"""Event packages that somebody may know: a core may serve them, or lead them to a server that does."""


@check("rfc6665-3.1.1-01")
def states_the_duration(view: View) -> Iterator[Outcome]:
    """In every 2xx, also in that to a refresh or to the end of a subscription."""
    accepted = [s for s in view.subscriptions.subscribes if s.accepted]
    if not accepted:
        yield NOT_ACCEPTED
    for subscribe in accepted:
        expected = "Expires with a number of seconds"
        line = _line(subscribe, "Expires")
        if subscribe.granted is not None:
            yield Held(subscribe.entry)
        else:
            yield Breach(subscribe.entry, expected, "no Expires" if line is None else "Expires that is none", line)


@check("rfc6665-3.1.1-02")
def grants_no_longer_than_asked(view: View) -> Iterator[Outcome]:
    """Shorter is its right, to zero even. A SUBSCRIBE without Expires asks for nothing that could be exceeded."""
    decided = False
    for subscribe in view.subscriptions.subscribes:
        asked, granted = subscribe.asked, subscribe.granted
        if not subscribe.accepted or asked is None or granted is None:
            continue
        decided = True
        if granted <= asked:
            yield Held(subscribe.entry)
        else:
            expected = f"at most the {asked} s that the SUBSCRIBE asks for"
            yield Breach(subscribe.entry, expected, f"Expires: {granted}", _line(subscribe, "Expires"))
    if not decided:
        yield Unmet("no SUBSCRIBE that says how long it asks for got a 2xx that says how long it grants")


@check("rfc6665-4.2.1.1-01")
def an_unknown_event_package_is_489(view: View) -> Iterator[Outcome]:
    """A package that nobody has registered, in a SUBSCRIBE of a registered UE that is right but for that."""
    decided = False
    for subscribe in view.subscriptions.subscribes:
        if subscribe.event is None or subscribe.event.package in KNOWN_PACKAGES:
            continue
        if not whole(view, subscribe) or sender(view, subscribe) is None:
            continue
        decided = True
        why = undecided(subscribe)
        if why is not None:
            yield why
        elif subscribe.status == 489:
            yield Held(subscribe.entry)
        else:
            expected = f"489 to a SUBSCRIBE for the event {subscribe.event.package}"
            yield Breach(subscribe.entry, expected, f"{subscribe.status}")
    if not decided:
        yield Unmet("no registered UE sent a SUBSCRIBE for an event package that nobody knows")


@check("rfc6665-8.3.1-01")
def does_not_answer_202(view: View) -> Iterator[Outcome]:
    """RFC 3265 had it for a subscription that waits for somebody's permission."""
    accepted = [s for s in view.subscriptions.subscribes if s.accepted]
    if not accepted:
        yield NOT_ACCEPTED
    for subscribe in accepted:
        if subscribe.status == 202:
            yield Breach(subscribe.entry, "200 to the SUBSCRIBE", "202", 1)
        else:
            yield Held(subscribe.entry)


@check("rfc3261-12.1.1-01")
def the_2xx_has_a_contact(view: View) -> Iterator[Outcome]:
    """Exactly one, with a SIP or SIPS URI: the target of every later request in the dialog."""
    accepted = [s for s in view.subscriptions.subscribes if s.begins and s.accepted]
    if not accepted:
        yield NOT_ACCEPTED
    for subscribe in accepted:
        why = _no_target(subscribe)
        if why is None:
            yield Held(subscribe.entry)
        else:
            yield Breach(subscribe.entry, "one Contact with a SIP URI", why, _line(subscribe, "Contact"))


def _no_target(subscribe: Subscribe) -> str | None:
    response = subscribe.final
    assert response is not None
    try:
        contacts = response.get_all(Contact)
    except HeaderError as error:
        return str(error)
    if len(contacts) != 1:
        return "no Contact" if not contacts else f"{len(contacts)} contacts"
    if contacts[0].star or contacts[0].uri.scheme not in ("sip", "sips"):
        return f"Contact: {contacts[0]}"
    return "an IPv6 address without brackets" if contacts[0].uri.lacks_brackets else None


def _line(subscribe: Subscribe, name: str) -> int | None:
    return line_of(subscribe.final, name) if subscribe.final is not None else None
