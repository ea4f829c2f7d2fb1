"""The reg event at an S-CSCF: who is told of a registration, when, and what (TS 24.229 5.4.2.1; RFC 6665; RFC 3680).

A subscription begins with full state in version 0, and each refresh is answered with full state. In between a document
is partial, unless the policy says otherwise: it has the contacts that have changed (RFC 3680 4.7.2). One NOTIFY of a
dialog waits for its response before the next one leaves, so that none overtakes another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from imsreg.registration.carriage import require_carriable
from imsreg.registration.core_messages import subscribed
from imsreg.registration.hss import Hss, ImplicitSet, Refused
from imsreg.registration.location import Binding, LocationService
from imsreg.registration.reginfo_writer import ContactChange, registration_document
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.registration.subscription import ENDING, Subscription, asked_seconds, is_reg_event, target_of
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Endpoint
from imsreg.sip.errors import UriError
from imsreg.sip.flow import Flow
from imsreg.sip.headers.accept import Accept
from imsreg.sip.headers.content_type import ContentType
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import PAssertedIdentity, Route, To
from imsreg.sip.message import Request
from imsreg.sip.reginfo import build_reginfo
from imsreg.sip.reginfo_model import MEDIA_TYPE, Reginfo
from imsreg.sip.uri import Uri

MAX_SUBSCRIPTIONS = 32
"""Subscriptions that an implicit registration set may have at the same time; one more is answered 503."""
MAX_WAITING = 8
"""Notices of one subscription that may wait; more become one with full state."""

_TYPE = ContentType.parse(MEDIA_TYPE)


class Why(StrEnum):
    """What brings a NOTIFY about."""

    SUBSCRIBED = "subscribed"
    """The 200 to the SUBSCRIBE that began the subscription."""
    RESUBSCRIBED = "resubscribed"
    """The 200 to a refresh."""
    UNSUBSCRIBED = "unsubscribed"
    """The 200 to a SUBSCRIBE with Expires 0, in a dialog or of a fetch."""
    CHANGED = "changed"
    """A contact has come, gone, or been refreshed."""
    ENDED = "ended"
    """The last contact has gone."""
    TIMED_OUT = "timed-out"
    """Nobody has refreshed the subscription."""


_STATES = {
    Why.UNSUBSCRIBED: "terminated;reason=timeout",
    Why.TIMED_OUT: "terminated;reason=timeout",
    Why.ENDED: "terminated;reason=noresource",
}
"""Subscription-State where it is not active (RFC 6665 4.2.1.4; TS 24.229 5.4.2.1.2)."""

_Changes = tuple[tuple[Binding, ContactChange], ...]


@dataclass(frozen=True, slots=True)
class _Notice:
    """A NOTIFY that is due. `changes` None: it has the full state of the moment at which it leaves."""

    why: Why
    changes: _Changes | None = None


@dataclass(slots=True, eq=False)
class Watcher:
    """One subscription at the notifier. Once it is `over`, nothing more is added to what it is still told."""

    dialog: Subscription
    implicit_set: ImplicitSet
    flow: Flow
    cseq: int
    """Of the latest SUBSCRIBE."""
    over: bool = False
    waiting: deque[_Notice] = field(default_factory=deque)
    pending: ClientTransaction | None = None

    def due(self, notice: _Notice, *, last: bool) -> None:
        """Have it told, once what was due before has been. Nothing comes after the `last` one."""
        if self.over:
            return
        self.over = last
        if len(self.waiting) >= MAX_WAITING and not last:
            self.waiting.clear()
            notice = _Notice(Why.CHANGED)
        self.waiting.append(notice)


class Notifier:
    """All subscriptions to the registrations in `location`. `uri` is the Contact, `random` makes branches.

    A subscription gets `longest` seconds at most; `partial`: a change is told alone, without all that has stayed.
    NOTIFY leaves through `endpoint`, whose owner says what became of it (`concluded`), calls `settle` when bindings may
    have changed, and `on_time` when `next_deadline()` has come.
    """

    def __init__(
        self,
        uri: str,
        hss: Hss,
        location: LocationService,
        endpoint: Endpoint,
        random: Random,
        seams: Seams,
        *,
        longest: int,
        partial: bool,
    ) -> None:
        self._uri = uri
        self._hss = hss
        self._location = location
        self._endpoint = endpoint
        self._random = random
        self._seam = seams
        self._longest = longest
        self._partial = partial
        self._watchers: list[Watcher] = []
        self._known: dict[str, tuple[Binding, ...]] = {}
        """By record, of those that somebody watches: the bindings as everybody has been told, or is about to be."""

    # SUBSCRIBE.

    def subscribe(self, request: Request, flow: Flow, now: float) -> tuple[Draft, Watcher]:
        """The 200 to a SUBSCRIBE that came on `flow`, and whom to `notify`. Raises Refusal or HeaderError."""
        self._require_destination(request)
        if not self._seam("s-cscf.package", is_reg_event(request), request=request):
            raise Refusal(489, headers={"Allow-Events": "reg"})
        accepted = request.get_all(Accept)
        if accepted and not any(each.covers(_TYPE) for each in accepted):
            raise Refusal(406)
        to, cseq, target = request.get(To), request.get(CSeq), target_of(request)
        if to is None or cseq is None or target is None:
            raise Refusal(400)
        watcher = self._watcher(request) if to.tag is not None else None
        if watcher is not None:
            return self._again(watcher, request, cseq.number, target, now), watcher
        return self._first(request, cseq.number, target, flow, now)

    def notify(self, watcher: Watcher, now: float) -> None:
        """Send what is due to a subscriber, unless he has still to answer the one before."""
        while watcher.pending is None and watcher.waiting:
            notice = watcher.waiting.popleft()
            if self._seam("s-cscf.notified", True, why=notice.why):
                self._send(watcher, notice, now)
        if watcher.over and watcher.pending is None:
            self._forget(watcher)

    # What becomes of NOTIFY, and of the bindings.

    def concluded(self, transaction: ClientTransaction, status: int | None, now: float) -> None:
        """A transaction has its final status, or ended without one (None). Other requests are passed over.

        Some responses, and none, end the subscription (RFC 6665 4.2.2).
        """
        watcher = next((each for each in self._watchers if each.pending is transaction), None)
        if watcher is None:
            return
        watcher.pending = None
        if status is None or status in ENDING:
            watcher.over = True
            watcher.waiting.clear()
        self.notify(watcher, now)

    def settle(self, now: float) -> None:
        """Tell of every binding that has come, gone or been refreshed since the last time."""
        for record in list(self._known):
            before, after = self._known[record], self._location.bindings(record, now)
            changes = _changes(before, after, now)
            if not changes:
                continue
            self._known[record] = after
            for watcher in self._of(record):
                self._due(watcher, _Notice(Why.CHANGED if after else Why.ENDED, changes))
                self.notify(watcher, now)

    def on_time(self, now: float) -> None:
        """Let bindings and subscriptions run out."""
        self.settle(now)
        for watcher in [each for each in self._watchers if not each.over and each.dialog.until <= now]:
            self._due(watcher, _Notice(Why.TIMED_OUT))
            self.notify(watcher, now)

    def next_deadline(self) -> float | None:
        """When the first subscription, or the first binding that somebody watches, runs out."""
        ends = [each.dialog.until for each in self._watchers if not each.over]
        ends += [binding.expires_at for bindings in self._known.values() for binding in bindings]
        return min(ends, default=None)

    # Who may.

    def _require_destination(self, request: Request) -> None:
        """Refuse what is on its way to somebody else: it would go back where it came from (RFC 3261 16.4, 16.6)."""
        own = Uri.parse(self._uri)
        if any(each.uri.host != own.host for each in request.get_all(Route)):
            raise Refusal(482)

    def _watched(self, request: Request, now: float) -> ImplicitSet:
        """The registration that a SUBSCRIBE asks about. Raises Refusal: 480, 403 (TS 24.229 5.4.2.1.1)."""
        try:
            record = Uri.parse(request.request_uri).address_of_record()
        except UriError as error:
            raise Refusal(400, "Bad Request (Request-URI)") from error
        watched = self._set_of(request, record)
        if watched is None:
            raise Refusal(480)
        bound = bool(self._location.bindings(watched.record, now))
        refusal = None if bound and _is_own(request, watched) else Refusal(403 if bound else 480)
        refusal = self._seam("s-cscf.may-watch", refusal, request=request)
        if refusal is not None:
            raise refusal
        return watched

    def _set_of(self, request: Request, record: str) -> ImplicitSet | None:
        """The set with an identity: that of who asks if it is his, for several users may have it. None: nobody's."""
        for each in (*_asserted(request), record):
            with suppress(Refused):
                return self._hss.authorise(self._hss.private_identity(each) or "", record)
        return None

    def _watcher(self, request: Request) -> Watcher:
        """The subscription that a request in a dialog is about. Raises Refusal: 481."""
        found = next((each for each in self._watchers if not each.over and each.dialog.has(request)), None)
        if found is None:
            raise Refusal(481)
        if not _is_own(request, found.implicit_set):
            raise Refusal(403)
        return found

    # The exchange.

    def _first(self, request: Request, cseq: int, target: str, flow: Flow, now: float) -> tuple[Draft, Watcher]:
        watched = self._watched(request, now)
        self.settle(now)
        if len(list(self._of(watched.record))) >= MAX_SUBSCRIPTIONS:
            raise Refusal(503, headers={"Retry-After": "60"})
        seconds = self._granted(request)
        response = require_carriable(subscribed(request, self._uri, seconds))
        watcher = Watcher(Subscription.of(request, response, target, now + seconds), watched, flow, cseq)
        self._due(watcher, _Notice(Why.SUBSCRIBED if seconds else Why.UNSUBSCRIBED))
        self._watchers.append(watcher)
        self._known.setdefault(watched.record, self._location.bindings(watched.record, now))
        return response, watcher

    def _again(self, watcher: Watcher, request: Request, cseq: int, target: str, now: float) -> Draft:
        if cseq <= watcher.cseq:
            raise Refusal(500)  # RFC 3261 12.2.2
        seconds = self._granted(request)
        response = require_carriable(subscribed(request, self._uri, seconds))
        watcher.cseq = cseq
        watcher.dialog.target = target
        watcher.dialog.until = now + seconds
        self._due(watcher, _Notice(Why.RESUBSCRIBED if seconds else Why.UNSUBSCRIBED))
        return response

    def _granted(self, request: Request) -> int:
        asked = asked_seconds(request)
        return self._seam("s-cscf.subscription", min(asked, self._longest), asked=asked, request=request)

    def _send(self, watcher: Watcher, notice: _Notice, now: float) -> None:
        dialog, flow = watcher.dialog, watcher.flow
        document = self._document(watcher, notice, now)
        document = self._seam("s-cscf.reginfo", document, why=notice.why, watched=watcher.implicit_set)
        via = f"SIP/2.0/{flow.transport} {flow.local};branch=z9hG4bK{self._random.randbytes(10).hex()}"
        state = _STATES.get(notice.why, f"active;expires={dialog.seconds(now)}")
        draft = dialog.notify(via, self._uri, state, build_reginfo(document))
        draft = self._seam("s-cscf.notify", draft, document=document, change=notice.why)
        watcher.pending = self._endpoint.send_request(draft.to_bytes(), flow, now)

    def _document(self, watcher: Watcher, notice: _Notice, now: float) -> Reginfo:
        watched, changes = watcher.implicit_set, notice.changes or ()
        full = notice.changes is None or notice.why is Why.ENDED or not self._partial
        if full:
            told = {binding.number for binding, _ in changes}
            alive = () if notice.why is Why.ENDED else self._location.bindings(watched.record, now)
            changes = (*((each, _standing(each)) for each in alive if each.number not in told), *changes)
        return registration_document(
            watched.associated,
            changes,
            version=watcher.dialog.next_version(),
            document="full" if full else "partial",
            now=now,
            ended=notice.why is Why.ENDED,
        )

    def _due(self, watcher: Watcher, notice: _Notice) -> None:
        last = self._seam("s-cscf.subscription-over", notice.why in _STATES, why=notice.why)
        watcher.due(notice, last=last)

    def _of(self, record: str) -> Iterator[Watcher]:
        return (each for each in list(self._watchers) if each.implicit_set.record == record)

    def _forget(self, watcher: Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)
        record = watcher.implicit_set.record
        if not any(self._of(record)):
            self._known.pop(record, None)


def _is_own(request: Request, watched: ImplicitSet) -> bool:
    """Whether the user himself asks: an identity of his that is not barred is asserted (TS 24.229 5.4.2.1.1)."""
    own = {Uri.parse(each).address_of_record() for each in watched.associated}
    return not own.isdisjoint(_asserted(request))


def _asserted(request: Request) -> list[str]:
    return [each.uri.address_of_record() for each in request.get_all(PAssertedIdentity)]


def _changes(before: tuple[Binding, ...], after: tuple[Binding, ...], now: float) -> _Changes:
    """What has become of each contact that is not as it was (RFC 3680 4.7.1)."""
    known, left = {each.number: each for each in before}, {each.number for each in after}
    changed = [(each, _standing(each)) for each in after if known.get(each.number) != each]
    gone = [(each, _ended(each, now)) for each in before if each.number not in left]
    return (*changed, *gone)


def _standing(binding: Binding) -> ContactChange:
    return ContactChange(event="refreshed" if binding.refreshed else "registered")


def _ended(binding: Binding, now: float) -> ContactChange:
    return ContactChange(state="terminated", event="expired" if binding.expires_at <= now else "unregistered")
