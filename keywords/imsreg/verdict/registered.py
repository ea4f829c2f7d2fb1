"""Who is registered at a given message, and what has become of a contact, as far as the transcript makes it certain."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.errors import UriError
from imsreg.sip.uri import Uri, equivalent
from imsreg.transcript.entries import Entry
from imsreg.verdict.authentication import Attempt, records_of
from imsreg.verdict.bindings import SLACK, Granted, requested_seconds
from imsreg.verdict.listing import Listing
from imsreg.verdict.owed import replaced, touches
from imsreg.verdict.view import View


class Fate(Enum):
    """What has become of a contact that a UE of the tester had registered."""

    BOUND = auto()
    REMOVED = auto()
    """A REGISTER of the UE has ended it by an expiry of zero."""
    RUN_OUT = auto()
    """Nothing has refreshed it in time."""
    UNKNOWN = auto()


def comparable(identity: str) -> str:
    """A public identity without what does not tell identities apart: parameters, case of the host, separators."""
    try:
        return Uri.parse(identity).address_of_record()
    except UriError:
        return identity


def owners(view: View, identity: str) -> tuple[Subscriber, ...]:
    """The subscribers who have this public identity; a shared one has several."""
    return tuple(s for s in view.facts.subscribers.values() if comparable(identity) in records_of(s))


def open_identities(subscriber: Subscriber) -> tuple[str, ...]:
    """The identities of the implicit registration set that are not barred."""
    return tuple(impu for impu in subscriber.impus if impu not in subscriber.barred)


def live(view: View, subscriber: Subscriber, entry: Entry) -> tuple[Granted, ...]:
    """The contacts of a subscriber that are certainly bound when this message passes.

    None of them counts while a REGISTER of his is under way, or if another may have taken its place.
    """
    if under_way(view, subscriber, entry.number):
        return ()
    last = _last(view, subscriber, entry.number)
    if last is None:
        return ()
    granted = granted_to(view, subscriber, entry.number)
    return tuple(g for g in granted if g.alive(entry.at) and not replaced(view, g, last))


def ended(view: View, subscriber: Subscriber, number: int, at: float) -> bool:
    """Whether the subscriber certainly has no contact before message `number`, `at` seconds into the transcript.

    The last 2xx to him lists none but what has run out since.
    """
    last = _last(view, subscriber, number)
    if last is None or last.final is None or under_way(view, subscriber, number):
        return False
    listing, since = Listing.of(last.final), last.final_entry.at
    return (
        since <= at
        and not any(unreadable.text for unreadable in listing.unreadable)
        and all(c.removed or (c.seconds is not None and at >= since + c.seconds + SLACK) for c in listing.contacts)
        and not any(g.until > since and not g.gone(at) for g in granted_to(view, subscriber, number))
    )


def under_way(view: View, subscriber: Subscriber, number: int) -> bool:
    """Whether a REGISTER of the subscriber was sent before this message and not answered before it."""
    return bool(_under_way(view, subscriber, number))


def fate(view: View, subscriber: Subscriber, uri: Uri, entry: Entry) -> Fate:
    """What has become of a contact of this subscriber before a message, by the last REGISTER that names it.

    A core may tell of a de-registration before it answers it: the 2xx that follows makes it certain.
    """
    pending = _under_way(view, subscriber, entry.number)
    if pending:
        book = view.ledger.at(pending[0].record, entry.number)
        return Fate.REMOVED if len(pending) == 1 and _removes(pending[0], uri, book) else Fate.UNKNOWN
    accepted = [a for a in _of(view, subscriber) if a.status // 100 == 2 and a.final_entry.number < entry.number]
    naming = [a for a in accepted if touches(a, uri)]
    if not naming:
        return Fate.UNKNOWN
    last = naming[-1]
    if _asks_for_the_end(last, uri):
        return Fate.REMOVED if _removes(last, uri, view.ledger.before(last)) else Fate.UNKNOWN
    now = [g for g in view.ledger.at(last.record, entry.number) if equivalent(g.uri, uri)]
    if not now or now[0].doubted or replaced(view, now[0], accepted[-1]):
        return Fate.UNKNOWN
    return Fate.RUN_OUT if entry.at >= now[0].until - SLACK else Fate.BOUND


def _under_way(view: View, subscriber: Subscriber, number: int) -> list[Attempt]:
    return [
        a for a in _of(view, subscriber) if a.number < number and (a.final is None or a.final_entry.number > number)
    ]


def _asks_for_the_end(attempt: Attempt, uri: Uri) -> bool:
    return any(c.star or (equivalent(c.uri, uri) and requested_seconds(attempt, c) == 0) for c in attempt.contacts)


def _removes(attempt: Attempt, uri: Uri, book: tuple[Granted, ...]) -> bool:
    """Whether a REGISTER has ended this contact, with a 2xx; `book` is what was bound before.

    One that may have been over before, or ended by the network, may be told of as that.
    """
    if attempt.status // 100 != 2 or not _asks_for_the_end(attempt, uri):
        return False
    return any(equivalent(g.uri, uri) and g.alive(attempt.final_entry.at) for g in book)


def _of(view: View, subscriber: Subscriber) -> Iterator[Attempt]:
    mine = records_of(subscriber)
    return (a for a in view.attempts if a.subscriber is subscriber or a.record in mine)


def granted_to(view: View, subscriber: Subscriber, number: int) -> Iterator[Granted]:
    """What the responses before message `number` had granted to a subscriber, dead ones included."""
    return (g for record in sorted(records_of(subscriber)) for g in view.ledger.at(record, number))


def _last(view: View, subscriber: Subscriber, number: int) -> Attempt | None:
    """The last REGISTER of the subscriber that was accepted before a message."""
    accepted = [a for a in _of(view, subscriber) if a.status // 100 == 2 and a.final_entry.number < number]
    return accepted[-1] if accepted else None
