"""When a UE does something by itself: refreshes and new attempts (TS 24.229 5.1.1.4.1; RFC 5626 4.5)."""

from __future__ import annotations

from random import Random

BASE_TIME = 30.0
"""Seconds of RFC 5626 4.5 where every flow has failed: a UE with one P-CSCF has one flow."""

MAX_TIME = 1800.0
"""The longest upper bound of RFC 5626 4.5, in seconds."""

LONG = 1200.0
"""Above so many seconds a refresh comes a fixed time before the end, else at half-time (TS 24.229 5.1.1.4.1)."""

AHEAD = 600.0
"""Seconds by which a refresh comes before the end of a long registration (TS 24.229 5.1.1.4.1)."""


def refresh_after(granted: float) -> float:
    """Seconds from the 200 to the refresh of what was granted for `granted` seconds (TS 24.229 5.1.1.4.1)."""
    return granted - AHEAD if granted > LONG else granted / 2


class Backoff:
    """The waiting times between attempts that fail in a row (RFC 5626 4.5). `random` spreads them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0
        self._spurts = 0
        self._calm_since: float | None = None

    def failed(self, retry_after: int | None = None) -> float:
        """Seconds to wait after one more failure: between half and all of the upper bound, Retry-After if longer."""
        self._failures += 1
        bound = min(MAX_TIME, BASE_TIME * 2.0 ** min(self._failures, 16))
        return max(self._random.uniform(bound / 2, bound), float(retry_after or 0))

    def soon(self, now: float) -> float:
        """Seconds to wait where nothing forbids to begin again at once: none, the first time.

        Without a calm of BASE_TIME in between, each further time counts as a failure: a network that always sends the
        UE back to the beginning must not keep both busy for ever.
        """
        if self._calm_since is not None and now - self._calm_since >= BASE_TIME:
            self._spurts = 0
        self._calm_since = None
        self._spurts += 1
        return 0.0 if self._spurts == 1 else self.failed()

    def succeeded(self, now: float) -> None:
        """An attempt has succeeded."""
        self._failures = 0
        self._calm_since = now
