"""On which associations a UE sends (TS 33.203 7.4, 7.4.1a; TS 24.229 5.1.1.4.1, 5.1.1.5.1, 5.1.1.5.3, 5.1.1.6)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.associations import Name
from imsreg.secagree.phases import Phase
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.esp_in_use import has_a_set, in_use
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_view import Located, SecuredView
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import REPORTS, Purpose, Stage, UeRegister
from imsreg.verdict.view import View


@check("33.203-7.4.1a-01")
def answers_on_the_new_set(view: View) -> Iterator[Outcome]:
    """The response to a challenge, and each repetition of it, goes on UL1 of the set that the challenge makes."""
    secured, decided = view.secured, False
    for register in view.ue.responses:
        made = secured.made_of(register.answers.number) if register.answers is not None else None
        if made is None or register.by_password:
            continue
        decided = True
        for entry in register.exchange.requests:
            on = made.on(entry)
            if on is not None and on.name is Name.UL1:
                yield Held(entry.number)
            else:
                expected = f"on {secured.right(made, entry)}, the set of the challenge"
                yield Breach(entry.number, expected, secured.way(entry))
    if not decided:
        yield Unmet("the UE answered no challenge that makes associations")


@check("24.229-5.1.1.4.1-03")
def registers_again_on_the_established_set(view: View) -> Iterator[Outcome]:
    """The first request of a re-registration, while the set of the registration certainly lives."""
    return _begun_on_a_set(view, Purpose.REFRESH, "the UE registered nothing again that it had registered on a set")


@check("24.229-5.1.1.6-03")
def deregisters_on_the_established_set(view: View) -> Iterator[Outcome]:
    """The first request of a de-registration, likewise."""
    return _begun_on_a_set(view, Purpose.DEREGISTRATION, "the UE de-registered nothing that it had registered on a set")


@check("33.203-7.4.1a-03")
def reports_a_failure_outside_the_new_set(view: View) -> Iterator[Outcome]:
    """A wrong MAC or SQN: in the clear if the first REGISTER was, else on the set of that."""
    secured, decided = view.secured, False
    for register in view.ue.registers:
        if register.stage not in REPORTS or register.answers is None or not register.by_aka:
            continue
        began = _beginning(register).exchange.request
        old = secured.on(began)
        new = secured.made_of(register.answers.number)
        if new is None and old is None:
            continue
        decided = True
        for entry in register.exchange.requests:
            yield _reported(secured, entry, old, began)
    if not decided:
        yield Unmet("the UE reported no challenge that it could not accept and that makes associations")


def _begun_on_a_set(view: View, purpose: Purpose, otherwise: str) -> Iterator[Outcome]:
    secured, decided = view.secured, False
    for register in view.ue.registers:
        request = register.exchange.request
        if register.purpose is not purpose or register.stage is not Stage.FIRST or register.by_password:
            continue
        if not has_a_set(secured, request):
            continue
        decided = True
        if request.flow.association is None and _tried_on_a_set(view, register):
            yield Moot("a REGISTER on the associations had failed: the UE may take them for dead")
            continue
        for entry in register.exchange.requests:
            yield in_use(secured, entry)
    if not decided:
        yield Unmet(otherwise)


def _tried_on_a_set(view: View, register: UeRegister) -> bool:
    """Whether the UE had begun the same on associations, and got no answer or a failure (TS 33.203 7.4.0)."""
    since = register.anchor.final_entry.number if register.anchor is not None else 0
    return any(
        each.exchange.request.flow.association is not None and (not each.status or each.status // 100 > 2)
        for each in view.ue.registers
        if since < each.number < register.number and each.same_ue(register) and each.stage is Stage.FIRST
        if each.status not in (401, 407, 423)
    )


def _reported(secured: SecuredView, entry: Entry, old: Located | None, began: Entry) -> Outcome:
    located, label = secured.on(entry), began.flow.association
    if old is None and label is not None:  # a set from before this transcript
        if entry.flow.association == label:
            return Held(entry.number)
        return Breach(entry.number, f"on {label}, on which the registration began", secured.way(entry))
    if old is None:
        if located is not None and located.made.phase(entry.number) is Phase.ESTABLISHED:
            return Observed(entry.number, "in the clear, as the registration began", secured.way(entry))
        if entry.flow.association is None:
            return Held(entry.number)
        return Breach(entry.number, "in the clear, as the registration began", secured.way(entry))
    if located is not None and located.made is old.made:
        return Held(entry.number)
    expected = f"on {secured.right(old.made, entry)}, on which the registration began"
    return Breach(entry.number, expected, secured.way(entry))


def _beginning(register: UeRegister) -> UeRegister:
    *_, first = register.chain()
    return first
