"""`imsreg prove`: the same suites on the conformant reference and on every mutant, over the in-memory link."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from robot.api import TestSuite

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.robot.bench import BENCH, TAG
from imsreg.robot.selection import check_ids
from imsreg.robot.workers import worker_pool
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.memory_dut import MemoryDut
from imsreg.tester.memory_ue import MemoryUe
from imsreg.tester.mutants import Mutant, all_mutants, mutant_named
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings, Side
from imsreg.text import safe_text
from imsreg.verdict.runners import WORST_FIRST, word

SEED = 20
PROFILES: dict[tuple[Side, str], str] = {
    ("cscf", "none"): "embedded-core-plain.yaml",
    ("cscf", "headers"): "embedded-core.yaml",
    ("cscf", "ipsec"): "embedded-core-ipsec.yaml",
    ("ue", "none"): "embedded-ue-plain.yaml",
    ("ue", "headers"): "embedded-ue.yaml",
    ("ue", "ipsec"): "embedded-ue-ipsec.yaml",
}
"""The embedded reference of each side in each security mode."""
CAUGHT = ("FAIL", "NON-STRICT", "OBSERVATION")


@dataclass(frozen=True, slots=True)
class Trial:
    """One execution of the suites on one variant: the worst word for each requirement, and what was unexpected.

    `words` has OBSERVATION where a requirement passed with an observation. `faults` says what speaks against the proof.
    """

    variant: str
    title: str
    security: str
    kind: str
    declared: tuple[str, ...]
    firings: int
    words: dict[str, str]
    faults: tuple[str, ...]

    @property
    def caught_by(self) -> tuple[str, ...]:
        """Requirements that did not pass on a mutant."""
        return tuple(i for i, w in self.words.items() if w in CAUGHT)


def reference_trial(reference: tuple[Side, str]) -> Trial:
    """The conformant reference on one side, in one security mode: every ruling PASS or N/A."""
    side, security = reference
    words, _, failed = _execute(side, security, None)
    faults = [f"{i} is {w} on the conformant reference" for i, w in words.items() if w not in ("PASS", "N/A")]
    return Trial(
        variant=f"reference-{'core' if side == 'cscf' else side}-{security}",
        title=f"the conformant reference {'core' if side == 'cscf' else 'UE'}",
        security=security,
        kind="reference",
        declared=(),
        firings=0,
        words=words,
        faults=(*faults, *failed),
    )


def mutant_trial(identifier: str, *, quick: bool = False) -> Trial:
    """One mutant or benign variant.

    `quick`: a mutant meets only the tests that decide what it is said to break, and all of them if those do not show
    it: some are caught in passing.
    """
    mutant = mutant_named(identifier)
    if quick and mutant.kind == "mutant":
        trial = _trial(mutant, mutant.fails)
        return trial if not trial.faults else _trial(mutant)
    return _trial(mutant)


def _trial(mutant: Mutant, only: Sequence[str] = ()) -> Trial:
    """A variant on all tests, or on those that decide one of these requirements."""
    security = mutant.security or "none"
    words, firings, failed = _execute(mutant.side, security, mutant.id, only)
    return Trial(
        variant=mutant.id,
        title=mutant.title,
        security=security,
        kind=mutant.kind,
        declared=mutant.fails,
        firings=firings,
        words=words,
        # A mutant may well end a scenario; what is legal must not.
        faults=(*_faults(mutant, words, firings, quick=bool(only)), *(failed if mutant.kind == "benign" else ())),
    )


def _faults(mutant: Mutant, words: dict[str, str], firings: int, *, quick: bool) -> Iterator[str]:
    if mutant.seam is not None and not firings:
        yield "it never fired"
    if mutant.kind == "benign":
        yield from (f"{i} is {w}" for i, w in words.items() if w not in ("PASS", "N/A", "OBSERVATION"))
        return
    silent = [identifier for identifier in mutant.fails if words.get(identifier) not in CAUGHT]
    if not quick or len(silent) == len(mutant.fails):  # some rows are broken in passing, by tests of others alone
        yield from (f"{identifier} does not catch it ({words.get(identifier, 'no ruling')})" for identifier in silent)
    for identifier, found in words.items():
        if found in ("FAIL", "NON-STRICT") and identifier not in mutant.fails:
            yield f"{identifier} is {found} and not declared"


def _execute(
    side: Side, security: str, mutant: str | None, only: Sequence[str] = ()
) -> tuple[dict[str, str], int, list[str]]:
    """The worst word for each requirement, how often the hook changed something, and which tests failed and why.

    `only`: the tests that decide one of these requirements; all if there are none.
    """
    profile = data("fixtures", "profiles", PROFILES[side, security])
    with Session(Settings(profile=profile, link="memory", mutant=mutant, seed=SEED)) as session:
        suite = TestSuite.from_file_system(data("suites") / side)
        if only:
            suite.filter(included_tags=[f"{TAG}{identifier}" for identifier in only])
        BENCH.adopt([session])
        try:
            quiet = io.StringIO()
            result = suite.run(output=None, log=None, report=None, console="none", stdout=quiet, stderr=quiet)
        finally:
            BENCH.release()
        dut = session.dut
        firings = dut.seams.firings if isinstance(dut, MemoryDut | MemoryUe) else 0
        failed = [
            f"{test.name}: {safe_text(test.message, limit=200)}" for test in result.suite.all_tests if test.failed
        ]
        return _worst_words(session), firings, failed


def _worst_words(session: Session) -> dict[str, str]:
    order: list[str] = [*WORST_FIRST]
    order.insert(order.index("PASS"), "OBSERVATION")
    worst: dict[str, str] = {}
    for judgement in session.judgements.values():
        for ruling in (*judgement.rulings, *judgement.in_passing):
            found: str = word(ruling)
            if found == "PASS" and any(f.kind == "OBSERVATION" for f in ruling.findings):
                found = "OBSERVATION"
            known = worst.get(ruling.requirement)
            if known is None or order.index(found) < order.index(known):
                worst[ruling.requirement] = found
    return worst


def uncovered(trials: Sequence[Trial]) -> list[str]:
    """What the whole matrix lacks: a row with a check that no test passes, or that no mutant breaks."""
    passed = {i for t in trials if t.kind == "reference" for i, w in t.words.items() if w == "PASS"}
    broken = {i for t in trials if t.kind == "mutant" for i in t.caught_by if i in t.declared}
    lacking = []
    for row in full_catalogue():
        if row.checks and row.id not in passed:
            lacking.append(f"{row.id}: no test decides it on the reference")
        if row.checks and row.id not in broken:
            lacking.append(f"{row.id}: no mutant breaks it")
    return lacking


def trials(only: Sequence[str], workers: int, *, quick: bool = False) -> Iterator[Trial]:
    """Every trial as it ends: the reference in each security mode first, then the variants (`quick`: see mutant_trial).

    Raises InputError for an unknown variant or a tag that names no requirement, before anything runs.
    """
    check_ids(TestSuite.from_file_system(data("suites")), full_catalogue())
    chosen = [mutant_named(i).id for i in only] if only else [m.id for m in all_mutants()]
    if not chosen:
        raise InputError(data("fixtures", "mutants"), "", "there is no mutant here", "")
    with worker_pool(workers) as pool:
        yield from pool.map(reference_trial, () if only else PROFILES)
        yield from pool.map(partial(mutant_trial, quick=quick), chosen)


def as_json(trial: Trial) -> dict[str, object]:
    """A trial for prove.json."""
    return {**asdict(trial), "caught_by": trial.caught_by}
