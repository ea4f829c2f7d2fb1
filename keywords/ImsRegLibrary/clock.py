"""Keywords for time."""

from __future__ import annotations

from datetime import timedelta

from robot.api import logger
from robot.api.deco import keyword

from ImsRegLibrary.component import Component


class ClockKeywords(Component):
    """An embedded DUT's clock jumps together with the tester's; a real DUT has to be waited for."""

    @keyword
    def advance_time(self, duration: timedelta) -> None:
        """Lets time pass: ``Advance Time    600 s``. Against a real DUT the wait is shown counting."""
        self._case.advance(duration.total_seconds(), lambda left: logger.console(f"  waiting, {left:.0f} s left"))
