"""Who is to be woken when: the deadlines of many transactions, with the next one at hand."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_FEW = 64
"""Replaced entries that are not worth a clean-up."""


class Agenda(Generic[T]):
    """At most one deadline for each item. Every operation costs logarithmic time on average.

    A replaced deadline stays in the heap until it comes up or replaced ones are the majority: taking it out at once
    would cost linear time.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._tickets: dict[T, int] = {}
        self._next_ticket = count()

    def __iter__(self) -> Iterator[T]:
        """The items that have a deadline, in no particular order."""
        return iter(self._tickets)

    def set(self, item: T, deadline: float | None) -> None:
        """Gives `item` its only deadline, or takes it away. Items with equal deadlines come up in the order set."""
        self._tickets.pop(item, None)
        if deadline is not None:
            ticket = self._tickets[item] = next(self._next_ticket)
            heapq.heappush(self._heap, (deadline, ticket, item))
        if len(self._heap) > 2 * len(self._tickets) + _FEW:
            self._heap = [entry for entry in self._heap if self._tickets.get(entry[2]) == entry[1]]
            heapq.heapify(self._heap)

    def next_deadline(self) -> float | None:
        """The earliest deadline, or None."""
        while self._heap:
            deadline, ticket, item = self._heap[0]
            if self._tickets.get(item) == ticket:
                return deadline
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now: float) -> T | None:
        """The item with the earliest deadline if that has come, else None. The item loses its deadline."""
        deadline = self.next_deadline()
        if deadline is None or deadline > now:
            return None
        item = heapq.heappop(self._heap)[2]
        del self._tickets[item]
        return item
