"""What either side was free to do: challenge a REGISTER on an established set or not, take this entry or that."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.candidates import Chosen
from imsreg.secagree.phases import Phase
from imsreg.secagree.selection import Preference, select
from imsreg.secagree.transforms import Transform
from imsreg.sip.headers.security import SecurityServer
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.esp_history import MadeSet
from imsreg.verdict.esp_sets import mechanisms
from imsreg.verdict.outcome import Moot, Unmet
from imsreg.verdict.view import View


def no_new_authentication(view: View, reason: str) -> Moot | Unmet:
    """Why an authentication that begins on an established set leaves nothing to judge: moot if there was none.

    The network challenges a REGISTER on an established set or not, as it likes (TS 24.229 5.4.1.2.2). `reason` is what
    is missing, for a transcript in which nobody gave the network the choice.
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


def two_choices(made: MadeSet) -> bool:
    """Whether it is open what of the list is taken: TS 33.203 7.2 and RFC 3329 2.3.1 may differ.

    A UE may also know the entry that leaves encryption out, though it has not offered that.
    """
    listed = mechanisms(made.challenge.message, SecurityServer) if made.challenge.message is not None else ()
    offered = [each.keys.transform for each in made.candidates]
    bare = [Transform(each.alg, "null") for each in offered if each.alg != "null"]
    ue = made.candidates[0].ue
    taken = [select(listed, known, ue, preference=p) for known in (offered, [*offered, *bare]) for p in Preference]
    return len({(each.transform, each.peer) for each in taken if isinstance(each, Chosen)}) > 1


def _asked(view: View) -> Iterator[Attempt]:
    """The sound REGISTER requests on an established set that answer no challenge."""
    for attempt in view.attempts:
        located = view.secured.on(attempt.exchange.request)
        if located is None or attempt.responds or not attempt.sound:
            continue
        if located.made.phase(attempt.number) is Phase.ESTABLISHED:
            yield attempt
