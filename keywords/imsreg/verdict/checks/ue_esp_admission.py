"""What a UE takes: requests on its associations only, and a 200 only where it belongs (TS 33.203 7.1, 7.4.1a)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.events import Fault
from imsreg.sip.message import Request
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_view import SecuredView
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.view import View


@check("33.203-7.1-09")
def takes_no_request_in_the_clear(view: View) -> Iterator[Outcome]:
    """While it has associations no request in the clear gets a 2xx. It may say in the clear what is wrong with it."""
    secured, decided = view.secured, False
    for exchange in secured.asked:
        request = exchange.request
        lives = any(m.owner.host == request.destination.host and m.lives(request) for m in secured.sets)
        if request.flow.association is not None or exchange.method in ("ACK", "CANCEL") or not lives:
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

    What shows it: the UE repeats the answer, or registers anew. What shows the contrary: it sends something else on
    the set of the challenge, which only a 200 lets it use.
    """
    secured, decided = view.secured, False
    for register in view.ue.responses:
        made = secured.made_of(register.answers.number) if register.answers is not None else None
        if made is None or made.on(register.exchange.request) is None:
            continue
        wrong = _wrong_200(secured, register)
        if wrong is None:
            continue
        decided = True
        number, words = wrong
        later = sorted(_since(view, register, number), key=lambda entry: entry.number)
        taken = [e for e in later if not _is_register(e) and made.on(e) is not None]
        if taken:
            actual = f"{taken[0].label} {secured.way(taken[0])} after {words}"
            yield Breach(taken[0].number, "the answer again, or a new registration", actual)
        elif any(_is_register(entry) for entry in later):
            yield Held(next(entry.number for entry in later if _is_register(entry)))
        else:
            yield Unmet(f"the UE sent no REGISTER again after {words}")
    if not decided:
        yield Unmet("the UE got no 200 to its answer in the clear, on another set or spoiled")


def _wrong_200(secured: SecuredView, register: UeRegister) -> tuple[int, str] | None:
    """The first 200 to an answer that a UE has to discard, as the message after which it came; None: there is none.

    What was sent spoiled is no message of the ladder: it counts if the answer had got none by then.
    """
    exchange = register.exchange
    if register.misplaced:
        entry = register.final_entry
        return entry.number, f"message {entry.number}, {entry.label} {secured.way(entry)}"
    for record in secured.injected:
        spoiled = record.event.injected is not Fault.REPLAY and record.after >= exchange.request.number
        if spoiled and not _answered_by(exchange, record.after) and not _others_since(secured, register, record.after):
            return record.after, f"a packet with {record.event.injected.value}" if record.event.injected else ""
    return None


def _answered_by(exchange: Exchange, number: int) -> bool:
    return exchange.final is not None and exchange.final.number <= number


def _others_since(secured: SecuredView, register: UeRegister, number: int) -> bool:
    """Whether the UE has gone on to something else: then the packet was meant for that."""
    own = {entry.number for entry in register.exchange.requests}
    return any(register.number < e.number <= number and e.number not in own for e in secured.written)


def _since(view: View, register: UeRegister, number: int) -> Iterator[Entry]:
    """What the UE sent by itself after a message, until a 200 came that counts."""
    until = next((e.number for e in register.exchange.responses if e.number > number and e.label.startswith("2")), None)
    for exchange in view.ue.exchanges:
        for entry in exchange.requests:
            if entry.number > number and (until is None or entry.number < until):
                yield entry


def _is_register(entry: Entry) -> bool:
    return isinstance(entry.message, Request) and entry.message.method == "REGISTER"
