"""What the grammar makes, its recogniser takes, our typed headers read, and lint has nothing to say about."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import damaged, sip

import imsreg.sip.headers
from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.nodes import Choice, Node, Octets, Reference, Repeat, Sequence
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.headers.base import Header
from imsreg.sip.lint.headers import HEADERS
from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.rules import RULES
from imsreg.sip.lint.violation import Severity, Violation
from imsreg.sip.message import HeaderError, MessageError, Request, Response, parse

OF_GRAMMAR = {"header-grammar", "header-value", "header-name", "undecided", "line-end", "utf-8", "combined-credentials"}
"""Rules that a value out of the grammar cannot break. Others know more than it: that q=2 is no generic parameter."""


def typed_headers() -> dict[str, type[Header]]:
    """Our typed headers by name."""
    for module in iter_modules(imsreg.sip.headers.__path__):
        import_module(f"imsreg.sip.headers.{module.name}")
    found: dict[str, type[Header]] = {}
    pending: list[type[Header]] = [Header]
    while pending:
        header = pending.pop()
        pending += header.__subclasses__()
        if "NAME" in vars(header):
            found[header.NAME] = header
    return found


_BARE = re.compile(rb"(?:^|,)[^\"<,]*+(?:,|$)")
AMBIGUOUS: dict[str, tuple[re.Pattern[bytes], ...]] = {
    # The commas of a URI without brackets are those of the list (RFC 3261 20 has a rule for other headers only).
    "P-Asserted-Identity": (_BARE,),
    "P-Preferred-Identity": (_BARE,),
}
"""What follows the grammar, by header, and yet cannot be read in the one way in which it was written."""

TYPED = {name: header for name, header in sorted(typed_headers().items()) if name in HEADERS}


def options(name: str, octets: bytes) -> Request | Response:
    """A message with one field, in line 2."""
    return parse(b"OPTIONS sip:home.net SIP/2.0\r\n" + name.encode() + b": " + octets + b"\r\n\r\n")


def found_in_field(message: Request | Response) -> list[Violation]:
    return [each for each in lint(message) if each.line > 1]


@pytest.mark.parametrize("name", HEADERS)
@given(data=st.data())
def test_what_the_grammar_makes_is_recognised_and_follows_the_grammar(name: str, data: st.DataObject) -> None:
    octets = data.draw(sip().rule(name))
    assert sip_grammar().recognise(name, octets).answer is Answer.YES
    found = [each for each in found_in_field(options(name, octets)) if each.rule in OF_GRAMMAR]
    assert not found, (octets, found)


@pytest.mark.parametrize("name", TYPED)
@given(data=st.data())
def test_what_its_typed_header_cannot_read_is_no_news_to_lint(name: str, data: st.DataObject) -> None:
    octets = data.draw(sip().rule(name))
    message = options(name, octets)
    try:
        message.get_all(TYPED[name])
    except HeaderError:
        known = (ambiguous.search(octets) for ambiguous in AMBIGUOUS.get(name, ()))
        found = found_in_field(message)
        twice = any(each.rule == "duplicate-auth-parameter" for each in found)  # which of the two would count?
        assert twice or any(each.severity is Severity.VIOLATION for each in found) or any(known), octets


@pytest.mark.parametrize("rule", ["Request-Line", "Status-Line"])
@given(data=st.data())
def test_a_start_line_out_of_the_grammar_is_read(rule: str, data: st.DataObject) -> None:
    message = parse(data.draw(sip().rule(rule)) + b"\r\n\r\n")
    assert "start-line" not in {each.rule for each in lint(message)}
    assert isinstance(message, Request if rule == "Request-Line" else Response)


@cache
def as_regex(rule: str) -> re.Pattern[bytes]:
    """A rule as a regular expression, by another way than the recogniser's. Not for rules that refer to themselves."""
    return re.compile(_regex(Reference(rule)), re.DOTALL)


def _regex(node: Node) -> bytes:
    match node:
        case Octets(values):
            return b"[" + b"".join(b"\\x%02x" % octet for octet in values) + b"]"
        case Sequence(parts):
            return b"".join(map(_regex, parts))
        case Choice(alternatives):
            return b"(?:" + b"|".join(map(_regex, alternatives)) + b")"
        case Repeat(part, least, most):
            return b"(?:%s){%d,%s}" % (_regex(part), least, b"" if most is None else b"%d" % most)
        case Reference(rule):
            return _regex(sip_grammar().rules[rule])
    raise AssertionError(node)


@pytest.mark.parametrize(
    "rule",
    [
        *("host", "ipv6reference", "sip-uri", "telephone-uri", "absoluteuri", "gen-value", "quoted-string", "qvalue"),
        *("date", "cseq", "call-id", "via-parm", "sec-mechanism", "dig-resp", "digest-cln", "name-addr", "media-range"),
        *("warning-value", "timestamp", "status-line", "feature-param", "event-type", "header-value"),
    ],
)
@given(data=st.data())
def test_the_recogniser_agrees_with_a_regular_expression(rule: str, data: st.DataObject) -> None:
    octets = data.draw(damaged(sip().rule(rule)))[:60]  # a regular expression steps back, a recogniser never does
    expected = as_regex(rule).fullmatch(octets) is not None
    recognition = sip_grammar().recognise(rule, octets)
    assert recognition.answer is (Answer.YES if expected else Answer.NO), octets


@pytest.mark.parametrize(
    "name", ["Via", "Contact", "Authorization", "WWW-Authenticate", "Date", "CSeq", "Security-Client"]
)
@given(data=st.data())
def test_what_could_stand_there_could(name: str, data: st.DataObject) -> None:
    """The octets before the first wrong one, and one of those expected in its place, go further."""
    octets = data.draw(damaged(sip().rule(name)))
    recognition = sip_grammar().recognise(name, octets)
    if recognition.answer is Answer.NO and recognition.expected:
        better = octets[: recognition.reached] + bytes((data.draw(st.sampled_from(sorted(recognition.expected))),))
        assert sip_grammar().recognise(name, better).reached == len(better)
        ended = sip_grammar().recognise(name, octets[: recognition.reached])
        assert (ended.answer is Answer.YES) == recognition.may_end


@given(data=st.data())
def test_lint_survives_and_places_everything(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(HEADERS)), min_size=1, max_size=4))
    fields = [name.encode() + b": " + data.draw(damaged(sip().rule(name))) for name in names]
    raw = b"\r\n".join((data.draw(damaged(sip().rule("Request-Line"))), *fields, b"", b""))
    try:
        message = parse(raw)
    except MessageError:
        return
    lines = raw.lstrip(b"\r\n").split(b"\n")
    for each in lint(message):
        assert each.rule in RULES
        assert each.column <= len(lines[each.line - 1]) + 1
