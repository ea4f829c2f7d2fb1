"""What tells the requests of a UE apart and keeps them together (RFC 3261 8.1.1, 8.1.3.5, 10.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.events import Fate
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request
from imsreg.sip.timers import RFC3261
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_register import NO_REGISTER
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister
from imsreg.verdict.view import View, line_of

NO_REQUEST = Unmet("the UE sent no request")
MAGIC = "z9hG4bK"
"""How a branch begins (RFC 3261 8.1.1.7)."""
HOPS = 70
"""The recommended Max-Forwards (RFC 3261 8.1.1.6)."""


@check("rfc3261-8.1.1.2-01")
def to_has_no_tag(view: View) -> Iterator[Outcome]:
    """A REGISTER is never in a dialog."""
    if not view.ue.registers:
        yield NO_REGISTER
    for register in view.ue.registers:
        try:
            to = register.request.get(To)
        except HeaderError:
            continue  # 24.229-5.1.1.2.1-01 finds that
        if to is not None and to.tag is not None:
            yield Breach(register.number, "To without a tag", f"To: {to}", line_of(register.request, "To"))
        else:
            yield Held(register.number)


@check("rfc3261-8.1.1.6-01")
def has_max_forwards(view: View) -> Iterator[Outcome]:
    """In every request; it has to be readable."""
    for number, request in _requests(view):
        try:
            present = request.get(MaxForwards) is not None
        except HeaderError as error:
            yield Breach(number, "a Max-Forwards", str(error), line_of(request, "Max-Forwards"))
            continue
        yield Held(number) if present else Breach(number, "a Max-Forwards", "none")
    if not view.ue.exchanges:
        yield NO_REQUEST


@check("rfc3261-8.1.1.6-02")
def max_forwards_begins_at_70(view: View) -> Iterator[Outcome]:
    """The recommended value."""
    decided = False
    for number, request in _requests(view):
        try:
            header = request.get(MaxForwards)
        except HeaderError:
            continue
        if header is not None:
            decided = True
            line = line_of(request, "Max-Forwards")
            kept = header.hops == HOPS
            yield Held(number) if kept else Breach(number, f"Max-Forwards: {HOPS}", f"{header.hops}", line)
    if not decided:
        yield Unmet("no request of the UE had a Max-Forwards that can be read")


@check("rfc3261-8.1.1.7-01")
def branches_begin_with_the_magic_cookie(view: View) -> Iterator[Outcome]:
    """By it a branch counts as unique."""
    for number, request in _requests(view):
        branch = _branch(request)
        if branch.startswith(MAGIC):
            yield Held(number)
        else:
            actual = f"branch={branch}" if branch else "no branch that can be read"
            yield Breach(number, f"a branch that begins with {MAGIC}", actual, line_of(request, "Via"))
    if not view.ue.exchanges:
        yield NO_REQUEST


@check("rfc3261-8.1.1.7-02")
def every_request_has_its_own_branch(view: View) -> Iterator[Outcome]:
    """Retransmissions apart, over another transport too. ACK and CANCEL take over the branch of another request."""
    first: dict[str, int] = {}
    numbered: dict[str, tuple[str | None, ...]] = {}
    decided = False
    for number, request in _requests(view):
        branch = _branch(request)
        if not branch or request.method in ("ACK", "CANCEL"):
            continue
        number_of_it = (request.value("Call-ID"), request.value("CSeq"))
        if branch in first and numbered[branch] == number_of_it:
            continue  # rfc3261-10.2-02 finds whether it may be the same
        decided = decided or bool(first)
        if branch in first:
            actual = f"the branch of message {first[branch]}"
            yield Breach(number, "a branch of its own", actual, line_of(request, "Via"))
        elif first:
            yield Held(number)
        first.setdefault(branch, number)
        numbered.setdefault(branch, number_of_it)
    if not decided:
        yield Unmet("the UE sent fewer than two requests with a branch")


@check("rfc3261-8.1.3.5-01")
def keeps_to_and_from_in_the_answer(view: View) -> Iterator[Outcome]:
    """The request that a 4xx asked for has the same From, with its tag, and the same To."""
    answers = [(r, r.answers) for r in view.ue.registers if r.answers is not None]
    if not answers:
        yield Unmet("the UE answered no challenge")
    for register, challenged in answers:
        for header in (From, To):
            before, now = _told(challenged.request, header), _told(register.request, header)
            if before == now:
                yield Held(register.number)
            else:
                line = line_of(register.request, header.NAME)
                yield Breach(register.number, f"{header.NAME} as in message {challenged.number}", now, line)


@check("rfc3261-10.2-01")
def keeps_its_call_id(view: View) -> Iterator[Outcome]:
    """Re-registration and de-registration come under the Call-ID of the registration."""
    decided = False
    for register in view.ue.registers:
        if register.anchor is None or register.stage is not Stage.FIRST or register.purpose is Purpose.INITIAL:
            continue
        decided = True
        expected = register.anchor.call_id
        if register.call_id == expected:
            yield Held(register.number)
        else:
            line = line_of(register.request, "Call-ID")
            yield Breach(register.number, f"Call-ID: {expected}", f"Call-ID: {register.call_id}", line)
    if not decided:
        yield Unmet("the UE neither registered again nor de-registered")


@check("rfc3261-10.2-02")
def cseq_counts_up_by_one(view: View) -> Iterator[Outcome]:
    """From REGISTER to REGISTER with the same Call-ID.

    A packet that could not be read may have held one more. So may one that got lost, which the UE has given up: of a
    number that is left out nothing is certain but where the UE had no time for that. What failed may go elsewhere as it
    was, in a transaction of its own (RFC 3263 4.3; RFC 3261 18.1.1).
    """
    last: dict[str, UeRegister] = {}
    decided = False
    for register in view.ue.all_registers:
        before = last.get(register.call_id)
        last[register.call_id] = register
        if before is None or before.cseq < 0:
            continue
        decided = True
        if register.cseq == before.cseq + 1 or _goes_elsewhere(before, register):
            yield Held(register.number)
        elif register.cseq > before.cseq and _unread(view, before.number, register.number):
            yield Unmet("packets of the UE between two REGISTER requests could not be read")
        else:
            line = line_of(register.request, "CSeq")
            actual = f"CSeq: {register.request.value('CSeq')}"
            lost = register.cseq > before.cseq and _may_lie_between(before, register)
            finding = Observed if lost else Breach
            yield finding(register.number, f"CSeq: {before.cseq + 1} REGISTER", actual, line)
    if not decided:
        yield Unmet("no two REGISTER requests had the same Call-ID")


def left_out(view: View, number: int) -> int:
    """How many numbers of CSeq lie between a REGISTER of the UE and the one before it with the same Call-ID."""
    registers = [r for r in view.ue.all_registers if r.number <= number]
    if not registers or registers[-1].number != number:
        return 0
    *earlier, register = registers
    before = next((r for r in reversed(earlier) if r.call_id == register.call_id), None)
    return max(0, register.cseq - before.cseq - 1) if before is not None and before.cseq >= 0 else 0


def _goes_elsewhere(before: UeRegister, register: UeRegister) -> bool:
    """Whether it is the request before, to another address or over another transport, where that one has failed."""
    here, there = before.exchange.request.flow, register.exchange.request.flow
    failed = before.final is None or before.status in (408, 503)
    same = before.cseq == register.cseq and before.nonce == register.nonce and before.contacts == register.contacts
    return failed and same and (here.transport, here.local) != (there.transport, there.local)


def _may_lie_between(before: UeRegister, register: UeRegister) -> bool:
    """Whether a UE may have sent another request in between, which nobody has seen.

    Over UDP it repeats what got lost; within T1 of a response it has not even had a reason to do so.
    """
    if register.exchange.request.flow.reliable or before.final is None:
        return True
    entry = before.final_entry
    return entry.number > register.number or register.at - entry.at >= RFC3261.t1


def _unread(view: View, earlier: int, later: int) -> bool:
    """Whether a packet with ESP came between two messages that could not be taken."""
    between = (record.event for record in view.secured.arrived if earlier <= record.after < later)
    return any(event.fate not in (Fate.OK, Fate.CLEAR, Fate.REPLAY, Fate.DUMMY) for event in between)


def _requests(view: View) -> Iterator[tuple[int, Request]]:
    for exchange in view.ue.exchanges:
        if isinstance(exchange.request.message, Request):
            yield exchange.request.number, exchange.request.message


def _branch(request: Request) -> str:
    try:
        via = request.get(Via)
    except HeaderError:
        return ""
    return (via.branch or "") if via is not None else ""


def _told(request: Request, header: type[From] | type[To]) -> str:
    """URI and tag, without the display name."""
    try:
        value = request.get(header)
    except HeaderError:
        return f"a {header.NAME} that cannot be read"
    return f"<{value.uri}>;tag={value.tag}" if value is not None else f"no {header.NAME}"
