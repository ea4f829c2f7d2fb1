"""Which requirements bind a DUT, by the role that its profile gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from imsreg.verdict.requirement import Requirement, Subject

Role = Literal["ue", "core", "p-cscf", "i-cscf", "s-cscf", "registrar"]

_SUBJECTS: Mapping[Role, frozenset[Subject]] = {
    "ue": frozenset({"ue", "any"}),
    "core": frozenset({"p-cscf", "i-cscf", "s-cscf", "hss", "any"}),
    "p-cscf": frozenset({"p-cscf", "any"}),
    "i-cscf": frozenset({"i-cscf", "any"}),
    "s-cscf": frozenset({"s-cscf", "any"}),
    "registrar": frozenset({"s-cscf", "any"}),
}


def judges(role: Role, requirement: Requirement) -> bool:
    """Whether `requirement` binds a DUT in `role`. Of what binds an S-CSCF, a plain registrar owes only the RFCs."""
    mine = _SUBJECTS[role]
    if role == "registrar" and not requirement.specification.startswith("RFC "):
        mine = mine - {"s-cscf"}
    return not mine.isdisjoint(requirement.subject)
