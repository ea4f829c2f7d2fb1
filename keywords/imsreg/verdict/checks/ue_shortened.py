"""What a UE does when a NOTIFY shortens its registration (TS 24.229 5.1.1.5A; RFC 3680 5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_refresh import TOLERANCE, due_after
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_notices import own_contacts
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.ue_view import Notified
from imsreg.verdict.view import View


@dataclass(frozen=True, slots=True)
class _Shortened:
    """A NOTIFY that the UE has taken, which leaves its registration so many `seconds`."""

    notified: Notified
    registration: UeRegister
    seconds: int

    @property
    def due(self) -> float:
        """When the UE is to register again, with some tolerance."""
        return self.notified.at + due_after(self.seconds) + TOLERANCE


@check("24.229-5.1.1.5A-01")
def registers_again_in_the_shorter_time(view: View) -> Iterator[Outcome]:
    """At the time that 5.1.1.4.1 sets for a registration of such a length, or earlier."""
    decided = False
    for told in _shortened(view):
        number, at = told.notified.number, told.notified.at
        expected = f"a REGISTER {due_after(told.seconds):g} s after the NOTIFY, which leaves {told.seconds} s"
        later = next((r for r in view.ue.registers if r.number > number and r.same_ue(told.registration)), None)
        if later is not None and view.ue.watch.told_between(number, later.number) is not None:
            later = None
        quiet = view.ue.quiet_since(number, at, told.registration)
        if later is not None and later.binds:
            decided = True
            after = f"{later.at - at:.0f} s after it"
            yield Held(later.number) if later.at <= told.due else Breach(later.number, expected, after)
        elif later is None and at + quiet > told.due:
            decided = True
            yield Breach(number, expected, f"none for {quiet:.0f} s")
    if not decided:
        yield Unmet("no NOTIFY shortened the UE's registration, or nobody waited for the REGISTER that follows")


def _shortened(view: View) -> Iterator[_Shortened]:
    """Those that leave less than the UE has, while no REGISTER was under way, and which no other NOTIFY overtook."""
    for notified in view.ue.notified:
        final, registration = notified.exchange.final, view.ue.registration_before(notified.number)
        taken = notified.known and not notified.stale and final is not None and final.label.startswith("2")
        if not taken or registration is None:
            continue
        changes = list(_changes(notified, registration))
        seconds = min((each for each in changes if each is not None), default=None)
        left = (registration.granted() or 0) - (notified.at - registration.final_entry.at)
        if seconds is None or None in changes or seconds >= left or _under_way(view, notified):
            continue
        found = _Shortened(notified, registration, seconds)
        if not _overtaken(view, found):
            yield found


def _changes(notified: Notified, registration: UeRegister) -> Iterator[int | None]:
    """For each change of the UE's own contact the seconds that are left of it, None if it is another change."""
    for contact in own_contacts(notified.request, registration):
        if contact.state == "terminated":
            yield None
        elif contact.event == "shortened":
            yield contact.expires


def _under_way(view: View, notified: Notified) -> bool:
    """Whether a REGISTER of the UE waited for its response when the NOTIFY came."""
    earlier = (r for r in view.ue.registers if r.number < notified.number)
    return any(r.final is None or r.final_entry.number > notified.number for r in earlier)


def _overtaken(view: View, told: _Shortened) -> bool:
    """Whether another NOTIFY changed the registration before the REGISTER was due."""
    later = (n for n in view.ue.notified if n.number > told.notified.number and n.at <= told.due and not n.stale)
    return any(list(_changes(each, told.registration)) for each in later)
