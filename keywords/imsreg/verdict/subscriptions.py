"""The subscriptions of the tester's UEs at the DUT: SUBSCRIBE, responses and NOTIFY requests, told from the wire.

A NOTIFY belongs to a subscription by its Call-ID and the tag in To (RFC 6665 4.4.1), and to its dialog by the tag in
From as well. It may come before the 2xx, be repeated, or come from another dialog where a SUBSCRIBE was forked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.message import Message, Request
from imsreg.sip.reginfo import Reginfo, ReginfoError, parse_reginfo
from imsreg.sip.reginfo_model import PACKAGE
from imsreg.sip.uri import Uri
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.bindings import expires_header
from imsreg.verdict.request_exchange import RequestExchange
from imsreg.verdict.ue_told import Watch


@dataclass(frozen=True, eq=False)
class Subscribe(RequestExchange):
    """A SUBSCRIBE of the tester, whatever its event, with the final response if there is one."""

    exchange: Exchange
    request: Request

    @property
    def entry(self) -> int:
        """Entry number of the final response, of the request while there is none."""
        return self.concluded.number if self.concluded is not None else self.number

    @property
    def answered_at(self) -> float:
        """When the final response came, in seconds of the transcript; when the request was sent while there is none."""
        return self.concluded.at if self.concluded is not None else self.at

    @cached_property
    def begins(self) -> bool:
        """Whether it is outside a dialog: it asks for a new subscription."""
        return _tag(self.request, To) is None

    @cached_property
    def asked(self) -> int | None:
        """The seconds that it asks for; None if it does not say, or nobody can read it."""
        return expires_header(self.request)

    @cached_property
    def granted(self) -> int | None:
        """The seconds in Expires of the response; None if it has none that can be read."""
        return expires_header(self.final) if self.final is not None else None

    @cached_property
    def event(self) -> Event | None:
        """What it subscribes to; None if it does not say, or nobody can read it."""
        return _get_event(self.request)

    @cached_property
    def contact(self) -> Uri | None:
        """Where the subscriber wants to be notified."""
        try:
            contact = self.request.get(Contact)
        except HeaderError:
            return None
        return None if contact is None or contact.star else contact.uri


@dataclass(frozen=True, eq=False)
class Notify(RequestExchange):
    """A NOTIFY of the DUT under the Call-ID of a SUBSCRIBE; what nobody can read in it is None."""

    exchange: Exchange
    request: Request

    @cached_property
    def state(self) -> SubscriptionState | None:
        """Subscription-State."""
        try:
            return self.request.get(SubscriptionState)
        except HeaderError:
            return None

    @property
    def terminated(self) -> bool:
        """Whether it says that the subscription is over."""
        return self.state is not None and self.state.terminated

    @cached_property
    def event(self) -> Event | None:
        """Event."""
        return _get_event(self.request)

    @cached_property
    def cseq(self) -> int | None:
        """The number in CSeq."""
        try:
            cseq = self.request.get(CSeq)
        except HeaderError:
            return None
        return None if cseq is None else cseq.number

    @cached_property
    def read(self) -> Reginfo | ReginfoError | None:
        """The registration information in the body, or why it is none; None without a body."""
        if not self.request.body:
            return None
        try:
            return parse_reginfo(self.request.body)
        except ReginfoError as error:
            return error

    @property
    def document(self) -> Reginfo | None:
        """The registration information that can be read."""
        return self.read if isinstance(self.read, Reginfo) else None


@dataclass(eq=False)
class Subscription:
    """A subscription: every SUBSCRIBE of its subscriber under one Call-ID and From tag, and what was notified.

    `notifies` are those of its dialog, in the order in which they came; `others` have another tag in From, as those of
    a second place have to which a SUBSCRIBE was forked; `strange` have another tag in To than the subscriber's.
    """

    call_id: str
    tag: str
    subscribes: list[Subscribe] = field(default_factory=list)
    notifies: list[Notify] = field(default_factory=list)
    others: list[Notify] = field(default_factory=list)
    strange: list[Notify] = field(default_factory=list)
    successor: Subscription | None = None
    """A later one of the same contact: a notifier may take it for this one begun anew, whichever identity it names."""

    @property
    def begun(self) -> Subscribe:
        """The SUBSCRIBE that began it: the one that was accepted, else the first."""
        return next((s for s in self.subscribes if s.begins and s.accepted), self.subscribes[0])

    @property
    def accepted(self) -> tuple[Subscribe, ...]:
        """Every SUBSCRIBE that got a 2xx, in order."""
        return tuple(s for s in self.subscribes if s.accepted)

    @property
    def about_registration(self) -> bool:
        """Whether it is for the event reg."""
        event = self.begun.event
        return event is not None and event.package == PACKAGE

    @property
    def remote_tag(self) -> str | None:
        """The tag that the 2xx gives the notifier; None if there is none."""
        response = self.begun.final if self.begun.accepted else None
        return _tag(response, To) if response is not None else None

    @property
    def every_notify(self) -> tuple[Notify, ...]:
        """All that came under its Call-ID, in order."""
        return tuple(sorted((*self.notifies, *self.others, *self.strange), key=lambda each: each.number))

    @property
    def documents(self) -> tuple[tuple[Notify, Reginfo], ...]:
        """What was notified in the dialog and can be read, in order."""
        return tuple((each, each.document) for each in self.notifies if each.document is not None)

    def over(self) -> Notify | None:
        """The first NOTIFY of the dialog that says that it is over."""
        return next((each for each in self.notifies if each.terminated), None)

    def until(self, subscribe: Subscribe) -> Subscribe | None:
        """The next SUBSCRIBE after this one that may be followed by a NOTIFY of its own."""
        return next((s for s in self.subscribes if s.number > subscribe.number and s.status < 300), None)

    def after(self, subscribe: Subscribe) -> Iterator[Notify]:
        """What came in the dialog after this SUBSCRIBE was sent and before the next one was."""
        following = self.until(subscribe)
        for notify in self.notifies:
            if notify.number > subscribe.number and (following is None or notify.number < following.number):
                yield notify


class Subscriptions:
    """Every subscription of the tester's UEs, in the order in which they were begun."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    @cached_property
    def all(self) -> tuple[Subscription, ...]:
        """Each of them, accepted or not."""
        found: dict[tuple[str, str], Subscription] = {}
        for exchange in self._transcript.exchanges:
            request = exchange.request.message
            if exchange.by_tester and isinstance(request, Request) and request.method == "SUBSCRIBE":
                _enter(found, Subscribe(exchange, request))
        for exchange in self._transcript.exchanges:
            request = exchange.request.message
            if not exchange.by_tester and isinstance(request, Request) and request.method == "NOTIFY":
                _sort_in(found, Notify(exchange, request))
        _find_successors(tuple(found.values()))
        return tuple(found.values())

    @cached_property
    def of_registration(self) -> tuple[Subscription, ...]:
        """Those that were accepted, to the event reg."""
        return tuple(each for each in self.all if each.begun.accepted and each.about_registration)

    @cached_property
    def subscribes(self) -> tuple[Subscribe, ...]:
        """Every SUBSCRIBE of the tester, in order."""
        return tuple(sorted((s for each in self.all for s in each.subscribes), key=lambda s: s.number))

    @cached_property
    def listened(self) -> float:
        """Until when the tester listened, in seconds of the transcript."""
        return Watch(self._transcript).until

    @property
    def complete(self) -> bool:
        """Whether the transcript has kept everything: else nothing follows from what is not in it."""
        return not self._transcript.dropped


