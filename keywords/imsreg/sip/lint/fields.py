"""Header fields one by one: names, grammar, and how many there are of each (RFC 3261 7.3.1, 25.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.errors import show
from imsreg.sip.lint.finding import grammar_words
from imsreg.sip.lint.headers import Kind, grammar_clause
from imsreg.sip.lint.source import Field, Source
from imsreg.sip.lint.violation import Violation

_SECOND_SCHEME = re.compile(rb"[^\s=,\"]+[ \t\r\n]+[^\s=,\"]+[ \t\r\n]*=")


def names(source: Source) -> Iterator[Violation]:
    """Fields without a name, or with one that is no token."""
    right = "a header name (a token), a colon, and a value"
    for field in source.fields:
        name, colon, _ = field.whole.octets.partition(b":")
        if not colon:
            yield source.find("header-name", field.whole.at, "the line has no colon", right)
            continue
        recognition = sip_grammar().recognise("header-name", name.rstrip(b" \t"))
        if recognition.answer is not Answer.YES:
            what = f"{show(name)} is no header name" if name.strip() else "nothing stands before the colon"
            yield source.find("header-name", field.whole.at + recognition.reached, what, right)


def values(source: Source) -> Iterator[Violation]:
    """Values that do not follow the grammar of their header."""
    for field in source.fields:
        if b"\r" in field.whole.octets.replace(b"\r\n", b"") or b":" not in field.whole.octets:
            continue  # found already: a CR alone, a line without a colon
        recognition = field.recognition
        if recognition.answer is Answer.NO:
            yield _against_grammar(source, field)
        elif recognition.answer is Answer.UNDECIDED:
            what = f"{show(field.name)} is nested too deep, or too devious, to be judged"
            yield source.find("undecided", field.value.at + recognition.reached, what, "a plainer value")
        elif field.trailing and field.value.octets:
            at = field.value.at + len(field.value.octets)
            yield source.find("trailing-blank", at, "a blank follows the value", "the line ends with the value")


def _against_grammar(source: Source, field: Field) -> Violation:
    at = field.value.at + field.recognition.reached
    what, right = grammar_words(show(field.name)[1:-1], field.recognition, field.value)
    if field.info is None:
        return source.find("header-value", at, what, "text without control characters")
    if field.info.kind is Kind.ROWS:
        for part in field.value.cut(b",")[1:]:
            if _SECOND_SCHEME.match(part.octets):
                what = f"a second {field.name} value begins in the same field"
                return source.find("combined-credentials", part.at, what, f"a {field.name} field of its own")
    return source.find("header-grammar", at, what, right, grammar_clause(field.info))


def duplicates(source: Source) -> Iterator[Violation]:
    """A second field of a header that is no list."""
    seen: dict[str, int] = {}
    for field in source.fields:
        if field.info is None or field.info.kind is not Kind.SINGLE:
            continue
        if field.name in seen:
            what = f"{field.name} is there again after line {seen[field.name]}"
            yield source.find("duplicate-header", field.whole.at, what, f"one {field.name} field")
        else:
            seen[field.name] = source.place(field.whole.at)[0]
