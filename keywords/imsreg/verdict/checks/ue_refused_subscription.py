"""What a UE does when its SUBSCRIBE is refused for a while (TS 24.229 5.1.2.2; RFC 3261 21.5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.retry_after import RetryAfter
from imsreg.sip.message import Response
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose
from imsreg.verdict.ue_view import Subscribed
from imsreg.verdict.view import View

EARLY = 1.0
"""Seconds by which a UE may come before Retry-After is over: it counts whole seconds."""


@check("24.229-5.1.2.2-01")
def waits_before_it_subscribes_again(view: View) -> Iterator[Outcome]:
    """None for the event reg before Retry-After of the 503 is over, unless the UE was told or has registered anew."""
    decided = False
    for subscribed in view.ue.subscribed:
        final = subscribed.exchange.final
        seconds = _retry_after(final)
        if final is None or not seconds:
            continue
        later = next((s for s in view.ue.subscribed if s.number > final.number), None)
        if _moved(view, final, later):
            continue
        due = final.at + seconds - EARLY
        if later is not None and later.exchange.request.at < due:
            decided = True
            actual = f"SUBSCRIBE after {later.exchange.request.at - final.at:.1f} s"
            yield Breach(later.number, f"no SUBSCRIBE for the {seconds} s of Retry-After", actual)
        elif later is not None or view.ue.watch.until >= due:
            decided = True
            yield Held(later.number if later is not None else final.number)
    if not decided:
        yield Unmet("no SUBSCRIBE got a 503 with Retry-After that the UE was watched for")


def _retry_after(final: Entry | None) -> int | None:
    """The seconds in Retry-After of a 503."""
    if final is None or not isinstance(final.message, Response) or final.message.status != 503:
        return None
    try:
        header = final.message.get(RetryAfter)
    except HeaderError:
        return None
    return None if header is None else header.seconds


def _moved(view: View, final: Entry, later: Subscribed | None) -> bool:
    """Whether a command or a new registration came after the response and before the next SUBSCRIBE."""
    end = later.number if later is not None else None
    if view.ue.watch.told_between(final.number, end) is not None:
        return True
    initial = [r.number for r in view.ue.registers if r.purpose is Purpose.INITIAL]
    return any(final.number < number and (end is None or number < end) for number in initial)
