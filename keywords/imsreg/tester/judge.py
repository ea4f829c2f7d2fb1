"""From a transcript to rulings: every applicable check runs, the test's own ids first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imsreg.identity.absent import KeysMissing
from imsreg.tester.lacking import unbound
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.text import safe_text
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Outcome, rule
from imsreg.verdict.profile import Profile
from imsreg.verdict.requirement import Requirement
from imsreg.verdict.roles import judges
from imsreg.verdict.verdict import Ruling, Verdict, worst
from imsreg.verdict.view import View


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one test decides.

    `rulings` are those on its own ids, `in_passing` breaches of others that it met. `beside` counts for nothing in a
    run: what else its transcript shows to be kept, or would decide if the keys were there.
    """

    rulings: tuple[Ruling, ...]
    in_passing: tuple[Ruling, ...]
    beside: tuple[Ruling, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the test's own ids; N/A if it has none."""
        return worst([r.verdict for r in self.rulings] or [Verdict.NA])

    @property
    def marks(self) -> dict[int, str]:
        """Ladder marks: entry number -> the requirement broken there."""
        found: dict[int, str] = {}
        for ruling in (*self.rulings, *self.in_passing):
            for finding in ruling.findings:
                if finding.entry is not None and finding.kind != "OBSERVATION":
                    found.setdefault(finding.entry, f"{finding.requirement}: {finding.actual}")
        return found


@dataclass(frozen=True, slots=True)
class Judge:
    """The judge of one run: catalogue, profile and what is known beside the wire."""

    catalogue: Catalogue
    profile: Profile
    facts: Facts
    spec_strict: bool = False
    ignore_known: bool = False
    partial: frozenset[str] = frozenset()
    """Requirements that tests outside the run decide too."""
    reproduce: str = ""
    """The command that runs the test again, where it is not `imsreg run` with the requirement's id."""

    def judge(
        self,
        transcript: Transcript,
        ids: Sequence[str],
        test: str,
        stopped: ScenarioStopped | NotApplicable | None = None,
    ) -> Judgement:
        """Run every check on the transcript. Only breaches and observations of ids outside `ids` are kept.

        `stopped` says why the scenario ended early: it explains an INCONCLUSIVE better than the check can.
        """
        view = View(transcript, self.facts)
        own = self._own(view, ids, test, stopped)
        others = [
            ruling
            for row in self.catalogue
            if row.id not in ids and checks_of(row.id) and judges(self.profile.dut.role, row)
            for ruling in (self._rule(row, view, test),)
            if (ruling.evidence or ruling.lacks_keys) and not ruling.unexpected_pass
        ]
        return Judgement(
            own,
            tuple(ruling for ruling in others if ruling.findings),
            tuple(ruling for ruling in others if not ruling.findings),
        )

    def rule(
        self,
        transcript: Transcript,
        ids: Sequence[str],
        test: str,
        stopped: ScenarioStopped | NotApplicable | None = None,
    ) -> tuple[Ruling, ...]:
        """Run the checks of `ids` alone: what is found in passing counts once, at the end of a test."""
        return self._own(View(transcript, self.facts), ids, test, stopped)

    def _own(
        self, view: View, ids: Sequence[str], test: str, stopped: ScenarioStopped | NotApplicable | None
    ) -> tuple[Ruling, ...]:
        rows = (self.catalogue[identifier] for identifier in dict.fromkeys(ids))
        return tuple(_explained(self._rule(row, view, test), stopped) for row in rows)

    def _rule(self, row: Requirement, view: View, test: str) -> Ruling:
        if (why := unbound(self.profile, row)) is not None:
            return Ruling.not_applicable(row.id, why)
        if not checks_of(row.id):
            return Ruling.inconclusive(row.id, "tool", row.why_untested or "no check decides it yet")
        outcomes: list[Outcome] = []
        try:
            for check in checks_of(row.id):
                for outcome in check(view):
                    outcomes.append(outcome)  # noqa: PERF402 - what came before an error is kept
        except KeysMissing as missing:
            # What the keys would have told may be a breach, whatever held so far: only a breach is certain.
            outcomes = [outcome for outcome in outcomes if isinstance(outcome, Breach)]
            if not outcomes:
                return Ruling.inconclusive(row.id, "keys", str(missing))
        return rule(
            row,
            outcomes,
            test=test,
            where=view.where,
            reproduce=self.reproduce or f"imsreg run --profile {safe_text(str(self.profile.path))} {row.id}",
            ics=self.profile.ics(),
            deviations=self.profile.deviations,
            spec_strict=self.spec_strict,
            ignore_known=self.ignore_known,
            partial=row.id in self.partial,
        )


def _explained(ruling: Ruling, stopped: ScenarioStopped | NotApplicable | None) -> Ruling:
    if stopped is None or ruling.verdict is not Verdict.INCONCLUSIVE:
        return ruling
    if isinstance(stopped, NotApplicable):
        return Ruling.not_applicable(ruling.requirement, str(stopped))
    return Ruling.inconclusive(ruling.requirement, stopped.kind, str(stopped))
