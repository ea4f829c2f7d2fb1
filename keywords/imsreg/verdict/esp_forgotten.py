"""Sets that a UE may have given up by itself, whatever the network still holds (TS 33.203 7.4.0, 7.4.1a, 7.5)."""

from __future__ import annotations

from imsreg.secagree.associations import Side
from imsreg.secagree.phases import Phase
from imsreg.sip.flow import Address
from imsreg.verdict.esp_history import SLACK, MadeSet
from imsreg.verdict.ue_registers import Purpose, Stage
from imsreg.verdict.view import View


def may_be_forgotten(view: View, made: MadeSet, number: int) -> bool:
    """Whether the UE may be without a set when message `number` passed.

    It was switched off, or began a registration in the clear, be it with this message, or was told by a NOTIFY that
    its registration is over.
    """
    since = made.challenge.number
    if any(each.action == "reset" and since <= each.after < number for each in view.ue.watch.commands):
        return True
    if any(since < ended.notified.number < number for ended in view.ue.ended):
        return True
    return any(
        since < register.number <= number and register.exchange.request.flow.association is None
        for register in view.ue.all_registers
        if register.purpose is Purpose.INITIAL and register.stage is Stage.FIRST
    )


def is_protected(view: View, address: Address, number: int, at: float) -> bool:
    """Whether a port of a UE under test, or of the tester's P-CSCF, certainly has associations at a message."""
    return any(
        made.phase(number) in (Phase.TEMPORARY, Phase.ESTABLISHED)
        and (made.doubtful is None or number <= made.doubtful)
        and (made.until is None or at < made.until - SLACK)
        and any(address in made.ports(side) for side in Side)
        and not may_be_forgotten(view, made, number)
        for made in view.secured.sets
    )
