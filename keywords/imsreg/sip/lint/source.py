"""A message as lint reads it: octets with their places, and known headers that follow their grammar."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.recogniser import Answer, Recognition
from imsreg.sip.fields import HeaderField
from imsreg.sip.lint.headers import HEADERS
from imsreg.sip.lint.parts import Part
from imsreg.sip.lint.rules import RULES
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request, Response

_BARE_LF = re.compile(rb"(?<!\r)\n")
_LINE = re.compile(rb"[^\n]*+(?:\n[ \t][^\n]*+)*")
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_LEADING_BLANKS = re.compile(rb"[ \t]*(?:\r\n[ \t]+)?")


class Field:
    """One header field: what it is, and its value as on the wire (folds kept, outer blanks gone) with its place."""

    def __init__(self, header: HeaderField, raw: bytes, at: int) -> None:
        self.name = header.name
        self.whole = Part(raw, at)
        before, colon, after = raw.partition(b":")
        blanks = _LEADING_BLANKS.match(after)
        begin = len(before) + len(colon) + (blanks.end() if blanks else 0)
        self.trailing = len(raw) - len(raw.rstrip(b" \t\r\n"))
        """Blanks (and folds) behind the value."""
        self.value = Part(raw[begin : max(begin, len(raw) - self.trailing)], at + begin)
        self.info = HEADERS.get(header.name)
        """What the tables know of the header; None for a header without a grammar."""

    @cached_property
    def recognition(self) -> Recognition:
        """What the grammar says of the value; of an unknown header, whether it is text at all."""
        rule = self.name if self.info else "header-value"
        return sip_grammar().recognise(rule, self.value.octets)

    @property
    def good(self) -> bool:
        """Whether the header is known and follows its grammar, so that its parts can be read."""
        return self.info is not None and self.recognition.answer is Answer.YES


class Source:
    """A message with the place of everything in it. A rule asks it for fields and makes its findings with it."""

    def __init__(self, message: Request | Response) -> None:
        self.message = message
        self.begin = len(message.raw) - len(message.raw.lstrip(b"\r\n"))
        """The index in `message.raw` of the start line."""
        self._starts = [self.begin, *(m.end() for m in re.finditer(rb"\n", message.raw) if m.end() > self.begin)]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every header field in order."""
        # An LF alone in a fold is found by its own rule; to the others it is a blank, which a fold is, too.
        return tuple(
            Field(each, _BARE_LF.sub(b" ", each.raw), self._starts[each.line - 1]) for each in self.message.headers
        )

    @property
    def start_line(self) -> Part:
        """The start line as on the wire, with its folds and without its line end."""
        match = _LINE.match(self.message.raw, self.begin)
        assert match is not None
        return Part(match.group().removesuffix(b"\r"), self.begin)

    @property
    def head(self) -> Part:
        """The start line and the header fields, with the empty line if there is one."""
        end = _EMPTY_LINE.search(self.message.raw, self.begin)
        return Part(self.message.raw[self.begin : end.end() if end else None], self.begin)

    def named(self, name: str) -> tuple[Field, ...]:
        """The fields of a header, by its long name."""
        return tuple(field for field in self.fields if field.name == name)

    def good(self, *names: str) -> tuple[Field, ...]:
        """The fields of these headers that follow their grammar."""
        return tuple(field for field in self.fields if field.name in names and field.good)

    def find(self, rule: str, at: int | None, what: str, right: str, clause: str | None = None) -> Violation:
        """A finding by a rule at an index of `message.raw`; None for what is missing altogether."""
        line, column = (1, 1) if at is None else self.place(at)
        known = RULES[rule]
        return Violation(rule, known.severity, clause or known.clause, line, column, what, right)

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of an index of `message.raw`."""
        line = bisect_right(self._starts, at)
        before = self.message.raw[self._starts[line - 1] : at]
        return line, 1 + len(before.decode("utf-8", "surrogateescape"))
