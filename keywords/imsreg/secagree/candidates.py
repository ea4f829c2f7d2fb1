"""An entry of the other side's list as the making of four associations, or why it is none (TS 33.203 7.1, Annex H)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imsreg.secagree.endpoints import PREVENTING, Endpoints, endpoint_faults
from imsreg.secagree.transforms import Transform
from imsreg.secagree.usability import endpoints, transform
from imsreg.sip.headers.security import SecurityMechanism


@dataclass(frozen=True, slots=True)
class Chosen:
    """The entry that becomes associations: its algorithms, and the SPIs and ports of the side that wrote it."""

    entry: SecurityMechanism
    transform: Transform
    peer: Endpoints


@dataclass(frozen=True, slots=True)
class NothingUsable:
    """No entry can become associations: one reason an entry, in the order considered; none for an empty list."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.reasons) or "there is no entry"


def candidate(
    entry: SecurityMechanism,
    supported: Sequence[Transform],
    *,
    taken: Iterable[int],
    before: Endpoints | None = None,
) -> Chosen | str:
    """What an entry would become, or the reason why it cannot.

    `taken` are the SPIs that it may not name; `before` is what its writer has in associations that still live.
    A port that should have stayed or changed since keeps nobody from registering: `endpoint_faults` names it.
    """
    peer, offered = endpoints(entry), transform(entry)
    if isinstance(peer, str):
        return peer
    if offered not in supported:
        return "its algorithms are not supported"
    faults = [fault for fault in endpoint_faults(peer, taken=taken, before=before) if fault in PREVENTING]
    return ", ".join(faults) or Chosen(entry, offered, peer)
