"""What docs/ipsec.md shows works: its profiles can be read, its tests pass, its words for associations are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytests import run_pytest

from imsreg.paths import data
from imsreg.tester.way import parse_fault, parse_way
from imsreg.verdict.profile import load_profile

PAGE = (Path(__file__).parents[2] / "docs" / "ipsec.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The pieces of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_profiles_can_be_read(tmp_path: Path) -> None:
    roles = []
    for number, text in enumerate(blocks("yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        profile = load_profile(path)
        assert (profile.security, profile.tester.ipsec) == ("ipsec", "userspace")
        roles.append(profile.dut.role)
    assert roles == ["p-cscf", "ue"]


@pytest.mark.parametrize(("side", "test"), [("core", "test_elsewhere"), ("ue", "test_the_clear")])
def test_the_tests_pass(side: str, test: str, tmp_path: Path) -> None:
    (source,) = blocks("python")
    profile = data("fixtures", "profiles", f"embedded-{side}-ipsec.yaml")
    said = run_pytest(tmp_path, source, "--imsreg-profile", profile, "-k", test)
    assert "1 passed, 1 deselected" in said, said


def test_the_words_are_known() -> None:
    (keywords,) = blocks("robotframework")
    assert [str(parse_way(words)) for words in re.findall(r"on=(.+?)(?: {2}|$)", keywords, re.MULTILINE)]
    assert [parse_fault(words) for words in re.findall(r"Inject Packet {4}(.+?) {4}", keywords)]
