"""The registrar's half of an S-CSCF: what an authorised REGISTER does to the bindings (RFC 3261 10.3 steps 6 to 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.registration.location import Binding, ContactUpdate, LocationService, OutOfOrder, TooManyBindings
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.sip import scan
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request

MALFORMED_EXPIRES = 3600
"""Seconds that an expiry counts for that is there and cannot be read (RFC 3261 10.2.1, 20.10)."""

FROM_THE_REGISTRAR = ("pub-gruu", "temp-gruu")
"""Contact parameters that only a registrar gives: in a REGISTER they are ignored (RFC 5627 5.1)."""


@dataclass(frozen=True, kw_only=True)
class ExpiryPolicy:
    """Seconds that a registrar grants: never more than `max_expires`; `default_expires` where nothing is asked for.

    An expiry below `min_expires` and below an hour is refused with 423 (RFC 3261 10.3 step 7).
    """

    min_expires: int = 60
    max_expires: int = 600_000
    default_expires: int = 3600


class Registrar:
    """Applies REGISTER requests to a location service, its own unless one is given, and lists what it holds."""

    def __init__(self, policy: ExpiryPolicy, seams: Seams, location: LocationService | None = None) -> None:
        self.location = location or LocationService()
        self._policy = policy
        self._seam = seams

    def apply(self, request: Request, record: str, now: float, *, granted: int | None = None) -> None:
        """Change the bindings of an address of record as a REGISTER asks, all of it or nothing (step 7).

        `granted` seconds, if given, are what every contact gets that is not removed: nothing is too brief then.

        Raises Refusal: 400, 423, 403 for more contacts than one address of record may have (TS 23.228 5.2.2.3), 500
        for a CSeq out of order; HeaderError for a Contact, CSeq or an Expires beside `*` that cannot be read.
        """
        contacts = request.get_all(Contact)
        try:
            if any(contact.star for contact in contacts):
                self._remove_all(request, record, contacts, now)
            else:
                updates = [self._update(request, contact, granted) for contact in contacts]
                self.location.update(record, self._seam("s-cscf.update", updates, request=request), now)
        except OutOfOrder as error:
            # Step 7 names no code for a request that comes too late; 500 is its code for an update that cannot be made.
            raise Refusal(500) from error
        except TooManyBindings as error:
            raise Refusal(403) from error

    def listed(self, request: Request, record: str, now: float) -> Iterator[Contact]:
        """The Contact values of the 200: every binding, with its remaining time as `expires` (step 8)."""
        bindings: list[Binding] = list(self.location.bindings(record, now))
        for binding in self._seam("s-cscf.listed", bindings, request=request, now=now):
            yield binding.contact.with_param("expires", binding.remaining(now))

    def _remove_all(self, request: Request, record: str, contacts: tuple[Contact, ...], now: float) -> None:
        expires = request.get(Expires)
        allowed = len(contacts) == 1 and expires is not None and expires.seconds == 0
        if not self._seam("s-cscf.star", allowed, request=request):
            raise Refusal(400)
        self.location.remove_all(record, request.value("Call-ID") or "", _cseq(request), now)

    def _update(self, request: Request, contact: Contact, granted: int | None) -> ContactUpdate:
        asked = self._asked(request, contact)
        if granted is not None and asked:
            seconds = granted
        elif 0 < asked < min(self._policy.min_expires, 3600):
            raise Refusal(423, headers={"Min-Expires": str(self._policy.min_expires)})
        else:
            most = min(asked, self._policy.max_expires)
            seconds = self._seam("s-cscf.granted", most, asked=asked, request=request)
        kept = contact.without(*FROM_THE_REGISTRAR)
        return ContactUpdate(kept, seconds, request.value("Call-ID") or "", _cseq(request), request.values("Path"))

    def _asked(self, request: Request, contact: Contact) -> int:
        """Seconds asked for one contact: its own parameter, else Expires, else the default (step 7)."""
        if "expires" in contact.params:
            return _seconds(contact.params["expires"] or "")
        try:
            header = request.get(Expires)
        except HeaderError as error:
            return _seconds(error.text)
        return self._policy.default_expires if header is None else header.seconds


def _seconds(text: str) -> int:
    """delta-seconds; more than 2**32-1 counts as that, and what is no number as an hour (RFC 3261 10.2.1)."""
    if not (text.isascii() and text.isdecimal()):
        return MALFORMED_EXPIRES
    seconds = scan.optional_number(text, scan.DELTA_SECONDS_LIMIT)
    return scan.DELTA_SECONDS_LIMIT if seconds is None else seconds


def _cseq(request: Request) -> int:
    cseq = request.get(CSeq)
    return cseq.number if cseq is not None else 0
