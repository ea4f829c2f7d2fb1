"""What a UE with a password makes of a challenge: SIP digest (RFC 3261 22.2, RFC 7616 3.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.ue_challenges import Posed, Put
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.ue_replies import Reaction, reaction
from imsreg.verdict.view import View

ENOUGH = 3
"""Responses in one exchange after which a UE that gives up on a network shows nothing odd."""
ANONYMOUS = "anonymous"
"""Who has no credentials for a realm may try this username without a password (RFC 3261 22.2)."""


@check("rfc7616-3.4.1-01")
def answers_with_its_password(view: View) -> Iterator[Outcome]:
    """The response in each answer to a challenge for a password. That there is none, another row judges.

    Who is asked for the password of a realm that is not the home network's may have none.
    """
    decisive = list(_asked(view))
    if not decisive:
        yield _nothing(view)
    for register, posed in decisive:
        found = reaction(view, register, posed)
        if not isinstance(found.outcome, Breach):
            yield found.outcome
        elif not _responds(found):
            yield Unmet("the UE gave no response to the challenge, which rfc3261-22.2-01 judges")
        elif _as_nobody(found):
            yield Unmet("the UE has no credentials for the realm of the challenge, as its username says")
        elif _escaped(found):
            yield Unmet("a backslash is in what the digest is over, which RFC 2617 and RFC 7616 take differently")
        else:
            yield found.outcome


@check("rfc3261-22.2-01")
def goes_on_with_its_password(view: View) -> Iterator[Outcome]:
    """Whether a response comes at all, where every UE is able to give one.

    That is MD5, with qop=auth or without a qop, for the realm of the home network. To give up where credentials have
    been rejected is right (22.1); after one or two whose nonce alone was stale it is odd.
    """
    asked = list(_asked(view))
    if not asked:
        yield _nothing(view)
    for register, posed in asked:
        found = reaction(view, register, posed)
        if _responds(found) and found.reply is not None:
            yield Held(found.reply.number)
        elif register.nonce:
            yield _given_up(register, posed, found.outcome)
        elif not any(_within_reach(register, header) for header in posed.headers):
            yield Moot("the challenge asks for what a UE need not be able to do: another algorithm, qop or realm")
        else:
            yield found.outcome


def _given_up(register: UeRegister, posed: Posed, outcome: Outcome) -> Outcome:
    """What it shows that there is no answer to a challenge which followed on credentials."""
    responses = sum(request.stage is Stage.ANSWER for request in register.chain())
    if posed.header.stale and responses < ENOUGH and isinstance(outcome, Breach):
        return Observed(outcome.entry, outcome.expected, outcome.actual, outcome.line)
    return Moot("the credentials that the UE had sent were rejected")


def _asked(view: View) -> Iterator[tuple[UeRegister, Posed]]:
    """The challenges for a password to UEs that have one."""
    for register in view.ue.challenged:
        if register.posed is not None and register.by_password and register.posed.put is Put.PASSWORD:
            yield register, register.posed


def _nothing(view: View) -> Moot | Unmet:
    if any(r.by_aka for r in view.ue.registers):
        return Moot("the subscriber has AKA keys, no password")
    return Unmet("no challenge asked for a password")


def _responds(found: Reaction) -> bool:
    """Whether an answer has a response in it."""
    given = found.reply.authorization if found.reply is not None and found.reply.stage is Stage.ANSWER else None
    return given is not None and bool(given.response)


def _as_nobody(found: Reaction) -> bool:
    given = found.reply.authorization if found.reply is not None else None
    named = given is not None and (given.username or "").lower() == ANONYMOUS
    return named and found.reply is not None and not _at_home(found.reply, found.reply.challenge)


def _escaped(found: Reaction) -> bool:
    given = found.reply.authorization if found.reply is not None else None
    return given is not None and "\\" in str(given)


def _within_reach(register: UeRegister, header: WwwAuthenticate) -> bool:
    """Whether every UE with a password can answer a challenge."""
    plain = (header.algorithm or "MD5").lower() == "md5"
    protection = header.text("qop") is None or "auth" in header.qop_options
    return plain and protection and bool(header.nonce) and _at_home(register, header)


def _at_home(register: UeRegister, header: WwwAuthenticate | None) -> bool:
    home = register.subscriber.home_domain if register.subscriber is not None else ""
    return header is not None and (header.realm or "").lower() == home.lower()
