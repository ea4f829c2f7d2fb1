"""What was judged, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imsreg.tester.analysis import Analysed
    from imsreg.verdict.catalogue import Catalogue
    from imsreg.verdict.verdict import Ruling


def judged_lines(one: Analysed, catalogue: Catalogue) -> Iterator[str]:
    """The findings of one transcript, then its verdicts."""
    judgement = one.judgement
    yield from _findings((*judgement.rulings, *judgement.in_passing), catalogue)
    for ruling in judgement.rulings:
        yield from _verdict(ruling, catalogue)
    for ruling in judgement.in_passing:
        yield from _verdict(ruling, catalogue, "found in passing")
    yield from _listed("also kept", [r.requirement for r in judgement.beside if not r.lacks_keys])
    yield from _listed("undecided without keys", [r.requirement for r in judgement.beside if r.lacks_keys])


def brief_lines(one: Analysed, catalogue: Catalogue) -> Iterator[str]:
    """The findings of one transcript, the verdicts that have another reason, and the ids of what is kept."""
    from imsreg.verdict.runners import word

    rulings = one.judgement.rulings
    yield from _findings(rulings, catalogue)
    for ruling in rulings:
        if word(ruling) not in ("PASS", "FAIL", "NON-STRICT"):
            yield from _verdict(ruling, catalogue)
    yield from _listed("kept", [ruling.requirement for ruling in rulings if word(ruling) == "PASS"])
    yield from _listed("undecided without keys", [r.requirement for r in one.judgement.beside if r.lacks_keys])


def _findings(rulings: Sequence[Ruling], catalogue: Catalogue) -> Iterator[str]:
    for ruling in rulings:
        for finding in ruling.findings:
            yield f"{finding.kind}: {finding.text(catalogue[ruling.requirement])}\n"


def _verdict(ruling: Ruling, catalogue: Catalogue, note: str = "") -> Iterator[str]:
    from imsreg.verdict.runners import word

    row = catalogue[ruling.requirement]
    yield f"{word(ruling):<12}  {row.id:<22}  {row.level.upper():<6}  {row.text}"
    if remark := "; ".join(part for part in (note, ruling.reason) if part):
        yield f"{'':12}  {remark}"


def _listed(label: str, ids: Sequence[str]) -> list[str]:
    return wrap(f"{label}: {', '.join(ids)}", 120, subsequent_indent="  ", break_on_hyphens=False) if ids else []
