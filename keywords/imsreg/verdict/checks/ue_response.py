"""The response of a UE to a challenge that it can verify, worked out with its keys (TS 24.229 5.1.1.5.1; RFC 3310)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.security import SecurityServer
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Moot, Observed, Outcome, Unmet
from imsreg.verdict.ue_challenges import Posed, Put
from imsreg.verdict.ue_registers import REPORTS, Stage, UeRegister
from imsreg.verdict.ue_replies import answered_rightly, password_for
from imsreg.verdict.view import View, readable

AKA_ONLY = Moot("the subscriber has a password, no AKA keys")


@check("24.229-5.1.1.5.1-01")
def answers_a_challenge_that_it_can_verify(view: View) -> Iterator[Outcome]:
    """With the digest over RES. What is wrong after a report, or with server data, has rows of its own."""
    decided = False
    for register, posed in _valid(view):
        outcome = answered_rightly(view, register, posed)
        special = register.stage in REPORTS or (posed.nonce is not None and bool(posed.nonce.server_data))
        if special and isinstance(outcome, Breach):
            outcome = Unmet("the answer after a report, or to server data, is judged by its own row")
        decided = True
        yield outcome
    if not decided:
        yield none_for_aka(view, "the UE got no challenge of its network that it could accept")


@check("24.229-5.1.1.5.3-04")
def answers_the_challenge_after_its_report(view: View) -> Iterator[Outcome]:
    """A report is no end: the valid challenge that it gets leads to the registration."""
    decided = False
    for register, posed in _valid(view):
        if register.stage in REPORTS and register.answers is not None and register.answers.posed is not None:
            decided = True
            yield answered_rightly(view, register, posed)
    if not decided:
        yield none_for_aka(view, "no report of a challenge that the UE could not accept got a valid one")


@check("rfc3310-3.2-03")
def passes_over_server_data(view: View) -> Iterator[Outcome]:
    """What stands behind RAND and AUTN is the server's own."""
    decided = False
    for register, posed in _valid(view):
        if posed.nonce is not None and posed.nonce.server_data:
            decided = True
            yield answered_rightly(view, register, posed)
    if not decided:
        yield none_for_aka(view, "no valid challenge held server data")


@check("rfc3310-3.3-01")
def takes_res_as_octets(view: View) -> Iterator[Outcome]:
    """A zero octet in RES is one like any other."""
    decided = False
    for register, posed in _valid(view):
        reply = view.ue.next(register)
        if reply is None or reply.answers is not register or reply.stage is not Stage.ANSWER:
            continue
        password = password_for(reply, posed)
        if password is not None and 0 in password:
            decided = True
            yield answered_rightly(view, register, posed, octets=True)
    if not decided:
        yield none_for_aka(view, "the UE answered no challenge whose RES has a zero octet")


@check("rfc7616-3.4.1-01")
def answers_with_its_password(view: View) -> Iterator[Outcome]:
    """SIP digest. That a UE gives up on a challenge to credentials which it has sent is odd, not wrong."""
    challenged = [(r, r.posed) for r in view.ue.challenged if r.posed is not None and r.by_password]
    decisive = [(r, posed) for r, posed in challenged if posed.put is Put.PASSWORD]
    if not decisive:
        aka = any(r.by_aka for r in view.ue.registers)
        yield Moot("the subscriber has AKA keys, no password") if aka else Unmet("no challenge asked for a password")
    for register, posed in decisive:
        outcome = answered_rightly(view, register, posed)
        if isinstance(outcome, Breach) and register.nonce and outcome.entry == posed.entry.number:
            outcome = Observed(outcome.entry, outcome.expected, outcome.actual, outcome.line)
        yield outcome


def _valid(view: View) -> Iterator[tuple[UeRegister, Posed]]:
    """The AKA challenges that the UE can verify, its SQN not being out of range as far as the transcript tells.

    Where the profile has a security agreement, only those with a Security-Server: without one a UE begins anew
    (TS 24.229 5.1.1.5.1).
    """
    for register in view.ue.challenged:
        posed, response = register.posed, register.final
        if posed is None or response is None or not register.by_aka:
            continue
        agreed = view.facts.security == "none" or bool(readable(response, SecurityServer))
        if agreed and posed.put in (Put.FRESH, Put.OPEN):
            yield register, posed


def none_for_aka(view: View, why: str) -> Moot | Unmet:
    """Why nothing was decided of a row for subscribers with AKA keys."""
    by_password = [r.by_password for r in view.ue.registers]
    return AKA_ONLY if by_password and all(by_password) else Unmet(why)
