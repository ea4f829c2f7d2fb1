"""What changed between two runs: which requirements got another verdict, and which of those are new failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from imsreg.errors import InputError
from imsreg.verdict.order import natural_key
from imsreg.verdict.summary import SCHEMA, VERDICTS
from imsreg.verdict.verdict import Kind, Verdict


class _Finding(msgspec.Struct):
    kind: Kind
    actual: str = ""
    test: str = ""


class _Entry(msgspec.Struct):
    verdict: Verdict
    known: dict[str, Any] | None = None
    findings: tuple[_Finding, ...] = ()

    @property
    def word(self) -> str:
        return "KNOWN" if self.known is not None and self.verdict is Verdict.FAIL else self.verdict.value

    @property
    def observations(self) -> int:
        return sum(finding.kind == "OBSERVATION" for finding in self.findings)


class _Dut(msgspec.Struct):
    name: str = ""
    version: str = ""
    build: str = ""


class _File(msgspec.Struct):
    schema: int
    verdicts: dict[str, _Entry]
    dut: _Dut = msgspec.field(default_factory=_Dut)
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A requirement whose verdict changed. `before` and `after` are as the counts line has them, None: no verdict.

    `actual` and `test` are those of the first finding afterwards; empty if there is none.
    """

    id: str
    before: str | None
    after: str | None
    actual: str = ""
    test: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs: the file, the DUT by name, version and build, the profile, and the observations."""

    path: Path
    dut: str
    profile: str
    observations: int


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes, ids in natural order within each group; `observed` are ids with another number of observations."""

    old: Side
    new: Side
    failures: tuple[Change, ...]
    fixed: tuple[Change, ...]
    changed: tuple[Change, ...]
    appeared: tuple[Change, ...]
    gone: tuple[Change, ...]
    observed: tuple[str, ...]

    @property
    def groups(self) -> Mapping[str, Sequence[Change]]:
        """The changes by what people call them, new failures first."""
        return {
            "new failures": self.failures,
            "fixed": self.fixed,
            "changed": self.changed,
            "new": self.appeared,
            "gone": self.gone,
        }


def compare(old: Path, new: Path) -> Changes:
    """The changes between two verdicts.json, or two directories that have one. Raises InputError for anything else.

    A failure is new if the requirement is FAIL now, no known deviation, and was not FAIL before.
    """
    (old_path, before), (new_path, after) = _read(old), _read(new)
    groups: dict[str, list[Change]] = {name: [] for name in ("failures", "fixed", "changed", "appeared", "gone")}
    observed: list[str] = []
    for identifier in sorted({*before.verdicts, *after.verdicts}, key=natural_key):
        one, other = before.verdicts.get(identifier), after.verdicts.get(identifier)
        change = _change(identifier, one, other)
        if change.before != change.after:
            groups[_group(change)].append(change)
        if one is not None and other is not None and one.observations != other.observations:
            observed.append(identifier)
    return Changes(
        _side(old_path, before),
        _side(new_path, after),
        **{name: tuple(changes) for name, changes in groups.items()},
        observed=tuple(observed),
    )


def _change(identifier: str, before: _Entry | None, after: _Entry | None) -> Change:
    finding = next((f for f in after.findings if f.kind != "OBSERVATION"), None) if after is not None else None
    return Change(
        identifier,
        None if before is None else before.word,
        None if after is None else after.word,
        "" if finding is None else finding.actual,
        "" if finding is None else finding.test,
    )


def _group(change: Change) -> str:
    if change.after == "FAIL":
        return "failures"
    if change.after is None:
        return "gone"
    if change.before is None:
        return "appeared"
    return "fixed" if change.before == "FAIL" and change.after in ("PASS", "NON-STRICT") else "changed"


def _side(path: Path, file: _File) -> Side:
    dut = " ".join(part for part in (file.dut.name, file.dut.version, file.dut.build) if part)
    return Side(path, dut, file.profile, sum(entry.observations for entry in file.verdicts.values()))


def _read(given: Path) -> tuple[Path, _File]:
    path = given / VERDICTS if given.is_dir() else given
    remedy = f"name a {VERDICTS}, or the output directory of a run"
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}", remedy) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(path, "", f"is no {VERDICTS}: {error}", remedy) from None
    if file.schema != SCHEMA:
        raise InputError(path, "schema", f"{file.schema} is not {SCHEMA}", "compare runs of one version of imsreg")
    return path, file
