"""What every component of the library shares."""

from __future__ import annotations

from imsreg.robot.bench import Bench
from imsreg.tester.case import Case
from imsreg.tester.simulated_ue import SimulatedUe


class Component:
    """A topic of keywords over the bench. Components are adapters: no logic lives in them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def _case(self) -> Case:
        return self._bench.running()

    @property
    def _ue(self) -> SimulatedUe:
        return self._bench.running().ue
