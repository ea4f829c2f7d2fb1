"""The dialog of a UE's subscription, and the SUBSCRIBE requests in it (RFC 3261 12; RFC 6665 4.1.2; RFC 3680 4)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Transport
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, From, RecordRoute, To
from imsreg.sip.message import Request, Response
from imsreg.sip.reginfo_model import MEDIA_TYPE, PACKAGE


@dataclass(slots=True)
class Dialog:
    """A dialog from the SUBSCRIBE on that begins it. `remote_tag` is None until the other side has shown it."""

    identity: str
    call_id: str
    local_tag: str
    target: str
    cseq: int = 0
    remote_tag: str | None = None
    remote_cseq: int | None = None
    route_set: tuple[str, ...] = ()

    def owns(self, request: Request) -> bool:
        """Whether a request belongs here: one that comes before the 2xx shows the remote tag (RFC 6665 4.1.2.4)."""
        if request.value("Call-ID") != self.call_id:
            return False
        try:
            to, sender = request.get(To), request.get(From)
        except HeaderError:
            return False
        if to is None or sender is None or to.tag != self.local_tag or sender.tag is None:
            return False
        return self.remote_tag in (None, sender.tag)

    def take(self, request: Request) -> bool:
        """Learn from a request that belongs here; False if its CSeq is not higher (RFC 3261 12.2.2)."""
        number = _cseq(request)
        if number is None or (self.remote_cseq is not None and number <= self.remote_cseq):
            return False
        self.remote_cseq = number
        sender = request.get(From)
        if self.remote_tag is None and sender is not None:
            self.remote_tag = sender.tag
            self.route_set = _routes(request)
        self._retarget(request)
        return True

    def confirm(self, response: Response) -> None:
        """Learn from a 2xx to SUBSCRIBE (RFC 3261 12.1.2). What cannot be read leaves things as they are."""
        if self.remote_tag is None:
            with suppress(HeaderError):
                to = response.get(To)
                self.remote_tag = to.tag if to is not None else None
            self.route_set = tuple(reversed(_routes(response)))
        self._retarget(response)

    def _retarget(self, message: Request | Response) -> None:
        with suppress(HeaderError):
            contact = message.get(Contact)
            if contact is not None and contact.uri.scheme in ("sip", "sips"):
                self.target = contact.uri.text


@dataclass(frozen=True, slots=True)
class SubscribeParts:
    """The parts of a SUBSCRIBE that its dialog does not hold. `route` is used outside a dialog alone."""

    branch: str
    transport: Transport
    sent_by: Address
    contact: str
    expires: int
    route: Sequence[str]
    security_verify: Sequence[str]
    sec_agree: bool
    protected: bool = False
    """An association says where responses go: `rport` is not asked for."""


def subscribe(dialog: Dialog, parts: SubscribeParts) -> Draft:
    """A SUBSCRIBE to the UE's own registration state, the first or a refresh (TS 24.229 5.1.1.3, 5.1.2.2).

    With an agreement every later request requires it and verifies the network's list (RFC 3329 2.3.1).
    """
    dialog.cseq += 1
    rport = ";rport" if parts.transport == "UDP" and not parts.protected else ""
    draft = (
        Draft.request("SUBSCRIBE", dialog.target)
        .add("Via", f"SIP/2.0/{parts.transport} {parts.sent_by};branch={parts.branch}{rport}")
        .add("Max-Forwards", "70")
    )
    for route in dialog.route_set if dialog.remote_tag is not None else parts.route:
        draft.add("Route", route)
    tag = f";tag={dialog.remote_tag}" if dialog.remote_tag is not None else ""
    draft.add("From", f"<{dialog.identity}>;tag={dialog.local_tag}").add("To", f"<{dialog.identity}>{tag}")
    draft.add("Call-ID", dialog.call_id).add("CSeq", f"{dialog.cseq} SUBSCRIBE")
    draft.add("Contact", parts.contact).add("Event", PACKAGE).add("Expires", str(parts.expires))
    draft.add("Accept", MEDIA_TYPE)
    if parts.sec_agree:
        draft.add("Require", "sec-agree").add("Proxy-Require", "sec-agree")
        if parts.security_verify:
            draft.add("Security-Verify", ", ".join(parts.security_verify))
    return draft


def _cseq(request: Request) -> int | None:
    try:
        cseq = request.get(CSeq)
    except HeaderError:
        return None
    return None if cseq is None else cseq.number


def _routes(message: Request | Response) -> tuple[str, ...]:
    """The Record-Route values as they are written, as far as they can be read."""
    values = []
    for value in message.values("Record-Route"):
        with suppress(HeaderError):
            values.append(str(RecordRoute.parse(value)))
    return tuple(values)
