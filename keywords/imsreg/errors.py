"""The errors that reach a user, and the exit classes of every command."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path


class ExitClass(IntEnum):
    """What the exit code of a command means. A class, never a count of failures."""

    CONFORMANT = 0
    FAILED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    INTERRUPTED = 130


class ImsRegError(Exception):
    """Base of all errors that imsreg raises on purpose."""


class InputError(ImsRegError):
    """Something the user gave cannot be used: what, where, and what to do about it, on one line.

    Commands answer it with this line and exit class 2, before the first packet is sent.
    """

    def __init__(self, where: str | Path, field: str, problem: str, remedy: str = "") -> None:
        self.where = str(where)
        self.field = field
        self.problem = problem
        self.remedy = remedy
        super().__init__(where, field, problem, remedy)

    def __str__(self) -> str:
        place = f"{self.where}: {self.field}" if self.field else self.where
        return f"{place}: {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


class EgressDenied(ImsRegError):
    """A packet was about to leave for an address that the profile's allow list does not name. It was not sent."""
