"""How a UE repeats its requests over UDP (RFC 3261 17.1.2.2; TS 24.229 7.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from imsreg.sip.timers import IMS, RFC3261, Timers
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View

SLACK = 0.3
"""Seconds by which an interval may differ, and a tenth of it besides: clocks, and a datagram's way."""
GRACE = 1.0
"""Seconds for which a repetition may have crossed the response."""
SETTLED = 8.0
"""Seconds of silence after a final response that show that the UE has taken it: more than T4 of RFC 3261."""
OVER_TCP = Moot("the UE sent its requests over TCP, which repeats by itself")


@check("24.229-7.7-01")
def uses_the_timers_of_ims(view: View) -> Iterator[Outcome]:
    """2, 6, 14, 30 s and so on after the request. A repetition that got lost leaves a gap, no other time."""
    decided = False
    for exchange in _over_udp(view):
        sent = _before_response(exchange)
        offsets = [entry.at - sent[0].at for entry in sent[1:]]
        if not offsets:
            continue
        decided = True
        wrong = next((o for o in offsets if not any(_near(o, due) for due in schedule(IMS))), None)
        if wrong is None:
            yield Held(sent[1].number)
        else:
            default = all(any(_near(o, due) for due in schedule(RFC3261)) for o in offsets)
            words = _times(offsets) + (", as the default timers of RFC 3261 have it" if default else "")
            yield Breach(sent[1].number, f"repetitions {_times(schedule(IMS)[:4])} after the request", words)
    if not decided:
        yield _none(view, "no request over UDP was repeated before it got a response")


@check("rfc3261-17.1.2.2-01")
def intervals_double(view: View) -> Iterator[Outcome]:
    """Each is twice the one before until they stay the same. Whoever repeats nothing until Timer F is wrong too."""
    decided = False
    for exchange in _over_udp(view):
        sent = _before_response(exchange)
        intervals = [later.at - earlier.at for earlier, later in pairwise(sent)]
        first = exchange.responses[0].at if exchange.responses else _kept_waiting(view, exchange)
        if not intervals and first - sent[0].at >= RFC3261.timer_f - 2 * GRACE:
            decided = True
            yield Breach(sent[0].number, "repetitions at doubling intervals", f"none for {first - sent[0].at:.0f} s")
        elif len(intervals) >= 2:
            decided = True
            yield _doubling(sent, intervals)
    if not decided:
        yield _none(view, "no request over UDP was left without a response for long enough")


def _with_gaps(sent: Sequence[Entry]) -> bool:
    """Whether the times are those of the usual timers, though the first repetitions got lost."""
    offsets = [entry.at - sent[0].at for entry in sent[1:]]
    return any(all(any(_near(o, due) for due in schedule(each)) for o in offsets) for each in (RFC3261, IMS))


def _doubling(sent: Sequence[Entry], intervals: Sequence[float]) -> Outcome:
    if _with_gaps(sent):
        return Held(sent[-1].number)
    for place, (before, after) in enumerate(pairwise(intervals)):
        capped = _near(after, before) and after >= RFC3261.t2 * 0.9
        if not capped and after < 2 * before - _slack(2 * before) and not _caps(before, intervals[place + 1 :]):
            expected = f"an interval of {2 * before:.1f} s after one of {before:.1f} s"
            return Breach(sent[place + 2].number, expected, f"{after:.1f} s")
    return Held(sent[-1].number)


def _caps(before: float, rest: Sequence[float]) -> bool:
    """Whether the intervals have reached T2: longer than the one before, not shorter than the default, and constant."""
    t2 = rest[0]
    return t2 > before - _slack(before) and t2 >= RFC3261.t2 * 0.9 and all(each >= t2 - _slack(t2) for each in rest)


@check("rfc3261-17.1.2.2-02")
def nothing_is_repeated_after_the_final_response(view: View) -> Iterator[Outcome]:
    """One repetition may mean that the response got lost; more, after it came again, cannot."""
    decided = False
    for exchange in _over_udp(view):
        finals = [entry for entry in exchange.responses if entry not in exchange.provisional]
        if not finals:
            continue
        late = [entry for entry in exchange.requests if entry.at > finals[0].at + GRACE]
        again = [entry for entry in late if len(finals) > 1 and entry.at > finals[1].at + GRACE]
        expected = f"no repetition after message {finals[0].number}"
        if again:
            decided = True
            actual = f"{len(late)} repetitions, the last {late[-1].at - finals[0].at:.1f} s after it"
            yield Breach(again[0].number, expected, actual)
        elif late:
            decided = True
            yield Observed(late[0].number, expected, "one repetition" if len(late) == 1 else f"{len(late)} repetitions")
        elif view.ue.watch.until - finals[0].at >= SETTLED:
            decided = True
            yield Held(finals[0].number)
    if not decided:
        yield _none(view, f"no request over UDP was watched for {SETTLED:g} s after its final response")


