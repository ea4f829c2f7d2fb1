"""Whether the DUT is still there: two silent tests in a row call for a sanity REGISTER."""

from __future__ import annotations

from collections.abc import Callable

SILENT_TESTS = 2


class VitalSigns:
    """Counts silent tests. Once the sanity REGISTER has failed as well, the rest of the run is INCONCLUSIVE at once."""

    def __init__(self) -> None:
        self._silent = 0
        self.lost: str | None = None
        """Why the DUT counts as lost, or None."""

    def answered(self) -> None:
        """A test had an answer."""
        self._silent = 0

    def silent(self, reason: str, sanity: Callable[[], bool]) -> None:
        """A test had no sign of life; `sanity` sends a REGISTER and says whether anything came back."""
        self._silent += 1
        if self._silent < SILENT_TESTS or self.lost is not None:
            return
        if sanity():
            self._silent = 0
        else:
            self.lost = f"the DUT gave no answer in {self._silent} tests in a row, nor to a sanity REGISTER: {reason}"
