"""The catalogue: rows that load, rows that are refused, selection, and the names linked to a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.verdict.catalogue import Catalogue

ROW = """
  - id: {id}
    specification: {specification}
    clause: "{clause}"
    level: {level}
    subject: [{subject}]
    condition: "{condition}"
    text: {text}
    evidence: {evidence}
    source: {source}
"""
GOOD = {
    "id": "24.229-5.4.1-01",
    "specification": "TS 24.229",
    "clause": "5.4.1",
    "level": "must",
    "subject": "s-cscf",
    "condition": "",
    "text": "the 200 lists the bindings",
    "evidence": "text",
    "source": "read in the clause",
}


def write(directory: Path, *rows: dict[str, str], name: str = "ts24229.yaml") -> Path:
    body = "".join(ROW.format_map(GOOD | row) for row in rows)
    (directory / name).write_text(f"rows:{body}", encoding="utf-8")
    return directory


def numbered(*clauses: str) -> list[dict[str, str]]:
    return [{"id": f"24.229-{clause}-01", "clause": clause} for clause in clauses]


def refusal(directory: Path) -> str:
    with pytest.raises(InputError) as refused:
        Catalogue.load(directory)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_row_becomes_a_requirement(tmp_path: Path) -> None:
    write(tmp_path, {"condition": "security>=headers", "subject": "s-cscf, p-cscf", "level": "should"})
    requirement = Catalogue.load(tmp_path)["24.229-5.4.1-01"]
    assert (requirement.key, requirement.heading, requirement.level) == ("24.229", "TS 24.229 5.4.1", "should")
    assert requirement.subject == ("s-cscf", "p-cscf")
    assert not requirement.condition.holds({"security": "none"})
    assert (requirement.why_untested, requirement.checks, requirement.mutants, requirement.tests) == ("", (), (), ())


def test_rows_keep_their_order_over_files(tmp_path: Path) -> None:
    write(tmp_path, *numbered("5.4.2", "5.4.1"), name="b.yaml")
    write(tmp_path, *numbered("5.1"), name="a.yaml")
    catalogue = Catalogue.load(tmp_path)
    assert [requirement.clause for requirement in catalogue] == ["5.1", "5.4.2", "5.4.1"]
    assert len(catalogue) == 3
    assert "24.229-5.1-01" in catalogue
    assert "24.229-5.1-02" not in catalogue


@pytest.mark.parametrize(
    "row",
    [
        {"id": "rfc3261-10.3-06", "specification": "RFC 3261", "clause": "10.3"},
        {"id": "33.203-H-02", "specification": "TS 33.203", "clause": "H"},
        {"id": "24.229-5.4.1.2.3A-01", "clause": "5.4.1.2.3A"},
        {"id": "34.229-1-A.1.1-01", "specification": "TS 34.229-1", "clause": "A.1.1"},
        {"id": "robustness-04", "specification": "robustness", "clause": ""},
    ],
)
def test_forms_of_ids(tmp_path: Path, row: dict[str, str]) -> None:
    assert row["id"] in Catalogue.load(write(tmp_path, row))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"id": "24.229-5.4.2-01"}, 'rows[0].id: "24.229-5.4.2-01" does not follow'),
        ({"id": "24.229-5.4.1-1"}, "rows[0].id"),
        ({"id": "24.229-5.4.1-x1"}, "rows[0].id"),
        ({"specification": "24.229"}, "rows[0].specification"),
        ({"clause": "five", "id": "24.229-five-01"}, "rows[0].clause"),
        ({"subject": "hlr"}, "rows[0].subject[0]"),
        ({"subject": ""}, "rows[0].subject: it names no subject"),
        ({"subject": "ue, ue"}, "rows[0].subject: it names no subject, or one twice"),
        ({"level": "shall"}, "rows[0].level"),
        ({"evidence": "hearsay"}, "rows[0].evidence"),
        ({"condition": "transports has sctp"}, 'rows[0].condition: "sctp" is none of'),
        ({"text": "the 200 lists the bindings."}, "rows[0].text: the sentence ends without"),
        ({"text": '" "'}, "rows[0].text"),
        ({"source": '"two\\nlines"'}, "rows[0].source"),
    ],
)
def test_a_wrong_row_is_refused_by_field(tmp_path: Path, row: dict[str, str], problem: str) -> None:
    assert problem in refusal(write(tmp_path, row))


def test_an_id_is_never_used_twice(tmp_path: Path) -> None:
    write(tmp_path, {}, name="a.yaml")
    write(tmp_path, *numbered("5.1"), {}, name="b.yaml")
    assert "b.yaml: rows[1].id: 24.229-5.4.1-01 is taken" in refusal(tmp_path)


def test_unknown_fields_and_empty_directories_are_refused(tmp_path: Path) -> None:
    assert "no requirement" in refusal(tmp_path)
    write(tmp_path, {"source": "read\n    checks: [x]"})
    assert "rows[0].checks" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("selector", "clauses"),
    [
        ("24.229", ["5.4.1", "5.4.1.2.3", "5.4.1.2.3A", "5.4.10", "5.4.2"]),
        ("24.229/5.4", ["5.4.1", "5.4.1.2.3", "5.4.1.2.3A", "5.4.10", "5.4.2"]),
        ("24.229/5.4.1", ["5.4.1", "5.4.1.2.3", "5.4.1.2.3A"]),
        ("24.229/5.4.1.2.3a", ["5.4.1.2.3A"]),
        ("24.229/5.4.1.2.3", ["5.4.1.2.3"]),
        ("24.229-5.4.10-01", ["5.4.10"]),
        (" RFC3261/10.3 ", ["10.3"]),
        ("rfc3261", ["10.3"]),
    ],
)
def test_selectors(tmp_path: Path, selector: str, clauses: list[str]) -> None:
    write(tmp_path, *numbered("5.4.1", "5.4.1.2.3", "5.4.1.2.3A", "5.4.10", "5.4.2"))
    write(tmp_path, {"id": "rfc3261-10.3-01", "specification": "RFC 3261", "clause": "10.3"}, name="rfc.yaml")
    selected = Catalogue.load(tmp_path).select(selector)
    assert sorted(requirement.clause for requirement in selected) == sorted(clauses)


@pytest.mark.parametrize(
    "selector", ["", "/", "24.229/", "/5.4", "24.229/5.4/1", "24.2", "24.229/5.5", "24.229-5.4.1", "5.4.1"]
)
def test_selecting_nothing_is_an_error(tmp_path: Path, selector: str) -> None:
    catalogue = Catalogue.load(write(tmp_path, {}))
    with pytest.raises(InputError, match="selector"):
        catalogue.select(selector)


def test_links_join_and_unknown_ids_are_errors(tmp_path: Path) -> None:
    catalogue = Catalogue.load(write(tmp_path, {}, *numbered("5.1")))
    linked = catalogue.linked(
        checks={"24.229-5.1-01": ["contact_has_expires"]}, mutants={"24.229-5.1-01": ["N-1", "N-2"]}
    )
    linked = linked.linked(checks={"24.229-5.1-01": ["bindings_listed", "contact_has_expires"]})
    assert linked["24.229-5.1-01"].checks == ("contact_has_expires", "bindings_listed")
    assert linked["24.229-5.1-01"].mutants == ("N-1", "N-2")
    assert linked["24.229-5.4.1-01"].checks == catalogue["24.229-5.1-01"].checks == ()
    with pytest.raises(InputError, match=r"tests Some Test.*no row 24\.229-9\.9-01"):
        catalogue.linked(tests={"24.229-9.9-01": ["Some Test"]})


def test_the_package_carries_its_own_rows() -> None:
    keys = {requirement.key for requirement in Catalogue.load()}
    assert {"24.229", "33.203", "rfc3261", "robustness"} <= keys
