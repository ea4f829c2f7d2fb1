"""What a UE does when the network cannot extend its registration (TS 24.229 5.1.1.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_response import none_for_aka
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome
from imsreg.verdict.ue_registers import Purpose, UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of

BEGINS_ANEW = frozenset((408, 500, 504))
"""Responses to a re-registration on which an initial one follows."""

EXPECTED = "an initial registration"


@check("24.229-5.1.1.4.1-04")
def begins_anew_when_a_refresh_fails(view: View) -> Iterator[Outcome]:
    """The next REGISTER, by itself. How soon it comes no text says: silence is only odd.

    Neither is what a UE with a password does told apart, nor are responses that ask to wait with Retry-After judged.
    """
    decided = False
    for register in view.ue.registers:
        if not _fails(register):
            continue
        entry, quiet, later = register.final_entry.number, view.ue.quiet(register), view.ue.own_next(register)
        if later is not None and later.binds:
            decided = True
            yield _judged(register, later)
        elif quiet >= PATIENCE:
            decided = True
            yield Observed(entry, EXPECTED, f"no REGISTER for {quiet:.0f} s")
    if not decided:
        codes = ", ".join(map(str, sorted(BEGINS_ANEW)))
        yield none_for_aka(view, f"no re-registration got a {codes} that the UE was watched for")


def _fails(register: UeRegister) -> bool:
    final = register.final
    return (
        register.purpose is Purpose.REFRESH
        and register.by_aka
        and register.status in BEGINS_ANEW
        and final is not None
        and final.field("Retry-After") is None
    )


def _judged(register: UeRegister, later: UeRegister) -> Outcome:
    """An initial registration has an empty nonce, and as a rule a Call-ID of its own (5.1.1.2.2 a)."""
    if later.purpose is Purpose.INITIAL:
        return Held(later.number)
    finding = Breach if later.call_id == register.call_id else Observed
    actual = f"{later.purpose} {later.at - register.final_entry.at:.1f} s after the {register.status}"
    return finding(later.number, EXPECTED, actual, line_of(later.request, "Authorization"))
