"""The start line (RFC 3261 7.1, 7.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.errors import show
from imsreg.sip.lint.finding import grammar_words
from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request

METHODS = frozenset(
    (
        *("ACK", "BYE", "CANCEL", "INVITE", "OPTIONS", "REGISTER"),  # RFC 3261 7.1
        *("INFO", "MESSAGE", "NOTIFY", "PRACK", "PUBLISH", "REFER", "SUBSCRIBE", "UPDATE"),
    )
)
"""Methods that are written so and in no other case."""


def start_line(source: Source) -> Iterator[Violation]:
    """The grammar of the start line, and what it says beyond it."""
    line = source.start_line
    request = isinstance(source.message, Request)
    recognition = sip_grammar().recognise("Request-Line" if request else "Status-Line", line.octets)
    if recognition.answer is not Answer.YES:
        what, right = grammar_words("the start line", recognition, line)
        yield source.find("start-line", line.at + recognition.reached, what, right)
        return
    version = line.slice(line.octets.rindex(b" ") + 1) if request else line.slice(0, line.octets.index(b" "))
    if version.octets != b"SIP/2.0":
        yield source.find("sip-version", version.at, f"the version is {show(version.octets)}", "SIP/2.0")
    if isinstance(source.message, Request):
        method = source.message.method
        if method not in METHODS and method.upper() in METHODS:
            what = f"{show(method)} is a method that nobody has defined"
            yield source.find("method-case", line.at, what, method.upper())
    elif not 100 <= source.message.status <= 699:
        what = f"the status code is {source.message.status:03}"
        yield source.find("status-class", version.at + len(version.octets) + 1, what, "a code from 100 to 699")
