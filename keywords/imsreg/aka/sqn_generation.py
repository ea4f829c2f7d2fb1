"""How an AuC comes to its next sequence number (TS 33.102 C.1): SEQ by a counter or a clock, IND by another rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from imsreg.aka.sqn import SEQ_BITS, SLOTS

CLOCK_UNIT = 0.1
"""Seconds of one step of the global counter GLC (TS 33.102 C.3)."""

SEQ2_BITS = 24
"""Bits of SEQ that a clock gives where it gives only a part (TS 33.102 C.3.1)."""

BURST = 1 << 16
"""D: in as many clock units no user gets more vectors than that (TS 33.102 C.1.1.1, C.3.1)."""

_SEQ_LIMIT = 1 << SEQ_BITS

Clock = Callable[[], float]
"""Seconds since an origin that does not change while the AuC lives."""


class SeqScheme(Protocol):
    """A rule for SEQ, a number of 43 bits. One object serves one user."""

    def after(self, seq: int) -> int:
        """SEQ of the next vector, where `seq` was that of the last (SEQ_HE)."""
        ...

    def resynchronised(self, seq: int) -> None:
        """The user's USIM is at `seq`: what follows must lie above."""
        ...


class Counter:
    """Not time-based: one higher each time (TS 33.102 C.1.1.2).

    After the last value comes zero: a USIM that claims to be there gets a vector that it refuses.
    """

    def after(self, seq: int) -> int:
        """The next number."""
        return (seq + 1) % _SEQ_LIMIT

    def resynchronised(self, seq: int) -> None:
        """Nothing to remember: the counter is SEQ_HE itself."""


class PartlyTimeBased:
    """The low bits of SEQ are a clock, the high ones count how often it came round (TS 33.102 C.1.1.1 step 5)."""

    def __init__(
        self, clock: Clock, *, seq2_bits: int = SEQ2_BITS, burst: int = BURST, unit: float = CLOCK_UNIT
    ) -> None:
        if seq2_bits not in range(1, SEQ_BITS) or burst not in range(1, 1 << seq2_bits) or unit <= 0:
            raise ValueError("SEQ2 is a part of SEQ, D is less than it counts, and the clock unit is above zero")
        self._clock = clock
        self._bits = seq2_bits
        self._burst = burst
        self._unit = unit

    def after(self, seq: int) -> int:
        """Follow the clock; count on while it stands or the last number is a burst ahead; else begin a new round."""
        period = 1 << self._bits
        glc = math.floor(self._clock() / self._unit) % period
        seq1, seq2 = seq >> self._bits, seq & (period - 1)
        if seq2 < glc < seq2 + period - self._burst + 1:
            return seq1 << self._bits | glc
        if seq2 < glc + self._burst:
            return (seq + 1) % _SEQ_LIMIT
        return ((seq1 + 1) << self._bits | glc) % _SEQ_LIMIT

    def resynchronised(self, seq: int) -> None:
        """Nothing to remember: SEQ_HE carries both parts."""


class TimeBased:
    """SEQ is a clock and a user's offset, which only resynchronisation changes (TS 33.102 C.1.1.3)."""

    def __init__(self, clock: Clock, *, unit: float = CLOCK_UNIT) -> None:
        if unit <= 0:
            raise ValueError("the clock unit is above zero")
        self._clock = clock
        self._unit = unit
        self._offset = 0

    def after(self, seq: int) -> int:
        """The time of this user, or one above the last number where the clock has not moved on."""
        time = (self._glc() + self._offset) % _SEQ_LIMIT
        return time if time > seq else (seq + 1) % _SEQ_LIMIT

    def resynchronised(self, seq: int) -> None:
        """From now on the user's time is what his USIM has."""
        self._offset = seq - self._glc()

    def _glc(self) -> int:
        return math.floor(self._clock() / self._unit)


class IndScheme(Protocol):
    """A rule for IND, a number of 5 bits (TS 33.102 C.1.2)."""

    def after(self, ind: int, requester: str) -> int:
        """IND of the next vector, where `ind` was that of the last; `requester` is the node that it is for."""
        ...


class KeepInd:
    """IND never changes: every vector outdates all before it, also on a USIM that keeps an array."""

    def after(self, ind: int, requester: str) -> int:
        """The same."""
        return ind


class CycleInd:
    """Each vector has the next IND: as many as the array has places may be used in any order."""

    def after(self, ind: int, requester: str) -> int:
        """The next one, and the first after the last."""
        return (ind + 1) % SLOTS


class IndPerRequester:
    """Each node has an IND of its own: vectors kept at one do not go out of date by those used at another."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}

    def after(self, ind: int, requester: str) -> int:
        """That of the requester; a new one gets the next place, and shares it when all are taken."""
        return self._of.setdefault(requester, len(self._of) % SLOTS)
