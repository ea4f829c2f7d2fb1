"""The DUT survives what it cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.call_id import CallId
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Held, Observed, Outcome, Unmet
from imsreg.verdict.undecided import silent
from imsreg.verdict.view import View

MANDATORY: tuple[type[Header], ...] = (Via, From, To, CallId, CSeq)
READ: tuple[type[Header], ...] = (*MANDATORY, Contact, Authorization)


@check("robustness-01")
def answers_after_a_malformed_message(view: View) -> Iterator[Outcome]:
    """Whoever answered a good REGISTER answers a good one again, whatever a datagram between them held."""
    sane = next((a for a in view.answered if a.attempt.sound), None)
    if sane is None:
        yield Unmet("no good REGISTER was answered at all")
        return
    malformed = next((e for e in view.transcript.entries if e.number > sane.entry and _malformed(e)), None)
    later = [a for a in view.attempts if a.sound and malformed is not None and a.number > malformed.number]
    if malformed is None or not later:
        yield Unmet("no good REGISTER followed on a malformed message after another good one")
        return
    for attempt in later:
        expected = f"a final response, as before the malformed message {malformed.number}"
        if attempt.final is None:
            yield silent(view, attempt, expected)
        elif attempt.status // 100 == 5 and sane.response.status // 100 != 5:
            yield Observed(attempt.final_entry.number, expected, f"{attempt.status}")
        else:
            yield Held(attempt.final_entry.number)


def _malformed(entry: Entry) -> bool:
    """Whether the tester sent a datagram that RFC 3261 does not allow for. On a stream it could spoil the framing."""
    message = entry.message
    if not entry.sent or entry.flow.reliable:
        return False
    if not isinstance(message, Request):
        return entry.error is not None
    return (
        bool(message.defects)
        or any(message.field(header.NAME) is None for header in MANDATORY)
        or not all(_readable(message, header) for header in READ)
    )


def _readable(message: Request, header: type[Header]) -> bool:
    try:
        message.get_all(header)
    except HeaderError:
        return False
    return True
