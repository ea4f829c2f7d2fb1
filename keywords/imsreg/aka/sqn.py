"""Sequence numbers (TS 33.102 Annex C): SQN is SEQ (43 bits) followed by IND (5 bits), 48 bits in all."""

from __future__ import annotations

from collections.abc import Iterable

IND_BITS = 5
SLOTS = 1 << IND_BITS
"""Entries of the USIM's array, one for each IND."""

SEQ_BITS = 43
"""Bits of SEQ."""

DELTA = 1 << 28
"""How far SEQ may run ahead of the highest one that was accepted (TS 33.102 C.2.1)."""

_SEQ_LIMIT = 1 << SEQ_BITS


def split(sqn: int) -> tuple[int, int]:
    """SEQ and IND of an SQN."""
    return sqn >> IND_BITS, sqn & (SLOTS - 1)


def join(seq: int, ind: int) -> int:
    """The SQN of a SEQ and an IND."""
    return seq << IND_BITS | ind


class SqnArray:
    """The USIM's memory of accepted sequence numbers: the highest SEQ for each IND (TS 33.102 C.2.2).

    `sequences` restores it from a former array's `sequences`; by default nothing was accepted yet. `delta` is the
    largest step of SEQ. `age_limit` is L: how far SEQ must not lie back, which a USIM need not limit (C.2.2).
    """

    def __init__(
        self, sequences: Iterable[int] = (0,) * SLOTS, *, delta: int = DELTA, age_limit: int | None = None
    ) -> None:
        self._sequences = list(sequences)
        if len(self._sequences) != SLOTS or not all(0 <= seq < _SEQ_LIMIT for seq in self._sequences):
            raise ValueError(f"an SQN array has {SLOTS} sequence numbers of {SEQ_BITS} bits")
        if delta < 1 or (age_limit is not None and age_limit < 1):
            raise ValueError("the largest step and the age limit of SEQ are above zero")
        self._delta = delta
        self._age_limit = age_limit

    @property
    def sequences(self) -> tuple[int, ...]:
        """The SEQ of each IND, zero where none was accepted."""
        return tuple(self._sequences)

    @property
    def highest(self) -> int:
        """SQN_MS: the highest SQN accepted so far, zero at first. It goes into AUTS."""
        return max((join(seq, ind) for ind, seq in enumerate(self._sequences) if seq), default=0)

    def accept(self, sqn: int) -> bool:
        """Whether `sqn` is fresh; if it is, it is remembered (TS 33.102 C.2.1, C.2.2).

        Fresh means above the last SEQ with the same IND, and at most delta above the highest of all, so that nobody
        takes the array to the end of its numbers. So a SEQ lower than the highest passes where its IND has not been
        used that far, unless it is as old as the age limit.
        """
        seq, ind = split(sqn)
        highest_seq, _ = split(self.highest)
        if seq - highest_seq > self._delta or seq <= self._sequences[ind]:
            return False
        if self._age_limit is not None and highest_seq - seq >= self._age_limit:
            return False
        self._sequences[ind] = seq
        return True
