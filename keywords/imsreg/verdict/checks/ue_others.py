"""Bindings that other user agents have made (RFC 3261 10.2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.uri import equivalent
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import UeRegister, listed
from imsreg.verdict.view import View, line_of

INSTANCE = "+sip.instance"


@check("rfc3261-10.2.4-03")
def leaves_the_bindings_of_others_alone(view: View) -> Iterator[Outcome]:
    """No REGISTER asks for a contact that a 2xx has listed and that the UE has not registered itself."""
    decided = False
    for register in view.ue.registers:
        others = list(_others(view, register)) if register.binds else []
        if not others:
            continue
        decided = True
        taken = [contact for contact in register.contacts if _asks_for(register, contact, others)]
        if taken:
            line = line_of(register.request, "Contact")
            actual = f"Contact: {', '.join(str(contact.uri) for contact in taken)}"
            yield Breach(register.number, "the UE's own contact alone", actual, line)
        else:
            yield Held(register.number)
    if not decided:
        yield Unmet("no REGISTER followed on a 2xx that lists contacts of others")


def _others(view: View, register: UeRegister) -> Iterator[Contact]:
    """The bindings that earlier responses listed beside those of the UE.

    One of its own instance may be its own of before.
    """
    earlier = [r for r in view.ue.registers if r.number < register.number and r.same_ue(register)]
    instances = {contact.params.get(INSTANCE) for r in (*earlier, register) for contact in r.contacts} - {None}
    for before in earlier:
        final = before.final if before.accepted and before.final_entry.number < register.number else None
        for contact in listed(final) if final is not None else ():
            own = any(each.owns(contact.uri) for each in earlier)
            if not own and contact.expires != 0 and contact.params.get(INSTANCE) not in instances:
                yield contact


def _asks_for(register: UeRegister, contact: Contact, others: list[Contact]) -> bool:
    if contact.star or register.asked(contact) == 0:
        return False
    return any(equivalent(contact.uri, other.uri) for other in others)
