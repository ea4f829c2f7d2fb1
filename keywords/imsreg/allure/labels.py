"""What Allure groups, ranks and links tests by, from the requirements that they decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imsreg.verdict.requirement import Level, Requirement

Pair = tuple[str, str]

SEVERITIES: dict[Level, str] = {"must": "critical", "should": "normal", "may": "minor"}


def labels(rows: Sequence[Requirement]) -> Iterator[Pair]:
    """Labels as (name, value): epic, feature, stories, severity, and one `requirement` for each id.

    Epic and feature are specification and clause of the first requirement, stories the ids of that clause: Allure
    shows a test under every combination of its labels, and most would be no clause of that specification. Severity is
    that of the strictest level.
    """
    if not rows:
        return
    first = rows[0]
    yield "epic", first.specification
    yield "feature", first.heading
    yield from (("story", row.id) for row in rows if row.heading == first.heading)
    yield "severity", SEVERITIES[min((row.level for row in rows), key=list(SEVERITIES).index)]
    yield from (("requirement", row.id) for row in rows)


def links(rows: Sequence[Requirement]) -> Iterator[Pair]:
    """Links as (name, address): each id, and where its sentence can be read."""
    yield from ((row.id, address) for row in rows if (address := _address(row)) is not None)


def _address(row: Requirement) -> str | None:
    """The clause of an RFC, the page of a 3GPP specification; None for what stands in neither."""
    if row.key.startswith("rfc"):
        part = "section" if row.clause[:1].isdecimal() else "appendix"
        return f"https://www.rfc-editor.org/rfc/{row.key}" + (f"#{part}-{row.clause}" if row.clause else "")
    if row.specification.startswith("TS "):
        return f"https://www.3gpp.org/dynareport/{row.key.replace('.', '')}.htm"
    return None
