"""The summary in the terminal: the counts line, one line for each finding, and where the results are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from imsreg.tester.judge import Judgement
from imsreg.tester.session import Session
from imsreg.text import safe_text
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.summary import Summary, counts_line

MOST_LINES = 40
MOST_STOPS = 3
"""Reasons for which a UE could not be tested that are shown, each once."""
RESULT_FILES = ("log.html", "report.html", "matrix.html", "verdicts.json", "junit.xml", "evidence", "allure")


def print_summary(summary: Summary, session: Session, stream: TextIO | None, *, files: bool = True) -> None:
    """Write the summary. `files` names the results that lie in the output directory by now."""
    if stream is None:
        return
    print(file=stream)
    for line in summary_lines(summary, session.catalogue, session.settings.output if files else None):
        print(line, file=stream)
    for line in ue_stops(session.judgements.values()):
        print(line, file=stream)


def ue_stops(judgements: Iterable[Judgement]) -> Iterator[str]:
    """Why a UE sent nothing, or could not be told to, with what to look at line by line."""
    reasons = dict.fromkeys(ruling.reason for judgement in judgements for ruling in judgement.rulings)
    of_ue = [reason for reason in reasons if reason.startswith(("no-request: ", "device: "))]
    for reason in of_ue[:MOST_STOPS]:
        first, *steps = re.split(r"(?:; |(?<=: ))(?=\(\d\) )", reason)
        yield first.rstrip()
        yield from (f"  {step}" for step in steps)


def summary_lines(summary: Summary, catalogue: Catalogue, output: Path | None) -> Iterator[str]:
    """The summary as any runner shows it; `output` is the directory whose results are named at the end."""
    yield counts_line(summary)
    if summary["lacks"]:
        yield f"every test is N/A: {safe_text(summary['lacks'])}"
    lines = [
        (entry["verdict"] if not entry["known"] else "KNOWN", identifier, entry)
        for identifier, entry in summary["verdicts"].items()
        if entry["verdict"] not in ("PASS", "N/A")
    ]
    for verdict, identifier, entry in lines[:MOST_LINES]:
        row = catalogue[identifier]
        finding = next((f for f in entry["findings"] if f["kind"] != "OBSERVATION"), None)
        name = finding["test"] if finding else entry["tests"][0] if entry["tests"] else ""
        actual = safe_text(finding["actual"], limit=100) if finding else "no occasion to decide it"
        test = name.partition(": ")[2] or name
        yield f"{verdict:<12} {identifier:<22} {row.level.upper():<6} {row.text}"
        yield f"{'':12} {actual}   in {safe_text(test)}"
    if len(lines) > MOST_LINES:
        yield f"... and {len(lines) - MOST_LINES} more in verdicts.json"
    if output is not None:
        yield "  ".join(_present(output))


def _present(output: Path) -> list[str]:
    found = [output / name for name in RESULT_FILES]
    return [f"{path}{'/' if path.is_dir() else ''}" for path in found if path.exists()]
