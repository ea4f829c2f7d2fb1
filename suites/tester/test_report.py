"""`imsreg report`: reports out of the journal, and Allure's HTML where npm's allure is; here an imitation of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from imsreg.allure import html
from imsreg.allure.directory import CATEGORIES
from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.verdict.journal import NAME, Journal
from imsreg.verdict.profile import Dut
from imsreg.verdict.verdict import Ruling, Verdict

GENERATOR = """\
#!{python} -I
import json, shutil, sys, time
from pathlib import Path

arguments = sys.argv[1:]
if arguments == ["--version"]:
    print("{version}")
    sys.exit()
assert arguments.pop(0) == "generate"
options = dict(zip(arguments[:-1:2], arguments[1:-1:2]))
seen = {{"configuration": json.loads(Path(options["--config"]).read_text()), "results": arguments[-1]}}
{behaviour}
report = Path(options["--output"])
report.mkdir()
(report / "seen.json").write_text(json.dumps(seen))
tracked = '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
(report / "index.html").write_text("<head>" + tracked + "<title>report</title></head>")
"""


class Ended(NamedTuple):
    """How `imsreg report` ended."""

    code: int
    out: str
    err: str


Report = Callable[..., Ended]
Install = Callable[..., Path]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The output directory of a run with one verdict and one Allure result."""
    out = tmp_path / "out"
    (out / "allure").mkdir(parents=True)
    (out / "allure" / "1-result.json").write_text("{}", encoding="utf-8")
    dut = Dut("Acme core", "4.2", "", "core", (), 5060, ("udp",), (), (), None)
    with Journal(out / NAME) as journal:
        journal.begin(imsreg="0.1", profile="acme.yaml", dut=dut, versions={}, addresses=["192.0.2.1:5060"])
        journal.ruling("t", Ruling("rfc3261-22.4-01", Verdict.PASS))
    return out


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts an imitation of the generator on PATH, where there is none before, or into `where`."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)

    def install(behaviour: str = "", *, version: str = "3.18.0", where: str = "bin") -> Path:
        path = tmp_path / where / "allure"
        path.parent.mkdir(parents=True)
        text = GENERATOR.format(python=sys.executable, version=version, behaviour=behaviour)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    return install


@pytest.fixture
def report(install: Install, out: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    """Runs the verb on the output directory; without `install` there is no generator."""

    def report(*options: object) -> Ended:
        code = main(["report", str(out), *map(str, options)])
        return Ended(code, *capsys.readouterr())

    return report


def test_verdicts_and_matrix_come_out_of_the_journal(report: Report, out: Path) -> None:
    (out / "allure" / "1-result.json").unlink()
    (out / "allure").rmdir()
    counts = "1 requirement: 1 PASS, 0 FAIL, 0 KNOWN, 0 NON-STRICT, 0 N/A, 0 INCONCLUSIVE, 0 observations"
    assert report() == (ExitClass.CONFORMANT, f"{counts}\n{out}/verdicts.json  {out}/matrix.html\n", "")
    summary = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    assert summary["dut"]["addresses"] == ["192.0.2.1:5060"]
    matrix = (out / "matrix.html").read_text(encoding="utf-8")
    assert "role core at 192.0.2.1:5060, profile acme.yaml, imsreg 0.1" in matrix


def test_without_a_generator_there_is_a_note(report: Report, out: Path) -> None:
    ended = report()
    assert ended.code == ExitClass.CONFORMANT
    assert f"no Allure report of {out}/allure: npm install allure\n" in ended.out
    assert not (out / "allure-report").exists()


def test_a_generator_that_was_asked_for_is_missed_in_one_line(report: Report, out: Path) -> None:
    ended = report("--allure", out / "allure")
    assert ended.code == ExitClass.USAGE
    assert ended.err.count("\n") == 1
    assert ended.err.endswith("; npm install allure\n")
    assert (out / "verdicts.json").is_file()


def test_the_report_is_made_anew(report: Report, install: Install, out: Path) -> None:
    install()
    (out / "allure-report" / "data").mkdir(parents=True)
    ended = report()
    assert ended.code == ExitClass.CONFORMANT
    assert ended.out.endswith(f"{out}/allure-report/index.html\n")
    assert {path.name for path in (out / "allure-report").iterdir()} == {"index.html", "seen.json"}


def test_it_groups_by_clause_and_knows_the_categories(report: Report, install: Install, out: Path) -> None:
    install()
    report()
    seen = json.loads((out / "allure-report" / "seen.json").read_text(encoding="utf-8"))
    assert seen["results"] == str(out / "allure")
    configuration = seen["configuration"]
    assert configuration["name"] == "Registration of Acme core 4.2"
    assert configuration["categories"] == list(CATEGORIES)
    assert configuration["plugins"]["awesome"]["options"]["groupBy"] == ["epic", "feature", "story"]


def test_it_tells_nobody_that_it_is_read(report: Report, install: Install, out: Path) -> None:
    install()
    report()
    page = (out / "allure-report" / "index.html").read_text(encoding="utf-8")
    assert page == "<head><title>report</title></head>"


def test_results_elsewhere_and_a_generator_of_the_project(
    report: Report, install: Install, out: Path, tmp_path: Path
) -> None:
    install("raise SystemExit('the one on PATH')")
    install(where="node_modules/.bin")
    (out / "allure").rename(tmp_path / "elsewhere")
    assert report("--allure", "elsewhere").code == ExitClass.CONFORMANT
    seen = json.loads((out / "allure-report" / "seen.json").read_text(encoding="utf-8"))
    assert seen["results"] == str(tmp_path / "elsewhere")


def test_a_generator_that_fails_is_one_line(report: Report, install: Install, out: Path) -> None:
    path = install(r"raise SystemExit('first\n\x1b[31mno \x07 room\x1b[0m\n')")
    ended = report()
    assert ended.code == ExitClass.USAGE
    assert ended.err == f"imsreg: {path}: it failed: no \\x07 room; run allure generate by hand\n"
    assert (out / "matrix.html").is_file()


def test_a_generator_that_makes_nothing_is_one_line(report: Report, install: Install) -> None:
    install("raise SystemExit")
    assert "it made no report: no message; run allure generate by hand" in report().err


def test_a_generator_that_hangs_is_stopped(report: Report, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "LIMIT", 1.0)
    install("time.sleep(60)")
    assert "it was stopped after 1 s" in report().err


def test_allure_2_is_not_taken_for_allure_3(report: Report, install: Install) -> None:
    install(version="2.46.0")
    assert "this is Allure 2.46.0, not Allure 3; npm install allure" in report().err


def test_there_must_be_results(report: Report, install: Install, tmp_path: Path) -> None:
    install()
    ended = report("--allure", tmp_path / "absent")
    assert ended.code == ExitClass.USAGE
    assert ended.err.startswith(f"imsreg: {tmp_path}/absent: there are no Allure results here; ")


def test_nothing_is_removed_through_a_link(report: Report, install: Install, out: Path, tmp_path: Path) -> None:
    install()
    (tmp_path / "precious").mkdir()
    (out / "allure-report").symlink_to(tmp_path / "precious")
    ended = report()
    assert ended.code == ExitClass.USAGE
    assert f"{out}/allure-report: cannot be removed: " in ended.err
    assert (tmp_path / "precious").is_dir()
