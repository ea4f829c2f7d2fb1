"""Which association an ESP packet belongs to: inbound ones by their SPI (RFC 4303 3.4.2), and those that were."""

from __future__ import annotations

from imsreg.secagree.esp import Inbound, Outcome, Received, head_of
from imsreg.secagree.formats import HEAD_OCTETS

MAX_DELETED = 1024


class InboundTable:
    """The receiving ends of one host.

    Packets for a deleted association, as a TCP connection of yesterday repeats them, are told from packets for one
    that never was. Of more than MAX_DELETED the oldest is forgotten.
    """

    def __init__(self) -> None:
        self._ends: dict[int, Inbound] = {}
        self._deleted: dict[int, None] = {}

    def add(self, end: Inbound) -> None:
        """Receive on an association. Raises ValueError for an SPI that another one has."""
        if end.spi in self._ends:
            raise ValueError(f"SPI {end.spi} is in use")
        self._deleted.pop(end.spi, None)
        self._ends[end.spi] = end

    def remove(self, spi: int) -> None:
        """Receive no more on an association; nothing if there is none."""
        if self._ends.pop(spi, None) is None:
            return
        if len(self._deleted) >= MAX_DELETED:
            del self._deleted[next(iter(self._deleted))]
        self._deleted[spi] = None

    def remembers(self, spi: int) -> bool:
        """Whether the SPI was that of an association which is deleted now."""
        return spi in self._deleted

    def receive(self, packet: bytes) -> Received:
        """What a packet holds, if one of the associations takes it."""
        if len(packet) < HEAD_OCTETS:
            return Received(Outcome.MALFORMED)
        spi, sequence = head_of(packet)
        end = self._ends.get(spi)
        if end is not None:
            return end.decapsulate(packet)
        outcome = Outcome.DELETED_SPI if spi in self._deleted else Outcome.UNKNOWN_SPI
        return Received(outcome, spi, sequence)
