"""`imsreg diff`: new failures first, and 1 only for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imsreg.cli import main
from imsreg.errors import ExitClass

ONE, TWO = "24.229-5.4.1.2.2-06", "rfc3261-10.3-06"
KNOWN = {"because": "the stack cannot", "ticket": None, "until": None}


class Ended(NamedTuple):
    """How the verb ended."""

    code: int
    out: str
    err: str


Diff = Callable[..., Ended]


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str]) -> Diff:
    """Runs the verb in this process."""

    def run(*arguments: object) -> Ended:
        code = main(["diff", *map(str, arguments)])
        return Ended(code, *capsys.readouterr())

    return run


def entry(word: str, observations: int = 0) -> dict[str, Any]:
    """What verdicts.json says of a requirement whose verdict the counts line calls `word`."""
    findings = [{"kind": "OBSERVATION", "actual": "odd", "test": "s: t"}] * observations
    if word in ("FAIL", "KNOWN", "NON-STRICT"):
        kind = "FAIL" if word == "KNOWN" else word
        findings = [{"kind": kind, "actual": "no expires\x07", "test": "suite: The Test"}, *findings]
    return {
        "verdict": "FAIL" if word == "KNOWN" else word,
        "known": KNOWN if word == "KNOWN" else None,
        "tests": ["s: t"],
        "findings": findings,
    }


def verdicts(directory: Path, entries: dict[str, dict[str, Any]], **changes: object) -> Path:
    """A verdicts.json in a directory of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    dut = {"name": "Acme core", "version": "4.2", "build": "", "role": "core", "addresses": []}
    head = {"schema": 1, "imsreg": "0.1.0", "profile": "acme.yaml", "dut": dut}
    (directory / "verdicts.json").write_text(json.dumps({**head, "verdicts": entries, **changes}), encoding="utf-8")
    return directory


@pytest.mark.parametrize(
    ("before", "after", "group"),
    [
        ("PASS", "FAIL", "new failures"),
        ("KNOWN", "FAIL", "new failures"),
        ("INCONCLUSIVE", "FAIL", "new failures"),
        ("N/A", "FAIL", "new failures"),
        (None, "FAIL", "new failures"),
        ("FAIL", "PASS", "fixed"),
        ("FAIL", "NON-STRICT", "fixed"),
        ("FAIL", "KNOWN", "changed"),
        ("FAIL", "INCONCLUSIVE", "changed"),
        ("FAIL", "N/A", "changed"),
        ("PASS", "KNOWN", "changed"),
        ("PASS", "NON-STRICT", "changed"),
        ("KNOWN", "PASS", "changed"),
        (None, "PASS", "new"),
        (None, "KNOWN", "new"),
        ("FAIL", None, "gone"),
        ("PASS", None, "gone"),
        ("FAIL", "FAIL", None),
        ("KNOWN", "KNOWN", None),
    ],
)
def test_each_change_is_in_one_group(
    before: str | None, after: str | None, group: str | None, diff: Diff, tmp_path: Path
) -> None:
    old = verdicts(tmp_path / "old", {ONE: entry(before)} if before else {})
    new = verdicts(tmp_path / "new", {ONE: entry(after)} if after else {})
    ended = diff(old, new, "--format", "json")
    assert ended.code == (ExitClass.FAILED if group == "new failures" else ExitClass.CONFORMANT)
    changes = json.loads(ended.out)["changes"]
    assert list(changes) == ["new failures", "fixed", "changed", "new", "gone"]
    assert {name: [c["id"] for c in found] for name, found in changes.items() if found} == (
        {group: [ONE]} if group else {}
    )
    for change in (change for found in changes.values() for change in found):
        assert (change["before"], change["after"]) == (before, after)


