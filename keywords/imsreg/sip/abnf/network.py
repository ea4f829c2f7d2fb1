"""A grammar as a recursive transition network: small state machines, one a rule, that call each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from imsreg.sip.abnf.nodes import Choice, Node, Octets, Reference, Repeat, Sequence


class Step(NamedTuple):
    """One octet of the classes in the bit set `classes` leads to the state `to`."""

    classes: int
    to: int


class Fork(NamedTuple):
    """Any of these states, without an octet."""

    to: tuple[int, ...]


class Call(NamedTuple):
    """The machine of another rule, and the state to go on with after its end."""

    rule: str
    back: int


class End(NamedTuple):
    """The rule has ended."""


State: TypeAlias = Step | Fork | Call | End

END = 0
"""The state in which every machine ends."""


class Network:
    """The machines of a grammar, each built when it is first asked for.

    Octets that no rule tells apart form a class: `table` maps an octet to the number of its class (for
    `bytes.translate`), `members` a class to its octets.
    """

    def __init__(self, rules: Mapping[str, Node]) -> None:
        self.states: list[State] = [End()]
        self.members = _partition(rules)
        self.table = bytes(next(i for i, each in enumerate(self.members) if octet in each) for octet in range(256))
        self._rules = rules
        self._entries: dict[str, int] = {}
        self._sets: dict[str, frozenset[int] | None] = {}

    def entry(self, rule: str) -> int:
        """The state in which the machine of a rule begins. Raises KeyError for a rule that does not exist."""
        if rule not in self._entries:
            self._entries[rule] = self._build(self._rules[rule], END)
        return self._entries[rule]

    def _build(self, node: Node, to: int) -> int:
        """The state from which `node` leads to the state `to`."""
        octets = self._one_octet(node)
        if octets is not None:
            classes = {self.table[octet] for octet in octets}
            return self._add(Step(sum(1 << number for number in classes), to))
        match node:
            case Reference(rule):
                return self._add(Call(rule, to))
            case Sequence(parts):
                for part in reversed(parts):
                    to = self._build(part, to)
                return to
            case Choice(alternatives):
                return self._add(Fork(tuple(self._build(each, to) for each in alternatives)))
        assert isinstance(node, Repeat)  # Octets are one octet
        return self._build_repeat(node.part, node.least, node.most, to)

    def _build_repeat(self, part: Node, least: int, most: int | None, to: int) -> int:
        if most is None:
            loop = self._add(Fork(()))
            self.states[loop] = Fork((self._build(part, loop), to))
            first = loop
        else:
            first = to
            for _ in range(most - least):
                first = self._add(Fork((self._build(part, first), to)))
        for _ in range(least):
            first = self._build(part, first)
        return first

    def _add(self, state: State) -> int:
        self.states.append(state)
        return len(self.states) - 1

    def _one_octet(self, node: Node) -> frozenset[int] | None:
        """The set that a node comes down to if it always stands for exactly one octet: a step is cheaper than calls."""
        match node:
            case Octets(values):
                return values
            case Reference(rule):
                if rule not in self._sets:
                    self._sets[rule] = None  # what a rule is that refers to itself
                    self._sets[rule] = self._one_octet(self._rules[rule])
                return self._sets[rule]
            case Choice(alternatives):
                sets = [self._one_octet(each) for each in alternatives]
                known = [each for each in sets if each is not None]
                return frozenset().union(*known) if len(known) == len(sets) else None
        return None


def _partition(rules: Mapping[str, Node]) -> tuple[frozenset[int], ...]:
    """The classes of octets that the sets in a grammar, and so every union of them, do not divide."""
    sets: set[frozenset[int]] = set()
    pending = list(rules.values())
    while pending:
        match pending.pop():
            case Octets(values):
                sets.add(values)
            case Sequence(nodes) | Choice(nodes):
                pending += nodes
            case Repeat(part):
                pending.append(part)
    ordered = sorted(sets, key=sorted)
    classes: dict[tuple[bool, ...], set[int]] = {}
    for octet in range(256):
        classes.setdefault(tuple(octet in each for each in ordered), set()).add(octet)
    return tuple(frozenset(each) for each in classes.values())
