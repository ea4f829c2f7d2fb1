"""Whether the DUT is still there: two silent tests in a row call for a sanity REGISTER."""

from __future__ import annotations

from collections.abc import Callable

from imsreg.tester.outcome import ScenarioStopped

SILENT_TESTS = 2


class VitalSigns:
    """Counts silent tests. Once the sanity REGISTER has failed as well, the rest of the run is INCONCLUSIVE at once."""

    def __init__(self) -> None:
        self._silent = 0
        self.lost: ScenarioStopped | None = None
        """Why the DUT counts as lost, with the class of the last silent test; or None."""

    def answered(self) -> None:
        """A test had an answer."""
        self._silent = 0

    def silent(self, stopped: ScenarioStopped, sanity: Callable[[], bool]) -> None:
        """A test had no sign of life; `sanity` sends a REGISTER and says whether anything came back."""
        self._silent += 1
        if self._silent < SILENT_TESTS or self.lost is not None:
            return
        if sanity():
            self._silent = 0
            return
        text = f"the DUT gave no answer in {self._silent} tests in a row, nor to a sanity REGISTER: {stopped}"
        self.lost = ScenarioStopped(stopped.kind, text)