def test_the_text_is_aligned_and_counts(diff: Diff, tmp_path: Path) -> None:
    old = verdicts(tmp_path / "old", {ONE: entry("KNOWN"), TWO: entry("FAIL", 1), "rfc3261-10.3-10": entry("PASS", 2)})
    new = verdicts(tmp_path / "new", {ONE: entry("FAIL"), TWO: entry("PASS", 1), "rfc3261-10.3-10": entry("PASS", 3)})
    ended = diff(old, new / "verdicts.json")
    assert ended.code == ExitClass.FAILED
    assert ended.out.splitlines() == [
        f"old  {old}/verdicts.json  Acme core 4.2, profile acme.yaml",
        f"new  {new}/verdicts.json  Acme core 4.2, profile acme.yaml",
        "",
        "new failures",
        f"  {ONE:<22}  KNOWN        -> FAIL          MUST    lists the bindings in the 200, each with its expires",
        f"  {'':22}  no expires\\x07   in The Test",
        "",
        "fixed",
        f"  {TWO:<22}  FAIL         -> PASS          MUST    {row(TWO)}",
        "",
        "1 new failure, 1 fixed, 0 changed, 0 new, 0 gone; 3 -> 4 observations, another number at rfc3261-10.3-10",
    ]


def row(identifier: str) -> str:
    from imsreg.verdict.catalogue import Catalogue

    return Catalogue.load()[identifier].text


def test_nothing_changed(diff: Diff, tmp_path: Path) -> None:
    same = verdicts(tmp_path, {ONE: entry("FAIL", 2)})
    ended = diff(same, same)
    assert ended.code == ExitClass.CONFORMANT
    assert ended.out.endswith("0 new failures, 0 fixed, 0 changed, 0 new, 0 gone; 2 observations\n")


def test_an_id_of_another_version_is_shown(diff: Diff, tmp_path: Path) -> None:
    old, new = verdicts(tmp_path / "old", {}), verdicts(tmp_path / "new", {"99.999-1-01": entry("FAIL")})
    ended = diff(old, new)
    assert ended.code == ExitClass.FAILED
    assert "-            -> FAIL          not in this catalogue" in ended.out


def test_two_real_runs(diff: Diff, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, mutant in (("old", ()), ("new", ("--mutant", "c-service-route-missing"))):
        main(["run", "--link", "memory", "--output", str(tmp_path / name), *mutant, "24.229/5.4.1.2.2F"])
    capsys.readouterr()
    ended = diff(tmp_path / "old", tmp_path / "new")
    assert ended.code == ExitClass.FAILED
    assert "  24.229-5.4.1.2.2F-01    PASS         -> FAIL          MUST    " in ended.out
    assert diff(tmp_path / "new", tmp_path / "old").code == ExitClass.CONFORMANT


GOOD = {"schema": 1, "verdicts": {}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no verdicts.json"),
        ("{", "is no verdicts.json"),
        ("[]", "is no verdicts.json"),
        ('{"schema": 1}', "`verdicts`"),
        (json.dumps({**GOOD, "schema": 2}), "schema: 2 is not 1"),
        (json.dumps({**GOOD, "verdicts": {"x": {"verdict": "GOOD"}}}), "is no verdicts.json"),
        ("[" * 100_000, "is no verdicts.json"),
        ("\udcff", "is no verdicts.json"),
    ],
)
def test_what_is_no_verdicts_file_is_refused(text: str, problem: str, diff: Diff, tmp_path: Path) -> None:
    good = verdicts(tmp_path / "good", {})
    bad = tmp_path / "bad.json"
    bad.write_text(text, encoding="utf-8", errors="surrogateescape")
    for arguments in ((bad, good), (good, bad)):
        ended = diff(*arguments)
        assert (ended.code, ended.out) == (ExitClass.USAGE, "")
        (line,) = ended.err.splitlines()
        assert problem in line
        assert str(bad) in line


def test_what_is_not_there_is_refused(diff: Diff, tmp_path: Path) -> None:
    ended = diff(tmp_path, tmp_path / "none")
    assert ended.code == ExitClass.USAGE
    assert f"{tmp_path}/verdicts.json: cannot be read: No such file" in ended.err
