"""`imsreg explain`: everything about one requirement."""

from __future__ import annotations

import re

import pytest

from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.robot.documented import documented_catalogue
from imsreg.tester.mutants import mutant_named
from imsreg.verdict.explanation import explanation

DECIDED = "24.229-5.4.1.2.2-06"


def explain(capsys: pytest.CaptureFixture[str], identifier: str) -> str:
    assert main(["explain", identifier]) == ExitClass.CONFORMANT
    return capsys.readouterr().out


def test_a_requirement_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    row = documented_catalogue()[DECIDED]
    text = explain(capsys, DECIDED)
    words = re.sub(r"\s+", " ", text)
    assert text.startswith(f"{DECIDED}  TS 24.229 5.4.1.2.2  MUST\n")
    assert all(part in words for part in (row.text, row.source, *row.checks, *row.tests, *row.subject))
    for identifier in row.mutants:
        assert f"{identifier}: {mutant_named(identifier).title}" in words
    assert f"imsreg run --profile FILE {DECIDED}" in words
    assert f"imsreg prove {' '.join(row.mutants)}" in words
    assert "none: it always applies" in words
    assert max(map(len, text.splitlines())) <= 120


def test_a_condition_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in documented_catalogue() if str(row.condition))
    assert f"condition {row.condition}\n" in explain(capsys, row.id)


def test_what_nothing_decides_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in documented_catalogue() if row.why_untested and not row.tests)
    words = re.sub(r"\s+", " ", explain(capsys, row.id))
    assert f"untested {row.why_untested}" in words
    assert "run it nothing decides it" in words


def test_every_requirement_can_be_explained() -> None:
    for row in documented_catalogue():
        assert row.text in re.sub(r"\s+", " ", explanation(row, {}))


@pytest.mark.parametrize(
    ("identifier", "remedy"),
    [("24.229-5.4.1.2.2-60", "did you mean 24.229-5.4.1.2.2-0"), ("\x1b[2J", "imsreg requirements lists the ids")],
)
def test_an_unknown_id_is_refused_in_one_line(identifier: str, remedy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", identifier]) == ExitClass.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert remedy in line
    assert "\x1b" not in line
