"""How a UE ends its registration (TS 24.229 5.1.1.6)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_refresh import due_after, last_credentials
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister
from imsreg.verdict.view import View, line_of

NO_END = Unmet("the UE did not de-register")


@check("24.229-5.1.1.6-01")
def asks_for_an_expiry_of_zero(view: View) -> Iterator[Outcome]:
    """For its contact, or for all by Contact *. Of what the UE sends after it was told to, one request has to.

    A refresh that was due about then may have crossed the command, and the end waits for its response (RFC 3261 10.2).
    """
    decided = False
    judged: set[int] = set()
    for place, command in enumerate(view.ue.watch.commands):
        if command.action != "deregister":
            continue
        later = view.ue.watch.commands[place + 1 :]
        end = next((other.after for other in later), None)
        sent = [r for r in view.ue.registers if command.after < r.number and (end is None or r.number <= end)]
        sent = [r for r in sent if r.stage is Stage.FIRST and (r.contacts or r.request.field("Contact") is None)]
        judged.update(r.number for r in sent)
        if sent:
            decided = True
            right = next((r for r in sent if r.purpose is Purpose.DEREGISTRATION), None)
            if right is not None:
                yield Held(right.number)
            elif all(map(_was_due, sent)):
                yield Unmet("a refresh was due when the UE was told to de-register")
            else:
                yield _still_binds(sent[0])
    for register in view.ue.registers:
        if register.purpose is Purpose.DEREGISTRATION and register.number not in judged:
            decided = True
            yield Held(register.number)
    if not decided:
        yield NO_END


@check("24.229-5.1.1.6-02")
def sends_its_last_credentials(view: View) -> Iterator[Outcome]:
    """As when it registers again."""
    yield from last_credentials(view, Purpose.DEREGISTRATION, NO_END)


def _was_due(register: UeRegister) -> bool:
    """Whether it is a refresh, and most of the time until that was due had passed."""
    anchor = register.anchor
    granted = anchor.granted() if anchor is not None else None
    if register.purpose is not Purpose.REFRESH or anchor is None or not granted:
        return False
    return register.at - anchor.final_entry.at >= due_after(granted) / 2


def _still_binds(register: UeRegister) -> Breach:
    expected = "an expiry of zero: the UE was told to de-register"
    if not register.contacts:
        return Breach(register.number, expected, "a REGISTER without Contact")
    contact = register.contacts[0]
    name = "Contact" if "expires" in contact.params else "Expires"
    asked = register.asked(contact)
    actual = f"{asked} s" if asked is not None else "no expiry"
    return Breach(register.number, expected, actual, line_of(register.request, name))
