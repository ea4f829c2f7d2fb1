"""One requirement whole: what it says, where that was read, and what decides it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from imsreg.verdict.requirement import Requirement

WIDTH = 120
_MARGIN = 12
_EVIDENCE = {
    "text": "the sentence was read",
    "secondary": "a quotation, or two independent implementations that agree",
    "memory": "nobody has read it: a breach is an observation",
}


def explanation(row: Requirement, mutants: Mapping[str, str]) -> str:
    """The requirement in lines, a label before each fact. `mutants` has the title of each variant by its id."""
    lines = [f"{row.id}  {row.heading}  {row.level.upper()}", *_wrapped("", row.text), ""]
    for label, value in _facts(row):
        lines += _wrapped(label, value)
    for label, values in (
        ("mutants", [f"{identifier}: {mutants.get(identifier, '')}" for identifier in row.mutants]),
        ("tests", row.tests),
    ):
        for number, value in enumerate(values):
            lines += _wrapped("" if number else label, value)
    lines += ["", *_commands(row)]
    return "\n".join(lines) + "\n"


def _facts(row: Requirement) -> Iterator[tuple[str, str]]:
    yield "subject", ", ".join(row.subject)
    yield "condition", str(row.condition) or "none: it always applies"
    yield "evidence", f"{row.evidence} ({_EVIDENCE[row.evidence]})"
    yield "source", row.source
    if row.why_untested:
        yield "untested", row.why_untested
    if row.checks:
        yield "checks", ", ".join(row.checks)


def _commands(row: Requirement) -> Iterator[str]:
    if row.tests:
        yield from _wrapped("run it", f"imsreg run --profile FILE {row.id}")
    if row.mutants:
        yield from _wrapped("prove it", f"imsreg prove {' '.join(row.mutants)}")
    if not row.tests and not row.mutants:
        yield from _wrapped("run it", "nothing decides it")


def _wrapped(label: str, value: str) -> list[str]:
    return textwrap.wrap(
        value,
        WIDTH,
        initial_indent=f"  {label:<{_MARGIN - 2}}",
        subsequent_indent=" " * _MARGIN,
        break_on_hyphens=False,
        break_long_words=False,
    )
