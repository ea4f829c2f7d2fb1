"""Challenges for which a UE has no credentials, or whose algorithm nobody knows (RFC 3310 3.1; RFC 8760 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.aka import nonce
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_response import none_for_aka
from imsreg.verdict.credentials import password_of
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_challenges import Put, known_algorithm
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.ue_replies import digest_of
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of


@check("rfc3310-3.1-01")
def res_is_no_password_without_aka(view: View) -> Iterator[Outcome]:
    """A challenge for MD5, or without an algorithm, though its nonce could be one of AKA."""
    decided = False
    for register in view.ue.challenged:
        posed = register.posed
        if posed is None or not register.by_aka or posed.put is not Put.NO_AKA:
            continue
        decided = True
        reply = view.ue.next(register)
        if reply is None or reply.answers is not register:
            yield _ignored(view, register)
            continue
        given, line = reply.authorization, line_of(reply.request, "Authorization")
        expected = "no answer with AKA credentials to a challenge without AKA"
        right = _over_res(reply, posed.header) if given is not None else None
        if given is not None and right is not None and given.response == right:
            yield Breach(reply.number, expected, "the digest over RES of RAND in the nonce", line)
        else:
            yield Observed(reply.number, expected, f"{reply.stage}", line)
    if not decided:
        yield none_for_aka(view, "no challenge was for another algorithm than AKA")


@check("rfc8760-2.4-01")
def ignores_an_unknown_algorithm(view: View) -> Iterator[Outcome]:
    """Beside a challenge that it knows it answers that one; without one it answers none."""
    decided = False
    for register in view.ue.challenged:
        posed = register.posed
        unknown = [header for header in posed.headers if known_algorithm(header) is None] if posed is not None else []
        if not unknown:
            continue
        decided = True
        reply = view.ue.next(register)
        if reply is None or reply.answers is not register:
            yield _ignored(view, register)
            continue
        answered = [h for h in unknown if _answers(reply, h, alone=posed is not None and len(posed.headers) == 1)]
        if answered:
            named = answered[0].algorithm
            line = line_of(reply.request, "Authorization")
            yield Breach(reply.number, f"no answer to the challenge for algorithm {named}", f"{reply.stage}", line)
        else:
            yield Held(reply.number)
    if not decided:
        yield Unmet("no challenge was for an algorithm that nobody knows")


def _answers(reply: UeRegister, header: WwwAuthenticate, *, alone: bool) -> bool:
    given: Authorization | None = reply.authorization
    if alone or given is None:
        return alone
    named = (given.algorithm or "").lower() == (header.algorithm or "").lower()
    return given.nonce == header.nonce and named


def _ignored(view: View, register: UeRegister) -> Outcome:
    """Nothing may have to be sent: it counts once the UE has been watched, or has begun anew."""
    entry = register.final_entry.number
    if view.ue.own_next(register) is not None or view.ue.quiet(register) >= PATIENCE:
        return Held(entry)
    return Unmet(f"the tester did not wait for an answer to message {entry}")


def _over_res(reply: UeRegister, header: WwwAuthenticate) -> str | None:
    """The digest that RES for this nonce gives; None if the nonce holds no RAND."""
    try:
        token = nonce.decode(header.nonce or "")
    except nonce.NonceError:
        return None
    given, subscriber = reply.authorization, reply.subscriber
    if given is None or subscriber is None:
        return None
    password = password_of(subscriber, token, given.algorithm)
    return digest_of(reply, given, password) if password is not None else None
