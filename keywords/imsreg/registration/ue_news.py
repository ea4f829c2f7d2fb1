"""What the network tells a UE of its own registration (RFC 3680 5.2; TS 24.229 5.1.2.1, 5.1.1.5A, 5.1.1.7)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

from imsreg.sip.errors import UriError
from imsreg.sip.reginfo_model import RegContact, Reginfo, RegistrationInfo
from imsreg.sip.uri import Uri, equivalent

MAX_REGISTRATIONS = 64
"""Registrations of which a UE keeps its own contact; of more the oldest is forgotten."""


class Turn(StrEnum):
    """What has become of the UE's contact."""

    DEACTIVATED = "deactivated"
    """The network ended it, or has lost it, and wants a new registration."""
    PROBATION = "probation"
    """The network ended it and wants a new registration, later."""
    GONE = "gone"
    """It is over, and nothing asks for another: rejected, unregistered, expired."""
    SHORTENED = "shortened"
    """It ends earlier than was granted."""


@dataclass(frozen=True, slots=True)
class News:
    """A turn, and its seconds: until the contact expires (shortened) or may be registered again (probation)."""

    turn: Turn
    seconds: int = 0


class OwnRegistrations:
    """One UE's contact in the registrations that a subscription reports. `contact` is the URI that it registers."""

    def __init__(self, contact: Uri) -> None:
        self._contact = contact
        self._version: int | None = None
        self._own: OrderedDict[str, RegContact | None] = OrderedDict()
        self.incomplete = False
        """Whether a document is missing before the last one, so that the full state should be asked for."""

    @property
    def active(self) -> tuple[str, ...]:
        """The addresses-of-record for which the contact is registered (TS 24.229 5.1.2.1)."""
        return tuple(aor for aor, own in self._own.items() if own is not None and own.state == "active")

    def take(self, document: Reginfo) -> News | None:
        """Take in a document; what it changes for the UE. One that is not newer than the last is dropped."""
        last = self._version
        if last is not None and document.version <= last:
            return None
        self._version = document.version
        self.incomplete = last is not None and document.version > last + 1
        known = bool(self.active)
        if document.state == "full":
            self._own.clear()
        changed = [own for each in document.registrations if (own := self._note(each)) is not None]
        if self.active:
            return _shortened(changed)
        return _ended(changed) if known or self._own else None

    def _note(self, registration: RegistrationInfo) -> RegContact | None:
        """Keep the UE's own contact in one registration; another device's is none of its business."""
        aor = _record(registration.aor)
        own = next((each for each in registration.contacts if self._is_own(each)), None)
        if own is None and registration.state != "terminated":
            return None
        self._own[aor] = own
        self._own.move_to_end(aor)
        if len(self._own) > MAX_REGISTRATIONS:
            self._own.popitem(last=False)
        return own

    def _is_own(self, contact: RegContact) -> bool:
        try:
            return equivalent(Uri.parse(contact.uri), self._contact)
        except UriError:
            return False


def _shortened(changed: list[RegContact]) -> News | None:
    spans = [
        each.expires
        for each in changed
        if (each.state, each.event) == ("active", "shortened") and each.expires is not None
    ]
    return News(Turn.SHORTENED, min(spans)) if spans else None


def _ended(changed: list[RegContact]) -> News:
    events = {each.event for each in changed}
    if "rejected" in events:
        return News(Turn.GONE)
    if "deactivated" in events:
        return News(Turn.DEACTIVATED)
    if "probation" in events:
        return News(Turn.PROBATION, max((each.retry_after or 0) for each in changed if each.event == "probation"))
    return News(Turn.GONE)


def _record(aor: str) -> str:
    try:
        return Uri.parse(aor).address_of_record()
    except UriError:
        return aor
