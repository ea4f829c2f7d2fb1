"""The parts of an ABNF rule (RFC 5234 3 and 4) as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# Nodes are compared by identity: a grammar has each of its parts once.


@dataclass(frozen=True, eq=False, slots=True)
class Octets:
    """One octet out of a set."""

    values: frozenset[int]


@dataclass(frozen=True, eq=False, slots=True)
class Sequence:
    """One part after the other; without any part, nothing at all."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """One of several alternatives."""

    alternatives: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Repeat:
    """`part` at least `least` times and, unless `most` is None, at most that often."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Reference:
    """Another rule, by its name in lower case."""

    rule: str


Node: TypeAlias = Octets | Sequence | Choice | Repeat | Reference


def literal(text: str, *, case_sensitive: bool = False) -> Node:
    """A text of ASCII: its letters in any case unless told otherwise (RFC 5234 2.3, RFC 7405 2.1)."""
    parts = tuple(
        Octets(frozenset(map(ord, (c,) if case_sensitive else (c.lower(), c.upper()))))  # one or two octets
        for c in text
    )
    return parts[0] if len(parts) == 1 else Sequence(parts)
