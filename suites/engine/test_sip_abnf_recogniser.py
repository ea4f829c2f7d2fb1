"""The recogniser: how far an input goes, what could stand there, and bounds on what hostile inputs cost."""

import sys
import time

import pytest

from imsreg.sip.abnf import automaton as automata
from imsreg.sip.abnf.grammar import Grammar, sip_grammar
from imsreg.sip.abnf.network import Network
from imsreg.sip.abnf.reader import read_rules
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.abnf.wording import words

YES, NO, UNDECIDED = Answer

TEXT = 'list = item *("," item)\nitem = 1*%x30-39 / "<" *(item / list) ">"'


def fresh(text: str) -> Grammar:
    return Grammar(read_rules(text, "test"))


@pytest.mark.parametrize(
    ("octets", "answer", "reached", "expected", "may_end"),
    [
        (b"1,<2>", YES, 5, b"", True),
        (b"12", YES, 2, b"", True),
        (b"1,", NO, 2, b"0123456789<", False),
        (b"1x", NO, 1, b"0123456789,", True),
        (b"x", NO, 0, b"0123456789<", False),
        (b"", NO, 0, b"0123456789<", False),
        (b"\xff", NO, 0, b"0123456789<", False),
        (b"<1", NO, 2, b"0123456789,<>", False),
    ],
)
def test_how_far_an_input_goes_and_what_could_stand_there(
    octets: bytes, answer: Answer, reached: int, expected: bytes, may_end: bool
) -> None:
    recognition = fresh(TEXT).recognise("list", octets)
    assert recognition == (answer, reached, frozenset(expected), may_end)


def test_a_rule_that_does_not_exist() -> None:
    grammar = fresh(TEXT)
    assert "ITEM" in grammar
    assert "nothing" not in grammar
    with pytest.raises(KeyError):
        grammar.recognise("nothing", b"1")


def test_octets_that_no_rule_tells_apart_are_one_class() -> None:
    network = Network(read_rules(TEXT, "test"))
    assert set(network.members) == {
        frozenset(b"0123456789"),
        frozenset(b","),
        frozenset(b"<"),
        frozenset(b">"),
        frozenset(range(256)) - frozenset(b"0123456789,<>"),
    }


def test_a_rule_that_begins_with_itself_is_undecided_where_it_does_not_accept() -> None:
    grammar = fresh('a = a "x" / "y"\nb = b')
    assert grammar.recognise("a", b"yxx").answer is YES
    assert grammar.recognise("a", b"z").answer is UNDECIDED
    assert grammar.recognise("a", b"").answer is UNDECIDED
    assert grammar.recognise("b", b"").answer is NO


def test_nesting_is_followed_to_a_depth_and_no_further() -> None:
    grammar = sip_grammar()
    for depth, answer in ((1, YES), (20, YES), (automata.MAX_DEPTH, UNDECIDED), (20_000, UNDECIDED)):
        assert grammar.recognise("Server", b"(a" * depth + b")" * depth).answer is answer
    assert grammar.recognise("Server", b"(a" * 20 + b")" * 19).answer is NO


def test_kept_states_are_dropped_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automata, "MAX_STATES", 20)
    grammar = fresh('a = "0123456789012345678901234567890123456789"')
    before = grammar.recognise("a", b"0123456789" * 4)
    assert grammar.recognise("a", b"0123456789" * 4) == before
    assert len(grammar._automaton._states) <= 41


SIZE = 65_536
BOUND = 0.5 if sys.gettrace() is None else 2.0
"""Seconds of processor time; measuring coverage takes its own."""
HOSTILE = {
    "commas": ("Contact", b"*" + b"," * SIZE),
    "comments": ("Server", b"(" * SIZE),
    "comments one after the other": ("Server", b"(a(b)) " * (SIZE // 7)),
    "quotes": ("Contact", b'"' + rb"\"" * (SIZE // 2)),
    "folds": ("Subject", b"a" + b" \r\n b" * (SIZE // 5)),
    "contacts": ("Contact", b"<sip:a@b.c>," * (SIZE // 12) + b"<sip:a@b.c>"),
    "parameters": ("Via", b"SIP/2.0/UDP a" + b";b=c" * (SIZE // 4)),
    "labels": ("Via", b"SIP/2.0/UDP " + b"a.1-" * (SIZE // 4)),
    "extensions": ("From", b"sip:" + b"1;ext=1" * (SIZE // 7) + b"@a.b"),
    "every octet": ("header-value", bytes(range(256)) * (SIZE // 256)),
    "NUL in pairs": ("Contact", b'"' + b"\\\0" * (SIZE // 2) + b'" <sip:a>'),
}


def always_new(grammar: Grammar, rule: str) -> bytes:
    """An input that goes ways that it has not gone before, as long as there are some."""
    automaton = grammar._automaton
    state = automaton.start(rule)
    gone: set[tuple[int, int]] = set()
    octets = bytearray()
    while len(octets) < SIZE:
        known = 0
        for leaf in state.leaves:
            known |= leaf.classes
        possible = [number for number in range(len(automaton.network.members)) if known >> number & 1]
        if not possible:
            break
        new = [number for number in possible if (state.number, number) not in gone]
        number = (new or possible)[len(octets) * 7919 % len(new or possible)]
        gone.add((state.number, number))
        octets.append(min(automaton.network.members[number]))
        state = state.next[number] or automaton.step(state, number)
    return bytes(octets)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_input_costs_less_than_a_tenth_of_a_second(name: str) -> None:
    grammar = Grammar(sip_grammar().rules)
    grammar.recognise(HOSTILE[name][0], b"")  # builds the machines of the rule
    began = time.process_time()
    grammar.recognise(*HOSTILE[name])
    assert time.process_time() - began < BOUND


@pytest.mark.parametrize("rule", ["accept", "contact", "via", "server", "p-access-network-info"])
def test_an_input_made_to_need_new_states_costs_less_than_a_tenth_of_a_second(rule: str) -> None:
    octets = always_new(Grammar(sip_grammar().rules), rule)
    grammar = Grammar(sip_grammar().rules)
    grammar.recognise(rule, b"")
    began = time.process_time()
    cold = grammar.recognise(rule, octets)
    assert time.process_time() - began < BOUND
    # The answer does not depend on what came before.
    assert grammar.recognise(rule, octets) == cold


@pytest.mark.parametrize(
    ("octets", "or_end", "text"),
    [
        (b"", False, "nothing"),
        (b"", True, "the end"),
        (b"0123456789", False, "a digit"),
        (b"0123456789abcdef;", True, "a lower-case hexadecimal digit, ';' or the end"),
        (b"0123456789abcdefABCDEF", False, "a hexadecimal digit"),
        (b"sS", False, "'S'"),
        (b"s", False, "'s'"),
        (b"\t \r\"'", False, "a double quote, an apostrophe, a tab, a line end or a blank"),
        (b"\x00\x01,\x80\xff", False, "','"),
        (
            b"!\"#$%&'()*",
            False,
            "'!', a double quote, '#', '$', '%', '&', an apostrophe, '(' or one of some more characters",
        ),
    ],
)
def test_octets_in_words(octets: bytes, or_end: bool, text: str) -> None:
    assert words(frozenset(octets), or_end=or_end) == text


def test_letters_and_tokens_in_words() -> None:
    grammar = sip_grammar()
    assert words(grammar.recognise("token", b"").expected) == "a token character"
    assert words(grammar.recognise("toplabel", b"").expected) == "a letter"
