"""Nodes that keep each other busy while no time passes."""

from __future__ import annotations

from imsreg.net.link import LinkError

LIMIT = 100_000
"""Events at one instant. The largest honest burst of a test is some hundreds."""


class StallGuard:
    """Counts the events at one instant of a jumping clock, which would otherwise stand still for ever."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._instant: float | None = None
        self._events = 0

    def begin(self) -> None:
        """Count from zero: somebody has begun to wait, and what went before has come to rest."""
        self._events = 0

    def count(self, now: float) -> None:
        """Note one event at `now`. Raises LinkError if there were too many at this instant."""
        if now != self._instant:
            self._instant = now
            self._events = 0
        self._events += 1
        if self._events > self._limit:
            raise LinkError(
                f"{self._limit:,} events at {now:g} s of link time and no end: two nodes answer each other in a loop, "
                "or a timer is due again as soon as it has fired"
            )
