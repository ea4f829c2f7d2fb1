"""ESP packets in a capture of anybody's: what is in them, with keys, or without where nothing is encrypted."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable
from typing import Protocol

from imsreg.secagree.esp import Outcome, Received
from imsreg.secagree.ip import IpPacket
from imsreg.transcript.esp_null import read_without_keys

MAX_REMEMBERED = 128
"""Packets without encryption, of those last seen, of which a repetition is known."""


class ReceivingEnd(Protocol):
    """Takes the packets of an association out of ESP, as `secagree.esp.Inbound` does."""

    def decapsulate(self, packet: bytes) -> Received:
        """What a packet holds, from its SPI on."""
        ...


class EspOpener:
    """Takes packets in the order of the capture. `end` finds what takes those with an SPI to a host out of ESP.

    A packet that a receiver drops is not read either: a repetition.
    """

    def __init__(self, end: Callable[[int, str], ReceivingEnd | None]) -> None:
        self._end = end
        self._seen: deque[bytes] = deque(maxlen=MAX_REMEMBERED)

    def open(self, packet: IpPacket, spi: int) -> IpPacket | None:
        """What an ESP packet protects, behind its IP header; None if it cannot be read."""
        end = self._end(spi, str(ipaddress.ip_address(packet.destination)))
        if end is not None:
            received = end.decapsulate(packet.payload)
            if received.outcome in (Outcome.OK, Outcome.BAD_PADDING):
                return packet._replace(protocol=received.next_header, payload=received.payload)
            if received.outcome is not Outcome.BAD_ICV:
                return None
        read = read_without_keys(packet)
        if read is None or packet.payload in self._seen:
            return None
        self._seen.append(packet.payload)
        return read[1]
