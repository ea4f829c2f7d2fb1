"""Named places in a role where a mutant may step in: roles have seams, never an `if defect`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

T = TypeVar("T")
Hook = Callable[..., Any]

SEAMS: Final[Mapping[str, str]] = {
    "p-cscf.packet": "Packet that arrived at Gm, before anything reads it; None drops it",
    "p-cscf.request": "Draft of the request that goes to the S-CSCF",
    "p-cscf.challenge": "WWW-Authenticate value that goes to the UE, without ik and ck; context `received`",
    "p-cscf.response": "Draft of the response that goes to the UE; context `request`",
    "p-cscf.sent": "list with the Packet that leaves at Gm; an empty list loses it",
    "p-cscf.security-server": "list of Security-Server values for a 401; context `client`",
    "p-cscf.security-verify": "bool: Security-Verify of an answer mirrors the list that was sent; context `request`",
    "p-cscf.security-client": "bool: Security-Client of an answer is that of the request before; context `request`",
    "p-cscf.discard": "bool: what came on a wrong association, or in the clear, is dropped; context `request`, `flow`",
    "p-cscf.source": "bool: the Via of a protected REGISTER is the address it came from; context `request`, `flow`",
    "p-cscf.integrity": "`integrity-protected` for the home network, yes or no; context `flow`",
    "p-cscf.chosen": "Chosen of a UE's proposal, of which a set is made; context `client`",
    "p-cscf.room": "why a UE cannot have another set, or None; context `contact`, `ue` (Endpoints or None)",
    "p-cscf.endpoints": "Endpoints of the P-CSCF for a new set of associations; context `before` (Endpoints or None)",
    "p-cscf.keys": "EspKeys of a new set of associations",
    "p-cscf.set": "SaSet about to be installed",
    "p-cscf.reply-flow": "Flow of a final response; context `request`, `status`, `arrival` (with the sets)",
    "p-cscf.lifetime": "seconds of a registration that its set is to last; context `request`",
    "p-cscf.esp-sent": "list of ESP packets as octets, of which the last is the one that leaves and those before it go "
    "along; context `end` (a sound Outbound), `keys`, `payload`, `next_header`, `sequence`; in memory only",
    "p-cscf.esp-received": "Received: what an ESP packet was; context `packet`, `keys`; in memory only",
    "p-cscf.remove": "bool: a set of associations that is dead is taken out; context `sas`",
    "p-cscf.route-checked": "bool: the Route of a request of the UE is the one that it was given; context `request`",
    "p-cscf.to-ue": "Flow of a request to the UE; context `request`",
    "s-cscf.admitted": "Refusal before authentication, or None; context `request`",
    "s-cscf.known": "bool: a contact of a protected REGISTER needs no authentication; context `contact`, `request`",
    "s-cscf.procedure": "Procedure chosen for a REGISTER; context `request`",
    "s-cscf.challenge": "Challenge that goes into a 401; context `request`",
    "s-cscf.verified": "bool: the response is the one that XRES gives; context `request`",
    "s-cscf.counted": "bool: nc of the right response to a password's challenge counts up; context `request`",
    "s-cscf.failed": "Refusal of a wrong response; context `request`",
    "s-cscf.authentication-info": "AuthenticationInfo of the 200 to the right response, or None; context `request`",
    "s-cscf.star": "bool: Contact * is used as RFC 3261 10.3 step 6 allows; context `request`",
    "s-cscf.granted": "seconds granted to a contact; context `asked`, `request`",
    "s-cscf.update": "ContactUpdate list about to be applied to the bindings; context `request`",
    "s-cscf.listed": "list of bindings that the 200 shows; context `request`, `now`",
    "s-cscf.response": "Draft of any final response; context `request`",
    "s-cscf.package": "bool: the event package of a SUBSCRIBE is one that is known; context `request`",
    "s-cscf.may-watch": "Refusal of a first SUBSCRIBE for what it asks about and who asks, or None; context `request`",
    "s-cscf.subscription": "seconds granted to a subscription; context `asked`, `request`",
    "s-cscf.subscription-over": "bool: a subscription ends with the NOTIFY that is due; context `why` (a Why)",
    "s-cscf.notified": "bool: a NOTIFY that is due is sent; context `why` (a Why)",
    "s-cscf.notified-first": "bool: the NOTIFY that a SUBSCRIBE brings about leaves before its 200; context `request`",
    "s-cscf.reginfo": "Reginfo about to be written; context `why`, `watched` (the ImplicitSet)",
    "s-cscf.notify": "Draft of a NOTIFY; context `document` (the Reginfo), `change` (a Why)",
    "hss.vector": "AuthenticationVector about to leave the HSS; context `subscriber`, `sqn`",
    "hss.resynchronised": "SQN from which the AuC goes on after an AUTS that verified; context `subscriber`, `before`",
    "hss.identities": "public identities of the implicit set, default first; context `impi`",
    "ue.packet": "Packet that arrived at the UE, before anything reads it; None drops it",
    "ue.sent": "list with the Packet that leaves the UE, repetitions too; an empty list loses it",
    "ue.request": "Draft of a request of the UE, None: it is not sent; context `kind` (a Kind), `challenge`",
    "ue.challenge": "WwwAuthenticate that is answered, of those in a 401, or None; context `response`",
    "ue.autn": "Accepted, SyncFailure or MacFailure: what the USIM says of RAND and AUTN; context `usim`, `rand`",
    "ue.credentials": "Authorization value that answers a challenge; context `challenge`, `identity`, `outcome` (of "
    "ue.autn; None: a password answers)",
    "ue.agreement": "SecurityServer entry that the UE would use, or None; context `response`, `offered`",
    "ue.endpoints": "Endpoints of the UE for the next Security-Client; context `before` (None: there was none)",
    "ue.esp-sent": "as p-cscf.esp-sent",
    "ue.esp-received": "as p-cscf.esp-received",
    "ue.keys": "EspKeys of the set that a challenge makes; context `transform`",
    "ue.set": "SaSet that the UE is about to have installed; context `response`",
    "ue.unprotected": "bool: a challenge that brings no associations is answered without any; context `response`",
    "ue.register-on": "LiveSet that a REGISTER goes on, None: in the clear; context `first` (it begins an exchange)",
    "ue.flow": "Flow that a request of the UE leaves on; context `kind`, `sets` (SaSets, or None), `clear` (the Flow "
    "between the unprotected ports)",
    "ue.reply-flow": "Flow of the UE's response to a request on an association; context `sas`, `clear` (as above)",
    "ue.clear": "bool: a message in the clear that answers nothing sent in the clear is taken; context `message`",
    "ue.discard": "bool: what came on an association where it does not belong is dropped; context `flow`",
    "ue.security-verify": "tuple of Security-Verify values that mirror a list; context `response`",
    "ue.granted": "seconds that a 200 grants the UE's contact, 0: it is not listed; context `response`",
    "ue.proven": "bool: rspauth of a 200, if it has one, is what the UE's password gives; context `response`",
    "ue.identity": "URI of the default public identity; context `associated` (all that the 200 lists)",
    "ue.route": "list of Route values for a request outside a dialog; context `service_route`, `response` (last 200)",
    "ue.refresh": "seconds from a 200 to the next refresh, None: never; context `granted`, `kind` (a Kind)",
    "ue.course": "Course after a final response that ends an exchange; context `kind`, `response` (None: none came)",
    "ue.delay": "seconds to wait before the next attempt, None: there is none; context `kind`, `response`",
    "ue.news": "News of the UE's own contact in a NOTIFY, or in the answer to a SUBSCRIBE, or None; context `request`",
    "ue.response": "Draft of the UE's response to a request; context `request`",
}
"""Every seam with the value that a hook gets and gives back. Extra context comes as keyword arguments."""


@dataclass
class Seams:
    """The hooks that are set in one reference DUT. The conformant reference has none."""

    hooks: dict[str, Hook] = field(default_factory=dict)
    firings: int = 0
    """How often a hook changed the value that it was given: a mutant proves that it fired."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.hooks) - set(SEAMS))
        if unknown:
            raise ValueError(f"no seam is named {', '.join(unknown)}; the seams are: {', '.join(SEAMS)}")

    def __call__(self, name: str, value: T, **context: object) -> T:
        """`value`, or what the hook at the seam `name` makes of it.

        A firing is a change: a hook that gives back an equal value, the same object or a copy, has not fired. A Draft
        is compared by its octets, so that an edit in place counts.
        """
        hook = self.hooks.get(name)
        if hook is None:
            return value
        before = _snapshot(value)
        changed: T = hook(value, **context)
        if _snapshot(changed) != before:
            self.firings += 1
        return changed


def _snapshot(value: object) -> object:
    to_bytes = getattr(value, "to_bytes", None)
    if to_bytes is not None and not isinstance(value, int):
        return to_bytes()
    return list(value) if isinstance(value, list) else value
