"""The parts of a parsed condition, and what they mean for a DUT's claims."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import eq, ge, le

from imsreg.verdict.ics import ICS, SECURITY_MODES, Ics

COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {">=": ge, "<=": le, "=": eq}


@dataclass(frozen=True)
class Flag:
    """`gruu`"""

    name: str


@dataclass(frozen=True)
class Has:
    """`transports has tcp`"""

    name: str
    member: str


@dataclass(frozen=True)
class Compare:
    """`release>=12`; a security mode is compared by its place in SECURITY_MODES."""

    name: str
    operator: str
    bound: int


@dataclass(frozen=True)
class Not:
    """`not ...`"""

    operand: Node


@dataclass(frozen=True)
class AllOf:
    """`... and ...`; without operands it always holds."""

    operands: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """`... or ...`"""

    operands: tuple[Node, ...]


Node = Flag | Has | Compare | Not | AllOf | AnyOf


def holds(node: Node, ics: Ics) -> bool:
    """Whether `node` is true of a DUT with these claims."""
    match node:
        case Flag(name):
            return bool(ics.get(name))
        case Has(name, member):
            members = ics.get(name)
            return isinstance(members, Collection) and member in members
        case Compare(name, operator, bound):
            claim = ics.get(name)
            if ICS[name] == "mode":
                claim = SECURITY_MODES.index(str(claim or "none"))
            return isinstance(claim, int) and COMPARISONS[operator](claim, bound)
        case Not(operand):
            return not holds(operand, ics)
        case AllOf(operands):
            return all(holds(operand, ics) for operand in operands)
        case AnyOf(operands):
            return any(holds(operand, ics) for operand in operands)


def decisive(node: Node, ics: Ics) -> Iterator[str]:
    """The ICS names whose claims make `node` true or false: of an `and` that fails, only what fails in it."""
    match node:
        case Not(operand):
            yield from decisive(operand, ics)
        case AllOf(operands) | AnyOf(operands):
            outcome = holds(node, ics)
            for operand in operands:
                if holds(operand, ics) == outcome:
                    yield from decisive(operand, ics)
        case _:
            yield node.name
