"""One normative sentence: the row of a catalogue file, and the requirement that the rest of the suite sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from imsreg.verdict.condition import Condition

Level = Literal["must", "should", "may"]
Subject = Literal["ue", "p-cscf", "i-cscf", "s-cscf", "hss", "any"]
Evidence = Literal["text", "secondary", "memory"]
"""How far the sentence was read: itself, in a quotation or two implementations, or not at all."""

_SPECIFICATIONS = (
    (re.compile(r"TS ([0-9]{2}\.[0-9]{3}(?:-[0-9]+)?)"), r"\1"),
    (re.compile(r"RFC ([0-9]+)"), r"rfc\1"),
    (re.compile(r"(robustness)"), r"\1"),
)
_CLAUSE = re.compile(r"(?:[0-9]+|[A-Z])[0-9A-Za-z]*(?:\.[0-9]+[0-9A-Za-z]*)*")
_NUMBER = re.compile(r"[0-9]{2,}")


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry under `rows:` of a catalogue file, as it is typed."""

    id: str
    specification: str
    clause: str = ""
    level: Level
    subject: tuple[Subject, ...]
    condition: str = ""
    text: str
    evidence: Evidence
    source: str
    why_untested: str = ""


@dataclass(frozen=True)
class Requirement:
    """A row with its condition parsed, and with the names of what decides it: checks, mutants (ids), tests."""

    id: str
    specification: str
    clause: str
    level: Level
    subject: tuple[Subject, ...]
    condition: Condition
    text: str
    evidence: Evidence
    source: str
    why_untested: str = ""
    checks: tuple[str, ...] = ()
    mutants: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The specification as ids and selectors write it: "24.229", "rfc3261", "robustness"."""
        return specification_key(self.specification)

    @property
    def heading(self) -> str:
        """Specification and clause as people cite them: "TS 24.229 5.4.1.2.2"."""
        return f"{self.specification} {self.clause}".rstrip()


class RowError(ValueError):
    """A row says something impossible. `field` names where; the text says what."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(problem)


def specification_key(specification: str) -> str:
    """ "TS 24.229" -> "24.229", "RFC 3261" -> "rfc3261". Raises ValueError for other forms."""
    for form, key in _SPECIFICATIONS:
        if form.fullmatch(specification):
            return form.sub(key, specification)
    raise ValueError(f'"{specification}" is neither "TS nn.nnn", "RFC nnnn" nor "robustness"')


def build(row: Row) -> Requirement:
    """The requirement that `row` describes. Raises RowError if its id, clause, text, subject or condition is wrong."""
    _check_names(row)
    _check_prose(row)
    if not row.subject or len(set(row.subject)) != len(row.subject):
        raise RowError("subject", "it names no subject, or one twice")
    try:
        condition = Condition.parse(row.condition)
    except ValueError as error:
        raise RowError("condition", str(error)) from None
    return Requirement(
        id=row.id,
        specification=row.specification,
        clause=row.clause,
        level=row.level,
        subject=row.subject,
        condition=condition,
        text=row.text,
        evidence=row.evidence,
        source=row.source,
        why_untested=row.why_untested,
    )


def _check_names(row: Row) -> None:
    try:
        key = specification_key(row.specification)
    except ValueError as error:
        raise RowError("specification", str(error)) from None
    if row.clause and not _CLAUSE.fullmatch(row.clause):
        raise RowError("clause", f'"{row.clause}" is no clause number')
    stem = f"{key}-{row.clause}-" if row.clause else f"{key}-"
    if not (row.id.startswith(stem) and _NUMBER.fullmatch(row.id.removeprefix(stem))):
        raise RowError("id", f'"{row.id}" does not follow from its specification and clause: {stem}nn expected')


def _check_prose(row: Row) -> None:
    for field, prose in (("text", row.text), ("source", row.source)):
        if not prose.strip() or "\n" in prose.strip():
            raise RowError(field, "it must be one line of text")
    if row.text.endswith("."):
        raise RowError("text", "the sentence ends without a full stop")
