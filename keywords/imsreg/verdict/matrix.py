"""matrix.html: every requirement with its verdict; a click leads to the finding, its ladder and its clause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from imsreg.text import safe_text
from imsreg.transcript.evidence import DUT_LOG, folder
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.requirement import Requirement
from imsreg.verdict.summary import Summary, VerdictEntry, counts_line, write_atomically

NAME = "matrix.html"

_STYLE = """
:root { color-scheme: light dark; --line: #c8ccd1; --soft: #80868b33; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 24px auto; max-width: 1180px; padding: 0 16px; }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 28px 0 6px; }
p.counts { font-weight: 600; } .meta, .source { opacity: .7; }
table { border-collapse: collapse; width: 100%; } td, th { padding: 4px 8px; text-align: left; vertical-align: top; }
tr { border-top: 1px solid var(--soft); } td.id, td.count { white-space: nowrap; }
td.id { font-family: ui-monospace, monospace; width: 190px; } td.level { width: 70px; } td.count { width: 56px; }
td:first-child { width: 114px; }
a.verdict { display: inline-block; min-width: 98px; text-align: center; border-radius: 4px; padding: 1px 6px;
  color: #fff; text-decoration: none; font-weight: 600; font-size: 12px; }
.PASS { background: #137333; } .FAIL { background: #c5221f; } .KNOWN { background: #7627bb; }
.NON-STRICT { background: #b06000; } .INCONCLUSIVE { background: #5f6368; } .NA { background: #9aa0a6; }
section { border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; margin: 14px 0; }
section:target { outline: 3px solid #1a73e8; } pre { white-space: pre-wrap; background: var(--soft); padding: 8px; }
img { max-width: 100%; background: #fff; border: 1px solid var(--line); } summary { cursor: pointer; }
"""


def write_matrix(directory: Path, summary: Summary, catalogue: Catalogue) -> Path:
    """Write matrix.html into the directory of a run. Raises InputError if it cannot be written."""
    path = directory / NAME
    write_atomically(path, render(summary, catalogue, directory))
    return path


def render(summary: Summary, catalogue: Catalogue, directory: Path) -> str:
    """The page as text, with links to the evidence under `directory`.

    It holds no script, and everything from the DUT went through `safe_text` before it got here.
    """
    rows = [catalogue[identifier] for identifier in summary["verdicts"] if identifier in catalogue]
    page = Element("html", lang="en")
    head = SubElement(page, "head")
    SubElement(head, "meta", charset="utf-8")
    dut = " ".join(part for part in (summary["dut"][name] for name in ("name", "version", "build")) if part)
    SubElement(head, "title").text = f"imsreg: {safe_text(dut)}"
    SubElement(head, "style").text = _STYLE
    body = SubElement(page, "body")
    SubElement(body, "h1").text = f"Registration of {safe_text(dut)}"
    where = f" at {', '.join(summary['dut']['addresses'])}" if summary["dut"]["addresses"] else ""
    role = f"role {summary['dut']['role']}{safe_text(where)}"
    security = f", security {safe_text(summary['security'])}" if summary["security"] else ""
    meta = f"{role}, profile {safe_text(summary['profile'])}{security}, imsreg {summary['imsreg']}"
    SubElement(body, "p", {"class": "meta"}).text = meta
    if summary["lacks"]:
        SubElement(body, "p", {"class": "counts"}).text = f"Every test is N/A: {safe_text(summary['lacks'])}"
    SubElement(body, "p", {"class": "counts"}).text = counts_line(summary)
    for specification, group in groupby(rows, key=lambda row: row.specification):
        _table(body, specification, list(group), summary)
    SubElement(body, "h2").text = "Findings"
    for row in rows:
        _section(body, row, summary["verdicts"][row.id], directory)
    return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode", method="html") + "\n"


def _table(body: Element, specification: str, rows: Sequence[Requirement], summary: Summary) -> None:
    SubElement(body, "h2").text = specification
    table = SubElement(body, "table")
    for row in rows:
        entry = summary["verdicts"][row.id]
        line = SubElement(table, "tr")
        word = shown_word(entry)
        cell = SubElement(line, "td")
        SubElement(cell, "a", {"class": f"verdict {_css(word)}", "href": f"#{row.id}"}).text = word
        SubElement(line, "td", {"class": "id"}).text = row.id
        SubElement(line, "td", {"class": "level"}).text = row.level.upper()
        SubElement(line, "td").text = row.text
        count = len(entry["tests"])
        SubElement(line, "td", {"class": "count"}).text = f"{count} test{'' if count == 1 else 's'}"


def _section(body: Element, row: Requirement, entry: VerdictEntry, directory: Path) -> None:
    section = SubElement(body, "section", id=row.id)
    SubElement(
        section, "strong"
    ).text = f"{shown_word(entry)}  {row.heading} [{row.id}] {row.level.upper()}: {row.text}"
    SubElement(section, "div", {"class": "source"}).text = f"evidence: {row.evidence}; {row.source}"
    known = entry["known"]
    if known is not None:
        ticket = f" ({safe_text(known['ticket'])})" if known["ticket"] else ""
        SubElement(section, "div").text = f"known deviation: {safe_text(known['because'])}{ticket}"
    for finding in entry["findings"]:
        text = (
            f"{finding['kind']}\nExpected: {finding['expected']}\n  Actual: {finding['actual']}\n"
            f"   Where: {finding['where']}\nReproduce: {finding['reproduce']}"
        )
        SubElement(section, "pre").text = text
    _evidence(section, entry["tests"], directory)


def _evidence(section: Element, tests: Iterable[str], directory: Path) -> None:
    for test in tests:
        title = test.partition(": ")[2] or test
        files = folder(directory / "evidence", test)
        place = quote(files.relative_to(directory).as_posix())
        details = SubElement(section, "details")
        SubElement(details, "summary").text = title
        SubElement(details, "img", src=f"{place}/ladder.svg", alt=f"ladder of {title}", loading="lazy")
        links = SubElement(details, "p")
        present = [name for name in ("transcript.txt", "wire.pcapng", DUT_LOG) if (files / name).is_file()]
        for name in present:
            link = SubElement(links, "a", href=f"{place}/{name}")
            link.text = name
            link.tail = "  "


def shown_word(entry: VerdictEntry) -> str:
    """The verdict as people see it: KNOWN for the FAIL that the profile lists."""
    return "KNOWN" if entry["known"] is not None and entry["verdict"] == "FAIL" else entry["verdict"]


def _css(word: str) -> str:
    return word.replace("/", "")
