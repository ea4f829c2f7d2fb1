"""Hypothesis strategies out of the grammar: octets that follow a rule, and what is nearly one."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from imsreg.sip.abnf.grammar import Grammar, sip_grammar
from imsreg.sip.abnf.nodes import Choice, Node, Octets, Reference, Repeat, Sequence

MOST = 3
"""How often an unbounded repetition goes beyond its least."""


class Strategies:
    """Strategies for the rules of a grammar: each gives octets that follow the rule.

    A rule that refers to itself, such as comment, ends because a repetition may be empty; `depth` bounds it.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._rules = grammar.rules
        self._known: dict[str, SearchStrategy[bytes]] = {}

    def rule(self, name: str) -> SearchStrategy[bytes]:
        """The strategy of a rule; names may be in any case."""
        key = name.lower()
        if key not in self._known:
            self._known[key] = st.deferred(lambda: self._of(self._rules[key]))
        return self._known[key]

    def _of(self, node: Node) -> SearchStrategy[bytes]:
        octets = self._one_octet(node)
        if octets is not None:
            return st.sampled_from([bytes((octet,)) for octet in octets])
        match node:
            case Reference(rule):
                return self.rule(rule)
            case Sequence(parts):
                return st.tuples(*map(self._of, parts)).map(b"".join)
            case Choice(alternatives):
                return st.one_of(*map(self._of, alternatives))
            case Repeat(part, least, most):
                limit = least + MOST if most is None else min(most, least + MOST)
                one = self._one_octet(part)
                if one is not None:
                    return st.lists(st.sampled_from(one), min_size=least, max_size=limit).map(bytes)
                return st.lists(self._of(part), min_size=least, max_size=limit).map(b"".join)
        raise AssertionError(node)

    def _one_octet(self, node: Node) -> list[int] | None:
        """The octets of a node that is always one octet: one draw instead of many. Letters first, for shrinking."""
        match node:
            case Octets(values):
                return sorted(values, key=lambda octet: (not chr(octet).isalnum(), octet))
            case Reference(rule):
                return self._one_octet(self._rules[rule])
            case Choice(alternatives):
                sets = [self._one_octet(each) for each in alternatives]
                if all(each is not None for each in sets):
                    return list(dict.fromkeys(octet for each in sets for octet in each or ()))
        return None


@cache
def sip() -> Strategies:
    """The strategies of the grammar of SIP."""
    return Strategies(sip_grammar())


def damaged(octets: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """Octets with one to three of them gone, doubled or replaced: sometimes right all the same."""
    wounds = st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(("drop", "double", "replace")), st.integers(0, 255)),
        min_size=1,
        max_size=3,
    )
    return st.tuples(octets, wounds).map(lambda drawn: _damage(*drawn))


def _damage(octets: bytes, wounds: list[tuple[int, str, int]]) -> bytes:
    for where, how, octet in wounds:
        at = where % (len(octets) + 1)
        middle = {"drop": b"", "double": 2 * octets[at : at + 1], "replace": bytes((octet,))}[how]
        octets = octets[:at] + middle + octets[at + 1 :]
    return octets
