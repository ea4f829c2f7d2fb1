"""What `imsreg analyze` shows of a capture that imsreg did not write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.commands.judged import brief_lines
from imsreg.errors import ExitClass
from imsreg.text import safe_text

if TYPE_CHECKING:
    from imsreg.tester.foreign_analysis import Heard, Overheard
    from imsreg.verdict.catalogue import Catalogue

DIRECTORIES = {"ue": "ue", "core": "network"}
"""Where the results of each side go, under the directory of `--output`."""


def overheard_lines(overheard: Overheard, catalogue: Catalogue) -> Iterator[str]:
    """The capture as a whole, then each UE: ladder, how it went, and what either side broke."""
    capture = overheard.capture
    yield f"{capture.path}: {len(capture.messages)} SIP messages, {len(capture.esp)} packets of ESP"
    yield from (f"note: {safe_text(remark, limit=400)}" for remark in overheard.remarks)
    for heard in overheard.heard:
        yield ""
        yield from _heard_lines(heard, catalogue)


def _heard_lines(heard: Heard, catalogue: Catalogue) -> Iterator[str]:
    from imsreg.transcript.ladder import text

    conversation = heard.conversation
    yield text(heard.sides[-1].transcript, heard.marks)
    yield f"UE {conversation.ue}, network {conversation.network}; how it went:"
    yield from (f"  {line}" for line in heard.course)
    for side in heard.sides:
        yield ""
        yield f"{side.profile.dut.name}:"
        yield from brief_lines(side, catalogue)


def exit_class_of(overheard: Overheard) -> ExitClass:
    """1 where either side broke a MUST, 3 where there is nothing to judge."""
    from imsreg.verdict.verdict import Verdict

    if not overheard.heard:
        return ExitClass.INCONCLUSIVE
    broken = any(ruling.verdict is Verdict.FAIL and ruling.known is None for ruling in overheard.rulings)
    return ExitClass.FAILED if broken else ExitClass.CONFORMANT


def write_overheard(overheard: Overheard, output: Path) -> None:
    """verdicts.json, matrix.html and evidence/ for each side. Raises InputError if they cannot be written."""
    from imsreg.tester.analysis import write_analysis
    from imsreg.tester.reports import write_run_reports

    for role, name in DIRECTORIES.items():
        sides = [side for heard in overheard.heard for side in heard.sides if side.role == role]
        if not sides:
            continue
        addresses = dict.fromkeys(str(a) for side in sides for a in side.transcript.circumstances.dut)
        write_analysis(output / name, sides, sides[0].profile, tuple(addresses))
        write_run_reports(output / name)
