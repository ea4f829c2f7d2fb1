"""How a UE keeps itself informed of its registration: SUBSCRIBE, its refreshes, NOTIFY (TS 24.229 5.1.1.3, 5.1.2)."""

from __future__ import annotations

from collections import deque
from random import Random

from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.registration.ue import UeRegistration
from imsreg.registration.ue_dialog import SubscribeParts
from imsreg.registration.ue_line import Sent, UeLine
from imsreg.registration.ue_news import News, Turn
from imsreg.registration.ue_outcome import retry_after
from imsreg.registration.ue_policy import Course, Kind, UePolicy
from imsreg.registration.ue_restoration import asks_for_registration
from imsreg.registration.ue_subscription import (
    Notified,
    Subscription,
    after_refusal,
    after_termination,
    ends,
    package_of,
)
from imsreg.registration.ue_times import Backoff, refresh_after
from imsreg.sip.agenda import Agenda
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.endpoint import RequestReceived
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Response

MAX_FORMER = 4
"""Subscriptions that are over and whose last NOTIFY may still come."""


class RegEvent:
    """The subscription of one UE. Between `begin` and `leave` there is one, or an attempt to have one."""

    def __init__(
        self, line: UeLine, registration: UeRegistration, policy: UePolicy, random: Random, seams: Seams
    ) -> None:
        self._line = line
        self._registration = registration
        self._policy = policy
        self._random = random
        self._seam = seams
        self._backoff = Backoff(random)
        self._agenda: Agenda[str] = Agenda()
        self._subscription: Subscription | None = None
        self._former: deque[Subscription] = deque(maxlen=MAX_FORMER)
        self._open: tuple[Sent, Kind] | None = None
        self._granted: Response | None = None
        self.begun = False

    @property
    def subscription(self) -> Subscription | None:
        """The subscription as it stands, None if there is none."""
        return self._subscription

    def begin(self, granted: Response, now: float) -> None:
        """Subscribe after an initial registration, which the response `granted` concluded (TS 24.229 5.1.1.3)."""
        self.leave(now)
        self.begun = True
        self._granted = granted
        self._subscribe(now)

    def leave(self, now: float) -> None:
        """The registration is over, and with it the subscription; its last NOTIFY may still come (5.1.1.6)."""
        if self._subscription is not None:
            self._former.append(self._subscription)
            self._agenda.set("former", now + self._line.timers.timer_f)
        self._subscription = self._open = None
        self.begun = False
        self._agenda.set("subscribe", None)
        self._agenda.set("silence", None)

    def concluded(self, transaction: ClientTransaction, response: Response | None, now: float) -> News | None:
        """A transaction has its final response, or ended without one (None). Others than SUBSCRIBE are passed over.

        What the response may say of the registration itself is returned.
        """
        if self._open is None or self._open[0].transaction is not transaction or self._subscription is None:
            return None
        (sent, kind), subscription = self._open, self._subscription
        self._open = None
        if response is not None and response.status // 100 == 2:
            granted = subscription.accepted(sent.request, response, now)
            self._backoff.succeeded(now)
            self._refresh_in(granted, kind, now)
            if not subscription.notified:
                # Timer N (RFC 6665 4.1.2.4).
                self._agenda.set("silence", now + self._line.timers.timer_f)
            return None
        if response is not None and asks_for_registration(response, self._granted):
            return self._seam("ue.news", News(Turn.DEACTIVATED), request=sent.request)
        if response is None or ends(kind, response.status):
            self._drop()
        seconds = retry_after(response)
        course = Course.LATER if response is None else after_refusal(kind, response.status, seconds)
        self._follow(course, kind, response, seconds, now)
        return None

    def notify(self, event: RequestReceived, now: float) -> News | None:
        """A NOTIFY that is admissible as a request: answer it, and say what it means for the UE's registration."""
        request = event.request
        try:
            package_of(request)
            subscription = next((s for s in self._all() if s.dialog.owns(request)), None)
            if subscription is None:
                raise Refusal(481)
            notified = subscription.notify(request, now)
        except Refusal as refusal:
            self._line.refuse(event, refusal, now)
            return None
        self._line.respond(event, notified.response, now)
        if subscription is not self._subscription:
            return None  # it speaks of a registration that is over
        self._take(notified, now)
        return notified.news

    def on_time(self, now: float) -> None:
        """Do what is due."""
        while (due := self._agenda.pop_due(now)) is not None:
            match due:
                case "subscribe":
                    self._subscribe(now)
                case "silence":
                    self._drop()
                    self._follow(Course.LATER, Kind.SUBSCRIBE, None, None, now)
                case _:
                    self._former.clear()

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        return self._agenda.next_deadline()

    def _all(self) -> list[Subscription]:
        return [*([self._subscription] if self._subscription is not None else []), *self._former]

    def _take(self, notified: Notified, now: float) -> None:
        self._agenda.set("silence", None)
        state = notified.state
        if state is not None and state.terminated:
            self._drop()
            course = after_termination(state)
            seconds = state.retry_after if course is Course.LATER else None
            self._follow(course, Kind.SUBSCRIBE, None, seconds, now)
        elif notified.gap:
            self._agenda.set("subscribe", now + self._backoff.soon(now))
        elif state is not None and state.expires is not None:
            self._refresh_in(float(state.expires), Kind.RESUBSCRIBE, now)

    def _follow(self, course: Course, kind: Kind, response: Response | None, seconds: int | None, now: float) -> None:
        """Take the course that follows on the end of an exchange or of the subscription."""
        course = self._seam("ue.course", course, kind=kind, response=response)
        if course is Course.NEVER:
            return
        wait = self._backoff.soon(now) if course is Course.ANEW else self._backoff.failed(seconds)
        delay = self._seam("ue.delay", wait, kind=kind, response=response)
        self._agenda.set("subscribe", None if delay is None else now + delay)

    def _refresh_in(self, granted: float, kind: Kind, now: float) -> None:
        delay = self._seam("ue.refresh", refresh_after(granted) if granted else None, granted=granted, kind=kind)
        self._agenda.set("subscribe", None if delay is None else now + delay)

    def _subscribe(self, now: float) -> None:
        """Send the next SUBSCRIBE: a refresh while there is a dialog, else the first of a new one."""
        if self._open is not None:
            return
        way, registration = self._line.way, self._registration
        subscription = self._subscription
        outlet = registration.outlet()
        if registration.associations is not None and outlet is None:
            return  # no request but REGISTER leaves in the clear (TS 33.203 7.4)
        if subscription is None or (subscription.expires_at is not None and subscription.expires_at <= now):
            contact = Contact.parse(registration.contact).uri.text
            subscription = Subscription(
                registration.default_identity, contact, way.local.sip_host, self._random, self._seam
            )
        self._subscription = subscription
        service_route = registration.current.service_route
        first = way.route if outlet is None else way._replace(core=outlet.flow.remote).route
        route = self._seam("ue.route", [first, *service_route], service_route=service_route, response=self._granted)
        kind, draft = subscription.request(
            SubscribeParts(
                branch=self._line.branch(),
                transport=way.transport,
                sent_by=way.local if outlet is None else outlet.sent_by,
                contact=registration.contact,
                expires=self._policy.subscription,
                route=route,
                security_verify=registration.security_server,
                sec_agree=self._policy.security != "none",
                protected=outlet is not None,
            )
        )
        sent = self._line.send(draft, kind, now, registration.flow_for(draft))
        self._open = None if sent is None else (sent, kind)

    def _drop(self) -> None:
        """The subscription is over by itself: the next one is a new one, with a new Call-ID (RFC 6665 4.1.2.2)."""
        self._subscription = None
        self._agenda.set("subscribe", None)
        self._agenda.set("silence", None)
