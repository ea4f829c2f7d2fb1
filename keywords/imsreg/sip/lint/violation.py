"""What lint finds."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """What a finding means."""

    VIOLATION = "violation"
    """The text of the clause forbids it."""
    OBSERVATION = "observation"
    """Legal but odd, or forbidden by a text that bids receivers to live with it."""


class Violation(NamedTuple):
    """One finding in one message.

    `line` and `column` are 1-based; the start line is line 1, a column is a character of that line as it is on the
    wire, an octet that is no UTF-8 being a character of its own. What is missing altogether stands at line 1, column 1.
    """

    rule: str
    """The rule's id, a key of `imsreg.sip.lint.rules.RULES`."""
    severity: Severity
    clause: str
    line: int
    column: int
    what: str
    """What is wrong, made safe for people."""
    right: str
    """What would be right."""

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.what}; right: {self.right} ({self.clause}) [{self.rule}]"
