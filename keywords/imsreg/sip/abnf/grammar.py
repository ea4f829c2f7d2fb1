"""The grammar of SIP: one text a header, and what they share, read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from imsreg.sip.abnf.automaton import Automaton
from imsreg.sip.abnf.network import Network
from imsreg.sip.abnf.nodes import Choice, Node, Reference, Repeat, Sequence
from imsreg.sip.abnf.reader import AbnfError, read_rules
from imsreg.sip.abnf.recogniser import Recognition, recognise

_TEXTS = Path(__file__).parent / "texts"


class Grammar:
    """A closed set of rules: every name that one of them uses is defined. Rule names may be in any case."""

    def __init__(self, rules: Mapping[str, Node]) -> None:
        """Raises AbnfError if a rule uses a name that no rule has."""
        for name, node in rules.items():
            for used in references(node):
                if used not in rules:
                    raise AbnfError("grammar", name, f"uses {used!r}, which is not defined")
        self.rules = rules
        self._automaton = Automaton(Network(rules))

    def __contains__(self, rule: str) -> bool:
        return rule.lower() in self.rules

    def recognise(self, rule: str, octets: bytes) -> Recognition:
        """Whether the whole of `octets` follows a rule. Raises KeyError for a rule that does not exist."""
        return recognise(self._automaton, rule.lower(), octets)


def references(node: Node) -> Iterator[str]:
    """The names of the rules that a node uses itself, some of them more than once."""
    pending = [node]
    while pending:
        match pending.pop():
            case Reference(rule):
                yield rule
            case Sequence(nodes) | Choice(nodes):
                pending += nodes
            case Repeat(part):
                pending.append(part)


@cache
def sip_grammar() -> Grammar:
    """The grammar of everything in `texts/`. A header field's value has the rule of its long name."""
    rules: dict[str, Node] = {}
    for path in sorted(_TEXTS.glob("*.abnf")):
        rules = read_rules(path.read_text(encoding="utf-8"), path.name, rules)
    return Grammar(rules)
