"""What every component of the library shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imsreg.robot.bench import Bench
from imsreg.tester.case import Case
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.simulated_ue import SimulatedUe

if TYPE_CHECKING:
    from imsreg.tester.ue_case import UeCase


class Component:
    """A topic of keywords over the bench. Components are adapters: no logic lives in them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def _case(self) -> Case:
        return self._bench.running()

    @property
    def _cscf_case(self) -> CscfCase:
        return self._bench.cscf_case()

    @property
    def _ue_case(self) -> UeCase:
        return self._bench.ue_case()

    @property
    def _ue(self) -> SimulatedUe:
        return self._bench.cscf_case().ue
