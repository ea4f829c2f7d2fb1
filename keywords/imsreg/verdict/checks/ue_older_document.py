"""A NOTIFY that is overtaken by one before it: its document is of the past (RFC 3680 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_refresh import TOLERANCE, due_after
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_notices import own_contacts
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.ue_view import Notified
from imsreg.verdict.view import View


@dataclass(frozen=True, slots=True)
class _Older:
    """Such a NOTIFY, and `window` seconds in which a UE that went by it would register."""

    notified: Notified
    registration: UeRegister
    window: float


@check("rfc3680-5.2-01")
def discards_an_older_document(view: View) -> Iterator[Outcome]:
    """It has to be answered like any other; the UE registers neither anew nor earlier because of it.

    A UE that has not stayed as quiet for as long before may have had a reason of its own.
    """
    decided = False
    for older in _older(view):
        number, at = older.notified.number, older.notified.at
        later = next((r for r in view.ue.registers if r.number > number and r.same_ue(older.registration)), None)
        if later is not None and view.ue.watch.told_between(number, later.number) is not None:
            later = None
        quiet = view.ue.quiet_since(number, at, older.registration)
        if later is not None and later.binds and later.at - at <= older.window:
            decided = True
            before = at - older.registration.final_entry.at
            finding = Breach if before >= older.window else Observed
            yield finding(later.number, "no REGISTER because of it", f"{later.purpose} {later.at - at:.1f} s after it")
        elif quiet >= older.window:
            decided = True
            yield Held(number)
    if not decided:
        yield Unmet("no NOTIFY with an older version told of a change, with time to watch after it")


def _older(view: View) -> Iterator[_Older]:
    """The NOTIFY requests that the UE has taken, whose change it would act on before its own time comes."""
    for notified in view.ue.notified:
        final, registration = notified.exchange.final, view.ue.registration_before(notified.number)
        if not (notified.known and notified.stale) or final is None or not final.label.startswith("2"):
            continue
        window = None if registration is None else _window(notified, registration)
        if registration is None or window is None or _followed(view, notified, window):
            continue
        due = registration.final_entry.at + due_after(registration.granted() or 0)
        if due > notified.at + window:
            yield _Older(notified, registration, window)


def _window(notified: Notified, registration: UeRegister) -> float | None:
    """Seconds in which the change of the UE's own contact would make it register; None for no such change."""
    for contact in own_contacts(notified.request, registration):
        if contact.state == "terminated" and contact.event == "deactivated":
            return PATIENCE
        if contact.state == "active" and contact.event == "shortened" and contact.expires is not None:
            return due_after(contact.expires) + TOLERANCE
    return None


def _followed(view: View, notified: Notified, window: float) -> bool:
    """Whether another NOTIFY came in this time: what the UE does may be due to that."""
    return any(n.number > notified.number and n.at <= notified.at + window for n in view.ue.notified)
