"""What Robot Framework's log.html says, with its compressed strings, and whether anything in it could run."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

_STRINGS = re.compile(r'window\.output\["strings"\] = window\.output\["strings"\]\.concat\((\[.*?\])\);\n')
_RUNS = {"script", "iframe", "object", "embed", "form", "base", "meta", "link", "svg", "math", "template", "style"}
_ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "srcset", "poster"}
_SAFE = re.compile(r"#[\w.-]+|(?:[\w.-]+/)*[\w.-]+|data:image/svg\+xml;base64,[A-Za-z0-9+/=]*")


def log_strings(log: Path) -> list[str]:
    """Every string of a log or report, as the browser puts it into the page: text is escaped in it, HTML is not."""
    parts = _STRINGS.findall(log.read_text(encoding="utf-8"))
    assert parts, f"{log} has no strings where they were in Robot Framework 7"
    return [_plain(string) for part in parts for string in json.loads(part.replace(r"\x3c", r"\u003c"))]


def _plain(string: str) -> str:
    # The page marks what is not compressed by an asterisk.
    if string.startswith("*") or not string:
        return string[1:]
    return zlib.decompress(base64.b64decode(string)).decode("utf-8")


class _Audit(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _RUNS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or (name in _ADDRESSES and not _SAFE.fullmatch(value or "")):
                self.found.append(f"<{tag} {name}={value!r}>")


def executable(markup: str) -> list[str]:
    """What could run, or lead elsewhere, in a piece of HTML."""
    audit = _Audit()
    audit.feed(markup)
    audit.close()
    return audit.found
