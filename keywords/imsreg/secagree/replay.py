"""The anti-replay window of an inbound association (RFC 4303 3.4.3), on for every association (TS 33.203 6.3)."""

from __future__ import annotations

WINDOW = 64
"""Packets: what RFC 4303 3.4.3 prefers. 32 is the least that it allows."""


class ReplayWindow:
    """Which sequence numbers have come. 32 bits, without the extension to 64."""

    __slots__ = ("_mask", "_seen", "_size", "_top")

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._mask = (1 << size) - 1
        self._top = 0
        # Bit n: the number n below the highest has come.
        self._seen = 0

    @property
    def top(self) -> int:
        """The highest number that has come and was authentic; 0 at first."""
        return self._top

    def fresh(self, sequence: int) -> bool:
        """Whether a number is neither a repetition nor left of the window. 0 never is: senders begin with 1."""
        if sequence > self._top:
            return True
        below = self._top - sequence
        return sequence != 0 and below < self._size and not self._seen >> below & 1

    def note(self, sequence: int) -> None:
        """A packet with a fresh number has proven authentic."""
        if sequence > self._top:
            self._seen = (self._seen << min(sequence - self._top, self._size) | 1) & self._mask
            self._top = sequence
        else:
            self._seen |= 1 << self._top - sequence
