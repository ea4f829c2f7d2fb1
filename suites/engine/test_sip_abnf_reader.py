"""ABNF is read as RFC 5234 and RFC 7405 say, and what is no ABNF is refused."""

import pytest

from imsreg.sip.abnf.grammar import Grammar
from imsreg.sip.abnf.nodes import Octets
from imsreg.sip.abnf.reader import AbnfError, read_rules
from imsreg.sip.abnf.recogniser import Answer


def accepts(text: str, octets: bytes, rule: str = "a") -> bool:
    return Grammar(read_rules(text, "test")).recognise(rule, octets).answer is Answer.YES


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ('a = "Ab1"', (b"ab1", b"AB1", b"aB1"), (b"ab", b"ab11", b"", b"xb1")),
        ('a = %i"Ab"', (b"AB", b"ab"), (b"a",)),
        ('a = %s"Ab"', (b"Ab",), (b"ab", b"AB")),
        ('a = ""', (b"",), (b"a",)),
        ("a = %x41", (b"A",), (b"a",)),
        ("a = %X41.42.43", (b"ABC",), (b"abc", b"AB")),
        ("a = %d65-67", (b"A", b"C"), (b"D",)),
        ("a = %b1000001", (b"A",), (b"B",)),
        ("a = %b1000001-1000010", (b"B",), (b"C",)),
        ("a = %d65.66", (b"AB",), (b"A",)),
        ('a = "x" / "y" "z"', (b"x", b"yz"), (b"y", b"xz")),
        ('a = ("x" / "y") "z"', (b"xz", b"yz"), (b"x",)),
        ('a = ["x"] "y"', (b"y", b"xy"), (b"xxy", b"x")),
        ('a = *"x"', (b"", b"xxx"), (b"y",)),
        ('a = 1*"x"', (b"x", b"xx"), (b"",)),
        ('a = *2"x"', (b"", b"x", b"xx"), (b"xxx",)),
        ('a = 2*3"x"', (b"xx", b"xxx"), (b"x", b"xxxx")),
        ('a = 2"x"', (b"xx",), (b"x", b"xxx")),
        ('a = *("x" / ["y"])', (b"", b"xyx"), (b"z",)),
        ('a = "x" ; a comment\n    / "y" ; another\n\t/ "z"', (b"x", b"y", b"z"), (b"xy",)),
        ('a="x"b\nb=c\nC = "y"', (b"xy",), (b"x",)),
        ('a = "x"\na =/ "y"\n', (b"x", b"y"), (b"z",)),
        ('; only a comment\n\na = "x"\n; the end', (b"x",), (b"",)),
        ('a = "(" *a ")"', (b"()", b"(()())"), (b"(", b"())", b"")),
        ('a = b *(a)\nb = "x"', (b"x", b"xxx"), (b"",)),
    ],
)
def test_a_rule_stands_for_what_it_says(text: str, right: tuple[bytes, ...], wrong: tuple[bytes, ...]) -> None:
    for octets in right:
        assert accepts(text, octets), octets
    for octets in wrong:
        assert not accepts(text, octets), octets


def test_rules_are_added_to_those_that_are_known() -> None:
    known = read_rules('b = "x"', "one")
    rules = read_rules('a = b / "y"\nB =/ "z"', "two", known)
    assert set(rules) == {"a", "b"}
    assert set(known) == {"b"}
    assert Grammar(rules).recognise("A", b"z").answer is Answer.YES


def test_one_octet_is_one_node() -> None:
    assert isinstance(read_rules('a = "x"', "test")["a"], Octets)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('a "x"', "test: 'a \"x\"' does not begin a rule"),
        ('  a = "x"', "test: '  a = \"x\"' does not begin a rule"),
        ('a = "x"\na = "y"', "test: a: is defined twice"),
        ('a =/ "y"', "test: a: =/ adds to a rule that stands nowhere before it"),
        ("a = <prose>", "test: a: '<prose>' is no ABNF"),
        ('a = "x', "test: a: '\"x' is no ABNF"),
        ("a = ", "test: a: an alternative is empty"),
        ('a = "x" / ', "test: a: an alternative is empty"),
        ('a = ("x"', "test: a: '(' is not closed"),
        ('a = ["x")', "test: a: '[' is not closed"),
        ('a = "x")', "test: a: ')' was not expected"),
        ("a = 2*3", "test: a: an element is missing at the end"),
        ('a = 2*3 4 "x"', "test: a: an element was expected, not '4'"),
        ("a = %x100", "test: a: %x100 is no octet"),
        ("a = %d1.256", "test: a: %d1.256 is no octet"),
    ],
)
def test_what_is_no_abnf_is_refused(text: str, error: str) -> None:
    with pytest.raises(AbnfError) as refused:
        read_rules(text, "test")
    assert str(refused.value) == error


def test_a_grammar_is_closed() -> None:
    with pytest.raises(AbnfError, match="grammar: a: uses 'b', which is not defined"):
        Grammar(read_rules('a = "x" [*b]', "test"))
