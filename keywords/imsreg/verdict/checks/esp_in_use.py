"""That what is no step of a registration travels on associations in use (TS 33.203 7.4, 7.4.1a, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.associations import Side
from imsreg.secagree.phases import Phase
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_history import SLACK, MadeSet
from imsreg.verdict.esp_view import Located, SecuredView
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View

IN_USE = (Phase.ESTABLISHED, Phase.OLD)
EMERGENCY = b"urn:service:sos"
CROSSING = 0.5
"""Seconds by which one message may overtake another on the way."""


@check("33.203-7.4.1a-02")
def the_ue_sends_all_else_on_sets_in_use(view: View) -> Iterator[Outcome]:
    """Requests other than REGISTER, and what answers a request that came on a set. None of it in the clear.

    Emergency requests may be.
    """
    return _all_else(view, "the UE sent nothing but REGISTER while it had associations")


@check("33.203-7.4.2a-09")
def the_p_cscf_sends_all_else_on_sets_in_use(view: View) -> Iterator[Outcome]:
    """Requests to the UE, and what answers requests other than REGISTER that came on a set."""
    return _all_else(view, "the P-CSCF had nothing but REGISTER to answer on associations, and asked the UE nothing")


def has_a_set(secured: SecuredView, entry: Entry) -> bool:
    """Whether the UE at one end certainly had a set to send on, and it is certain whose it would be."""
    own = _own(secured, entry)
    return bool(own) and len({made.owner for made in own}) == 1


def in_use(secured: SecuredView, entry: Entry, came: Located | None = None) -> Outcome:
    """Whether a message is on a set in use.

    An answer may be on the set of its request, and a repetition on that of the first one, whatever became of it:
    `came` is where that was.
    """
    located = secured.on(entry)
    if located is None and entry.flow.association is not None:
        return Held(entry.number, "on a set from before this transcript")
    if located is not None and secured.sent_by_dut(located.name):
        same = came is not None and located.made is came.made
        if not same and _is_of_late(secured, located, entry):
            own = _own(secured, entry)
            expected = f"on {secured.right(own[-1], entry)}" if own else "on the new set"
            return Observed(entry.number, expected, f"{secured.way(entry)}, of the old set")
        if same or located.made.phase(entry.number) in IN_USE or _crossed(secured, located, entry):
            return Held(entry.number)
    own = _own(secured, entry)
    where = secured.right(own[-1], entry) if own else "an association of a set in use"
    phase = located.made.phase(entry.number) if located is not None else None
    which = f", of the {phase.name.lower()} set" if phase is not None else ""
    return Breach(entry.number, f"on {where}", secured.way(entry) + which)


def _all_else(view: View, otherwise: str) -> Iterator[Outcome]:
    secured, decided, calls = view.secured, False, emergency_calls(view)
    for exchange in view.transcript.exchanges:
        if exchange.method == "REGISTER" or exchange.by_tester:
            continue
        if not has_a_set(secured, exchange.request) or call_of(exchange.request) in calls:
            continue
        if exchange.request.flow.association is None and exchange.request.destination.host in _in_the_clear(view):
            continue
        decided = True
        first = exchange.request
        for entry in exchange.requests:
            yield in_use(secured, entry, None if entry is first else secured.on(first))
    for exchange in secured.asked:
        came = secured.on(exchange.request) if exchange.method != "REGISTER" else None
        for entry in exchange.responses if came is not None else ():
            decided = True
            yield in_use(secured, entry, came)
    if not decided:
        yield Unmet(otherwise)


def _own(secured: SecuredView, entry: Entry) -> list[MadeSet]:
    """The sets in use of the UE that is at one end of a message."""
    ends = {entry.source.host, entry.destination.host}
    return [made for made in secured.sets if made.owner.host in ends and made.lives(entry)]


def _in_the_clear(view: View) -> set[str]:
    """The hosts of the tester at which somebody has registered without associations, too."""
    accepted = (attempt.exchange.request for attempt in view.attempts if attempt.status // 100 == 2)
    return {request.source.host for request in accepted if request.flow.association is None}


def _crossed(secured: SecuredView, located: Located, entry: Entry) -> bool:
    """Whether a request on a new set of a P-CSCF has overtaken the 200, which takes another way."""
    established = located.made.established
    if secured.dut is not Side.P_CSCF or established is None or entry.number > established:
        return False
    return secured.transcript.entries[established - 1].at < entry.at + CROSSING


def _is_of_late(secured: SecuredView, located: Located, entry: Entry) -> bool:
    """Whether a UE goes on with a set whose place another has taken, and not because it had no time to hear of that.

    Only what is under way may finish there (7.4.1a).
    """
    replaced = located.made.replaced
    if secured.dut is not Side.UE or replaced is None or located.made.phase(entry.number) is not Phase.OLD:
        return False
    return entry.at > secured.transcript.entries[replaced - 1].at + SLACK


def emergency_calls(view: View) -> set[str]:
    """The Call-IDs of the dialogs that began with an emergency request, which may go in the clear."""
    begun = (exchange.request for exchange in view.transcript.exchanges)
    return {call_of(each) for each in begun if EMERGENCY in each.raw.split(b"\r\n", 1)[0].lower()}


def call_of(entry: Entry) -> str:
    """The Call-ID of a message, "" if there is none."""
    return (entry.message.value("Call-ID") or "") if entry.message is not None else ""
