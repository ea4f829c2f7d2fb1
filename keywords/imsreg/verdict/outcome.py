"""What a check yields, and the ruling that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from imsreg.text import LIMIT, safe_text
from imsreg.transcript.redaction import presentable
from imsreg.verdict.deviation import Deviation
from imsreg.verdict.ics import Ics
from imsreg.verdict.requirement import Level, Requirement
from imsreg.verdict.verdict import Finding, Kind, Ruling, Verdict

MOST_FINDINGS = 20
"""Findings that one ruling lists. A DUT that breaks a requirement in every message breaks it once."""


@dataclass(frozen=True)
class Held:
    """The precondition ran and the requirement was kept, shown by this entry of the transcript."""

    entry: int
    note: str = ""


@dataclass(frozen=True)
class Breach:
    """The requirement was broken in this entry, at this line of the message if one can be named."""

    entry: int
    expected: str
    actual: str
    line: int | None = None


@dataclass(frozen=True)
class Observed:
    """Legal but odd: the requirement was kept, and a report should still say this."""

    entry: int
    expected: str
    actual: str
    line: int | None = None


@dataclass(frozen=True)
class Unmet:
    """Why the precondition did not occur."""

    reason: str


@dataclass(frozen=True)
class Moot:
    """The scenario ran its course, and what the DUT did leaves nothing to judge here.

    It was free to do so, or another row judges it. Trying again would bring nothing more: N/A, not INCONCLUSIVE.
    """

    reason: str


Outcome = Held | Breach | Observed | Unmet | Moot


def held_unless(findings: Iterable[Breach | Observed], entry: int) -> Iterator[Outcome]:
    """What was found in one entry, and that the requirement was kept there if none of it is a breach."""
    kept = True
    for finding in findings:
        kept = kept and not isinstance(finding, Breach)
        yield finding
    if kept:
        yield Held(entry)


Where = Callable[[int, int | None], str]
"""(entry, line) -> "message 4 of the ladder, 200 OK, P-CSCF -> UE, line 7"."""

_KINDS: Mapping[Level, Kind] = {"must": "FAIL", "should": "NON-STRICT", "may": "OBSERVATION"}


def rule(
    row: Requirement,
    outcomes: Iterable[Outcome],
    *,
    test: str,
    where: Where,
    reproduce: str,
    ics: Ics,
    deviations: Iterable[Deviation],
    spec_strict: bool = False,
    ignore_known: bool = False,
    partial: bool = False,
) -> Ruling:
    """The ruling of `test` on `row`, from all that its checks yielded on the test's transcript.

    `reproduce` is the command that runs this one test again. `spec_strict` makes a broken SHOULD a FAIL;
    `ignore_known` judges as if the profile listed no deviations. `partial`: the run leaves out tests on this row, in
    which a known deviation may show.
    """
    if not row.condition.holds(ics):
        return Ruling.not_applicable(row.id, row.condition.explain(ics))
    yielded = tuple(dict.fromkeys(outcomes))
    ran = [outcome for outcome in yielded if not isinstance(outcome, Unmet | Moot)]
    if not ran:
        moot = [safe_text(outcome.reason) for outcome in yielded if isinstance(outcome, Moot)]
        if moot:
            return Ruling.not_applicable(row.id, "; ".join(moot))
        reasons = [safe_text(outcome.reason) for outcome in yielded if isinstance(outcome, Unmet)]
        reason = "; ".join(reasons) or "no check found anything to decide it by"
        return Ruling.inconclusive(row.id, "precondition", reason)
    writer = _Writer(row.id, test, where, reproduce)
    kind = _breach_kind(row, spec_strict=spec_strict)
    breaches = [outcome for outcome in ran if isinstance(outcome, Breach)]
    odd = [outcome for outcome in ran if isinstance(outcome, Observed)]
    ruling = Ruling(
        row.id,
        Verdict(kind) if breaches and kind != "OBSERVATION" else Verdict.PASS,
        findings=(*writer.findings(kind, breaches), *writer.findings("OBSERVATION", odd)),
        evidence=tuple(sorted({outcome.entry for outcome in ran})),
    )
    known = next((deviation for deviation in deviations if deviation.id == row.id), None)
    if known is None or ignore_known or kind == "OBSERVATION":
        return ruling
    if breaches:
        return replace(ruling, known=known, reason=known.because)
    if partial:
        return ruling
    return _unexpected_pass(ruling, known, writer)


def _breach_kind(row: Requirement, *, spec_strict: bool) -> Kind:
    if row.evidence == "memory":
        return "OBSERVATION"
    if row.level == "should" and spec_strict:
        return "FAIL"
    return _KINDS[row.level]


def _unexpected_pass(ruling: Ruling, known: Deviation, writer: _Writer) -> Ruling:
    expected = f"the deviation that the profile lists: {known.because}"
    actual = "unexpected pass: the requirement was kept; take the deviation out of the profile"
    finding = writer.finding("FAIL", Breach(ruling.evidence[0], expected, actual))
    return replace(
        ruling,
        verdict=Verdict.FAIL,
        findings=(finding, *ruling.findings),
        reason="unexpected pass",
        unexpected_pass=True,
    )


@dataclass(frozen=True)
class _Writer:
    """Writes the findings of one ruling. Text that may hold words of the DUT is made safe here, CK and IK masked."""

    requirement: str
    test: str
    where: Where
    reproduce: str

    def finding(self, kind: Kind, outcome: Breach | Observed) -> Finding:
        return Finding(
            kind=kind,
            requirement=self.requirement,
            expected=presentable(outcome.expected, limit=LIMIT),
            actual=presentable(outcome.actual, limit=LIMIT),
            where=safe_text(self.where(outcome.entry, outcome.line)),
            entry=outcome.entry,
            test=safe_text(self.test),
            reproduce=safe_text(self.reproduce),
        )

    def findings(self, kind: Kind, outcomes: Sequence[Breach | Observed]) -> list[Finding]:
        """In the order of the transcript; the last of many says how many there are beside it."""
        ordered = sorted(outcomes, key=lambda outcome: outcome.entry)
        found = [self.finding(kind, outcome) for outcome in ordered[:MOST_FINDINGS]]
        if left := len(ordered) - len(found):
            found[-1] = replace(found[-1], actual=f"{found[-1].actual} (and {left} more findings like this)")
        return found
