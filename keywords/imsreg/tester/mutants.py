"""The seeded defects and benign variants of the reference DUTs: one file each under fixtures/mutants."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.registration.seams import SEAMS, Hook
from imsreg.sip.flow import Transport
from imsreg.text import safe_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A reference DUT with exactly one seeded defect, or a benign variant of it.

    `fails` names every requirement that must not pass; a benign variant fails none. `hook` sits at `seam`, made anew
    for each run so that it may remember. `changes` are fields of the reference DUT's policy that differ.
    """

    id: str
    title: str
    kind: Literal["mutant", "benign"]
    fails: tuple[str, ...]
    source: str
    seam: str | None
    make_hook: Callable[[], Hook] | None
    changes: Mapping[str, Any]
    security: str | None = None
    side: Literal["cscf", "ue"] = "cscf"
    """Which reference DUT it is a variant of: the core or the UE."""
    transport: Transport | None = None
    """What the reference UE goes over, whatever the profile says: a defect may show over TCP only."""

    def hooks(self) -> dict[str, Hook]:
        """The hook at its seam, fresh."""
        return {self.seam: self.make_hook()} if self.seam and self.make_hook else {}

    def policy(self, policy: P) -> P:
        """The reference policy with this variant's changes."""
        return replace(policy, **self.changes) if self.changes else policy


def load_mutant(path: Path) -> Mutant:
    """Read one mutant file. Raises InputError that names the file and what is missing in it."""
    module = _module(path)
    where = path.name

    def field(name: str, kind: type, default: object = ...) -> Any:
        value = getattr(module, name, default)
        if value is ... or not isinstance(value, kind):
            raise InputError(where, name, f"a mutant file sets {name} ({kind.__name__})", "see the files beside it")
        return value

    seam = field("SEAM", str, "") or None
    if seam is not None and seam not in SEAMS:
        raise InputError(where, "SEAM", f"no seam is named {seam!r}", f"the seams are {', '.join(SEAMS)}")
    kind = field("KIND", str, "mutant")
    fails = tuple(field("FAILS", tuple, ()))
    if kind not in ("mutant", "benign") or (kind == "mutant") != bool(fails):
        raise InputError(where, "FAILS", "a mutant names what it fails, a benign variant nothing", "mend KIND or FAILS")
    side = field("SIDE", str, "ue" if (seam or "").startswith("ue.") else "cscf")
    if side not in ("cscf", "ue"):
        raise InputError(where, "SIDE", f"there is no side {safe_text(side)!r}", "write cscf or ue")
    transport = field("TRANSPORT", str, "") or None
    if transport is not None and (transport not in get_args(Transport) or side != "ue"):
        raise InputError(where, "TRANSPORT", "a mutant of the UE may go over UDP or TCP", "mend or leave it out")
    hook = getattr(module, "hook", None)
    changes = field("CHANGES", dict, {})
    if (seam is None) != (hook is None) or (seam is None and not changes):
        raise InputError(where, "SEAM", "a mutant sets SEAM and defines hook(), or sets CHANGES", "add what is missing")
    return Mutant(
        id=path.stem,
        title=field("TITLE", str),
        kind=kind,
        fails=fails,
        source=field("SOURCE", str),
        seam=seam,
        make_hook=hook,
        changes=changes,
        security=field("SECURITY", str, "") or None,
        side=side,
        transport=transport,
    )


def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant and benign variant, in order of their ids."""
    return tuple(load_mutant(p) for p in sorted(data("fixtures", "mutants").glob("*.py")) if not p.name.startswith("_"))


def mutant_named(identifier: str) -> Mutant:
    """One mutant by its id. Raises InputError with similar ids."""
    directory = data("fixtures", "mutants")
    known = [path.stem for path in directory.glob("*.py") if not path.name.startswith("_")]
    if identifier not in known:
        similar = ", ".join(get_close_matches(identifier, known, cutoff=0.4))
        remedy = f"similar ones are {similar}" if similar else f"they lie in {directory}"
        raise InputError("--mutant", safe_text(identifier), "there is no such mutant", remedy)
    return load_mutant(directory / f"{identifier}.py")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"imsreg_mutant_{path.stem.replace('-', '_')}", path)
    if spec is None or spec.loader is None:
        raise InputError(path.name, "", "this is no Python file", "")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