def _enter(found: dict[tuple[str, str], Subscription], subscribe: Subscribe) -> None:
    key = subscribe.request.value("Call-ID") or "", _tag(subscribe.request, From) or ""
    known = found.get(key)
    if subscribe.begins:
        found.setdefault(key, Subscription(*key)).subscribes.append(subscribe)
    elif known is not None and known.remote_tag in (None, _tag(subscribe.request, To)):
        known.subscribes.append(subscribe)


def _sort_in(found: dict[tuple[str, str], Subscription], notify: Notify) -> None:
    call_id = notify.request.value("Call-ID") or ""
    owner = found.get((call_id, _tag(notify.request, To) or ""))
    if owner is None:
        same = [each for each in found.values() if each.call_id == call_id]
        for each in same[:1]:
            each.strange.append(notify)
    elif owner.remote_tag in (None, _tag(notify.request, From)):
        owner.notifies.append(notify)
    else:
        owner.others.append(notify)


def _find_successors(subscriptions: tuple[Subscription, ...]) -> None:
    latest: dict[str, Subscription] = {}
    for each in subscriptions:
        begun = each.begun
        if begun.accepted and begun.contact is not None:
            before = latest.get(begun.contact.text)
            if before is not None:
                before.successor = each
            latest[begun.contact.text] = each


def _tag(message: Message, header: type[From] | type[To]) -> str | None:
    try:
        value = message.get(header)
    except HeaderError:
        return None
    return None if value is None else value.tag


def _get_event(request: Request) -> Event | None:
    try:
        return request.get(Event)
    except HeaderError:
        return None
