"""From what checks yield to a ruling, and from rulings to a test's status."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.condition import Condition
from imsreg.verdict.deviation import Deviation
from imsreg.verdict.outcome import MOST_FINDINGS, Breach, Held, Moot, Observed, Outcome, Unmet, rule
from imsreg.verdict.requirement import Evidence, Level, Requirement
from imsreg.verdict.runners import Status, status
from imsreg.verdict.verdict import Finding, Ruling, Verdict, worst

ID = "24.229-5.4.1.2.2-06"
BREACH = Breach(4, "Contact with expires", "Contact has no expires", 7)
KNOWN = Deviation(id=ID, because="the stack is old")


def row(level: Level = "must", evidence: Evidence = "text", condition: str = "") -> Requirement:
    return Requirement(
        id=ID,
        specification="TS 24.229",
        clause="5.4.1.2.2",
        level=level,
        subject=("s-cscf",),
        condition=Condition.parse(condition),
        text="the 200 lists the bindings of the public identity, each with its expires",
        evidence=evidence,
        source="read",
    )


def ruled(
    *outcomes: Outcome,
    requirement: Requirement | None = None,
    deviations: Sequence[Deviation] = (),
    spec_strict: bool = False,
    ignore_known: bool = False,
    partial: bool = False,
) -> Ruling:
    return rule(
        requirement or row(),
        outcomes,
        test="Right Response",
        where=lambda entry, line: f"message {entry} of the ladder" + (f", line {line}" if line else ""),
        reproduce=f"imsreg run --profile acme.yaml {ID}",
        ics={"transports": ("udp",)},
        deviations=deviations,
        spec_strict=spec_strict,
        ignore_known=ignore_known,
        partial=partial,
    )


def kinds(ruling: Ruling) -> list[str]:
    return [finding.kind for finding in ruling.findings]


def test_held_is_a_pass_with_its_evidence() -> None:
    ruling = ruled(Held(6), Unmet("only one response"), Held(4), Held(4, "again"))
    assert ruling == Ruling(ID, Verdict.PASS, evidence=(4, 6))


@pytest.mark.parametrize(
    ("level", "evidence", "spec_strict", "verdict", "kind"),
    [
        ("must", "text", False, Verdict.FAIL, "FAIL"),
        ("must", "secondary", False, Verdict.FAIL, "FAIL"),
        ("must", "memory", True, Verdict.PASS, "OBSERVATION"),
        ("should", "text", False, Verdict.NON_STRICT, "NON-STRICT"),
        ("should", "text", True, Verdict.FAIL, "FAIL"),
        ("should", "memory", True, Verdict.PASS, "OBSERVATION"),
        ("may", "text", True, Verdict.PASS, "OBSERVATION"),
    ],
)
def test_a_breach_weighs_by_level_and_evidence(
    level: Level, evidence: Evidence, spec_strict: bool, verdict: Verdict, kind: str
) -> None:
    ruling = ruled(Held(2), BREACH, requirement=row(level, evidence), spec_strict=spec_strict)
    assert (ruling.verdict, kinds(ruling), ruling.evidence) == (verdict, [kind], (2, 4))


def test_legal_but_odd_is_a_pass_with_an_observation() -> None:
    ruling = ruled(Observed(3, "403", "401 with a fresh challenge"))
    assert (ruling.verdict, kinds(ruling), ruling.evidence) == (Verdict.PASS, ["OBSERVATION"], (3,))
    assert kinds(ruled(Observed(3, "a", "b"), BREACH)) == ["FAIL", "OBSERVATION"]


def test_an_unmet_precondition_is_inconclusive() -> None:
    ruling = ruled(Unmet("the DUT sent no 200"), Unmet("the DUT sent no 200"), Unmet("\x1b[31mred"))
    assert ruling == Ruling(ID, Verdict.INCONCLUSIVE, reason="precondition: the DUT sent no 200; \\x1b[31mred")
    assert ruled().reason == "precondition: no check found anything to decide it by"


def test_what_the_dut_left_nothing_to_judge_of_is_not_applicable() -> None:
    ruling = ruled(Unmet("no 494"), Moot("there was no 494, which another row judges"), deviations=[KNOWN])
    assert (ruling.verdict, ruling.reason) == (Verdict.NA, "there was no 494, which another row judges")
    assert ruled(Held(4), Moot("no proof")).verdict is Verdict.PASS
    assert ruled(BREACH, Moot("no proof")).verdict is Verdict.FAIL


def test_an_unmet_condition_is_not_applicable_whatever_was_found() -> None:
    ruling = ruled(BREACH, requirement=row(condition="transports has tcp"), deviations=[KNOWN])
    assert ruling == Ruling(ID, Verdict.NA, reason="profile says transports: udp")


def test_a_finding_reads_as_four_lines_and_the_command() -> None:
    (finding,) = ruled(BREACH).findings
    assert finding.text(row()).splitlines() == [
        f"TS 24.229 5.4.1.2.2 [24.229-5.4.1.2.2-06] MUST: {row().text}",
        "Expected: Contact with expires",
        "  Actual: Contact has no expires",
        "   Where: message 4 of the ladder, line 7",
        "Reproduce: imsreg run --profile acme.yaml 24.229-5.4.1.2.2-06",
    ]


def test_words_of_the_dut_are_made_safe() -> None:
    (finding,) = ruled(Breach(1, "a\r\nb", "x\n\u202e\udce4*HTML*" + "y" * 9000)).findings
    assert finding.expected == "a\\x0d\\x0ab"
    assert finding.actual.startswith("x\\x0a\\u202e")
    assert len(finding.actual) < 5000
    assert len(finding.text(row()).splitlines()) == 5
    finding.text(row()).encode()


def test_many_breaches_are_counted_not_listed() -> None:
    breaches = [Breach(entry, "one", "two") for entry in range(500, 0, -1)]
    ruling = ruled(*breaches, *breaches)
    assert len(ruling.findings) == MOST_FINDINGS
    assert [finding.entry for finding in ruling.findings[:3]] == [1, 2, 3]
    assert ruling.findings[-1].actual == "two (and 480 more findings like this)"
    assert len(ruling.evidence) == 500


def test_a_known_deviation_stays_a_fail_and_says_why() -> None:
    ruling = ruled(BREACH, deviations=[Deviation(id="rfc3261-8-01", because="other"), KNOWN])
    assert (ruling.verdict, ruling.known, ruling.reason) == (Verdict.FAIL, KNOWN, "the stack is old")
    assert ruled(BREACH, deviations=[KNOWN], ignore_known=True).known is None


def test_a_known_deviation_that_does_not_show_is_an_unexpected_pass() -> None:
    ruling = ruled(Held(2), deviations=[KNOWN])
    assert (ruling.verdict, ruling.unexpected_pass, ruling.known) == (Verdict.FAIL, True, None)
    assert ruling.findings[0].actual.startswith("unexpected pass")
    assert ruling.findings[0].where == "message 2 of the ladder"
    assert ruled(Held(2), deviations=[KNOWN], ignore_known=True).verdict is Verdict.PASS
    assert ruled(Held(2), deviations=[KNOWN], requirement=row("may")).verdict is Verdict.PASS
    assert ruled(Unmet("nothing"), deviations=[KNOWN]).verdict is Verdict.INCONCLUSIVE


def test_a_run_that_leaves_tests_out_knows_of_no_unexpected_pass() -> None:
    assert ruled(Held(2), deviations=[KNOWN], partial=True) == ruled(Held(2), deviations=[])
    assert ruled(BREACH, deviations=[KNOWN], partial=True).known == KNOWN


def test_the_worst_verdict() -> None:
    order = [Verdict.NA, Verdict.PASS, Verdict.NON_STRICT, Verdict.INCONCLUSIVE, Verdict.FAIL]
    assert [worst(order[: n + 1]) for n in range(5)] == order
    with pytest.raises(ValueError, match="empty"):
        worst([])


FAIL = ruled(BREACH)
INCONCLUSIVE = Ruling.inconclusive(ID, "no-answer", "nothing came within 32 s")
KNOWN_FAIL = ruled(BREACH, deviations=[KNOWN])
NON_STRICT = ruled(BREACH, requirement=row("should"))
PASS = ruled(Held(1))
NA = ruled(requirement=row(condition="transports has tcp"))
UNEXPECTED = ruled(Held(2), deviations=[KNOWN])


@pytest.mark.parametrize(
    ("rulings", "robot", "pytest_word", "message"),
    [
        ([PASS, NA], "PASS", "passed", ""),
        ([PASS, NON_STRICT], "PASS", "passed", "TS 24.229 5.4.1.2.2"),
        ([FAIL, INCONCLUSIVE, KNOWN_FAIL], "FAIL", "failed", "TS 24.229 5.4.1.2.2"),
        ([UNEXPECTED, PASS], "PASS", "passed", "TS 24.229 5.4.1.2.2"),
        ([INCONCLUSIVE, KNOWN_FAIL, PASS], "FAIL", "failed", "INCONCLUSIVE no-answer: nothing came within 32 s"),
        ([KNOWN_FAIL, NON_STRICT, PASS], "SKIP", "xfailed", "KNOWN: the stack is old"),
        ([NA, NA], "SKIP", "skipped", "N/A: profile says transports: udp"),
    ],
)
def test_a_test_has_the_status_of_its_worst_ruling(
    rulings: list[Ruling], robot: str, pytest_word: str, message: str
) -> None:
    shown: Status = status(rulings, Catalogue([row()]))
    assert (shown.robot, shown.pytest) == (robot, pytest_word)
    assert shown.message.startswith(message)
    assert bool(shown.message) == bool(message)
    assert (shown.tags == ("inconclusive",)) == message.startswith("INCONCLUSIVE")


def test_a_failing_status_shows_each_finding_whole() -> None:
    second = dataclasses.replace(FAIL, findings=(*FAIL.findings, *ruled(Observed(1, "a", "b")).findings))
    shown = status([FAIL, second], Catalogue([row()]))
    assert shown.message.count("Reproduce: ") == 2
    assert "Expected: a" not in shown.message


def test_a_status_needs_a_ruling() -> None:
    with pytest.raises(ValueError, match="decides no requirement"):
        status([], Catalogue([row()]))


def test_finding_is_plain_data() -> None:
    (finding,) = FAIL.findings
    assert dataclasses.asdict(finding).keys() == {field.name for field in dataclasses.fields(Finding)}
