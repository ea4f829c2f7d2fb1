"""What a request gets that arrives again after its final response (RFC 3261 17.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.challenges import digest_challenges
from imsreg.sip.headers.name_addr import To
from imsreg.sip.message import Response
from imsreg.sip.timers import RFC3261
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View, readable

ENOUGH = 10
"""Repetitions after which silence is no lost datagram any more: as many as a client makes before Timer F ends it."""


@check("rfc3261-17.2.2-01")
def final_response_is_repeated(view: View) -> Iterator[Outcome]:
    """Until Timer J ends the transaction, a repeated request gets the final response that it got before."""
    decided = False
    for exchange in view.transcript.exchanges:
        for outcome in _repeated(exchange) if exchange.by_tester and _can_be_answered(view, exchange) else ():
            decided = True
            yield outcome
    if not decided:
        yield Unmet(f"no request was sent {ENOUGH} times more over UDP after its final response")


def _can_be_answered(view: View, exchange: Exchange) -> bool:
    """Whether the associations of a request live: they may go with its final response (TS 33.203 7.4.2a)."""
    last = exchange.requests[-1]
    located = view.secured.on(last) if last.flow.association is not None else None
    return located is None or not located.made.may_be_gone(last)


def _repeated(exchange: Exchange) -> Iterator[Outcome]:
    final = exchange.final
    if final is None or final.flow.reliable:
        return
    until = final.at + RFC3261.timer_j(reliable=False)
    again = [entry for entry in exchange.requests if final.number < entry.number and entry.at < until]
    after = [entry for entry in exchange.responses if again and entry.number > again[0].number]
    answers = [entry for entry in after if entry not in exchange.provisional]
    for answer in answers:
        before, now = _told(final), _told(answer)
        if now != before:
            yield Breach(answer.number, ", ".join(before), ", ".join(now))
        elif answer.raw != final.raw:
            yield Observed(answer.number, f"message {final.number} of the ladder again", "other octets in it")
        else:
            yield Held(answer.number)
    if not answers and len(again) >= ENOUGH:
        yield Breach(again[-1].number, f"{final.label} again", f"no answer to {len(again)} repetitions")


def _told(entry: Entry) -> list[str]:
    """What a repeated response may not say in another way."""
    message = entry.message
    if not isinstance(message, Response):
        return []
    return [
        str(message.status),
        *(f"To tag {header.tag}" for header in readable(message, To)),
        *(f"{name} {message.value(name)}" for name in ("Call-ID", "CSeq")),
        *(f"nonce {header.nonce}" for _, header in digest_challenges(message)),
    ]
