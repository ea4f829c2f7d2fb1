"""Keywords for time."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial

from robot.api import logger
from robot.api.deco import keyword

from imsreg.robot.countdown import Countdown
from ImsRegLibrary.component import Component


class ClockKeywords(Component):
    """An embedded DUT's clock jumps together with the tester's; a real DUT has to be waited for."""

    @keyword
    def advance_time(self, duration: timedelta) -> None:
        """Lets time pass: ``Advance Time    600 s``. Against a real DUT a terminal shows the wait counting."""
        terminal = sys.__stdout__ is not None and sys.__stdout__.isatty()
        self._case.advance(
            duration.total_seconds(), Countdown(partial(logger.console, newline=False), terminal=terminal)
        )

    @keyword
    def get_shortest_expiry(self) -> int:
        """The seconds of a binding that is to be seen ending: the profile's min-expires, at least 30, else 120."""
        return self._cscf_case.shortest_expiry
