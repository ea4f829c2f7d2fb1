"""A UE's subscription to its own registration state (TS 24.229 5.1.1.3, 5.1.2; RFC 3680, RFC 6665 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from imsreg.registration.replies import Refusal, reply
from imsreg.registration.seams import Seams
from imsreg.registration.ue_dialog import Dialog, SubscribeParts, subscribe
from imsreg.registration.ue_news import News, OwnRegistrations
from imsreg.registration.ue_policy import Course, Kind
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.content_type import ContentType
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.message import Request, Response
from imsreg.sip.reginfo import ReginfoError, parse_reginfo
from imsreg.sip.reginfo_model import MEDIA_TYPE, PACKAGE
from imsreg.sip.uri import Uri

ENDED_BY = frozenset((404, 405, 410, 416, *range(480, 486), 489, 501, 604))
"""Responses to a refresh that end the subscription (RFC 6665 4.1.2.2); others leave it until it expires."""

COURSES: Mapping[str | None, Course] = {
    "deactivated": Course.ANEW,
    "timeout": Course.ANEW,
    "probation": Course.LATER,
    "giveup": Course.LATER,
    None: Course.LATER,
    "rejected": Course.NEVER,
    "noresource": Course.NEVER,
    "invariant": Course.NEVER,
}
"""What follows on Subscription-State terminated, by its reason (RFC 6665 4.1.3)."""


@dataclass(frozen=True, slots=True)
class Notified:
    """What a NOTIFY meant: the response to it, news of the UE's contact, and how the subscription stands."""

    response: Draft
    news: News | None = None
    state: SubscriptionState | None = None
    gap: bool = False
    """Whether the full state should be asked for (RFC 3680 5.2)."""


class Subscription:
    """One subscription: its dialog and what it has reported. `random` makes Call-ID and tag.

    `identity` is the public identity, `contact` the URI that the UE has registered.
    """

    def __init__(self, identity: str, contact: str, host: str, random: Random, seams: Seams) -> None:
        self.dialog = Dialog(
            identity=identity,
            call_id=f"{random.randbytes(12).hex()}@{host}",
            local_tag=random.randbytes(6).hex(),
            target=identity,
            cseq=random.randrange(1, 1 << 16),
        )
        self.expires_at: float | None = None
        self.cancelled = False
        """De-registration has cancelled it: only its last NOTIFY is still waited for (TS 24.229 5.1.1.6)."""
        self.notified = False
        self._seam = seams
        self._own = OwnRegistrations(Uri.parse(contact))

    @property
    def active(self) -> tuple[str, ...]:
        """The addresses-of-record that the network has reported as registered with the UE's contact."""
        return self._own.active

    def request(self, parts: SubscribeParts) -> tuple[Kind, Draft]:
        """The next SUBSCRIBE: the first, or a refresh within the dialog."""
        kind = Kind.SUBSCRIBE if self.dialog.remote_tag is None else Kind.RESUBSCRIBE
        return kind, subscribe(self.dialog, parts)

    def accepted(self, request: Request, response: Response, now: float) -> float:
        """Take in a 2xx; the seconds that it grants: Expires, and for want of it what was asked for."""
        self.dialog.confirm(response)
        asked, granted = _seconds(request), _seconds(response)
        seconds = granted if granted is not None else asked or 0
        self.expires_at = now + seconds
        return float(seconds)

    def notify(self, request: Request, now: float) -> Notified:
        """A NOTIFY in this dialog. Raises Refusal for one that is not to be taken in."""
        if not self.dialog.take(request):
            raise Refusal(500)
        state = _state(request)
        _require_readable(request)
        news = None
        if request.body:
            try:
                document = parse_reginfo(request.body)
            except ReginfoError as error:
                raise Refusal(400, "Bad Request (body)") from error
            news = self._seam("ue.news", self._own.take(document), request=request)
        self.notified = True
        if state is not None and not state.terminated and state.expires is not None:
            self.expires_at = now + state.expires
        return Notified(reply(request, 200), news, state, bool(request.body) and self._own.incomplete)


def package_of(request: Request) -> str:
    """The event package that a NOTIFY is for. Raises Refusal: 489 for one that a UE has not subscribed to."""
    try:
        event = request.get(Event)
    except HeaderError:
        event = None
    if event is None or event.package != PACKAGE:
        raise Refusal(489)
    return event.package


def after_termination(state: SubscriptionState) -> Course:
    """What follows when the network ends a subscription; an unknown reason is like none (RFC 6665 4.1.3)."""
    return COURSES.get(state.reason, Course.LATER)


def ends(kind: Kind, status: int) -> bool:
    """Whether a response other than 2xx leaves no subscription (RFC 6665 4.1.2.1, 4.1.2.2)."""
    return kind is Kind.SUBSCRIBE or status in ENDED_BY


def after_refusal(kind: Kind, status: int, retry_after: int | None) -> Course:
    """What follows on a final response to SUBSCRIBE other than 2xx.

    A refresh that meets no subscription is followed by a new one (RFC 6665 4.1.2.2, TS 24.229 5.1.2.2). A response that
    says when, or that speaks of a passing state, is followed by another attempt.
    """
    if kind is Kind.RESUBSCRIBE and status == 481:
        return Course.ANEW
    passing = retry_after is not None or status in (408, 480) or (500 <= status < 600 and status != 501)
    return Course.LATER if passing else Course.NEVER


def _state(request: Request) -> SubscriptionState | None:
    """None where the notifier left it out, or nobody can read it: then nothing changes."""
    try:
        return request.get(SubscriptionState)
    except HeaderError:
        return None


def _require_readable(request: Request) -> None:
    """Refuse a body that is no registration information (RFC 3261 8.2.3)."""
    if not request.body:
        return
    try:
        kind = request.get(ContentType)
    except HeaderError as error:
        raise Refusal(400, "Bad Request (Content-Type)") from error
    if kind is None or kind.media_type != MEDIA_TYPE:
        raise Refusal(415, headers={"Accept": MEDIA_TYPE})


def _seconds(message: Request | Response) -> int | None:
    try:
        found = message.get(Expires)
    except HeaderError:
        return None
    return None if found is None else found.seconds
