"""The records of a back end on their way to the thread that owns the nodes of a link."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from imsreg.secagree.events import EspEvent, Observer

MOST = 10_000
"""Records that wait to be handed over; more are lost, and counted."""


class Records:
    """An `Observer` for a back end, whose clock is `now`. A link that has `joined` hands the records over.

    Any thread may fill it; `observe` and `hand_over` belong to the link's.
    """

    def __init__(self) -> None:
        self.lost = 0
        """Records that nobody will see: too many were waiting."""
        self._lock = threading.Lock()  # guards _waiting between threads
        self._waiting: deque[EspEvent] = deque()
        self._observer: Observer | None = None
        self._now: Callable[[], float] = time.monotonic
        self._wake: Callable[[], None] = _nobody_waits
        self._feed: Callable[[], None] = _nobody_waits

    def now(self) -> float:
        """The link's time, for the back end to stamp its records with; before there is a link, monotonic seconds."""
        return self._now()

    def joined(self, now: Callable[[], float], wake: Callable[[], None]) -> None:
        """A link takes the records from here: its clock, and what has its thread call `hand_over` soon."""
        self._now, self._wake = now, wake

    def fed_by(self, catch_up: Callable[[], None]) -> None:
        """A back end that learns of packets later than sockets do is asked for them before they are handed over."""
        self._feed = catch_up

    def __call__(self, event: EspEvent) -> None:
        """Keep a record until the link's thread takes it."""
        if self._observer is None:
            return
        with self._lock:
            if len(self._waiting) >= MOST:
                self.lost += 1
                return
            self._waiting.append(event)
            is_first = len(self._waiting) == 1
        if is_first:  # the others go with it
            self._wake()

    def observe(self, observer: Observer | None) -> None:
        """Have the records told to `observer` from now on; None: to nobody. What waits is told to the one before."""
        self.hand_over()
        self._observer = observer

    def hand_over(self) -> None:
        """Tell the observer what has been recorded so far. Raises the first exception of it, once all is told."""
        self._feed()
        raised: list[Exception] = []
        while self._waiting:
            with self._lock:
                waiting = tuple(self._waiting)
                self._waiting.clear()
            for event in waiting:
                try:
                    if self._observer is not None:
                        self._observer(event)
                except Exception as error:
                    raised.append(error)
        if raised:
            raise raised[0]


def _nobody_waits() -> None:
    """No link has joined, or no back end is late."""
