"""Whether a UE goes by a 200 from somebody who does not know its password (RFC 7616 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.ue_proof import unproven
from imsreg.verdict.ue_registers import Purpose
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of

EXPECTED = "the 200 not taken for a registration: its rspauth is not that of the password"


@check("rfc7616-3.5-03")
def does_not_trust_a_wrong_rspauth(view: View) -> Iterator[Outcome]:
    """What a UE does next, by itself, shows whether it takes itself for registered: SUBSCRIBE, or a re-registration."""
    decided = False
    for register in view.ue.registers:
        if not (register.binds and unproven(register)):
            continue
        entry = register.final_entry
        line = line_of(register.final, AuthenticationInfo.NAME) if register.final is not None else None
        then, later = view.ue.next(register), view.ue.own_next(register)
        end = then.number if then is not None else len(view.transcript.entries) + 1
        subscribed = next((s.number for s in view.ue.subscribed if entry.number < s.number < end), None)
        used = subscribed or (later.number if later is not None and later.purpose is Purpose.REFRESH else None)
        if used is not None:
            decided = True
            yield Breach(entry.number, EXPECTED, f"the UE went on with it in message {used}", line)
        elif later is not None or view.ue.quiet(register) >= PATIENCE:
            decided = True
            yield Held(entry.number)
    if not decided:
        aka = any(register.by_aka for register in view.ue.registers)
        none = "no 200 to a UE's right response had an rspauth that its password does not give, with time to watch"
        yield Moot("the subscriber has AKA keys, no password") if aka else Unmet(none)
