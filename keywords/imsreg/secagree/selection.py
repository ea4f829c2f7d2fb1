"""Which entry of the network's list a UE takes, and why it takes none (TS 33.203 7.2; RFC 3329 2.3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto

from imsreg.secagree.candidates import Chosen, NothingUsable, candidate
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.transforms import Transform
from imsreg.sip.headers.security import SecurityServer


class Preference(Enum):
    """The two texts on the order of choice. They agree on a list that is sorted by q, as it should be."""

    LISTED = auto()
    """The first usable combination on the network's list (TS 33.203 7.2)."""
    HIGHEST_Q = auto()
    """The usable mechanism with the highest q (RFC 3329 2.3.1); entries without q come last, in their order."""


def select(
    server: Sequence[SecurityServer],
    supported: Sequence[Transform],
    own: Endpoints,
    *,
    in_use: Iterable[int] = (),
    before: Endpoints | None = None,
    preference: Preference = Preference.LISTED,
) -> Chosen | NothingUsable:
    """The entry that a UE with the SPIs and ports `own` takes of a Security-Server list.

    With NothingUsable it abandons the challenge and registers anew with a new Call-ID (TS 24.229 5.1.1.5.1). `in_use`
    are the SPIs of the UE's other associations; `before` is what the same P-CSCF has in those that still live.
    """
    taken = (*own.spis, *in_use)
    reasons = []
    for place, entry in _in_order(server, preference):
        found = candidate(entry, supported, taken=taken, before=before)
        if isinstance(found, Chosen):
            return found
        reasons.append(f"entry {place}: {found}")
    return NothingUsable(tuple(reasons))


def ambiguous(server: Sequence[SecurityServer], supported: Sequence[Transform], own: Endpoints) -> bool:
    """Whether the two texts on the order of choice name different entries, so that a UE may take either."""
    listed, by_q = (select(server, supported, own, preference=preference) for preference in Preference)
    return isinstance(listed, Chosen) and isinstance(by_q, Chosen) and listed.entry is not by_q.entry


def _in_order(server: Sequence[SecurityServer], preference: Preference) -> list[tuple[int, SecurityServer]]:
    """The entries, with their places on the list, as a UE considers them."""
    places = list(enumerate(server, 1))
    if preference is Preference.HIGHEST_Q:
        places.sort(key=lambda place: -1.0 if place[1].q is None else place[1].q, reverse=True)
    return places
