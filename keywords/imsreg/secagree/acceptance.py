"""What a P-CSCF takes of a UE's offer, and why it refuses one (TS 33.203 7.2, 7.3.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imsreg.secagree.candidates import Chosen, NothingUsable, candidate
from imsreg.secagree.transforms import Transform
from imsreg.sip.headers.security import SecurityClient


def accept(
    client: Sequence[SecurityClient], supported: Sequence[Transform], *, in_use: Iterable[int] = ()
) -> Chosen | NothingUsable:
    """The first combination on the P-CSCF's own list that the UE offers (TS 33.203 7.2); the UE's order is no matter.

    NothingUsable is answered with an error (TS 33.203 7.3.2.1). `in_use` are the SPIs of this UE's other associations
    in both directions, with which a new one may not clash. Of two entries with one combination the first counts.
    """
    taken = tuple(in_use)
    offered: dict[Transform, Chosen] = {}
    reasons = []
    for place, entry in enumerate(client, 1):
        found = candidate(entry, supported, taken=taken)
        if isinstance(found, Chosen):
            offered.setdefault(found.transform, found)
        else:
            reasons.append(f"entry {place}: {found}")
    first = next((each for each in supported if each in offered), None)
    return NothingUsable(tuple(reasons)) if first is None else offered[first]
