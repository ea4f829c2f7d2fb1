"""Runs pytest with the plugin in a process of its own: what other plugins hold for a process is not shared."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

_INSTALLED = any(point.name == "imsreg" for point in entry_points(group="pytest11"))


def run_pytest(directory: Path, source: str, *options: object) -> str:
    """What pytest prints for the tests in `source`, on the in-memory link; results lie in `directory`."""
    (directory / "test_it.py").write_text(dedent(source), encoding="utf-8")
    loaded = [] if _INSTALLED else ["-p", "imsreg.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-p", "no:benchmark", *loaded]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("IMSREG_PROFILE", "PYTEST_ADDOPTS")
    }
    done = subprocess.run(
        [*command, "--rootdir", ".", "--imsreg-link", "memory", *map(str, options), "test_it.py"],
        cwd=directory,
        env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout
    return done.stdout
