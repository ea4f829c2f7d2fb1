"""What an element asks of the link that it is on: that a set of associations be put in, or taken out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from imsreg.secagree.associations import SaSet, Side


class Change(Enum):
    """What is to happen to a set."""

    INSTALL = auto()
    """Before the next packet of the element leaves: its first message may be in that."""
    REMOVE = auto()
    """Once everything that the element has written has left."""


@dataclass(frozen=True, slots=True)
class SaChange:
    """A set that `side` wants installed or removed."""

    change: Change
    sas: SaSet
    side: Side
