"""Lint: one message, judged by grammar and RFC 3261."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imsreg.sip.lint import digest, fields, mandatory, numbers, octets, params, registration, security, start_line, uris
from imsreg.sip.lint import via as via_rules
from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request, Response

_CHECKS: tuple[Callable[[Source], Iterator[Violation]], ...] = (
    octets.line_ends,
    octets.utf8,
    octets.head_end,
    start_line.start_line,
    fields.names,
    fields.values,
    fields.duplicates,
    params.header_parameters,
    uris.uris,
    uris.brackets,
    uris.display_names,
    via_rules.via,
    digest.challenges,
    digest.credentials,
    digest.authentication_info,
    numbers.cseq,
    numbers.max_forwards,
    numbers.seconds,
    numbers.date,
    registration.register,
    registration.star,
    registration.tags,
    security.annex_h,
    mandatory.mandatory,
    mandatory.not_applicable,
    mandatory.content_length,
)

_GRAMMAR = frozenset(("start-line", "header-grammar", "header-value"))
"""Rules that stop at an octet that is no UTF-8 because it is none."""


def lint(message: Request | Response) -> tuple[Violation, ...]:
    """Everything that is wrong or odd about one message, in the order of lines; nothing if it is right.

    A header is judged by its grammar (RFC 3261 25.1 and the RFC that defines it), read on only if it follows that, and
    then judged by what the text says beyond the grammar. One that lint has no grammar for may say what it likes, as
    long as it is text. A finding with `Severity.VIOLATION` breaks a sentence or a grammar that was read; everything
    else is `Severity.OBSERVATION`. Rules that need the other messages of an exchange are not lint's: they are checks
    of `imsreg.verdict`. Pure: the same message always gives the same findings, in time linear in its length.
    """
    source = Source(message)
    found = [violation for check in _CHECKS for violation in check(source)]
    no_text = {(each.line, each.column) for each in found if each.rule == "utf-8"}
    told_once = (each for each in found if each.rule not in _GRAMMAR or (each.line, each.column) not in no_text)
    return tuple(sorted(told_once, key=lambda violation: (violation.line, violation.column)))
