"""`imsreg lint`: what is wrong with SIP messages in a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imsreg.commands.options import Verbs
from imsreg.errors import ExitClass, InputError
from imsreg.text import safe_text

if TYPE_CHECKING:
    from imsreg.sip.lint.paste import Pasted
    from imsreg.sip.lint.violation import Violation

MAX_FILE = 4 * 1024 * 1024
"""Octets of a file that are read; a capture is for `imsreg analyze`."""
_BEFORE, _BEHIND = 60, 50


class _Judged(NamedTuple):
    """A message of the file and what lint found in it."""

    pasted: Pasted
    findings: tuple[Violation, ...]

    def line(self, number: int) -> bytes:
        """A line of the message."""
        return self.pasted.octets.split(b"\n")[number - 1].removesuffix(b"\r")


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "lint",
        help="say what is wrong with SIP messages in a file",
        description="Judges each message of a file by grammar and RFC 3261, without the others. Text pasted from "
        "a mail or an editor will do: LF line ends and margins are put right. "
        "exit: 0 no violation, 1 violations, 2 unreadable.",
        epilog="example: imsreg lint register.txt",
    )
    parser.add_argument("file", metavar="FILE", help="one or more messages, one after the other; - for standard input")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    name = "standard input" if options.file == "-" else options.file
    judged = _judge(name, _read(options.file))
    counts = _count(judged)
    if options.json:
        print(json.dumps({"schema": 1, "file": safe_text(name), **counts, "messages": _as_json(judged)}, indent=2))
    else:
        for index, each in enumerate(judged, 1):
            print("\n".join(_as_text(index, each)), end="\n\n")
        words = [f"{n} {noun if n == 1 else noun + 's'}" for noun, n in zip(_NOUNS, counts.values(), strict=True)]
        print(f"{len(judged)} message{'' if len(judged) == 1 else 's'}: {', '.join(words)}")
    return ExitClass.FAILED if counts["violations"] else ExitClass.CONFORMANT


_NOUNS = ("violation", "observation")


def _count(judged: Sequence[_Judged]) -> dict[str, int]:
    severities = [finding.severity.value for each in judged for finding in each.findings]
    return {f"{noun}s": severities.count(noun) for noun in _NOUNS}


def _read(file: str) -> bytes:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(MAX_FILE + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(safe_text(file), "", f"cannot be read: {error.strerror}", "name a file, or -") from None
    if len(data) > MAX_FILE:
        raise InputError(safe_text(file), "", f"holds more than {MAX_FILE} octets", "cut out the messages in question")
    return data


def _judge(name: str, data: bytes) -> list[_Judged]:
    from imsreg.sip.lint.lint import lint
    from imsreg.sip.lint.paste import messages
    from imsreg.sip.message import MessageError, parse

    judged: list[_Judged] = []
    for pasted in messages(data):
        try:
            message = parse(pasted.octets)
        except MessageError as error:
            line = pasted.line + error.line - 1
            raise InputError(safe_text(name), f"line {line}", f"no SIP message: {error.what}") from None
        judged.append(_Judged(pasted, lint(message)))
    if not judged:
        raise InputError(safe_text(name), "", "holds nothing", "give a file with SIP messages")
    return judged


def _as_text(index: int, judged: _Judged) -> Iterator[str]:
    yield f"message {index}, line {judged.pasted.line}: {_masked(judged.line(1), 100)}"
    for note in judged.pasted.notes:
        yield f"  note: {safe_text(note)}"
    if not judged.findings:
        yield "  nothing to find"
    for finding in judged.findings:
        shown, caret = _excerpt(judged.line(finding.line), finding.column)
        label = f"{judged.pasted.line + finding.line - 1:>5} | "
        yield ""
        yield f"{label}{shown}"
        yield f"{' ' * (len(label) + caret)}^"
        yield f"{finding.severity.value}: {safe_text(finding.what)}"
        yield f"  right: {safe_text(finding.right)}"
        yield f"  {finding.rule}, {finding.clause}"


def _as_json(judged: Sequence[_Judged]) -> list[dict[str, object]]:
    return [
        {
            "line": each.pasted.line,
            "start_line": _masked(each.line(1), 1000),
            "notes": [safe_text(note) for note in each.pasted.notes],
            "findings": [
                {
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "clause": finding.clause,
                    "line": each.pasted.line + finding.line - 1,
                    "column": finding.column,
                    "what": safe_text(finding.what),
                    "right": safe_text(finding.right),
                    "text": _masked(each.line(finding.line), 1000),
                }
                for finding in each.findings
            ],
        }
        for each in judged
    ]


def _excerpt(line: bytes, column: int) -> tuple[str, int]:
    """What surrounds a column of a line, made safe, and where the column is in it (from 0)."""
    from imsreg.transcript.redaction import redact

    # Masking first, and not on the excerpt: a key is recognised by the name before it.
    text = redact(line).decode("utf-8", "surrogateescape")
    begin = max(0, column - 1 - _BEFORE)
    before, behind = text[begin : column - 1], text[column - 1 :]
    front = ("..." if begin else "") + _escaped(before)
    end = _escaped(behind[:_BEHIND]) + ("..." if len(behind) > _BEHIND else "")
    return front + end, len(front)


def _escaped(text: str) -> str:
    return safe_text(text, limit=10 * (_BEFORE + _BEHIND))


def _masked(line: bytes, limit: int) -> str:
    from imsreg.transcript.redaction import presentable

    return presentable(line, limit=limit)
