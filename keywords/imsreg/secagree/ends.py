"""Who makes the two ends of an installed association: a codec as it should be, or one that a mutant has spoiled."""

from __future__ import annotations

from collections import deque
from random import Random

from imsreg.secagree.esp import Inbound, Outbound
from imsreg.secagree.keys import EspKeys


class Ends:
    """Makes the ends of associations as RFC 4303 has them."""

    def __init__(self) -> None:
        self.beside: deque[bytes] = deque()
        """ESP packets that leave before the one which was just made, to the same place. Here there are none."""

    def outbound(self, spi: int, keys: EspKeys, random: Random) -> Outbound:
        """The sending end of an association; `random` makes its IVs."""
        return Outbound(spi, keys, random)

    def inbound(self, spi: int, keys: EspKeys) -> Inbound:
        """The receiving end of an association."""
        return Inbound(spi, keys)
