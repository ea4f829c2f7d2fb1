"""A network of rules made deterministic, one state at a time as inputs come to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from imsreg.sip.abnf.network import END, Call, Fork, Network, Step

MAX_DEPTH = 48
"""Rules inside each other before a state is cut off. Without comments in comments, SIP needs less than twenty."""
MAX_STATES = 20_000
"""States that are kept from one input to the next."""


class _Stack:
    """The states to return to; equal stacks are the same object, so that they are compared by identity."""

    __slots__ = ("back", "depth", "under")

    def __init__(self, back: int, under: _Stack | None) -> None:
        self.back = back
        self.under = under
        self.depth: int = 1 if under is None else under.depth + 1


_Item = tuple[int, "_Stack | None"]


class Leaf(NamedTuple):
    """A step that is possible in a state: the bit set of its classes, and what it leads to."""

    classes: int
    to: int
    stack: _Stack | None


class DState:
    """A state of the automaton: everything that may come next.

    `accepting`: the input may end here. `cut`: something was left out because it lay too deep, so that a dead end
    behind this state says nothing.
    """

    __slots__ = ("accepting", "cut", "leaves", "next", "number")

    def __init__(self, number: int, leaves: tuple[Leaf, ...], accepting: bool, cut: bool, classes: int) -> None:
        self.number = number
        self.leaves = leaves
        self.accepting = accepting
        self.cut = cut
        self.next: list[DState | None] = [None] * classes


class Automaton:
    """The deterministic automaton of a network, for every rule in it. Kept states only save time."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._clear()

    def _clear(self) -> None:
        self._states: dict[tuple[frozenset[_Item], bool, bool], DState] = {}
        self._starts: dict[str, DState] = {}
        self._stacks: dict[tuple[int, _Stack | None], _Stack] = {}

    def start(self, rule: str) -> DState:
        """The state before the first octet of a rule. Raises KeyError for a rule that does not exist."""
        if len(self._states) > MAX_STATES:
            self._clear()
        if rule not in self._starts:
            self._starts[rule] = self._state([(self.network.entry(rule), None)])
        return self._starts[rule]

    def step(self, state: DState, octet_class: int) -> DState:
        """The state after an octet of a class; a state without leaves that does not accept is a dead end."""
        bit = 1 << octet_class
        after = self._state((leaf.to, leaf.stack) for leaf in state.leaves if leaf.classes & bit)
        state.next[octet_class] = after
        return after

    def _state(self, items: Iterable[_Item]) -> DState:
        states = self.network.states
        pending = list(items)
        seen: set[_Item] = set()
        reached: list[_Item] = []
        accepting = cut = False
        while pending:
            item = pending.pop()
            if item in seen:
                continue
            seen.add(item)
            number, stack = item
            match states[number]:
                case Step():
                    reached.append(item)
                case Fork(to):
                    pending += [(each, stack) for each in to]
                case Call(rule, back):
                    inner = self._push(back, stack)
                    if inner is not None and inner.depth > MAX_DEPTH:
                        cut = True
                    else:
                        pending.append((self.network.entry(rule), inner))
                case _ if stack is None:
                    accepting = True
                case _:
                    pending.append((stack.back, stack.under))
        key = (frozenset(reached), accepting, cut)
        if key not in self._states:
            leaves = tuple(self._leaf(item) for item in reached)
            classes = len(self.network.members)
            self._states[key] = DState(len(self._states), leaves, accepting, cut, classes)
        return self._states[key]

    def _leaf(self, item: _Item) -> Leaf:
        number, stack = item
        step = self.network.states[number]
        assert isinstance(step, Step)
        return Leaf(step.classes, step.to, stack)

    def _push(self, back: int, stack: _Stack | None) -> _Stack | None:
        if back == END:
            return stack  # nothing is left to do after the call: a rule that ends in itself needs no depth
        key = (back, stack)
        if key not in self._stacks:
            self._stacks[key] = _Stack(back, stack)
        return self._stacks[key]
