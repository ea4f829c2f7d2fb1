"""The journal survives what happens to a run, and verdicts.json follows from it."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imsreg.errors import ExitClass, InputError
from imsreg.verdict.deviation import Deviation
from imsreg.verdict.journal import NAME, Journal, read
from imsreg.verdict.profile import Dut
from imsreg.verdict.records import Ended, Ruled
from imsreg.verdict.runners import exit_class
from imsreg.verdict.summary import counts_line, summarise, write_reports
from imsreg.verdict.verdict import Finding, Kind, Ruling, Verdict

DUT = Dut("Acme core", "4.2", "2026-11-02", "core", ("127.0.2.1",), 5060, ("udp",), (), (), None)
KNOWN = Deviation(id="a-01", because="old stack", ticket="ABC-1", until=datetime.date(2027, 6, 30))


def finding(kind: Kind = "FAIL", requirement: str = "a-01", test: str = "t", actual: str = "no expires") -> Finding:
    return Finding(kind, requirement, "expires", actual, "message 4", 4, test, "imsreg run a-01")


def passed(requirement: str = "a-01") -> Ruling:
    return Ruling(requirement, Verdict.PASS, evidence=(1,))


def failed(requirement: str = "a-01", test: str = "t", known: Deviation | None = None) -> Ruling:
    return Ruling(requirement, Verdict.FAIL, (finding(requirement=requirement, test=test),), known=known)


def unexpected(test: str) -> Ruling:
    shown = finding(test=test, actual="unexpected pass")
    return Ruling("a-01", Verdict.FAIL, (shown,), reason="unexpected pass", unexpected_pass=True)


def begin(journal: Journal) -> None:
    journal.begin(
        imsreg="0.1",
        profile="acme.yaml",
        dut=DUT,
        versions={"robotframework": "7.5"},
        addresses=["[::1]:5060"],
        security="headers",
    )


def records(directory: Path, *rulings: tuple[str, Ruling]) -> Path:
    with Journal(directory / NAME) as journal:
        begin(journal)
        for test, ruling in rulings:
            journal.ruling(test, ruling)
    return directory


def test_records_come_back_as_they_went_in(tmp_path: Path) -> None:
    ruling = failed(known=KNOWN)
    with Journal(tmp_path / NAME, run="r1") as journal:
        begin(journal)
        journal.ruling("Suite.Right Response", ruling)
        journal.test("Suite.Right Response", "FAIL", "line 1\nline 2\x1b")
    contents = read(tmp_path / NAME)
    assert contents.damaged == ()
    assert contents.records[1:] == (
        Ruled("r1", "Suite.Right Response", ruling),
        Ended("r1", "Suite.Right Response", "FAIL", "line 1\nline 2\\x1b"),
    )
    assert contents.records[0].run == "r1"


def test_every_record_is_on_disk_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / NAME) as journal:
        begin(journal)
        assert len(read(tmp_path / NAME).records) == 1
        journal.ruling("t", passed())
        assert len(read(tmp_path / NAME).records) == 2


def test_verdicts_json(tmp_path: Path) -> None:
    records(
        tmp_path,
        ("t2", failed(known=KNOWN, test="t2")),
        ("t1", passed()),
        ("t1", Ruling("b-10", Verdict.NA, reason="profile says gruu: false")),
        ("t1", passed("b-9")),
        ("t3", Ruling("b-9", Verdict.NON_STRICT, (finding("OBSERVATION"), finding("NON-STRICT")))),
    )
    reports = write_reports(tmp_path)
    assert json.loads((tmp_path / "verdicts.json").read_text()) == reports.summary
    assert reports.summary == {
        "schema": 1,
        "imsreg": "0.1",
        "profile": "acme.yaml",
        "dut": {
            "name": "Acme core",
            "version": "4.2",
            "build": "2026-11-02",
            "role": "core",
            "addresses": ["[::1]:5060"],
        },
        "security": "headers",
        "lacks": "",
        "verdicts": {
            "a-01": {
                "verdict": "FAIL",
                "known": {"because": "old stack", "ticket": "ABC-1", "until": "2027-06-30"},
                "tests": ["t1", "t2"],
                "findings": [
                    {
                        "kind": "FAIL",
                        "expected": "expires",
                        "actual": "no expires",
                        "where": "message 4",
                        "test": "t2",
                        "reproduce": "imsreg run a-01",
                    }
                ],
            },
            "b-9": {
                "verdict": "NON-STRICT",
                "known": None,
                "tests": ["t1", "t3"],
                "findings": reports.summary["verdicts"]["b-9"]["findings"],
            },
            "b-10": {"verdict": "N/A", "known": None, "tests": ["t1"], "findings": []},
        },
    }
    assert list(reports.summary["verdicts"]) == ["a-01", "b-9", "b-10"]
    assert [entry["kind"] for entry in reports.summary["verdicts"]["b-9"]["findings"]] == ["NON-STRICT", "OBSERVATION"]
    assert counts_line(reports.summary) == (
        "3 requirements: 0 PASS, 0 FAIL, 1 KNOWN, 1 NON-STRICT, 1 N/A, 0 INCONCLUSIVE, 1 observation"
    )
    assert exit_class(reports.summary) is ExitClass.CONFORMANT


def verdict_of(directory: Path) -> tuple[str, bool, ExitClass]:
    summary = write_reports(directory).summary
    entry = summary["verdicts"]["a-01"]
    return entry["verdict"], entry["known"] is not None, exit_class(summary)


def test_a_deviation_found_by_one_test_is_no_unexpected_pass_of_another(tmp_path: Path) -> None:
    records(tmp_path, ("t1", unexpected("t1")), ("t2", failed(known=KNOWN)), ("t3", passed()))
    assert verdict_of(tmp_path) == ("FAIL", True, ExitClass.CONFORMANT)
    (shown,) = write_reports(tmp_path).summary["verdicts"]["a-01"]["findings"]
    assert shown["actual"] == "no expires"


def test_a_deviation_that_no_test_found_fails_the_run(tmp_path: Path) -> None:
    records(tmp_path, ("t1", unexpected("t1")))
    assert verdict_of(tmp_path) == ("FAIL", False, ExitClass.FAILED)
    summary = write_reports(tmp_path).summary
    assert summary["verdicts"]["a-01"]["findings"][0]["actual"] == "unexpected pass"
    assert "1 requirement: 0 PASS, 1 FAIL, 0 KNOWN" in counts_line(summary)


@pytest.mark.parametrize(
    ("rulings", "expected"),
    [
        (
            [passed(), Ruling.inconclusive("a-01", "transport", "reset")],
            ("INCONCLUSIVE", False, ExitClass.INCONCLUSIVE),
        ),
        ([Ruling.inconclusive("a-01", "transport", "reset"), failed()], ("FAIL", False, ExitClass.FAILED)),
        ([Ruling.not_applicable("a-01", "no tcp"), passed()], ("PASS", False, ExitClass.CONFORMANT)),
        ([], None),
    ],
)
def test_the_worst_over_all_tests_counts(
    tmp_path: Path, rulings: list[Ruling], expected: tuple[str, bool, ExitClass] | None
) -> None:
    records(tmp_path, *((f"t{number}", ruling) for number, ruling in enumerate(rulings)))
    if expected is None:
        assert write_reports(tmp_path).summary["verdicts"] == {}
    else:
        assert verdict_of(tmp_path) == expected


def test_of_rulings_of_one_test_on_one_id_the_last_counts(tmp_path: Path) -> None:
    records(tmp_path, ("t", Ruling.inconclusive("a-01", "precondition", "not yet")), ("t", passed()))
    assert verdict_of(tmp_path)[0] == "PASS"


def test_a_former_run_in_the_same_file_is_kept_but_does_not_count(tmp_path: Path) -> None:
    for run, ruling in (("old", failed()), ("new", passed("a-02"))):
        with Journal(tmp_path / NAME, run=run) as journal:
            begin(journal)
            journal.ruling("t", ruling)
    assert len(read(tmp_path / NAME).records) == 4
    assert list(write_reports(tmp_path).summary["verdicts"]) == ["a-02"]


def test_order_of_workers_does_not_show(tmp_path: Path) -> None:
    rulings = [(test, failed(test=test)) for test in ("t1", "t2", "t3")]
    summaries = []
    for name, order in (("a", rulings), ("b", rulings[::-1])):
        (tmp_path / name).mkdir()
        summaries.append(write_reports(records(tmp_path / name, *order)).summary)
    assert summaries[0] == summaries[1]


def test_rulings_without_a_head_still_count() -> None:
    summary = summarise([Ruled("", "t", passed())])
    assert summary["verdicts"]["a-01"]["verdict"] == "PASS"
    assert summarise([])["verdicts"] == {}


def test_a_torn_last_line_is_reported_and_the_next_record_not_lost(tmp_path: Path) -> None:
    records(tmp_path, ("t1", passed()), ("t2", failed()))
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-40])
    assert (len(read(path).records), read(path).damaged) == (2, (3,))
    with Journal(path) as journal:
        journal.ruling("t3", failed())
    assert (len(read(path).records), read(path).damaged) == (3, (3,))
    assert write_reports(tmp_path).damaged == (3,)
    assert verdict_of(tmp_path)[0] == "FAIL"


def test_octets_that_are_no_record_are_reported(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b'\xff\xfe\n{"record": "ruling"}\n[]\n\n{"record":"unheard"}\n' + b"[" * 100_000 + b"\n")
    assert read(path) == ((), (1, 2, 3, 5, 6))


WORKER = """
import sys
from pathlib import Path
from imsreg.verdict.journal import Journal
from imsreg.verdict.verdict import Ruling, Verdict
journal = Journal(Path(sys.argv[1]))
count = int(sys.argv[3])
number = 0
while number != count:
    journal.ruling(f"{sys.argv[2]}-{number}", Ruling("a-01", Verdict.NA, reason="x" * 9000))
    number += 1
    if number == 5:
        print("writing", flush=True)
