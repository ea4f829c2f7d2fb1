"""docs/ARCHITECTURE.md holds: who may import whom, and what a sans-IO room never imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import imsreg
import ImsRegLibrary

PACKAGE = Path(imsreg.__file__).parent
LIBRARY = Path(ImsRegLibrary.__file__).parent

BASE = {"errors", "secret", "text", "strictyaml", "paths", "_yaml_values", "_yaml_problems", ""}
ENGINE = BASE | {"sip", "aka", "secagree", "identity", "registration", "net", "transcript", "verdict"}
MAY_IMPORT = {
    "sip": BASE | {"sip"},
    "aka": BASE | {"aka"},
    "secagree": BASE | {"secagree", "sip"},
    "identity": BASE | {"identity", "aka", "sip"},
    "registration": BASE | {"registration", "sip", "aka", "secagree", "identity"},
    "net": BASE | {"net", "sip", "secagree"},
    "transcript": BASE | {"transcript", "sip", "secagree"},
    "verdict": BASE | {"verdict", "sip", "aka", "secagree", "identity", "transcript"},
    "tester": ENGINE | {"tester"},
}
SANS_IO = ("sip", "aka", "secagree", "identity", "registration", "transcript", "verdict")
FORBIDDEN = {"socket", "asyncio", "selectors", "threading", "subprocess", "time", "robot", "pytest"}


def modules() -> Iterator[Path]:
    return (p for p in sorted(PACKAGE.rglob("*.py")) if "_data" not in p.parts)


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imports(path: Path) -> Iterator[str]:
    """Full names of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


def our_room(name: str) -> str | None:
    top, _, rest = name.partition(".")
    return rest.partition(".")[0] if top == "imsreg" else None


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p) in MAY_IMPORT], ids=str)
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    found = {room for name in imports(path) if (room := our_room(name)) is not None}
    assert found <= MAY_IMPORT[room_of(path)]


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p) in SANS_IO], ids=str)
def test_a_sans_io_room_imports_no_io(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imports(path)} & FORBIDDEN


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p) != "net"], ids=str)
def test_only_the_net_room_opens_sockets(path: Path) -> None:
    assert "socket" not in set(imports(path))


@pytest.mark.parametrize("path", [*modules(), *sorted(LIBRARY.glob("*.py"))], ids=str)
def test_no_file_is_over_500_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("path", [*modules()], ids=str)
def test_no_group_of_a_pattern_is_possessive(path: Path) -> None:
    """Python 3.11 before 3.11.5 goes on behind what such a group has tried in vain; Debian 12 has 3.11.2."""
    assert not re.search(r"\)(?:[*+?]|\{[0-9,]+\})\+|\(\?>", path.read_text(encoding="utf-8"))


def test_nothing_but_the_adapters_knows_the_runners() -> None:
    for path in modules():
        if room_of(path) in ENGINE | {"tester"}:
            tops = {name.partition(".")[0] for name in imports(path)}
            assert not tops & {"robot", "pytest", "robotlibcore", "allure", "allure_commons"}
