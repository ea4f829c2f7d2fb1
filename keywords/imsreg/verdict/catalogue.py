"""The requirement catalogue: every normative sentence that the suite knows, from the files in catalogue/."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from imsreg import strictyaml
from imsreg.errors import InputError
from imsreg.verdict.requirement import Requirement, Row, RowError, build
from imsreg.verdict.selector import Selector

ROWS = Path(__file__).with_name("catalogue")
"""The rows travel inside the package, one file per specification."""

Links = Mapping[str, Iterable[str]]
"""Requirement id -> the names of checks, mutants or tests that belong to it."""

_NO_LINKS: Links = {}


class CatalogueFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the catalogue: a mapping with the one key `rows`."""

    rows: tuple[Row, ...]


class Catalogue:
    """Requirements in the order of their files, found by id. Immutable."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self._by_id = {requirement.id: requirement for requirement in requirements}

    @classmethod
    def load(cls, directory: Path = ROWS) -> Catalogue:
        """Reads every *.yaml of `directory`. Raises InputError for a malformed row or an id that occurs twice."""
        requirements: dict[str, Requirement] = {}
        for path in sorted(directory.glob("*.yaml")):
            for index, row in enumerate(strictyaml.load(path, CatalogueFile).rows):
                field = f"rows[{index}]"
                try:
                    requirement = build(row)
                except RowError as error:
                    raise InputError(path, f"{field}.{error.field}", str(error)) from None
                if requirement.id in requirements:
                    raise InputError(path, f"{field}.id", f"{row.id} is taken", "numbers are never used twice")
                requirements[requirement.id] = requirement
        if not requirements:
            raise InputError(directory, "", "no requirement in any *.yaml here")
        return cls(requirements.values())

    def linked(self, *, checks: Links = _NO_LINKS, mutants: Links = _NO_LINKS, tests: Links = _NO_LINKS) -> Catalogue:
        """A catalogue whose requirements carry these names too. Raises InputError for an id that has no row."""
        for kind, links in (("checks", checks), ("mutants", mutants), ("tests", tests)):
            for requirement_id, names in links.items():
                if requirement_id not in self:
                    raise InputError(f"{kind} {', '.join(names)}", "", f"the catalogue has no row {requirement_id}")
        return Catalogue(
            replace(
                requirement,
                checks=_joined(requirement.checks, checks.get(requirement.id, ())),
                mutants=_joined(requirement.mutants, mutants.get(requirement.id, ())),
                tests=_joined(requirement.tests, tests.get(requirement.id, ())),
            )
            for requirement in self
        )

    def select(self, selector: str) -> tuple[Requirement, ...]:
        """The requirements that `selector` names. Raises InputError if it is malformed or names none."""
        parsed = Selector.parse(selector)
        selected = tuple(requirement for requirement in self if parsed.matches(requirement))
        if not selected:
            known = ", ".join(dict.fromkeys(requirement.key for requirement in self))
            raise InputError("selector", selector, "it selects no requirement", f"there are rows of {known}")
        return selected

    def hint(self, requirement_id: str) -> str:
        """What to say to someone who has named a row that does not exist."""
        near = difflib.get_close_matches(requirement_id, self._by_id, n=1)
        return f"did you mean {near[0]}?" if near else "imsreg requirements lists the ids"

    def __getitem__(self, requirement_id: str) -> Requirement:
        return self._by_id[requirement_id]

    def __contains__(self, requirement_id: object) -> bool:
        return requirement_id in self._by_id

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)


def _joined(names: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *more)))