"""


def worker(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", WORKER, str(path), name, str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment)


def test_parallel_workers_share_the_file(tmp_path: Path) -> None:
    workers = [worker(tmp_path / NAME, name, 100) for name in ("w1", "w2", "w3")]
    for process in workers:
        process.communicate(timeout=60)
    contents = read(tmp_path / NAME)
    assert contents.damaged == ()
    tests = {record.test for record in contents.records if isinstance(record, Ruled)}
    assert tests == {f"{name}-{number}" for name in ("w1", "w2", "w3") for number in range(100)}


def test_a_killed_worker_loses_nothing_that_it_wrote(tmp_path: Path) -> None:
    process = worker(tmp_path / NAME, "w", -1)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate(timeout=60)
    contents = read(tmp_path / NAME)
    assert len(contents.records) >= 5
    assert len(contents.damaged) <= 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with Journal(Path("/dev/full")) as journal, pytest.raises(InputError) as refused:
        journal.ruling("t", passed())
    assert str(refused.value) == (
        "/dev/full: cannot be written: No space left on device; "
        "make room or choose another output directory; what was recorded before is kept"
    )


LIMITED = """
import resource, signal, sys
from pathlib import Path
from imsreg.errors import InputError
from imsreg.verdict.journal import Journal
from imsreg.verdict.verdict import Ruling, Verdict
journal = Journal(Path(sys.argv[1]))
ruling = Ruling("a-01", Verdict.NA, reason="x" * 500)
journal.ruling("t1", ruling)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
try:
    journal.ruling("t2", ruling)
except InputError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
journal.ruling("t3", ruling)
"""


def test_a_record_that_only_half_fits_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / NAME
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, env=environment, check=True
    )
    assert "octets of a record; make room" in process.stdout
    contents = read(path)
    assert [record.test for record in contents.records if isinstance(record, Ruled)] == ["t1", "t3"]
    assert contents.damaged == (2,)


def test_unwritable_places_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened: No such file or directory"):
        Journal(tmp_path / "absent" / NAME)
    with pytest.raises(InputError, match="cannot be read"):
        write_reports(tmp_path)


def test_a_report_that_cannot_be_written_leaves_the_former_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records(tmp_path, ("t", passed()))
    write_reports(tmp_path)
    before = (tmp_path / "verdicts.json").read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"verdicts\.json: cannot be written: No space left on device"):
        write_reports(tmp_path)
    assert (tmp_path / "verdicts.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, "verdicts.json"]


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    journal = Journal(tmp_path / NAME)
    journal.close()
    journal.close()
    assert read(tmp_path / NAME) == ((), ())
