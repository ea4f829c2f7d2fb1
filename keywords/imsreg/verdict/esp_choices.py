"""What a network was free to do with a REGISTER on an established set: challenge it or not (TS 24.229 5.4.1.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.phases import Phase
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.outcome import Moot, Unmet
from imsreg.verdict.view import View


def no_new_authentication(view: View, reason: str) -> Moot | Unmet:
    """Why an authentication that begins on an established set leaves nothing to judge: moot if there was none.

    `reason` is what is missing, for a transcript in which nobody gave the network the choice.
    """
    asked = list(_asked(view))
    if asked and all(attempt.status // 100 == 2 for attempt in asked):
        return Moot("the network challenged no REGISTER on an established set, and need not")
    return Unmet(reason)


def no_passage(view: View, reason: str) -> Moot | Unmet:
    """Why a REGISTER that passes without a challenge leaves nothing to judge: moot if each one was challenged."""
    asked = list(_asked(view))
    if asked and all(attempt.challenge is not None for attempt in asked):
        return Moot("the network challenged every REGISTER on an established set, as it may")
    return Unmet(reason)


def _asked(view: View) -> Iterator[Attempt]:
    """The sound REGISTER requests on an established set that answer no challenge."""
    for attempt in view.attempts:
        located = view.secured.on(attempt.exchange.request)
        if located is None or attempt.responds or not attempt.sound:
            continue
        if located.made.phase(attempt.number) is Phase.ESTABLISHED:
            yield attempt
