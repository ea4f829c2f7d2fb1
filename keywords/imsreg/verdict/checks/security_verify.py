"""What a changed list in the answer to a challenge gets (TS 33.203 7.3.2.3 and Annex H; RFC 3329 2.3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imsreg.secagree.negotiation import same_list
from imsreg.sip.headers.security import SecurityServer
from imsreg.verdict.authentication import CLIENT_CHANGED, VERIFY_CHANGED, Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import Answered, Replied, View, line_of, readable

ENDPOINT = ("spi-c", "spi-s", "port-c", "port-s")
"""Parameters that may be new in every list: they name associations, not mechanisms."""


@check("33.203-7.3.2.3-01")
def a_changed_security_verify_ends_the_registration(view: View) -> Iterator[Outcome]:
    """No code is named: any 4xx will do."""
    return _aborted(view, VERIFY_CHANGED)


@check("33.203-H-03")
def a_changed_security_client_ends_the_registration(view: View) -> Iterator[Outcome]:
    """The P-CSCF compares it with the one that it stored when it challenged (Annex H items 1 to 3)."""
    return _aborted(view, CLIENT_CHANGED)


@check("rfc3329-2.3.1-01")
def a_changed_security_verify_gets_494(view: View) -> Iterator[Outcome]:
    """Another refusal is what TS 33.203 leaves open."""
    expected = f"494: {VERIFY_CHANGED}"
    changed = list(_changed(view, VERIFY_CHANGED))
    if not changed:
        yield _not_sent(VERIFY_CHANGED)
    for answered in changed:
        status = answered.response.status
        if status == 494:
            yield Held(answered.entry)
        elif status // 100 == 2:
            yield Breach(answered.entry, expected, f"{status}")
        elif status // 100 in (4, 6):
            yield Observed(answered.entry, expected, f"{status}")
        else:
            yield Unmet(f"the answer with a changed Security-Verify got {status}")


@check("rfc3329-2.3.1-02")
def a_494_brings_the_list(view: View) -> Iterator[Outcome]:
    """The network's own list, as it was before where there was one."""
    lists: dict[str | None, tuple[SecurityServer, ...]] = {}
    decided = False
    for reply in view.replies:
        call_id, given = reply.request.value("Call-ID"), readable(reply.response, SecurityServer)
        if reply.response.status == 494:
            decided = True
            yield _own_list(reply, given, lists.get(call_id, ()))
        if given:
            lists[call_id] = given
    if not decided:
        yield (
            Moot("there was no 494, which rfc3329-2.3.1-01 judges")
            if any(_changed(view, VERIFY_CHANGED))
            else Unmet("no request got a 494")
        )


def _aborted(view: View, fault: str) -> Iterator[Outcome]:
    changed = list(_changed(view, fault))
    if not changed:
        yield _not_sent(fault)
    for answered in changed:
        status = answered.response.status
        if status // 100 == 2:
            yield Breach(answered.entry, f"4xx: {fault}", f"{status}")
        elif status // 100 == 4 and status != 401:
            yield Held(answered.entry)
        elif status == 503 or status // 100 == 3:
            yield Unmet(f"the answer got {status}")
        else:
            yield Observed(answered.entry, f"4xx: {fault}", f"{status}")


def _changed(view: View, fault: str) -> Iterator[Answered]:
    """The right responses with this fault in the agreement, and no fault elsewhere."""
    for answered in view.answered:
        faults = set(answered.attempt.faults)
        if answered.attempt.kind is Kind.RIGHT and fault in faults and faults <= {VERIFY_CHANGED, CLIENT_CHANGED}:
            yield answered


def _not_sent(fault: str) -> Unmet:
    return Unmet(f"no right response was answered whose fault is: {fault}")


def _own_list(reply: Replied, given: Sequence[SecurityServer], before: Sequence[SecurityServer]) -> Outcome:
    """`before` is the list that the network gave last under the same Call-ID, empty if there is none."""
    expected = "the network's own list in Security-Server of the 494"
    line = line_of(reply.response, "Security-Server")
    if not given:
        actual = "no Security-Server" if line is None else "a Security-Server that cannot be read"
        return Breach(reply.entry, expected, actual, line)
    if not before or same_list(before, given):
        return Held(reply.entry)
    if same_list(*([e.without(*ENDPOINT) for e in entries] for entries in (before, given))):
        return Observed(reply.entry, expected, "other SPIs or ports than in the list before", line)
    return Breach(reply.entry, expected, ", ".join(str(entry) for entry in given), line)
