"""Whether octets follow a rule, and if not, how far they do."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from imsreg.sip.abnf.automaton import Automaton, DState

MAX_WORK = 20_000
"""Possibilities that are looked at for one input. A header of a real message needs some thousands of them."""


class Answer(Enum):
    """What a recogniser says."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"
    """The input is deeper or more devious than the bounds allow to follow."""


class Recognition(NamedTuple):
    """An answer, and how far the input could be followed.

    `reached`: the 0-based index of the first octet that cannot stand where it does, the length of the input if it
    ends too early (or is right). Unless it is right, `expected` are the octets that could stand there; `may_end`: so
    could the end.
    """

    answer: Answer
    reached: int
    expected: frozenset[int]
    may_end: bool


def recognise(automaton: Automaton, rule: str, octets: bytes) -> Recognition:
    """Whether the whole of `octets` follows `rule` (its name in lower case). Depends on its arguments alone.

    The time is linear in the length, and the work for states that are met for the first time is bounded by MAX_WORK.
    """
    state = automaton.start(rule)
    work = 0
    cut = state.cut
    walked: set[int] = set()
    for place, octet_class in enumerate(octets.translate(automaton.network.table)):
        after = state.next[octet_class]
        if after is None:
            after = automaton.step(state, octet_class)
        # Every way is counted at its first use here, known from earlier inputs or not: the answer is always the same.
        way = state.number << 8 | octet_class
        if way not in walked:
            walked.add(way)
            work += 1 + len(state.leaves) + len(after.leaves)
            if work > MAX_WORK:
                return _recognition(automaton, Answer.UNDECIDED, place, after)
        cut = cut or after.cut
        if not after.leaves and not after.accepting:
            return _recognition(automaton, Answer.UNDECIDED if cut else Answer.NO, place, state)
        state = after
    if state.accepting:
        return Recognition(Answer.YES, len(octets), frozenset(), True)
    return _recognition(automaton, Answer.UNDECIDED if cut else Answer.NO, len(octets), state)


def _recognition(automaton: Automaton, answer: Answer, reached: int, state: DState) -> Recognition:
    members = automaton.network.members
    classes = 0
    for leaf in state.leaves:
        classes |= leaf.classes
    expected = frozenset().union(*(each for number, each in enumerate(members) if classes >> number & 1))
    return Recognition(answer, reached, expected, state.accepting)
