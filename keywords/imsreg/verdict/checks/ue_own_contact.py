"""Whether a UE knows its contact in the 200 when it is spelled in another way (RFC 3261 10.2.4, 19.1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_refresh import ROUNDING, cut_short, line_of_contact
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose, UeRegister, listed
from imsreg.verdict.view import View

HASTE = 0.25
"""Of the time after which the UE refreshes else: what comes before that share of it is no refresh by the same rule."""


@dataclass(frozen=True, slots=True)
class _Course:
    """What the UE did by itself after a 2xx that granted its contact `granted` seconds: `later` came `after` seconds.

    `later` None: nothing until the registration was over.
    """

    registration: UeRegister
    granted: int
    later: UeRegister | None
    after: float

    @property
    def refreshed(self) -> bool:
        """Whether it extended the registration."""
        return self.later is not None and self.later.purpose is Purpose.REFRESH

    @property
    def words(self) -> str:
        """What it did, in words."""
        if self.later is None:
            return f"none for {self.after:.0f} s"
        return f"{self.later.purpose} after {self.after:.1f} s"


@check("rfc3261-10.2.4-02")
def knows_its_contact_however_spelled(view: View) -> Iterator[Outcome]:
    """It treats the registration as it does one for as long whose 2xx has the contact as the UE wrote it.

    Without such a one to compare with, nothing shows why the UE did what it did.
    """
    courses = [course for registration in view.ue.registrations if (course := _course(view, registration)) is not None]
    usual = [course for course in courses if course.refreshed and not _respelt(course.registration)]
    decided = False
    for course in courses:
        waits = [each.after for each in usual if abs(each.granted - course.granted) <= ROUNDING]
        if not waits or not _respelt(course.registration):
            continue
        decided = True
        entry = course.registration.final_entry.number if course.later is None else course.later.number
        if course.refreshed and course.after >= HASTE * min(waits):
            yield Held(entry)
        else:
            expected = f"a re-registration after {min(waits):.0f} s or so: the 2xx lists the contact of the UE"
            yield Breach(entry, expected, course.words, line_of_contact(course.registration))
    if not decided:
        yield Unmet("no 2xx listed the UE's contact in another spelling, with a usual one for as long to compare with")


def _respelt(registration: UeRegister) -> bool:
    """Whether the 2xx has the contacts of the UE in another spelling only. It has one of them, as `granted` tells."""
    if registration.final is None:
        return False
    own = {contact.uri.text for contact in registration.contacts if not contact.star}
    return all(contact.uri.text not in own for contact in listed(registration.final))


def _course(view: View, registration: UeRegister) -> _Course | None:
    """None if the UE was told something, if the 2xx may be lost, or if the transcript ends before anything is sure."""
    granted, begun = registration.granted(), registration.final_entry
    if not granted or registration.exchange.requests[-1].number > begun.number:
        return None
    later, quiet = view.ue.next(registration), view.ue.quiet(registration)
    if cut_short(view, registration, later.number if later is not None else None, begun.at + granted):
        return None
    own = view.ue.own_next(registration)
    if own is not None and own.binds:
        return _Course(registration, granted, own, own.at - begun.at)
    over = quiet >= granted - ROUNDING
    return _Course(registration, granted, None, quiet) if over else None
