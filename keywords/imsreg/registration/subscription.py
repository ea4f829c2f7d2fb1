"""A subscription to the reg event at the notifier: its dialog, and the NOTIFY requests in it (RFC 6665 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.message import Request
from imsreg.sip.reginfo_model import MEDIA_TYPE, PACKAGE

UNSTATED_EXPIRY = 3761
"""Seconds that a subscription lasts where the subscriber does not say (RFC 3680 4.4)."""

ENDING = frozenset((404, 405, 410, 416, *range(480, 486), 489, 501, 604))
"""Responses to a NOTIFY that end the subscription (RFC 6665 4.2.2)."""


@dataclass(slots=True)
class Subscription:
    """One subscription. `local` is our From value and `remote` our To value; `target` is the Request-URI.

    `until` is a clock value in seconds; `event` is the Event value, with the id of the subscriber if he gave one;
    `route` are the Route values of every request in the dialog (RFC 3261 12.1.1).
    """

    call_id: str
    local: str
    remote: str
    target: str
    event: str
    until: float
    route: tuple[str, ...] = ()
    cseq: int = 0
    version: int = -1
    """The version of the last document; the first has 0 (RFC 3680 5.1)."""

    @classmethod
    def of(cls, request: Request, response: Draft, target: str, until: float) -> Subscription:
        """What a SUBSCRIBE and the 200 to it, whose To has our tag, begin."""
        return cls(
            call_id=request.value("Call-ID") or "",
            local=response.value("To") or "",
            remote=request.value("From") or "",
            target=target,
            event=request.value("Event") or PACKAGE,
            until=until,
            route=request.values("Record-Route"),
        )

    def has(self, request: Request) -> bool:
        """Whether a request belongs to this dialog: Call-ID and both tags (RFC 3261 12)."""
        if (request.value("Call-ID") or "") != self.call_id:
            return False
        try:
            to, peer = request.get(To), request.get(From)
            own, remote = To.parse(self.local), From.parse(self.remote)
        except HeaderError:
            return False
        return to is not None and peer is not None and (to.tag, peer.tag) == (own.tag, remote.tag)

    def seconds(self, now: float) -> int:
        """Whole seconds that are left."""
        return max(0, round(self.until - now))

    def next_version(self) -> int:
        """The version of the next document, one higher than the last (RFC 3680 5.1)."""
        self.version += 1
        return self.version

    def notify(self, via: str, contact: str, state: str, body: bytes) -> Draft:
        """The next NOTIFY in the dialog: CSeq counts up. `state` is the Subscription-State value."""
        self.cseq += 1
        draft = Draft.request("NOTIFY", self.target).add("Via", via).add("Max-Forwards", "70")
        for route in self.route:
            draft.add("Route", route)
        (
            draft.add("From", self.local)
            .add("To", self.remote)
            .add("Call-ID", self.call_id)
            .add("CSeq", f"{self.cseq} NOTIFY")
            .add("Contact", f"<{contact}>")
            .add("Event", self.event)
            .add("Subscription-State", state)
        )
        if body:
            draft.add("Content-Type", MEDIA_TYPE)
        draft.body = body
        return draft


def asked_seconds(request: Request) -> int:
    """How long a SUBSCRIBE asks for; what is not there or cannot be read counts as the default of the package."""
    try:
        expires = request.get(Expires)
    except HeaderError:
        return UNSTATED_EXPIRY
    return UNSTATED_EXPIRY if expires is None else expires.seconds


def target_of(request: Request) -> str | None:
    """Where the subscriber wants requests in the dialog: the URI of his Contact; None if there is none to be read."""
    try:
        contact = request.get(Contact)
    except HeaderError:
        return None
    return None if contact is None or contact.star else contact.uri.text


def is_reg_event(request: Request) -> bool:
    """Whether the request is about the reg event. Raises HeaderError for an Event that cannot be read."""
    event = request.get(Event)
    return event is not None and event.package == PACKAGE
