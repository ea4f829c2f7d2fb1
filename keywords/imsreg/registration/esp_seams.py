"""The seams of a reference DUT's ESP: what leaves on its associations, and what it makes of what comes.

They are below SIP, so only a link that asks its nodes for their `esp_ends` has them: the in-memory one.
"""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from imsreg.registration.seams import Seams
from imsreg.secagree.ends import Ends
from imsreg.secagree.esp import Inbound, Outbound, Received
from imsreg.secagree.keys import EspKeys


class SeamedEnds(Ends):
    """The ends of a role's associations, with a seam at each packet."""

    def __init__(self, seam: Seams, role: Literal["p-cscf", "ue"]) -> None:
        super().__init__()
        self._seam = seam
        self._role = role

    def outbound(self, spi: int, keys: EspKeys, random: Random) -> Outbound:
        """See `Ends`."""
        return _Outbound(self, spi, keys, random)

    def inbound(self, spi: int, keys: EspKeys) -> Inbound:
        """See `Ends`."""
        return _Inbound(self, spi, keys)

    def sent(self, packet: bytes, **context: object) -> bytes:
        """The packet that leaves; what the hook puts before it goes along."""
        *beside, last = self._seam(f"{self._role}.esp-sent", [packet], **context)
        self.beside.extend(beside)
        return last

    def received(self, received: Received, **context: object) -> Received:
        """What becomes of a packet that came."""
        return self._seam(f"{self._role}.esp-received", received, **context)


class _Outbound(Outbound):
    """A sending end. A hook that makes packets of its own does it with a sound `end` beside this one."""

    def __init__(self, ends: SeamedEnds, spi: int, keys: EspKeys, random: Random) -> None:
        super().__init__(spi, keys, random)
        self._ends = ends
        self._keys = keys
        self._sound = Outbound(spi, keys, Random(spi))  # nothing is drawn that a conformant DUT would not draw

    def encapsulate(self, payload: bytes, next_header: int, **rules: Any) -> bytes:
        packet = super().encapsulate(payload, next_header, **rules)
        self._sound.sent = self.sent
        packet = self._ends.sent(
            packet, end=self._sound, keys=self._keys, payload=payload, next_header=next_header, sequence=self.sent
        )
        self.sent = self._sound.sent
        return packet


class _Inbound(Inbound):
    def __init__(self, ends: SeamedEnds, spi: int, keys: EspKeys) -> None:
        super().__init__(spi, keys)
        self._ends = ends
        self._keys = keys

    def decapsulate(self, packet: bytes) -> Received:
        return self._ends.received(super().decapsulate(packet), packet=packet, keys=self._keys)
