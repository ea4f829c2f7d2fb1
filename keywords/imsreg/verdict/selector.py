"""What a user names to choose requirements: a specification, a clause and all below it, or one id."""

from __future__ import annotations

from dataclasses import dataclass

from imsreg.errors import InputError
from imsreg.verdict.requirement import Requirement


@dataclass(frozen=True)
class Selector:
    """ "24.229", "24.229/5.4.1" (that clause and those below), "rfc3261/10.3", or an id. Case does not matter."""

    name: str
    clause: str = ""

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Raises InputError if `text` has not the form of a selector; whether it names anything, `select` finds out."""
        name, slash, clause = text.strip().lower().partition("/")
        if not name or (slash and not clause) or "/" in clause:
            raise InputError("selector", text, "it has no meaning", "write 24.229, 24.229/5.4.1 or a requirement's id")
        return cls(name, clause)

    def matches(self, requirement: Requirement) -> bool:
        """Whether the selector names `requirement`. Clauses compare number by number: 5.4.1 is no part of 5.4.10."""
        if self.clause:
            wanted, present = self.clause.split("."), requirement.clause.lower().split(".")
            return requirement.key == self.name and present[: len(wanted)] == wanted
        return self.name in (requirement.key, requirement.id.lower())
