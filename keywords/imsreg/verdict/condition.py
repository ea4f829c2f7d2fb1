"""The condition of a requirement: terms over what the DUT claims (ICS), joined by and, or, not and parentheses.

`gruu`, `transports has tcp`, `security>=headers` (none < headers < ipsec), `release>=12`, `max-expires<=3600`;
the empty condition always holds. A feature that the profile omits is false; a number that it omits is unknown, and
no comparison with it is met.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imsreg.verdict.ics import ICS, MEMBERS, SECURITY_MODES, Ics, claim_in_words
from imsreg.verdict.terms import COMPARISONS, AllOf, AnyOf, Compare, Flag, Has, Node, Not, decisive, holds

_TOKEN = re.compile(r"\s*(>=|<=|=|[()]|[a-z0-9][a-z0-9-]*)")
_DEEPEST = 32


@dataclass(frozen=True)
class Condition:
    """A parsed condition. `str()` gives the text it was made from."""

    root: Node
    text: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Raises ValueError, saying what is wrong, for unknown ICS names and for anything that is no condition."""
        return cls(_Parser(text).parse(), text.strip())

    def holds(self, ics: Ics) -> bool:
        """Whether a DUT with these claims is bound by the requirement."""
        return holds(self.root, ics)

    def explain(self, ics: Ics) -> str:
        """The claims that decide, in words: "profile says transports: udp". Empty for the empty condition."""
        names = dict.fromkeys(decisive(self.root, ics))
        if not names:
            return ""
        return "profile says " + ", ".join(f"{name}: {claim_in_words(name, ics)}" for name in names)

    def __str__(self) -> str:
        return self.text


class _Parser:
    """Recursive descent over: or-list of and-lists of terms; a term is `not` term, "(" condition ")" or a claim."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokenise(text)
        self._depth = 0

    def parse(self) -> Node:
        if not self._tokens:
            return AllOf(())
        node = self._any()
        if self._tokens:
            raise ValueError(f'"{self._tokens[-1]}" is not expected there')
        return node

    def _any(self) -> Node:
        operands = [self._all()]
        while self._skip("or"):
            operands.append(self._all())
        return operands[0] if len(operands) == 1 else AnyOf(tuple(operands))

    def _all(self) -> Node:
        operands = [self._term()]
        while self._skip("and"):
            operands.append(self._term())
        return operands[0] if len(operands) == 1 else AllOf(tuple(operands))

    def _term(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if self._skip("not"):
            node: Node = Not(self._term())
        elif self._skip("("):
            node = self._any()
            if not self._skip(")"):
                raise ValueError('a ")" is missing')
        else:
            node = self._claim()
        self._depth -= 1
        return node

    def _claim(self) -> Node:
        name = self._next("the name of a claim")
        kind = ICS.get(name)
        if kind is None:
            raise ValueError(f'"{name}" is no ICS name; there are {", ".join(ICS)}')
        if kind == "flag":
            return Flag(name)
        if kind == "set":
            if not self._skip("has"):
                raise ValueError(f'"{name}" is a set: write "{name} has ..."')
            return Has(name, self._one_of(MEMBERS.get(name)))
        operator = self._next(f'>=, <= or = after "{name}"')
        if operator not in COMPARISONS:
            raise ValueError(f'"{name}" is compared by >=, <= or =, not by "{operator}"')
        if kind == "mode":
            return Compare(name, operator, SECURITY_MODES.index(self._one_of(SECURITY_MODES)))
        number = self._next("a number")
        if not number.isdecimal():
            raise ValueError(f'"{name}" is compared with a number, not with "{number}"')
        return Compare(name, operator, int(number))

    def _one_of(self, values: tuple[str, ...] | None) -> str:
        value = self._next("a value")
        if not value[0].isalnum():
            raise ValueError(f'a value is expected instead of "{value}"')
        if values is not None and value not in values:
            raise ValueError(f'"{value}" is none of {", ".join(values)}')
        return value

    def _skip(self, token: str) -> bool:
        if self._tokens and self._tokens[-1] == token:
            self._tokens.pop()
            return True
        return False

    def _next(self, wanted: str) -> str:
        if not self._tokens:
            raise ValueError(f"it ends where {wanted} is expected")
        return self._tokens.pop()


def _tokenise(text: str) -> list[str]:
    """The tokens last first, so that the parser takes them from the end."""
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        token = _TOKEN.match(text, position, end)
        if token is None:
            raise ValueError(f'"{text[position:].strip()}" is not understood')
        tokens.append(token[1])
        position = token.end()
    return tokens[::-1]
