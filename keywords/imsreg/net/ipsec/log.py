"""An observer that keeps the records, and lets a thread wait for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from imsreg.secagree.events import EspEvent

MOST = 100_000
"""Records kept; beyond, the oldest goes."""


class EventLog:
    """Records in the order they came. May be used from any thread."""

    def __init__(self) -> None:
        self._events: deque[EspEvent] = deque(maxlen=MOST)
        self._changed = threading.Condition()

    def __call__(self, event: EspEvent) -> None:
        """Keep a record: the log is an `Observer`."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    @property
    def events(self) -> tuple[EspEvent, ...]:
        """What has been kept, oldest first."""
        with self._changed:
            return tuple(self._events)

    def wait(self, wanted: Callable[[EspEvent], bool], timeout: float) -> EspEvent | None:
        """The first record that is wanted, old or new; None if none comes within `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: any(map(wanted, self._events)), timeout)
            return next(filter(wanted, self._events), None)
