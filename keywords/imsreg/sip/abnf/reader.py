"""Reads ABNF (RFC 5234 4, with the case-sensitive strings of RFC 7405)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from imsreg.errors import ImsRegError
from imsreg.sip.abnf.nodes import Choice, Node, Octets, Reference, Repeat, Sequence, literal

_RULE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*)[ \t]*(?P<sign>=/?)(?P<body>.*)", re.DOTALL)
_TOKEN = re.compile(
    r"""[ \t\r\n]+ | ;[^\n]*
    | (?P<string>(?:%[si])?"[\x20\x21\x23-\x7e]*")
    | (?P<number>%(?:x[0-9A-F]+(?:-[0-9A-F]+|(?:\.[0-9A-F]+)+)?
                    |d[0-9]+(?:-[0-9]+|(?:\.[0-9]+)+)?
                    |b[01]+(?:-[01]+|(?:\.[01]+)+)?))
    | (?P<repeat>[0-9]*\*[0-9]*|[0-9]+)
    | (?P<name>[A-Za-z][A-Za-z0-9-]*)
    | (?P<sign>[/()\[\]])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BASES = {"x": 16, "d": 10, "b": 2}


class AbnfError(ImsRegError):
    """A text is no ABNF that can be used: `source` names it, `rule` the rule or "", `why` what is wrong."""

    def __init__(self, source: str, rule: str, why: str) -> None:
        self.source = source
        self.rule = rule
        self.why = why
        super().__init__(source, rule, why)

    def __str__(self) -> str:
        return f"{self.source}: {self.rule}: {self.why}" if self.rule else f"{self.source}: {self.why}"


def read_rules(text: str, source: str, known: Mapping[str, Node] | None = None) -> dict[str, Node]:
    """The rules of a text by name in lower case, added to those already `known`.

    Rules begin in the first column, their further lines do not. `=/` adds an alternative to a rule that stands before
    it. Raises AbnfError, also for prose in angle brackets, which no program can follow.
    """
    rules = dict(known or {})
    for name, sign, body in _split(text, source):
        node = _Body(body, source, name).read()
        before = rules.get(name.lower())
        if sign == "=/":
            if before is None:
                raise AbnfError(source, name, "=/ adds to a rule that stands nowhere before it")
            node = Choice((before, node))
        elif before is not None:
            raise AbnfError(source, name, "is defined twice")
        rules[name.lower()] = node
    return rules


def _split(text: str, source: str) -> Iterator[tuple[str, str, str]]:
    pieces: list[str] = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and pieces:
            pieces[-1] += "\n" + line
        elif line.strip() and not line.startswith(";"):
            pieces.append(line)
    for piece in pieces:
        rule = _RULE.fullmatch(piece)
        if rule is None:
            raise AbnfError(source, "", f"{piece.splitlines()[0]!r} does not begin a rule")
        yield rule["name"], rule["sign"], rule["body"]


class _Body:
    """What stands right of the equals sign, read by recursive descent."""

    def __init__(self, text: str, source: str, rule: str) -> None:
        self._source = source
        self._rule = rule
        self._tokens = [*self._scan(text), ("end", "")]
        self._at = 0

    def read(self) -> Node:
        node = self._choice()
        if self._kind != "end":
            raise self._error(f"{self._text!r} was not expected")
        return node

    def _scan(self, text: str) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error(f"{text[at : at + 20]!r} is no ABNF")
            if match.lastgroup:
                yield match.lastgroup, match[0]
            at = match.end()

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _choice(self) -> Node:
        alternatives = [self._sequence()]
        while self._text == "/":
            self._next()
            alternatives.append(self._sequence())
        return alternatives[0] if len(alternatives) == 1 else Choice(tuple(alternatives))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._kind != "end" and self._text not in ("/", ")", "]"):
            parts.append(self._repetition())
        if not parts:
            raise self._error("an alternative is empty")
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repetition(self) -> Node:
        if self._kind != "repeat":
            return self._element()
        least, star, most = self._next()[1].partition("*")
        part = self._element()
        if not star:
            return Repeat(part, int(least), int(least))
        return Repeat(part, int(least or 0), int(most) if most else None)

    def _element(self) -> Node:
        kind, text = self._next()
        if kind == "name":
            return Reference(text.lower())
        if kind == "string":
            return literal(text[text.index('"') + 1 : -1], case_sensitive=text[:2].lower() == "%s")
        if kind == "number":
            return self._number(text)
        if text in ("(", "["):
            node = self._choice()
            if self._next()[1] != {"(": ")", "[": "]"}[text]:
                raise self._error(f"{text!r} is not closed")
            return Repeat(node, 0, 1) if text == "[" else node
        raise self._error(f"an element was expected, not {text!r}" if text else "an element is missing at the end")

    def _number(self, text: str) -> Node:
        base = _BASES[text[1].lower()]
        values = [int(digits, base) for digits in re.split(r"[.-]", text[2:])]
        if max(values) > 255:
            raise self._error(f"{text} is no octet")
        if "-" in text:
            return Octets(frozenset(range(values[0], values[1] + 1)))
        parts = tuple(Octets(frozenset((value,))) for value in values)
        return parts[0] if len(parts) == 1 else Sequence(parts)

    def _error(self, why: str) -> AbnfError:
        return AbnfError(self._source, self._rule, why)
