"""The terminal that a person sits at: a step is shown, and waited for with the seconds counting down."""

from __future__ import annotations

import os
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

_LOOK = 0.1
"""Seconds between two looks at whether the step shows on the wire already."""
_CHUNK = 1024


class Answer(Enum):
    """What a person said of a step."""

    DONE = "done"
    CANNOT = "cannot"
    NONE = "none"


class Terminal:
    """The terminal of this process, by its device: a runner may have redirected the standard streams.

    Use as a context manager. Raises OSError if there is none, or if it goes.
    """

    def __init__(self, device: Path) -> None:
        self._file = os.open(device, os.O_RDWR | os.O_NOCTTY)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._file)

    def ask(self, step: str, limit: float, happened: Callable[[], bool]) -> Answer:
        """Show a step, harmless text, and wait at most `limit` seconds for a line, or until `happened()` is true."""
        with suppress(termios.error):
            # Lines that were typed before the question are no answer to it.
            termios.tcflush(self._file, termios.TCIFLUSH)
        self._write(f"\n  {step}, then press Enter; x and Enter if it cannot be done\n")
        typed = b""
        shown = None
        end = time.monotonic() + limit
        with DefaultSelector() as selector:
            selector.register(self._file, EVENT_READ)
            while (left := end - time.monotonic()) > 0:
                if (seconds := round(left)) != shown:
                    shown = seconds
                    self._write(f"\r\x1b[K  waiting {seconds} s ")
                if selector.select(min(_LOOK, left)):
                    typed = self._read(typed)
                    if b"\n" in typed:
                        return Answer.CANNOT if typed.strip().lower() == b"x" else Answer.DONE
                if happened():
                    self._write("\r\x1b[K  the UE has sent something\n")
                    return Answer.DONE
        self._write("\r\x1b[K")
        return Answer.NONE

    def _read(self, before: bytes) -> bytes:
        read = os.read(self._file, _CHUNK)
        if not read:
            raise OSError(0, "the terminal has been closed")
        return (before + read)[-_CHUNK:]

    def _write(self, text: str) -> None:
        left = text.encode()
        while left:
            left = left[os.write(self._file, left) :]