@check("rfc3261-17.1.2.2-03")
def goes_on_after_a_provisional_response(view: View) -> Iterator[Outcome]:
    """Once every T2: 4 s by default, 16 s in IMS."""
    decided = False
    for exchange in _over_udp(view):
        if not exchange.provisional:
            continue
        first = exchange.provisional[0]
        until = exchange.final.at if exchange.final is not None else _kept_waiting(view, exchange)
        until = min(until, exchange.request.at + RFC3261.timer_f - GRACE)  # then the UE has given it up
        again = [entry for entry in exchange.requests if entry.at > first.at + GRACE]
        again = [entry for entry in again if entry.at <= until]
        waited = until - first.at
        if again:
            decided = True
            yield Held(again[0].number)
        elif waited >= IMS.t2 + 2 * GRACE:
            decided = True
            yield Breach(first.number, "the request again after T2", f"nothing for {waited:.0f} s")
    if not decided:
        yield _none(view, "no request over UDP was kept waiting for T2 after a provisional response")


def schedule(timers: Timers) -> tuple[float, ...]:
    """The times after a request at which it is repeated, until Timer F (RFC 3261 17.1.2.2)."""
    times: list[float] = []
    at, interval = timers.t1, timers.t1
    while at < timers.timer_f:
        times.append(at)
        interval = min(2 * interval, timers.t2)
        at += interval
    return tuple(times)


def _over_udp(view: View) -> Iterator[Exchange]:
    """The UE's requests over UDP. ACK is never repeated by itself, INVITE by other rules.

    What the tester answers where a UE discards it shows nothing: outside of the associations of the request.
    """
    discarded = {register.number for register in view.ue.all_registers if register.astray}
    protected = view.secured.ports(view.secured.dut) if view.facts.security == "ipsec" else frozenset()
    for exchange in view.ue.exchanges:
        clear = [entry for entry in exchange.responses if entry.flow.association is None]
        astray = exchange.request.number in discarded or any(entry.destination in protected for entry in clear)
        astray = astray or any(_elsewhere(view, exchange.request, entry) for entry in exchange.responses)
        if not exchange.request.flow.reliable and exchange.method not in ("ACK", "INVITE") and not astray:
            yield exchange


def _elsewhere(view: View, request: Entry, response: Entry) -> bool:
    """Whether a response came in the clear to a request on a set, or the other way round, or on another set."""
    if request.flow.association is None or response.flow.association is None:
        return request.flow.association != response.flow.association
    there, back = view.secured.on(request), view.secured.on(response)
    return there is not None and back is not None and there.made is not back.made


def _kept_waiting(view: View, exchange: Exchange) -> float:
    """Until when the UE had a reason to go on: it was told nothing, and sent nothing else of the kind, before."""
    number = exchange.request.number
    ends = [view.ue.watch.until, *(told.at for told in view.ue.watch.commands if told.after >= number)]
    others = (e.request for e in view.ue.exchanges if e.method == exchange.method and e.request.number > number)
    return min([*ends, *(entry.at for entry in others)])


def _before_response(exchange: Exchange) -> list[Entry]:
    """The request as often as it was sent before anything came back."""
    end = exchange.responses[0].number if exchange.responses else None
    return [entry for entry in exchange.requests if end is None or entry.number < end]


def _near(value: float, due: float) -> bool:
    return abs(value - due) <= _slack(due)


def _slack(due: float) -> float:
    return SLACK + due / 10


def _times(offsets: Sequence[float]) -> str:
    return ", ".join(f"{offset:.1f}" for offset in offsets[:6]) + " s"


def _none(view: View, why: str) -> Moot | Unmet:
    exchanges = view.ue.exchanges
    return OVER_TCP if exchanges and all(e.request.flow.reliable for e in exchanges) else Unmet(why)
