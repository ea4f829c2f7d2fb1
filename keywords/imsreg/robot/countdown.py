"""A wait in real time as the terminal shows it."""

from __future__ import annotations

from collections.abc import Callable


class Countdown:
    """Called once a second with what is left: a terminal sees it count, a file gets one line.

    `write` puts text on the console as it is.
    """

    def __init__(self, write: Callable[[str], None], *, terminal: bool) -> None:
        self._write = write
        self._terminal = terminal
        self._begun = False

    def __call__(self, left: float) -> None:
        """Show that `left` seconds remain."""
        if self._terminal:
            # A line of its own, because the runner's may stand on the present one.
            start = "\r\x1b[K" if self._begun else "\n"
            self._write(f"{start}  waiting, {left:.0f} s left")
        elif not self._begun:
            self._write(f"  waiting {left:.0f} s\n")
        self._begun = True
