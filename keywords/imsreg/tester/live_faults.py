"""What is wrong with a message that has just come, for whoever watches: every fault of a UE once."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.violation import Severity
from imsreg.tester.no_request import malformation
from imsreg.transcript.entries import Entry

MOST = 4
"""Faults of one message that are told; `imsreg lint` tells them all."""
_REMEMBERED = 1000
"""Faults, of all UEs, that are remembered as told."""


class LiveFaults:
    """Judges messages one by one, by grammar and RFC 3261 alone; verdicts are for the checks."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], None] = {}

    def of(self, ue: str, entry: Entry) -> Iterator[str]:
        """What is wrong with a message of `ue`, in words that are safe; what has been told before in one line.

        Nothing for what the core itself has sent.
        """
        if entry.sent:
            return
        if entry.message is None:
            if (why := malformation(entry)) is not None:
                yield why
            return
        found = [each for each in lint(entry.message) if each.severity is Severity.VIOLATION]
        new = [each for each in found if (ue, f"{each.rule} {each.what}") not in self._told]
        for each in new:
            self._remember((ue, f"{each.rule} {each.what}"))
        for each in new[:MOST]:
            yield str(each)
        if len(new) > MOST:
            yield f"and {len(new) - MOST} more: see imsreg lint"
        if len(new) < len(found):
            yield f"as before: {', '.join(dict.fromkeys(each.rule for each in found if each not in new))}"

    def _remember(self, fault: tuple[str, str]) -> None:
        self._told[fault] = None
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
