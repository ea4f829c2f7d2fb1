"""verdicts.json, worked out from a journal, and the line of counts."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

from imsreg.errors import InputError
from imsreg.verdict.deviation import Deviation
from imsreg.verdict.journal import NAME, read
from imsreg.verdict.order import natural_key
from imsreg.verdict.records import DutNames, Record, Ruled, RunStarted
from imsreg.verdict.verdict import Finding, Ruling, Verdict, worst

SCHEMA = 1
VERDICTS = "verdicts.json"

_KIND_ORDER = ("FAIL", "NON-STRICT", "OBSERVATION")


class DutEntry(TypedDict):
    """The DUT in verdicts.json."""

    name: str
    version: str
    build: str
    role: str
    addresses: list[str]


class KnownEntry(TypedDict):
    """The known deviation that a FAIL is."""

    because: str
    ticket: str | None
    until: str | None


class FindingEntry(TypedDict):
    """A finding: kind is FAIL, NON-STRICT or OBSERVATION."""

    kind: str
    expected: str
    actual: str
    where: str
    test: str
    reproduce: str


class VerdictEntry(TypedDict):
    """What a run says about one requirement, over all tests."""

    verdict: str
    known: KnownEntry | None
    tests: list[str]
    findings: list[FindingEntry]


class Summary(TypedDict):
    """The whole of verdicts.json."""

    schema: int
    imsreg: str
    profile: str
    dut: DutEntry
    security: str
    """What protected the messages, in words; empty where a journal does not say."""
    lacks: str
    """Why every test was N/A; empty: they were not."""
    verdicts: dict[str, VerdictEntry]


class Reports(NamedTuple):
    """What `write_reports` made, and the numbers of the journal's lines that it could not read."""

    summary: Summary
    damaged: tuple[int, ...]


def summarise(records: Sequence[Record]) -> Summary:
    """The verdicts of the last run in `records`, ids in natural order. Without a head its fields are empty."""
    heads = [record for record in records if isinstance(record, RunStarted)]
    head = heads[-1] if heads else RunStarted(records[-1].run if records else "", "", "", DutNames("", "", "", ""), {})
    rulings: dict[str, dict[str, Ruling]] = {}
    for record in records:
        if isinstance(record, Ruled) and record.run == head.run:
            rulings.setdefault(record.ruling.requirement, {})[record.test] = record.ruling
    return {
        "schema": SCHEMA,
        "imsreg": head.imsreg,
        "profile": head.profile,
        "dut": {
            "name": head.dut.name,
            "version": head.dut.version,
            "build": head.dut.build,
            "role": head.dut.role,
            "addresses": list(head.dut.addresses),
        },
        "security": head.security,
        "lacks": head.lacks,
        "verdicts": {id_: _entry(rulings[id_]) for id_ in sorted(rulings, key=natural_key)},
    }


def counts(summary: Summary) -> Mapping[str, int]:
    """How many requirements have each verdict, in the order of the counts line; KNOWN ones are not among FAIL."""
    tally = Counter(
        "KNOWN" if entry["verdict"] == Verdict.FAIL and entry["known"] else entry["verdict"]
        for entry in summary["verdicts"].values()
    )
    words = (Verdict.PASS, Verdict.FAIL, "KNOWN", Verdict.NON_STRICT, Verdict.NA, Verdict.INCONCLUSIVE)
    return {str(word): tally[word] for word in words}


def counts_line(summary: Summary) -> str:
    """ "141 requirements: 117 PASS, 5 FAIL, 4 KNOWN, 3 NON-STRICT, 12 N/A, 0 INCONCLUSIVE, 7 observations"."""
    entries = summary["verdicts"].values()
    observations = sum(finding["kind"] == "OBSERVATION" for entry in entries for finding in entry["findings"])
    verdicts = ", ".join(f"{count} {word}" for word, count in counts(summary).items())
    return f"{_number(len(entries), 'requirement')}: {verdicts}, {_number(observations, 'observation')}"


def write_reports(directory: Path) -> Reports:
    """Writes verdicts.json from the journal in `directory`, whole or not at all.

    Raises InputError if the journal cannot be read or the directory not be written; a former verdicts.json stays.
    """
    contents = read(directory / NAME)
    summary = summarise(contents.records)
    write_atomically(directory / VERDICTS, json.dumps(summary, indent=2) + "\n")
    return Reports(summary, contents.damaged)


def _entry(by_test: Mapping[str, Ruling]) -> VerdictEntry:
    # By test, not as they came: parallel workers write in no particular order.
    rulings = [by_test[test] for test in sorted(by_test)]
    known = next((ruling.known for ruling in rulings if ruling.known), None)
    # A deviation that one test finds again is there: that another test did not meet it is no unexpected pass.
    shown = [ruling for ruling in rulings if not (known and ruling.unexpected_pass)]
    findings = [finding for ruling in shown for finding in ruling.findings]
    verdict = worst(ruling.verdict for ruling in shown)
    return {
        "verdict": str(verdict),
        "known": _known(known) if known and verdict in (Verdict.FAIL, Verdict.NON_STRICT) else None,
        "tests": sorted(by_test),
        "findings": [_finding(finding) for kind in _KIND_ORDER for finding in findings if finding.kind == kind],
    }


def _known(known: Deviation) -> KnownEntry:
    return {
        "because": known.because,
        "ticket": known.ticket or None,
        "until": known.until.isoformat() if known.until else None,
    }


def _finding(finding: Finding) -> FindingEntry:
    return {
        "kind": finding.kind,
        "expected": finding.expected,
        "actual": finding.actual,
        "where": finding.where,
        "test": finding.test,
        "reproduce": finding.reproduce,
    }


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all. Raises InputError if it cannot be written."""
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # mkstemp makes private files; a report is for everybody who may read the directory.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise InputError(path, "", f"cannot be written: {error.strerror}", "make room, or mend its rights") from None
