"""The catalogue as a table for people and as objects for programs."""

from __future__ import annotations

from imsreg.verdict.condition import Condition
from imsreg.verdict.order import natural_key
from imsreg.verdict.requirement import Requirement
from imsreg.verdict.requirements_view import WIDTH, as_json, as_text


def row(requirement_id: str, specification: str, clause: str, text: str = "the 200 lists the bindings") -> Requirement:
    return Requirement(
        requirement_id, specification, clause, "must", ("s-cscf",), Condition.parse(""), text, "text", "read"
    )


FULL = Requirement(
    id="24.229-5.4.2-01",
    specification="TS 24.229",
    clause="5.4.2",
    level="should",
    subject=("s-cscf", "p-cscf"),
    condition=Condition.parse("gruu and release>=12"),
    text="the answer says so",
    evidence="memory",
    source="remembered",
    why_untested="not visible at Gm",
    checks=("a", "b"),
    mutants=("M1",),
    tests=("Some Test",),
)


def test_json_has_exactly_these_fields() -> None:
    assert as_json([FULL]) == [
        {
            "id": "24.229-5.4.2-01",
            "specification": "TS 24.229",
            "clause": "5.4.2",
            "level": "should",
            "subject": ["s-cscf", "p-cscf"],
            "condition": "gruu and release>=12",
            "text": "the answer says so",
            "evidence": "memory",
            "checks": ["a", "b"],
            "mutants": ["M1"],
            "tests": ["Some Test"],
            "why_untested": "not visible at Gm",
        }
    ]


def test_text_groups_and_aligns() -> None:
    rows = [
        row("robustness-01", "robustness", ""),
        row("24.229-5.4.10-01", "TS 24.229", "5.4.10"),
        FULL,
        row("24.229-5.4.2-02", "TS 24.229", "5.4.2"),
        row("rfc3261-10.3-01", "RFC 3261", "10.3"),
    ]
    assert as_text(rows) == (
        "RFC 3261\n"
        "  10.3\n"
        "    rfc3261-10.3-01   MUST    s-cscf          the 200 lists the bindings\n"
        "\n"
        "TS 24.229\n"
        "  5.4.2\n"
        "    24.229-5.4.2-01   SHOULD  s-cscf, p-cscf  the answer says so\n"
        "                                              if: gruu and release>=12\n"
        "                                              evidence: memory\n"
        "                                              untested: not visible at Gm\n"
        "                                              checks: a, b\n"
        "                                              mutants: M1\n"
        "                                              tests: Some Test\n"
        "    24.229-5.4.2-02   MUST    s-cscf          the 200 lists the bindings\n"
        "  5.4.10\n"
        "    24.229-5.4.10-01  MUST    s-cscf          the 200 lists the bindings\n"
        "\n"
        "robustness\n"
        "    robustness-01     MUST    s-cscf          the 200 lists the bindings\n"
    )


def test_long_sentences_wrap_in_their_column() -> None:
    lines = as_text([row("24.229-5.1-01", "TS 24.229", "5.1", "word " * 60 + "end")]).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert {line.index("word") for line in lines[2:-1]} == {lines[2].index("word")}


def test_nothing_gives_nothing() -> None:
    assert as_text([]) == ""
    assert as_json([]) == []


def test_natural_order() -> None:
    clauses = ["5.4.10", "H", "5.4.2", "5.4.1.2.3A", "10.3", "5.4.1.2.3", "5.4.1", "7.2A.1"]
    ordered = ["5.4.1", "5.4.1.2.3", "5.4.1.2.3A", "5.4.2", "5.4.10", "7.2A.1", "10.3", "H"]
    assert sorted(clauses, key=natural_key) == ordered
