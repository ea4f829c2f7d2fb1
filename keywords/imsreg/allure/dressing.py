"""What the Allure result of one test gets beside what its runner says: labels, links, parameters and attachments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.allure.labels import Pair, labels, links
from imsreg.tester.case import Case
from imsreg.tester.under_test import dut_name
from imsreg.text import safe_text
from imsreg.verdict.runners import word
from imsreg.verdict.verdict import Ruling

if TYPE_CHECKING:
    from imsreg.tester.judge import Judgement


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a test; `media_type` says how Allure shows it."""

    name: str
    media_type: str
    extension: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Dressing:
    """Everything for one result. `message`: what the verdicts ended the test with, empty if its own words stay."""

    labels: tuple[Pair, ...]
    links: tuple[Pair, ...]
    parameters: tuple[Pair, ...]
    attachments: tuple[Attachment, ...]
    message: str = ""


def dressing(case: Case, judgement: Judgement, message: str = "") -> Dressing:
    """The dressing of a closed case. Everything from the DUT is text, or in the pictures and files of the evidence."""
    session = case.session
    rows = [session.catalogue[identifier] for identifier in case.ids]
    parameters = [("DUT", dut_name(session.profile.dut)), ("profile", safe_text(session.profile.path.name))]
    return Dressing(
        tuple(labels(rows)), tuple(links(rows)), tuple(parameters), tuple(_attachments(case, judgement)), message
    )


def _attachments(case: Case, judgement: Judgement) -> Iterator[Attachment]:
    yield Attachment("Verdicts and findings", "text/plain", "txt", _verdicts(case, judgement).encode())
    if (evidence := case.evidence) is None:
        return
    yield Attachment("Ladder", "image/svg+xml", "svg", evidence.ladder)
    yield Attachment("Transcript", "text/plain", "txt", evidence.text)
    yield Attachment("Wire, for Wireshark", "application/vnd.tcpdump.pcap", "pcapng", evidence.capture)
    if evidence.dut_log.is_file():
        yield Attachment("The DUT's own log", "text/plain", "txt", evidence.dut_log)


def _verdicts(case: Case, judgement: Judgement) -> str:
    """A line for each requirement, then the findings, four plain lines and the command each."""
    catalogue = case.session.catalogue
    lines = [_line(case, ruling, "") for ruling in judgement.rulings]
    lines += [_line(case, ruling, " (found in passing)") for ruling in judgement.in_passing]
    for ruling in (*judgement.rulings, *judgement.in_passing):
        for finding in ruling.findings:
            lines += ["", str(finding.kind), finding.text(catalogue[finding.requirement])]
    if case.evidence is not None and case.evidence.esp_keys.is_file():
        # Named, not attached: reports are passed on.
        lines += ["", f"keys of its associations: {safe_text(str(case.evidence.esp_keys))}"]
    return "\n".join(lines or ["this test decides no requirement"]) + "\n"


def _line(case: Case, ruling: Ruling, note: str) -> str:
    row = case.session.catalogue[ruling.requirement]
    reason = f"   {ruling.reason}" if ruling.reason else ""
    return f"{word(ruling):<12} {row.id:<22} {row.level.upper():<6} {row.text}{note}{reason}"
