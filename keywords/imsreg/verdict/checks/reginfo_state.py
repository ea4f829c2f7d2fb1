"""What the documents say of the user: identities, contacts, what became of them (RFC 3680 4.7; TS 24.229 5.4.2.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.errors import UriError
from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.bindings import Granted
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet, held_unless
from imsreg.verdict.registered import Fate, comparable, ended, fate, granted_to, live, open_identities, owners
from imsreg.verdict.subscriptions import Notify, Subscription
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View

Told = Iterator[tuple[Subscription, Subscriber, Notify, Reginfo]]

NO_STATE = Unmet("no NOTIFY told the full state of a user who was certainly registered")

BY_THE_NETWORK = ("deactivated", "probation", "rejected")
"""Events that an operator brings about: nobody can tell that he has not, a moment before the user did."""


@check("rfc3680-4.7.1-01")
def a_removed_contact_is_unregistered(view: View) -> Iterator[Outcome]:
    """The UE's own de-registration; what the network may have done at the same time is an observation."""
    yield from _events(view, Fate.REMOVED, "unregistered", "a REGISTER has ended it by an expiry of zero")


@check("rfc3680-4.7.1-02")
def a_contact_that_ran_out_is_expired(view: View) -> Iterator[Outcome]:
    """The binding's time is over, and no REGISTER has touched it since."""
    yield from _events(view, Fate.RUN_OUT, "expired", "nothing has refreshed it in time")


@check("rfc3680-4.7.2-01")
def a_fetch_brings_the_full_state(view: View) -> Iterator[Outcome]:
    """A first SUBSCRIBE with Expires: 0. Without a NOTIFY there is nothing to judge here."""
    decided = False
    for subscription in view.subscriptions.of_registration:
        notify = next(subscription.after(subscription.begun), None)
        if subscription.begun.asked != 0 or notify is None or (notify.document is None and notify.request.body):
            continue
        decided = True
        document = notify.document
        if document is not None and document.state == "full":
            yield Held(notify.number)
        else:
            yield Breach(notify.number, "the full state", "no body" if document is None else f"state {document.state}")
    if not decided:
        yield Unmet("no fetch was answered with a NOTIFY that can be read")


@check("24.229-5.4.2.1.2-01")
def reports_the_implicit_set(view: View) -> Iterator[Outcome]:
    """In a full document, while the user is certainly registered. What the subscriber file does not have is odd."""
    yield from _none(view)
    for _, subscriber, notify, document in _registered(view):
        yield from held_unless(_identities(subscriber, notify, document), notify.number)


@check("24.229-5.4.2.1.2-02")
def reports_no_barred_identity(view: View) -> Iterator[Outcome]:
    """In any document, whatever the state of the registration is there."""
    decided = False
    for _, subscriber, notify, document in _told(view):
        decided = True
        if not subscriber.barred:
            yield Moot("the subscriber has no barred public user identity")
            continue
        shown = [impu for impu in subscriber.barred if _registrations(document, impu)]
        found = (Breach(notify.number, f"no registration of the barred {impu}", f"aor {impu}") for impu in shown)
        yield from held_unless(found, notify.number)
    if not decided:
        yield Unmet("no NOTIFY came with registration information of a known subscriber")


@check("24.229-5.4.2.1.2-03")
def reports_the_contact_as_active(view: View) -> Iterator[Outcome]:
    """A contact that was bound when the NOTIFY was made and is so still, in a full document."""
    decided = False
    for subscription, subscriber, notify, document in _registered(view):
        for granted, record in _by_record(view, _settled(view, subscription, subscriber, notify), subscriber, notify):
            decided = True
            yield from held_unless(_contact(notify, document, granted, record), notify.number)
    if not decided:
        yield NO_STATE


