"""The response of a UE to a challenge that it can verify, worked out with its keys (TS 24.229 5.1.1.5.1; RFC 3310)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.security import SecurityServer
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_sets import sets_made_by, sound, soundly_offered
from imsreg.verdict.outcome import Breach, Moot, Outcome, Unmet
from imsreg.verdict.ue_challenges import Posed, Put
from imsreg.verdict.ue_registers import REPORTS, Stage, UeRegister
from imsreg.verdict.ue_replies import Fault, Reaction, password_for, reaction
from imsreg.verdict.view import View, readable

AKA_ONLY = Moot("the subscriber has a password, no AKA keys")


@check("24.229-5.1.1.5.1-01")
def answers_a_challenge_that_it_can_verify(view: View) -> Iterator[Outcome]:
    """With the digest over RES. What goes wrong only after a report, or with server data, has rows of its own."""
    decided = False
    for register, posed in _valid(view):
        decided = True
        found = reaction(view, register, posed)
        special = register.stage in REPORTS and found.fault is Fault.REACTION
        if found.fault is Fault.CUT or special or _data_counts(posed, found):
            yield _if_kept(found, "the answer to such a challenge is judged by a row of its own")
        else:
            yield found.outcome
    if not decided:
        yield none_for_aka(view, "the UE got no challenge of its network that it could accept")


@check("24.229-5.1.1.5.3-04")
def answers_the_challenge_after_its_report(view: View) -> Iterator[Outcome]:
    """A report is no end: the valid challenge that it gets is answered. Whether rightly is another row's matter."""
    decided = False
    for register, posed in _valid(view):
        if register.stage in REPORTS:
            decided = True
            found = reaction(view, register, posed)
            yield found.outcome if found.fault is Fault.REACTION else _if_kept(found, "the response is wrong")
    if not decided:
        yield none_for_aka(view, "no report of a challenge that the UE could not accept got a valid one")


@check("rfc3310-3.2-03")
def passes_over_server_data(view: View) -> Iterator[Outcome]:
    """What stands behind RAND and AUTN is the server's own."""
    decided = False
    for register, posed in _valid(view):
        if posed.nonce is not None and posed.nonce.server_data:
            decided = True
            found = reaction(view, register, posed)
            yield found.outcome if _data_counts(posed, found) else _if_kept(found, "the response is wrong otherwise")
    if not decided:
        yield none_for_aka(view, "no valid challenge held server data")


@check("rfc3310-3.3-01")
def takes_res_as_octets(view: View) -> Iterator[Outcome]:
    """A zero octet in RES is one like any other."""
    decided = False
    for register, posed in _valid(view):
        found = reaction(view, register, posed)
        if found.reply is None or found.reply.stage is not Stage.ANSWER:
            continue
        password = password_for(found.reply, posed)
        if password is not None and 0 in password:
            decided = True
            yield found.outcome if found.fault is Fault.CUT else _if_kept(found, "the response is wrong otherwise")
    if not decided:
        yield none_for_aka(view, "the UE answered no challenge whose RES has a zero octet")


def _if_kept(found: Reaction, otherwise: str) -> Outcome:
    """The outcome, or why it is none here if it is a breach."""
    return Unmet(otherwise) if isinstance(found.outcome, Breach) else found.outcome


def _data_counts(posed: Posed, found: Reaction) -> bool:
    """Whether there is server data behind AUTN, to which a wrong reaction may be due."""
    data = posed.nonce is not None and bool(posed.nonce.server_data)
    return data and found.fault in (Fault.REACTION, Fault.DIGEST)


def _valid(view: View) -> Iterator[tuple[UeRegister, Posed]]:
    """The AKA challenges that the UE can verify, its SQN not being out of range as far as the transcript tells.

    Where the profile has a security agreement, only those with a Security-Server: without one a UE begins anew
    (TS 24.229 5.1.1.5.1). With associations also both lists must be such that they can certainly be made, and the
    challenge where the UE takes it.
    """
    for register in view.ue.challenged:
        posed, response = register.posed, register.final
        if posed is None or response is None or not register.by_aka:
            continue
        agreed = view.facts.security == "none" or bool(readable(response, SecurityServer))
        if view.facts.security == "ipsec":
            made = sets_made_by(register.exchange.request, register.final_entry)
            agreed = any(sound(each) and soundly_offered(each) for each in made) and _in_its_place(view, register)
        if agreed and posed.put in (Put.FRESH, Put.OPEN):
            yield register, posed


def _in_its_place(view: View, register: UeRegister) -> bool:
    """Whether a challenge came on the set of its request, or in the clear likewise (TS 33.203 7.4)."""
    asked, given = register.exchange.request, register.final_entry
    if asked.flow.association is None or given.flow.association is None:
        return asked.flow.association == given.flow.association
    there, back = view.secured.on(asked), view.secured.on(given)
    return there is None or back is None or there.made is back.made


def none_for_aka(view: View, why: str) -> Moot | Unmet:
    """Why nothing was decided of a row for subscribers with AKA keys."""
    by_password = [r.by_password for r in view.ue.registers]
    return AKA_ONLY if by_password and all(by_password) else Unmet(why)
