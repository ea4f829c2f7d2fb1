"""Known deviations: breaches that a profile lists with a reason, so that they do not fail a run."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import msgspec

from imsreg.errors import InputError
from imsreg.text import safe_text
from imsreg.verdict.catalogue import Catalogue


class Deviation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry under `deviations:` of a profile. It holds up to and including the day `until`."""

    id: str
    because: str
    ticket: str = ""
    until: datetime.date | None = None


def check_deviations(where: Path, deviations: Iterable[Deviation], catalogue: Catalogue, today: datetime.date) -> None:
    """Raises InputError if one of the profile `where` names no requirement of the catalogue, or is over."""
    for index, deviation in enumerate(deviations):
        field = f"deviations[{index}]"
        if deviation.id not in catalogue:
            problem = f"the catalogue has no row {safe_text(deviation.id)}"
            raise InputError(where, f"{field}.id", problem, catalogue.hint(deviation.id))
        if deviation.until is not None and deviation.until < today:
            raise InputError(
                where, f"{field}.until", f"it expired on {deviation.until}", "remove the deviation, or set a later date"
            )
