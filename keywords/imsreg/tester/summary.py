"""The summary in the terminal: the counts line, one line for each finding, and where the results are."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from imsreg.tester.session import Session
from imsreg.text import safe_text
from imsreg.verdict.summary import Summary, counts_line

MOST_LINES = 40
RESULT_FILES = ("log.html", "report.html", "matrix.html", "verdicts.json", "junit.xml", "evidence")


def print_summary(summary: Summary, session: Session, stream: TextIO | None, *, files: bool = True) -> None:
    """Write the summary. `files` names the results that lie in the output directory by now."""
    if stream is None:
        return
    print(file=stream)
    print(counts_line(summary), file=stream)
    lines = [
        (entry["verdict"] if not entry["known"] else "KNOWN", identifier, entry)
        for identifier, entry in summary["verdicts"].items()
        if entry["verdict"] not in ("PASS", "N/A")
    ]
    for verdict, identifier, entry in lines[:MOST_LINES]:
        row = session.catalogue[identifier]
        actual = next((f["actual"] for f in entry["findings"] if f["kind"] != "OBSERVATION"), "")
        test = entry["tests"][0].partition(": ")[2] if entry["tests"] else ""
        print(f"{verdict:<12} {identifier:<22} {row.level.upper():<6} {row.text}", file=stream)
        print(f"{'':12} {safe_text(actual, limit=100) or 'no precondition met'}   in {safe_text(test)}", file=stream)
    if len(lines) > MOST_LINES:
        print(f"... and {len(lines) - MOST_LINES} more in verdicts.json", file=stream)
    output = session.settings.output
    if files and output is not None:
        print("  ".join(_present(output)), file=stream)


def _present(output: Path) -> list[str]:
    return [f"{output / name}{'/' if name == 'evidence' else ''}" for name in RESULT_FILES if (output / name).exists()]
