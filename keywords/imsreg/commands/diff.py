"""`imsreg diff`: what changed between two runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass
from imsreg.text import safe_text

if TYPE_CHECKING:
    from imsreg.verdict.catalogue import Catalogue
    from imsreg.verdict.changes import Change, Changes, Side

NO_VERDICT = "-"


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "diff",
        help="compare the verdicts of two runs",
        description="Lists the requirements whose verdict changed. "
        "exit: 0 no new failure, 1 a new failure, 2 usage or unusable input.",
        epilog="example: imsreg diff last-week/out out",
    )
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a verdicts.json, or a run's output directory")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.verdict.catalogue import Catalogue
    from imsreg.verdict.changes import compare

    changes = compare(options.old, options.new)
    if options.format == "json":
        print(json.dumps(_as_json(changes), indent=2))
    else:
        print("\n".join(_as_text(changes, Catalogue.load())))
    return ExitClass.FAILED if changes.failures else ExitClass.CONFORMANT


def _as_json(changes: Changes) -> dict[str, object]:
    groups = {name: [asdict(change) for change in group] for name, group in changes.groups.items()}
    return {
        "schema": 1,
        "from": _side_as_json(changes.old),
        "to": _side_as_json(changes.new),
        "changes": groups,
        "other observations": changes.observed,
    }


def _side_as_json(side: Side) -> dict[str, object]:
    return {**asdict(side), "path": str(side.path)}


def _as_text(changes: Changes, catalogue: Catalogue) -> Iterator[str]:
    for label, side in (("old", changes.old), ("new", changes.new)):
        yield safe_text(f"{label}  {side.path}  {side.dut}, profile {side.profile}")
    for name, group in changes.groups.items():
        if group:
            yield f"\n{name}"
        for change in group:
            yield from _lines(change, catalogue)
    counted = ", ".join(
        f"{len(group)} {'new failure' if name == 'new failures' and len(group) == 1 else name}"
        for name, group in changes.groups.items()
    )
    yield f"\n{counted}; {_observations(changes)}"


def _lines(change: Change, catalogue: Catalogue) -> Iterator[str]:
    about = "not in this catalogue"  # that of the other version has other rows
    if change.id in catalogue:
        row = catalogue[change.id]
        about = f"{row.level.upper():<6}  {row.text}"
    words = f"{change.before or NO_VERDICT:<12} -> {change.after or NO_VERDICT:<12}"
    yield f"  {safe_text(change.id):<22}  {words}  {about}"
    if change.after == "FAIL" and change.actual:
        test = change.test.partition(": ")[2] or change.test
        yield f"  {'':22}  {safe_text(change.actual, limit=100)}   in {safe_text(test)}"


def _observations(changes: Changes) -> str:
    before, after = changes.old.observations, changes.new.observations
    told = f"{before} observations" if before == after else f"{before} -> {after} observations"
    if not changes.observed:
        return told
    return f"{told}, another number at {', '.join(map(safe_text, changes.observed))}"