@check("24.229-5.4.2.1.2-04")
def ends_with_the_last_registration(view: View) -> Iterator[Outcome]:
    """A NOTIFY that reports the end of all registrations of a user of whom no contact is certainly bound ends it.

    None has to come: a UE that de-registers itself takes its subscription for cancelled (TS 24.229 5.1.1.6).
    """
    decided = False
    for _, subscriber, notify, document in _told(view):
        if not _nobody_left(subscriber, document) or live(view, subscriber, notify.exchange.request):
            continue
        if notify.state is None:
            continue  # rfc6665-4.2.2-01 judges that
        decided = True
        if notify.terminated:
            yield Held(notify.number)
        else:
            expected = "Subscription-State: terminated, as no identity is registered any more"
            yield Breach(notify.number, expected, f"Subscription-State: {notify.state}")
    if not decided:
        yield _not_reported(view)


def _events(view: View, cause: Fate, event: str, why: str) -> Iterator[Outcome]:
    decided = False
    for _, subscriber, notify, document in _told(view):
        for contact in _gone(document):
            uri = _uri(contact)
            if uri is None or fate(view, subscriber, uri, notify.exchange.request) is not cause:
                continue
            decided = True
            expected = f"event {event} of {contact.uri}: {why}"
            if contact.event == event:
                yield Held(notify.number)
            elif contact.event in BY_THE_NETWORK:
                yield Observed(notify.number, expected, f"event {contact.event}")
            else:
                yield Breach(notify.number, expected, f"event {contact.event or 'missing'}")
    if not decided:
        yield _unreported(view, cause, why)


def _unreported(view: View, cause: Fate, why: str) -> Outcome:
    """Whether an end was there to be reported, and the tester waited for it: a notifier need not (RFC 3680 4.7.2)."""
    for subscription, subscriber, number, waited_since in _waits(view):
        for granted in granted_to(view, subscriber, number):
            removed = granted.since == granted.until
            later = granted.entry > subscription.begun.entry or granted.until > subscription.begun.answered_at
            if later and granted.until <= waited_since and removed is (cause is Fate.REMOVED):
                return Moot(f"no NOTIFY reported the end of {granted.uri}, and none need do so: {why}")
    return Unmet(f"no NOTIFY reported the end of a contact of which it is certain that {why}")


def _waits(view: View) -> Iterator[tuple[Subscription, Subscriber, int, float]]:
    """Before each REGISTER that follows on a subscription, and at the end: the message, and half a minute before it."""
    end = len(view.transcript.entries) + 1, view.subscriptions.listened
    for subscription in view.subscriptions.of_registration:
        for subscriber in owners(view, subscription.begun.request.request_uri):
            asked = [a for a in view.attempts if a.number > subscription.begun.entry and a.subscriber is subscriber]
            for number, at in (*((a.number, a.exchange.request.at) for a in asked), end):
                yield subscription, subscriber, number, at - PATIENCE


def _gone(document: Reginfo) -> Iterable[RegContact]:
    """The contacts that have ended, each URI with each event once: several identities have them in common."""
    over = (c for each in document.registrations for c in each.contacts if c.state == "terminated")
    return {(contact.uri, contact.event): contact for contact in over}.values()


def _identities(subscriber: Subscriber, notify: Notify, document: Reginfo) -> Iterator[Breach | Observed]:
    told = ", ".join(each.aor for each in document.registrations) or "no registration"
    for impu in open_identities(subscriber):
        if not _registrations(document, impu):
            yield Breach(notify.number, f"a registration with aor {impu}", f"aor {told}")
    known = {comparable(impu) for impu in subscriber.impus}
    for each in document.registrations:
        if each.aor and comparable(each.aor) not in known:
            yield Observed(notify.number, "identities that the subscriber file has", f"aor {each.aor}")


