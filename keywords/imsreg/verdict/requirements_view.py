"""The catalogue for people and for programs: what `imsreg requirements` shows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import groupby
from typing import TypedDict

from imsreg.verdict.order import natural_key
from imsreg.verdict.requirement import Requirement

WIDTH = 120


class RequirementEntry(TypedDict):
    """A requirement in the JSON view."""

    id: str
    specification: str
    clause: str
    level: str
    subject: list[str]
    condition: str
    text: str
    evidence: str
    checks: list[str]
    mutants: list[str]
    tests: list[str]
    why_untested: str


def as_json(rows: Iterable[Requirement]) -> list[RequirementEntry]:
    """The rows as objects, in their order."""
    return [
        {
            "id": row.id,
            "specification": row.specification,
            "clause": row.clause,
            "level": row.level,
            "subject": list(row.subject),
            "condition": str(row.condition),
            "text": row.text,
            "evidence": row.evidence,
            "checks": list(row.checks),
            "mutants": list(row.mutants),
            "tests": list(row.tests),
            "why_untested": row.why_untested,
        }
        for row in rows
    ]


def as_text(rows: Iterable[Requirement]) -> str:
    """The rows under their specifications and clauses, in columns: id, level, subject, sentence and what is to add."""
    ordered = sorted(
        rows, key=lambda row: (natural_key(row.specification), natural_key(row.clause), natural_key(row.id))
    )
    widths = _Widths(ordered)
    lines: list[str] = []
    for specification, group in groupby(ordered, key=lambda row: row.specification):
        lines += ["", specification] if lines else [specification]
        for clause, members in groupby(group, key=lambda row: row.clause):
            lines += [f"  {clause}"] if clause else []
            for row in members:
                lines += widths.entry(row)
    return "".join(f"{line}\n" for line in lines)


class _Widths:
    """The columns, as wide as the widest of `rows` needs."""

    def __init__(self, rows: Iterable[Requirement]) -> None:
        listed = list(rows)
        self._id = max((len(row.id) for row in listed), default=0)
        self._level = max((len(row.level) for row in listed), default=0)
        self._subject = max((len(_subject(row)) for row in listed), default=0)

    def entry(self, row: Requirement) -> list[str]:
        head = f"    {row.id:{self._id}}  {row.level.upper():{self._level}}  {_subject(row):{self._subject}}  "
        margin = " " * len(head)
        lines = textwrap.wrap(row.text, WIDTH, initial_indent=head, subsequent_indent=margin, break_on_hyphens=False)
        for label, value in _additions(row):
            lines += textwrap.wrap(
                f"{label}: {value}",
                WIDTH,
                initial_indent=margin,
                subsequent_indent=f"{margin}  ",
                break_on_hyphens=False,
            )
        return lines


def _subject(row: Requirement) -> str:
    return ", ".join(row.subject)


def _additions(row: Requirement) -> list[tuple[str, str]]:
    additions = [
        ("if", str(row.condition)),
        ("evidence", "" if row.evidence == "text" else row.evidence),
        ("untested", row.why_untested),
        ("checks", ", ".join(row.checks)),
        ("mutants", ", ".join(row.mutants)),
        ("tests", ", ".join(row.tests)),
    ]
    return [(label, value) for label, value in additions if value]
