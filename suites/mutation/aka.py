"""Mutation testing of AKA and digest: whatever is changed in a line of their modules, a test has to fail.

    python suites/mutation/aka.py [MODULE...] [--minutes N]

Mutates a copy with cosmic-ray, one mutant after the other, each against the test files of its module alone. What only
the type checker reads is left out: annotations, and what a Protocol declares. Prints the score of each module and every
survivor. Exit 1 if one of them is not argued in `argued.yaml`, if an argued one is killed or gone, or if the time was
too short.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ARGUED = HERE / "argued.yaml"
TESTS = {
    "milenage": ("milenage",),
    "digest": ("digest", "session"),
    "digest_algorithms": ("digest", "akav2"),
    "akav2": ("akav2",),
    "vector": ("vector", "usim"),
    "usim": ("usim",),
    "nonce": ("nonce",),
    "algorithm": ("xor", "usim", "vector", "milenage"),
    "auc": ("usim", "sqn_generation"),
    "batch": ("batch",),
    "selection": ("selection",),
    "session": ("session",),
    "sqn": ("sqn", "usim"),
    "sqn_generation": ("sqn_generation",),
    "tuak": ("tuak",),
    "xor": ("xor",),
}
"""The modules of `imsreg.aka` that are mutated, and the test files `test_aka_*.py` that have to find it."""

Span = tuple[tuple[int, int], tuple[int, int]]
"""Line and column of the first and behind the last character."""

_CONFIG = """\
[cosmic-ray]
module-path = ["{module}"]
timeout = 10.0
excluded-modules = []
test-command = "{command}"

[cosmic-ray.distributor]
name = "local"
"""


@dataclass
class Score:
    """What became of the mutants of one module; a survivor is its line, the line as mutated, and how often."""

    module: str
    killed: int = 0
    argued: int = 0
    open: list[tuple[str, str]] = field(default_factory=list)
    untried: int = 0
    unfounded: list[str] = field(default_factory=list)
    """Mutated lines that are argued to be equivalent and did not survive."""

    @property
    def good(self) -> bool:
        return not (self.open or self.untried or self.unfounded)

    def __str__(self) -> str:
        tried = self.killed + self.argued + len(self.open)
        found = self.killed + len(self.open)
        return (
            f"{self.module:18} {tried:5} mutants {self.killed:5} killed {self.argued:4} equivalent"
            f" {len(self.open):4} open {self.untried:4} untried  {self.killed / max(found, 1):7.1%}"
        )


def copy_sources(scratch: Path) -> None:
    """What the tests of AKA need, so that nobody else meets a mutant."""
    nothing_compiled = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in ("keywords/imsreg", "vectors", "suites/engine"):
        shutil.copytree(ROOT / name, scratch / name, ignore=nothing_compiled)
    shutil.copy(ROOT / "pyproject.toml", scratch)  # by which a checkout is known


def environment(scratch: Path) -> dict[str, str]:
    """Variables for the tests in the copy: its own sources, no plugins, nothing compiled left behind."""
    return {
        **os.environ,
        "PYTHONPATH": str(scratch / "keywords"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def mutate(module: str, scratch: Path, seconds: float) -> Score:
    """Every mutant of one module, as far as `seconds` reach."""
    source = f"keywords/imsreg/aka/{module}.py"
    files = " ".join(f"suites/engine/test_aka_{name}.py" for name in TESTS[module])
    pytest = "-m pytest -q -x -p no:cacheprovider --noconftest --rootdir=. --import-mode=importlib"
    command = f"{sys.executable} {pytest} -c {os.devnull} {files}"
    config, session = scratch / f"{module}.toml", scratch / f"{module}.sqlite"
    config.write_text(_CONFIG.format(module=source, command=command), encoding="utf-8")
    env = environment(scratch)
    subprocess.run(command.split(), cwd=scratch, env=env, check=True, stdout=subprocess.DEVNULL)
    cosmic_ray = [sys.executable, "-c", "from cosmic_ray.cli import main; main()"]
    subprocess.run([*cosmic_ray, "init", config, session], cwd=scratch, env=env, check=True)
    with use_db(session, WorkDB.Mode.open) as db:
        unread = list(for_types_alone(scratch / source))
        skipped = [item.job_id for item in db.work_items if within(item, unread)]
        db.set_multiple_results(skipped, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
    running = subprocess.Popen([*cosmic_ray, "exec", config, session], cwd=scratch, env=env)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.terminate()
        running.wait()
    with use_db(session, WorkDB.Mode.open) as db:
        return judge(module, db)


def for_types_alone(source: Path) -> Iterator[Span]:
    """Lines and columns of a module's annotations and of its classes that are a Protocol."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as found) | ast.AnnAssign(annotation=found):
                yield span(found)
            case ast.FunctionDef(returns=ast.expr() as found):
                yield span(found)
            case ast.ClassDef(bases=bases) if any(
                isinstance(base, ast.Name) and base.id == "Protocol" for base in bases
            ):
                yield span(node)


def span(node: ast.expr | ast.ClassDef) -> Span:
    """Where a node begins and ends."""
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)


def within(item: WorkItem, spans: Iterable[Span]) -> bool:
    """Whether a mutant lies in one of these."""
    (mutation,) = item.mutations
    return any(begin <= mutation.start_pos and mutation.end_pos <= end for begin, end in spans)


def judge(module: str, db: WorkDB) -> Score:
    """The score of a session."""
    rows = yaml.safe_load(ARGUED.read_text("utf-8")).get(module, ())
    argued = Counter(mutant for row in rows for mutant in row["mutants"])
    score = Score(module, untried=len(list(db.pending_work_items)))
    for _, result in db.results:
        if result.worker_outcome == WorkerOutcome.SKIPPED:
            continue
        if result.test_outcome != TestOutcome.SURVIVED:
            score.killed += 1
            continue
        before, after = changed_line(result.diff or "")
        if argued[after]:
            argued[after] -= 1
            score.argued += 1
        else:
            score.open.append((before, after))
    if not score.untried:
        score.unfounded = sorted(argued.elements())
    return score


def changed_line(diff: str) -> tuple[str, str]:
    """The line that a mutant changes, and what it makes of it."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    removed = [line[1:].strip() for line in lines if line.startswith("-")]
    added = [line[1:].strip() for line in lines if line.startswith("+")]
    return " / ".join(removed), " / ".join(added)


def main() -> int:
    """Mutate, print, and say by the exit code whether every survivor is argued."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(TESTS)}; all by default")
    arguments.add_argument("--minutes", type=float, default=60.0, help="give up after so many minutes")
    options = arguments.parse_args()
    if unknown := set(options.modules) - set(TESTS):
        arguments.error(f"no tests are named for {', '.join(sorted(unknown))}; known are {', '.join(TESTS)}")
    end = time.monotonic() + 60 * options.minutes
    good = True
    with tempfile.TemporaryDirectory(prefix="imsreg-mutation-") as scratch:
        copy_sources(Path(scratch))
        for module in options.modules or TESTS:
            score = mutate(module, Path(scratch), max(1.0, end - time.monotonic()))
            print(score, flush=True)
            for before, after in score.open:
                print(f"  survived: {before}\n       now: {after}")
            for mutant in score.unfounded:
                print(f"  argued, but killed or gone: {mutant}")
            good = good and score.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
