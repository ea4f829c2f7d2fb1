"""Captures of earlier runs, judged as those runs were."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from imsreg import __version__
from imsreg.errors import ExitClass, InputError
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.judge import Judge, Judgement
from imsreg.tester.outcome import NotApplicable, ScenarioStopped, restored
from imsreg.tester.output import made
from imsreg.tester.preflight import read_profile, resolved
from imsreg.tester.protection import protection
from imsreg.tester.reports import write_run_reports
from imsreg.text import safe_text
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.evidence import folder, write_evidence
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.authentication import attempts
from imsreg.verdict.facts import Facts
from imsreg.verdict.journal import NAME, Journal
from imsreg.verdict.profile import Profile
from imsreg.verdict.profile_fields import ip_address
from imsreg.verdict.records import DutNames, Ruled, RunStarted
from imsreg.verdict.runners import exit_class, status
from imsreg.verdict.summary import Summary, summarise


@dataclass(frozen=True, slots=True)
class Analysed:
    """What one capture shows. `test` is its name in reports, `stopped` why its scenario ended early, if it did."""

    test: str
    transcript: Transcript
    judgement: Judgement
    stopped: ScenarioStopped | NotApplicable | None


class Analyst:
    """Judges captures by a profile. Nothing is sent, and keys may be missing: what needs them is INCONCLUSIVE then.

    `partial` are the requirements that tests decide of which there is no capture (see `Settings.partial`). Raises
    InputError for a profile, subscriber or deviation that cannot be used.
    """

    def __init__(
        self,
        profile: Path,
        *,
        spec_strict: bool = False,
        ignore_known: bool = False,
        partial: frozenset[str] = frozenset(),
    ) -> None:
        self.profile, self._subscribers = read_profile(profile, keyless=True)
        self.catalogue = full_catalogue()
        self._spec_strict = spec_strict
        self._ignore_known = ignore_known
        self._partial = partial

    def analyse(self, path: Path, transcript: Transcript, test: str, *, reproduce: str = "") -> Analysed:
        """Judge the capture at `path`, which `read_capture` has read; `test` is what reports call it.

        `reproduce` is the command that shows it again (empty: this analysis). A capture that names no requirements
        decides what it can. Raises InputError if catalogue or subscriber file do not know what it names.
        """
        circumstances = transcript.circumstances
        stopped = self._checked(path, circumstances)
        profile = self._placed(circumstances)
        facts = Facts.of(profile, self._subscribers, circumstances.dut)
        if not circumstances.subscribers:
            self._check_users(path, transcript, facts)
        judge = Judge(
            catalogue=self.catalogue,
            profile=profile,
            facts=facts,
            spec_strict=self._spec_strict,
            ignore_known=self._ignore_known,
            partial=self._partial,
            reproduce=reproduce
            or f"imsreg analyze --profile {shlex.quote(str(profile.path))} {shlex.quote(str(path))}",
        )
        judgement = judge.judge(transcript, circumstances.decides, test, stopped)
        if not circumstances.decides:
            judgement = Judgement((*judgement.in_passing, *judgement.beside), ())
        return Analysed(test, transcript, judgement, stopped)

    def summary(self, analysed: Sequence[Analysed], output: Path | None = None) -> Summary:
        """The verdicts of all captures together.

        With `output` they also become the last run of the journal there: verdicts.json, matrix.html and evidence/.
        Raises InputError if that cannot be written.
        """
        dut = self.profile.dut
        addresses = tuple(dict.fromkeys(str(a) for one in analysed for a in one.transcript.circumstances.dut))
        if output is not None:
            write_analysis(output, analysed, self.profile, addresses)
            return write_run_reports(output).summary
        names = DutNames(dut.name, dut.version, dut.build, dut.role, addresses)
        security = protection(self.profile, None)
        head = RunStarted("", __version__, str(self.profile.path), names, {}, security)
        rulings = [
            Ruled("", one.test, ruling)
            for one in analysed
            for ruling in (*one.judgement.rulings, *one.judgement.in_passing)
        ]
        return summarise([head, *rulings])

    def exit_class(self, analysed: Sequence[Analysed], summary: Summary) -> ExitClass:
        """As that of a run, which also is inconclusive where a scenario ended early and its requirements hold."""
        verdicts = exit_class(summary)
        if verdicts is ExitClass.CONFORMANT and any(self._inconclusive(one) for one in analysed):
            return ExitClass.INCONCLUSIVE
        return verdicts

    def _inconclusive(self, one: Analysed) -> bool:
        rulings = one.judgement.rulings
        if isinstance(one.stopped, ScenarioStopped):
            return not rulings or status(rulings, self.catalogue).robot == "PASS"
        return one.stopped is None and not (rulings or one.judgement.in_passing or one.judgement.beside)

    def _checked(self, path: Path, circumstances: Circumstances) -> ScenarioStopped | NotApplicable | None:
        """Why the scenario ended early."""
        for identifier in circumstances.decides:
            if identifier not in self.catalogue:
                problem = f"no requirement has the id {identifier}"
                raise InputError(path, "", problem, "another version of imsreg wrote the capture")
        known = {subscriber.impi for subscriber in self._subscribers}
        for impi in circumstances.subscribers:
            if impi not in known:
                self._refuse_users(path, safe_text(impi))
        try:
            return restored(circumstances.stopped)
        except ValueError as error:
            raise InputError(path, "", str(error), "another version of imsreg wrote the capture") from None

    def _check_users(self, path: Path, transcript: Transcript, facts: Facts) -> None:
        """A user who is in no file counts as unknown to the DUT too: the wrong file would give wrong verdicts."""
        found = list(attempts(transcript, facts))
        if found and all(attempt.subscriber is None for attempt in found):
            self._refuse_users(path, safe_text(found[0].impi, limit=80))

    def _refuse_users(self, path: Path, user: str) -> NoReturn:
        problem = f"has no subscriber {user}, who registers in {path}"
        raise InputError(self.profile.subscribers, "", problem, "name the profile that the capture was made with")

    def _placed(self, circumstances: Circumstances) -> Profile:
        """The profile with the addresses that its host names had then; where the capture does not tell, have now."""
        dut = self.profile.dut
        if all(ip_address(address) for address in dut.addresses):
            return self.profile
        if not circumstances.dut:
            return resolved(self.profile)
        return replace(self.profile, dut=replace(dut, addresses=tuple(a.host for a in circumstances.dut)))


def write_analysis(output: Path, analysed: Sequence[Analysed], profile: Profile, addresses: Sequence[str]) -> None:
    """Add to the journal of a directory a run with these rulings, and its evidence. Raises InputError."""
    with Journal(made(output) / NAME, f"{time.time_ns():x}") as journal:
        journal.begin(
            imsreg=__version__,
            profile=str(profile.path),
            dut=profile.dut,
            versions={},
            addresses=addresses,
            security=protection(profile, None),
        )
        for one in analysed:
            for ruling in (*one.judgement.rulings, *one.judgement.in_passing):
                journal.ruling(one.test, ruling)
            write_evidence(folder(output / "evidence", one.test), one.transcript, one.judgement.marks)
