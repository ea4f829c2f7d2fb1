"""How the tester waits for a UE: the clock jumps where every party's clock can be moved, else real time passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from imsreg.net.link import Link
from imsreg.tester.dut import UeDut
from imsreg.tester.simulated_core import SimulatedCore

TURN = 0.005
"""Real seconds between two looks at what is on its way to the UE."""

SETTLING = 0.5
"""Real seconds that octets between tester and embedded UE may take over loopback before the clock goes on without."""

Progress = Callable[[float], None]


class Pace(Protocol):
    """Lets time pass."""

    def wait(self, condition: Callable[[], bool], limit: float, progress: Progress | None = None) -> bool:
        """Serve everybody until `condition()` is true or `limit` seconds are over; whether it became true.

        `progress(seconds left)` is called once a second where the wait is real.
        """


class LinkPace:
    """The link's own time: virtual on the in-memory link, `real` with a real UE."""

    def __init__(self, link: Link, *, real: bool) -> None:
        self._link = link
        self._real = real

    def wait(self, condition: Callable[[], bool], limit: float, progress: Progress | None = None) -> bool:
        """See `Pace`. Real waits are cut into seconds, so that they show."""
        if progress is None or not self._real:
            return self._link.wait(condition, limit)
        end = self._link.now() + limit
        while (left := end - self._link.now()) > 0:
            if self._link.wait(condition, min(1.0, left)):
                return True
            if end - self._link.now() > 0:
                progress(end - self._link.now())
        return self._link.wait(condition, 0.0)


class SteppedPace:
    """An embedded UE in a process of its own: both clocks jump to the next timer of either, whenever all is quiet.

    All is quiet when each side has received every octet that the other has sent.
    """

    def __init__(self, link: Link, core: SimulatedCore, ue: UeDut) -> None:
        self._link = link
        self._core = core
        self._ue = ue
        self._lost_in = self._lost_out = 0

    def wait(self, condition: Callable[[], bool], limit: float, progress: Progress | None = None) -> bool:
        """See `Pace`. Nothing shows, because nobody waits."""
        end = self._link.now() + limit
        while not self._settled(condition):
            left = end - self._link.now()
            if left <= 0:
                return False
            step = min([left, *(d for d in (self._ue.next_deadline(), self._own_deadline()) if d is not None)])
            # The tester's first: what the UE then sends arrives at the time at which it is sent.
            self._link.advance(step)
            self._ue.advance(step)
        return True

    def _settled(self, condition: Callable[[], bool]) -> bool:
        """Wait for what is on its way; whether the condition holds then."""
        end = time.monotonic() + SETTLING
        while True:
            sent, received = self._ue.moved()
            on_its_way = sent - self._lost_in - self._core.octets_in, self._core.octets_out - self._lost_out - received
            if self._link.call(condition):
                return True
            if on_its_way == (0, 0):
                return False
            if time.monotonic() > end:
                # It went where nobody listens any more, to a UE that was switched off for one.
                self._lost_in += on_its_way[0]
                self._lost_out += on_its_way[1]
                return False
            self._link.wait(lambda: condition() or self._core.octets_in + self._lost_in >= sent, TURN)  # noqa: B023

    def _own_deadline(self) -> float | None:
        due = self._link.call(self._core.next_deadline)
        return None if due is None else max(0.0, due - self._link.now())
