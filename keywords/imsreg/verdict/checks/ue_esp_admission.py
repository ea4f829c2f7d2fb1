"""What a UE takes: requests on its associations only, and a 200 only where it belongs (TS 33.203 7.1, 7.4.1a)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imsreg.secagree.events import Fault
from imsreg.sip.headers.security import SecurityClient
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.esp_in_use import call_of, emergency_calls
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_history import MadeSet
from imsreg.verdict.esp_view import SILENCE, SecuredView
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.view import View, readable


@check("33.203-7.1-09")
def takes_no_request_in_the_clear(view: View) -> Iterator[Outcome]:
    """While it has associations no request in the clear gets a 2xx, unless it belongs to an emergency call.

    It may say in the clear what is wrong with it.
    """
    secured, decided, calls = view.secured, False, emergency_calls(view)
    for exchange in secured.asked:
        request = exchange.request
        lives = any(m.owner.host == request.destination.host and m.lives(request) for m in secured.sets)
        if request.flow.association is not None or exchange.method in ("ACK", "CANCEL") or not lives:
            continue
        if call_of(request) in calls:
            continue
        decided = True
        accepted = [entry for entry in exchange.responses if entry.label.startswith("2")]
        expected = f"no 2xx to {exchange.method} in the clear"
        if accepted:
            yield Breach(accepted[0].number, expected, f"{accepted[0].label} {secured.way(accepted[0])}")
        elif exchange.final is not None or secured.waited(request.at):
            yield Held(request.number)
        else:
            yield Unmet(f"the tester did not wait for an answer to message {request.number}")
    if not decided:
        yield Unmet("the tester sent no request in the clear to a UE with associations")


@check("33.203-7.4.1a-04")
def takes_the_200_from_the_new_set_only(view: View) -> Iterator[Outcome]:
    """A 200 to its answer that is in the clear, on another set or spoiled does not register the UE.

    What shows it: the UE repeats the answer, or registers anew; or it has been silent, and uses the set of the
    challenge sooner after the right 200. What shows the contrary: it sends something else than the answer on this set,
    which only a 200 lets it use.
    """
    secured, decided = view.secured, False
    for register in view.ue.responses:
        made = secured.made_of(register.answers.number) if register.answers is not None else None
        if made is None or made.on(register.exchange.request) is None:
            continue
        wrong = _wrong_200s(secured, register)
        if not wrong:
            continue
        decided = True
        first, right = wrong[0], register.concluded if register.accepted else None
        later = list(_since(view, register, made, first.after))
        use = next((each.entry for each in later if not each.tries and made.on(each.entry) is not None), None)
        again = next((each.entry for each in later if each.tries), None)
        if use is not None and (right is None or use.number < right.number):
            words = ", ".join(each.words for each in wrong if each.after < use.number)
            actual = f"{use.label} {secured.way(use)} after {words}"
            yield Breach(use.number, "the answer again, or a new registration", actual)
        elif again is not None and (right is None or again.number < right.number):
            yield Held(again.number)
        elif use is not None and right is not None and _set_off(view, first, right, use):
            yield Held(use.number)
        else:
            yield Unmet(f"the UE sent no REGISTER again after {first.words}")
    if not decided:
        yield Unmet("the UE got no 200 to its answer in the clear, on another set or spoiled")


class _Since(NamedTuple):
    """A request of the UE. `tries`: it is the answer again, or the first of a new registration."""

    entry: Entry
    tries: bool


class _Wrong(NamedTuple):
    """A 200 that a UE has to discard: the message after which it came, its time, and what it is."""

    after: int
    at: float
    words: str


def _wrong_200s(secured: SecuredView, register: UeRegister) -> list[_Wrong]:
    """Those to an answer, before the one that counts.

    What was sent spoiled is no message of the ladder: it counts while the UE waits for the answer and does nothing
    else.
    """
    right = register.concluded
    found = [
        _Wrong(entry.number, entry.at, f"message {entry.number}, {entry.label} {secured.way(entry)}")
        for entry in register.astray
        if right is None or entry.number < right.number
    ]
    for record in secured.injected:
        fault = record.event.injected
        waits = register.number <= record.after and (right is None or record.after < right.number)
        if fault is None or fault is Fault.REPLAY or not waits or _others_since(secured, register, record.after):
            continue
        found.append(_Wrong(record.after, record.at, f"a packet with {fault.value}"))
    return sorted(found)


def _others_since(secured: SecuredView, register: UeRegister, number: int) -> bool:
    """Whether the UE has gone on to something else: then the packet was meant for that."""
    own = {entry.number for entry in register.exchange.requests}
    return any(register.number < e.number <= number and e.number not in own for e in secured.written)


def _since(view: View, register: UeRegister, made: MadeSet, number: int) -> Iterator[_Since]:
    """What the UE sent by itself after a message, in order."""
    trying = {r.number for r in view.ue.registers if _again(r, register) or _anew(r, register, made)}
    sent = ((x.request.number in trying, entry) for x in view.ue.exchanges for entry in x.requests)
    for tries, entry in sorted(sent, key=lambda each: each[1].number):
        if entry.number > number:
            yield _Since(entry, tries)


def _set_off(view: View, wrong: _Wrong, right: Entry, use: Entry) -> bool:
    """Whether the right 200 led to the first use of the set: a pause before it, a shorter one since, and no command."""
    told = view.ue.watch.told_between(right.number, use.number)
    return told is None and SILENCE <= right.at - wrong.at > use.at - right.at


def _again(later: UeRegister, register: UeRegister) -> bool:
    """Whether it is the answer, repeated or written anew: what follows on a registration makes an offer of its own."""
    same = readable(later.request, SecurityClient) == readable(register.request, SecurityClient)
    return same and later.nonce == register.nonce and later.binds == register.binds


def _anew(later: UeRegister, register: UeRegister, made: MadeSet) -> bool:
    """Whether a registration begins that has nothing to do with the one before."""
    other = later.stage is Stage.FIRST and later.call_id != register.call_id
    return other and made.on(later.exchange.request) is None
