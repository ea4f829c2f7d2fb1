"""Allure results made into HTML by npm's `allure`, where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

from imsreg.allure.directory import CATEGORIES
from imsreg.errors import InputError
from imsreg.tester.bounded import run_bounded
from imsreg.text import safe_text

INSTALL = "npm install allure"
LIMIT = 180.0
"""Seconds that the generator may take."""

_BY_HAND = "run allure generate by hand"
_TRACKING = re.compile(rb'<script async src="https://www\.googletagmanager\.com/[^"]*"></script>\s*')


def generator() -> Path | None:
    """The command `allure`, of this directory's node_modules or on PATH."""
    found = shutil.which("allure", path=str(Path("node_modules", ".bin").absolute())) or shutil.which("allure")
    return Path(found) if found else None


def build(allure: Path, results: Path, report: Path, title: str) -> Path:
    """Make the report anew in the directory `report`, by specification and clause; returns the page to open.

    It is one file that needs no server and asks none: Allure's call to a tracking service is taken out. Raises
    InputError if there are no results, the generator is not Allure 3, or it fails.
    """
    if not any(results.glob("*-result.json")):
        raise InputError(results, "", "there are no Allure results here", "run with --allure, or pytest --alluredir")
    version = _run(allure, "--version").strip()
    if not version.startswith("3."):
        raise InputError(allure, "", f"this is Allure {safe_text(version, limit=40)}, not Allure 3", INSTALL)
    _clear(report)
    # A directory of its own: the generator would read a configuration that lies in the current one.
    with tempfile.TemporaryDirectory(prefix="imsreg-allure-") as scratch:
        configuration = Path(scratch, "imsreg.json")
        configuration.write_text(json.dumps(_configuration(title)), encoding="utf-8")
        where = ("--cwd", scratch, "--output", report.absolute(), results.absolute())
        said = _run(allure, "generate", "--config", configuration, *where)
    page = report / "index.html"
    if not page.is_file():
        raise InputError(allure, "", f"it made no report: {_last_line(said)}", _BY_HAND)
    page.write_bytes(_TRACKING.sub(b"", page.read_bytes()))
    return page


def _configuration(title: str) -> dict[str, object]:
    """What Allure 3 takes from no file among the results: how to group tests, and the categories."""
    awesome = {"singleFile": True, "groupBy": ["epic", "feature", "story"]}
    return {"name": title, "categories": CATEGORIES, "plugins": {"awesome": {"options": awesome}}}


def _clear(report: Path) -> None:
    """What an earlier call left would stay among the new files."""
    try:
        if report.exists():
            shutil.rmtree(report)
    except OSError as error:
        raise InputError(report, "", f"cannot be removed: {error.strerror or error}", "remove it by hand") from None


def _run(*command: object) -> str:
    """What a command prints. Raises InputError if it fails."""
    words = [str(word) for word in command]
    try:
        done = run_bounded(words, limit=LIMIT)
    except OSError as error:
        raise InputError(words[0], "", f"cannot be run: {error.strerror}", INSTALL) from None
    said = done.tail.decode("utf-8", "replace")
    if done.code is None:
        raise InputError(words[0], "", f"it was stopped after {LIMIT:g} s", _BY_HAND)
    if done.code:
        raise InputError(words[0], "", f"it failed: {_last_line(said)}", _BY_HAND)
    return said


def _last_line(output: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    return safe_text(next((line for line in reversed(plain.splitlines()) if line.strip()), "no message"), limit=300)
