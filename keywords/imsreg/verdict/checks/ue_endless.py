"""Whether a UE answers a network for ever that is never content with a nonce (RFC 7616 3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of

MANY = 10
"""Answers in a row, each to a nonce that was called stale, after which a UE counts as one that never stops."""


@check("rfc7616-3.3-01")
def gives_up_on_stale_nonces(view: View) -> Iterator[Outcome]:
    """No text sets a limit: a report says that there was none up to MANY. Only for a UE with a password."""
    decided = False
    for register in view.ue.registers:
        answers = _answers(register) if register.by_password else 0
        if answers == MANY:
            decided = True
            actual = f"answer {answers} in a row to a nonce after one that was called stale"
            yield Breach(register.number, "an end of the attempts", actual, line_of(register.request, "Authorization"))
        elif 0 < answers < MANY and _stale(register) and _left_alone(view, register):
            decided = True
            yield Held(register.final_entry.number)
    if not decided:
        aka = any(register.by_aka for register in view.ue.registers)
        never = "no UE with a password gave up, or went on for long, when its nonces were called stale"
        yield Moot("the subscriber has AKA keys, no password") if aka else Unmet(never)


def _answers(register: UeRegister) -> int:
    """How many answers in a row end with this request, each to a challenge that says stale."""
    count = 0
    for request in register.chain():
        challenge = request.challenge
        if request.stage is not Stage.ANSWER or challenge is None or not challenge.stale:
            break
        count += 1
    return count


def _stale(register: UeRegister) -> bool:
    return register.posed is not None and register.posed.header.stale


def _left_alone(view: View, register: UeRegister) -> bool:
    """Whether the UE, told nothing, has not answered the challenge in its time."""
    later = view.ue.own_next(register)
    if later is not None and later.answers is register:
        return False
    return later is not None or view.ue.quiet(register) >= PATIENCE
