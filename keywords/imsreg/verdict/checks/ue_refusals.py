"""What a UE does when it is refused or kept waiting (RFC 3261 10.2, 10.2.8, 21.4.4, 21.5.4; TS 24.229 5.1.1.2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.expires import MinExpires
from imsreg.sip.headers.retry_after import RetryAfter
from imsreg.verdict.checks.esp_in_use import call_of, emergency_calls
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.ue_told import PATIENCE, TRANSACTION
from imsreg.verdict.view import View, line_of

AT_ONCE = 15.0
"""Seconds after a refusal within which a REGISTER repeats it at once.

No text gives a figure. The shortest wait of RFC 5626 4.5 is half of its base time of 30 s.
"""
EARLY = 1.0
"""Seconds by which a UE may come before Retry-After is over: it counts whole seconds."""
OCCASION = 2.0
"""Seconds without a response after which a UE may have been tempted to begin anew."""


@check("rfc3261-10.2.8-01")
def asks_for_min_expires(view: View) -> Iterator[Outcome]:
    """If it registers again at all."""
    decided = False
    for register, least in _too_brief(view):
        reply = view.ue.own_next(register)
        if reply is None or not reply.binds:
            continue
        decided = True
        for contact in reply.contacts:
            asked = reply.asked(contact)
            if asked == 0 or (asked is not None and asked >= least):
                yield Held(reply.number)
            else:
                name = "Contact" if "expires" in contact.params else "Expires"
                actual = f"{asked} s" if asked is not None else "no expiry"
                # Long after it a registration is another one, to which another 423 is the answer.
                finding = Breach if reply.at - register.final_entry.at < PATIENCE else Observed
                line = line_of(reply.request, name)
                yield finding(reply.number, f"at least the {least} s of Min-Expires", actual, line)
    if not decided:
        yield Unmet("the UE did not register again after a 423 with a Min-Expires above what it had asked for")


@check("24.229-5.1.1.2.1-07")
def registers_again_after_423(view: View) -> Iterator[Outcome]:
    """The next REGISTER comes by itself."""
    decided = False
    for register, least in _too_brief(view):
        entry = register.final_entry.number
        reply, quiet = view.ue.own_next(register), view.ue.quiet(register)
        if reply is not None and reply.binds:
            decided = True
            yield Held(reply.number)
        elif quiet >= PATIENCE:
            decided = True
            yield Breach(entry, f"a REGISTER for at least {least} s", f"none for {quiet:.0f} s")
    if not decided:
        yield Unmet("no 423 with a Min-Expires above what the UE had asked for was followed for long enough")


@check("rfc3261-21.4.4-01")
def does_not_repeat_what_is_forbidden(view: View) -> Iterator[Outcome]:
    """No REGISTER at once after a 403, by itself, for what was refused. Another way of registering is odd."""
    decided = False
    for register in view.ue.registers:
        if register.status != 403 or not register.binds:
            continue
        reply, quiet = view.ue.own_next(register), view.ue.quiet(register)
        at_once = reply is not None and reply.binds and quiet < AT_ONCE
        if at_once and reply is not None:
            decided = True
            finding = Breach if reply.purpose is register.purpose else Observed
            yield finding(reply.number, "no REGISTER at once after the 403", f"{reply.purpose} after {quiet:.1f} s")
        elif quiet >= AT_ONCE:
            decided = True
            yield Held(register.final_entry.number)
    if not decided:
        yield Unmet(f"no REGISTER was refused with 403 and the UE watched for {AT_ONCE:g} s then")


@check("rfc3261-21.5.4-01")
def waits_for_retry_after(view: View) -> Iterator[Outcome]:
    """No request of any kind before the time is over, unless the UE is told to, or there is an emergency."""
    decided = False
    calls, registers = emergency_calls(view), {r.number for r in view.ue.all_registers if r.emergency}
    asked = (exchange.request for exchange in view.ue.exchanges if exchange.request.number not in registers)
    requests = [request for request in asked if call_of(request) not in calls]
    for register in view.ue.registers:
        seconds = _retry_after(register)
        if not seconds:
            continue
        entry = register.final_entry
        due = entry.at + seconds - EARLY
        # Another server may be asked meanwhile.
        later = (request for request in requests if request.number > entry.number)
        early = next((request for request in later if request.destination.host == entry.source.host), None)
        told = view.ue.watch.told_between(entry.number, early.number if early is not None else None)
        if told is not None:
            continue
        if early is not None and early.at < due:
            decided = True
            actual = f"{early.label} after {early.at - entry.at:.1f} s"
            yield Breach(early.number, f"nothing for the {seconds} s of Retry-After", actual)
        elif early is not None or view.ue.watch.until >= due:
            decided = True
            yield Held(early.number if early is not None else entry.number)
    if not decided:
        yield Unmet("no REGISTER got a 503 with Retry-After that the UE was watched for")


@check("24.229-5.1.1.2.1-08")
def one_registration_at_a_time(view: View) -> Iterator[Outcome]:
    """While a REGISTER waits for its final response, and has not timed out, no other one for a contact follows."""
    decided = False
    for place, register in enumerate(view.ue.registers):
        later = view.ue.registers[place + 1 :]
        others = [r for r in later if r.binds and r.stage is Stage.FIRST and r.same_ue(register)]
        ended = register.final_entry.at if register.final is not None else view.ue.watch.until
        hurried = next((r for r in others if _while_open(view, register, r)), None)
        if hurried is not None:
            decided = True
            actual = f"another REGISTER {hurried.at - register.at:.1f} s after it"
            yield Breach(hurried.number, f"no REGISTER before message {register.number} is answered", actual)
        elif ended - register.at >= OCCASION:
            decided = True
            yield Held(register.number)
    if not decided:
        yield Unmet(f"no REGISTER of the UE was left without a response for {OCCASION:g} s")


def _while_open(view: View, register: UeRegister, later: UeRegister) -> bool:
    """Whether `later` was sent, unasked and the same way, before the response to `register` or its timeout.

    The end of a connection ends what waits on it (RFC 3261 8.1.3.1). What a UE makes of a response that it should
    discard is judged elsewhere.
    """
    if register.astray or (register.final is not None and register.final_entry.number < later.number):
        return False
    flows = register.exchange.request.flow, later.exchange.request.flow
    another = flows[0].reliable and flows[0].connection != flows[1].connection
    if another or flows[0].transport != flows[1].transport or later.at - register.at >= TRANSACTION - EARLY:
        return False
    return view.ue.watch.told_between(register.number, later.number) is None


def _too_brief(view: View) -> Iterator[tuple[UeRegister, int]]:
    """The REGISTER requests with a 423 that asks for more than they did, and for how much."""
    for register in view.ue.registers:
        if register.status != 423 or register.final is None or not register.binds:
            continue
        try:
            least = register.final.get(MinExpires)
        except HeaderError:
            continue
        asked = [register.asked(contact) or 0 for contact in register.contacts]
        if least is not None and min(asked) < least.seconds:
            yield register, least.seconds


def _retry_after(register: UeRegister) -> int | None:
    """The seconds in Retry-After of a 503."""
    if register.status != 503 or register.final is None:
        return None
    try:
        header = register.final.get(RetryAfter)
    except HeaderError:
        return None
    return header.seconds if header is not None else None
