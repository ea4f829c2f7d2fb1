"""A run without a profile has two DUTs: each side has its results, and the one log leads to all of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from imsreg.paths import data

PATH = "rfc3608-6.3-01"
OPAQUE = "rfc7616-3.4-01"
"""A requirement of a core and one of a UE."""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output directory of a run of both sides."""
    directory = tmp_path_factory.mktemp("both")
    command = [sys.executable, "-m", "robot", "--variable", "LINK:memory", "--outputdir", str(directory)]
    ended = subprocess.run(
        [*command, "--include", f"req:{PATH}", "--include", f"req:{OPAQUE}", str(data("suites"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return directory


def test_each_side_has_verdicts_of_its_own(output: Path) -> None:
    core, ue = (json.loads((at / "verdicts.json").read_text()) for at in (output, output / "ue"))
    assert (core["dut"]["role"], ue["dut"]["role"]) == ("core", "ue")
    assert core["verdicts"][PATH]["verdict"] == ue["verdicts"][OPAQUE]["verdict"] == "PASS"
    assert OPAQUE not in core["verdicts"]
    assert PATH not in ue["verdicts"]


def test_every_link_of_the_log_leads_to_a_file(output: Path) -> None:
    links = re.findall(r'<a href="(.*?)"', unescape((output / "output.xml").read_text()))
    assert {link.split("/")[0] for link in links} == {"evidence", "ue"}
    assert [link for link in links if not (output / unquote(link)).is_file()] == []