def _contact(notify: Notify, document: Reginfo, granted: Granted, record: str) -> Iterator[Breach]:
    """One registration of this address of record: active, and with the contact active in it.

    That it is there is another row's.
    """
    expected = f"{granted.uri} active in an active registration of {record}"
    for each in _registrations(document, record):
        contacts = [c for c in each.contacts if (uri := _uri(c)) is not None and equivalent(uri, granted.uri)]
        if each.state != "active":
            yield Breach(notify.number, expected, f"registration {each.state or 'without state'}")
        elif not any(c.state == "active" for c in contacts):
            states = ", ".join(f"{c.uri} {c.state}" for c in each.contacts)
            yield Breach(notify.number, expected, states or "no contact")


def _settled(view: View, subscription: Subscription, subscriber: Subscriber, notify: Notify) -> tuple[Granted, ...]:
    """The contacts that are bound, and were so when this NOTIFY was made, which may be long before it came.

    So they were where they had been bound before the first SUBSCRIBE was sent, or where a NOTIFY before this one, by
    CSeq, has told of them.
    """
    return tuple(
        granted
        for granted in live(view, subscriber, notify.exchange.request)
        if granted.entry < subscription.begun.number or _told_of(granted, subscription, notify)
    )


def _told_of(granted: Granted, subscription: Subscription, notify: Notify) -> bool:
    """Whether a NOTIFY of the dialog with a lower CSeq has this contact as active."""
    return any(
        equivalent(granted.uri, uri)
        for earlier, document in subscription.documents
        if earlier.cseq is not None and notify.cseq is not None and earlier.cseq < notify.cseq
        for uri in _active(document)
    )


def _active(document: Reginfo) -> Iterator[Uri]:
    for each in document.registrations:
        for contact in each.contacts:
            if contact.state == "active" and (uri := _uri(contact)) is not None:
                yield uri


def _by_record(
    view: View, bound: tuple[Granted, ...], subscriber: Subscriber, notify: Notify
) -> Iterator[tuple[Granted, str]]:
    """Each contact with the identity that it was registered for, if that one is not barred."""
    for impu in open_identities(subscriber):
        book = view.ledger.at(comparable(impu), notify.number)
        yield from ((granted, impu) for granted in bound if granted in book)


def _nobody_left(subscriber: Subscriber, document: Reginfo) -> bool:
    """Whether a document reports the end of a registration, and leaves no identity of the subscriber registered."""
    states = {impu: {each.state for each in _registrations(document, impu)} for impu in open_identities(subscriber)}
    over = any("terminated" in found for found in states.values())
    left = any("active" in found or (not found and document.state == "partial") for found in states.values())
    return over and not left


def _not_reported(view: View) -> Outcome:
    """Why nothing decides whether the subscription ends with the last registration."""
    if any(ended(view, subscriber, number, since) for _, subscriber, number, since in _waits(view)):
        return Moot("no NOTIFY reported the end of the registration, and none need do so to the UE whose it was")
    return Unmet("no NOTIFY reported that no identity of a user is registered any more")


def _told(view: View) -> Told:
    """Every document about a known subscriber; whose a shared identity is nobody can say."""
    for subscription in view.subscriptions.of_registration:
        mine = owners(view, subscription.begun.request.request_uri)
        if len(mine) == 1:
            yield from ((subscription, mine[0], notify, document) for notify, document in subscription.documents)


def _registered(view: View) -> Told:
    """The full documents of those while the user is certainly registered, and was so when the NOTIFY was made."""
    for subscription, subscriber, notify, document in _told(view):
        if document.state == "full" and any(_settled(view, subscription, subscriber, notify)):
            yield subscription, subscriber, notify, document


def _none(view: View) -> Iterator[Unmet]:
    if not any(True for _ in _registered(view)):
        yield NO_STATE


def _registrations(document: Reginfo, identity: str) -> tuple[RegistrationInfo, ...]:
    """The registrations of this identity in a document, in whatever form aor has it."""
    wanted = comparable(identity)
    return tuple(each for each in document.registrations if comparable(each.aor) == wanted)


def _uri(contact: RegContact) -> Uri | None:
    try:
        return Uri.parse(contact.uri)
    except UriError:
        return None
