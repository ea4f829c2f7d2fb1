"""What a test shows in Robot's log: the verdicts, the ladder, the messages. Everything from the DUT is escaped."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.robot.logtext import OPENING
from imsreg.robot.variables import output_directory
from imsreg.tester.case import Case
from imsreg.tester.collect import Collected
from imsreg.text import safe_text
from imsreg.transcript import ladder, textlog
from imsreg.transcript.evidence import Evidence
from imsreg.verdict.runners import word
from imsreg.verdict.verdict import Ruling

if TYPE_CHECKING:
    from imsreg.tester.judge import Judgement

COLOURS = {"FAIL": "#c5221f", "INCONCLUSIVE": "#b06000", "KNOWN": "#8430ce", "NON-STRICT": "#b06000", "PASS": "#137333"}


def judgement_html(case: Case, judgement: Judgement, evidence: Evidence) -> str:
    """One block of HTML without scripts. The ladder is an image with its own document: nothing in it can run."""
    rows = "".join(_row(case, ruling) for ruling in judgement.rulings)
    rows += "".join(_row(case, ruling, passing=True) for ruling in judgement.in_passing)
    svg = ladder.svg(case.transcript, judgement.marks)
    picture = base64.b64encode(svg.encode()).decode()
    messages = escape(textlog.render(case.transcript, judgement.marks))
    return (
        f'{OPENING} style="border-collapse:collapse">{rows}</table>'
        f'<p><img alt="ladder of the test" style="max-width:100%" src="data:image/svg+xml;base64,{picture}"/></p>'
        f"<details><summary>Messages</summary><pre>{messages}</pre></details>{_files(evidence)}"
    )


def dut_log_html(collected: Collected) -> str:
    """What became of the profile's `collect` command, with a link to what it fetched."""
    link = "" if collected.path is None else f" ({_link(collected.path)})"
    return f"<p>{escape(collected.note)}{link}</p>"


def _row(case: Case, ruling: Ruling, *, passing: bool = False) -> str:
    row = case.session.catalogue[ruling.requirement]
    verdict = word(ruling)
    cell = 'style="padding:2px 8px;vertical-align:top;'
    about = escape(f"{row.heading}, {row.level.upper()}: {row.text}")
    details = "".join(f"<pre>{escape(f.kind)}: {escape(f.text(row))}</pre>" for f in ruling.findings)
    reason = f"<div>{escape(safe_text(ruling.reason))}</div>" if ruling.reason else ""
    note = " (found in passing)" if passing else ""
    return (
        f'<tr><td {cell}font-weight:bold;color:{COLOURS.get(verdict, "#5f6368")}">{escape(verdict)}</td>'
        f'<td {cell}white-space:nowrap">{escape(row.id)}{note}</td><td {cell}">{about}{reason}{details}</td></tr>'
    )


def _files(evidence: Evidence) -> str:
    keys = f"; keys of its associations: {_link(evidence.esp_keys)}" if evidence.esp_keys.is_file() else ""
    return f"<p>Evidence: {', '.join(map(_link, evidence.paths))}{keys}</p>"


def _link(path: Path) -> str:
    """From log.html, which lies in Robot Framework's output directory, to a file of the evidence there or below."""
    log, file = output_directory(), path.resolve()
    way = file.relative_to(log) if log is not None and file.is_relative_to(log) else Path(*path.parts[-3:])
    return f'<a href="{escape(way.as_posix(), quote=True)}">{escape(path.name)}</a>'
