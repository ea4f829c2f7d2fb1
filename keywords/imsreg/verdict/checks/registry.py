"""Where checks are entered under the requirement that they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from imsreg.verdict.outcome import Outcome
from imsreg.verdict.view import View


class Check(Protocol):
    """A pure function over the view of one transcript. It yields what it found, or nothing if nothing applied."""

    __name__: str
    __module__: str

    def __call__(self, view: View) -> Iterator[Outcome]:
        """Judge one transcript."""


_CHECKS: dict[str, list[Check]] = {}


def check(requirement: str) -> Callable[[Check], Check]:
    """Enter a function as a check of `requirement`; a function may decide several, one decorator each."""

    def enter(function: Check) -> Check:
        _CHECKS.setdefault(requirement, []).append(function)
        return function

    return enter


def registered() -> Mapping[str, Sequence[Check]]:
    """All checks entered so far, by requirement id."""
    return _CHECKS
