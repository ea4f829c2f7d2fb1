"""Whether a UE answered a challenge with the right response, worked out with its subscriber's keys (RFC 3310 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imsreg.aka import nonce
from imsreg.aka.sqn import split
from imsreg.sip.headers.authorization import Authorization
from imsreg.verdict.credentials import digest_over, password_of
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_challenges import Posed, Put
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.ue_told import PATIENCE, TRANSACTION
from imsreg.verdict.view import View, line_of

CERTAIN_STEP = 1 << 16
"""How far SEQ of a challenge may be ahead of SQN_MS for any USIM to take it: less than any delta in use."""

EXPECTED = "a REGISTER with the response to this challenge"


class Fault(StrEnum):
    """What is wrong with the reaction to a challenge: it tells which row a finding belongs to."""

    NONE = "nothing that the transcript shows"
    REACTION = "no response at all"
    DIGEST = "a wrong response"
    METHOD = "a response that is right but for the way in which the digest was computed"
    CUT = "a response over RES cut at a zero octet"


@dataclass(frozen=True, slots=True)
class Reaction:
    """What became of a challenge that asks for a response."""

    outcome: Outcome
    fault: Fault = Fault.NONE
    reply: UeRegister | None = None


def reaction(view: View, register: UeRegister, posed: Posed) -> Reaction:
    """What became of the challenge to `register`."""
    reply = view.ue.next(register)
    if reply is None or reply.answers is not register:
        return _no_response(unanswered(view, register, posed, EXPECTED))
    if reply.stage is Stage.SYNC_FAILURE:
        return _no_response(_out_of_range(reply, posed), reply)
    line = line_of(reply.request, "Authorization")
    if reply.authorization is None:
        return _no_response(Breach(reply.number, EXPECTED, reply.fault, line), reply)
    if reply.stage is Stage.MAC_FAILURE:
        return _no_response(Breach(reply.number, EXPECTED, "an empty response without auts", line), reply)
    return _compared(reply, reply.authorization, posed)


def _no_response(outcome: Outcome, reply: UeRegister | None = None) -> Reaction:
    return Reaction(outcome, Fault.REACTION if isinstance(outcome, Breach) else Fault.NONE, reply)


def unanswered(view: View, register: UeRegister, posed: Posed, expected: str) -> Breach | Unmet:
    """No answer to a challenge: a finding where the UE began anew by itself, or was watched long enough.

    Packets on the associations of the challenge may hold the answer, though nothing can be read in them.
    """
    entry = posed.entry
    made = view.secured.made_of(register.number)
    if made is not None and any(view.secured.arrived_on(made)):
        return Unmet("what came on the associations of the challenge cannot be read, which 33.203-I-01 judges")
    if entry.at - register.at >= TRANSACTION:
        return Unmet(f"the challenge came {entry.at - register.at:.0f} s after the request, which may be over by then")
    other = view.ue.own_next(register)
    if other is not None:
        return Breach(other.number, expected, f"{other.purpose} instead")
    quiet = view.ue.quiet(register)
    if quiet >= PATIENCE:
        line = line_of(register.final, "WWW-Authenticate") if register.final is not None else None
        return Breach(entry.number, expected, f"no REGISTER for {quiet:.0f} s", line)
    return Unmet(f"the tester did not wait for the answer to message {entry.number}")


def password_for(reply: UeRegister, posed: Posed) -> bytes | None:
    """What the right response is over: RES, or what AKAv2 makes of it, or the password. Raises KeysMissing."""
    token, challenge = posed.nonce, reply.challenge
    if challenge is not None and challenge is not posed.header:
        try:
            token = nonce.decode(challenge.nonce or "")
        except nonce.NonceError:
            token = None
    algorithm = reply.authorization.algorithm if reply.authorization is not None else None
    return password_of(reply.subscriber, token, algorithm) if reply.subscriber is not None else None


def digest_of(reply: UeRegister, given: Authorization, password: bytes) -> str | None:
    """The digest that a password gives with everything else as the request has it; None if there can be none."""
    return digest_over(given, password, method=reply.request.method, body=reply.request.body, qop=given.qop)


def _compared(reply: UeRegister, given: Authorization, posed: Posed) -> Reaction:
    password = password_for(reply, posed)
    right = digest_of(reply, given, password) if password is not None else None
    if password is None or right is None:
        return Reaction(Unmet("no digest can be computed with the parameters that the UE sent"), reply=reply)
    line = line_of(reply.request, "Authorization")
    expected, actual = f'response="{right}"', f'response="{given.response}"'
    if given.response == right:
        return Reaction(Held(reply.number), reply=reply)
    if (given.response or "").lower() == right:
        return Reaction(Observed(reply.number, expected, actual, line), reply=reply)
    if not posed.offers(given.nonce):
        return Reaction(Unmet("the answer has another nonce, which 24.229-5.1.1.5.1-02 judges"), reply=reply)
    cut = password[: password.index(0)] if 0 in password else password
    why = next(_explanations(reply, given, password, cut), "")
    fault = Fault.METHOD if why else Fault.DIGEST
    if cut != password and given.response == digest_of(reply, given, cut):
        fault = Fault.CUT
    return Reaction(Breach(reply.number, expected, f"{actual}{why}", line), fault, reply)


def _explanations(reply: UeRegister, given: Authorization, password: bytes, cut: bytes) -> Iterator[str]:
    """What else gives the response that the UE sent. No key is named."""
    passwords = {
        "over RES cut at a zero octet": cut,
        "over RES in hexadecimal": password.hex().encode(),
        "over an empty password": b"",
    }
    for words, other in passwords.items():
        if given.response == digest_of(reply, given, other):
            yield f", which is the digest {words}"
    plain = (given.algorithm or "MD5").lower().removesuffix("-sess")
    variants = {
        "with auth-int": given.with_param("qop", "auth-int"),
        "without qop": given.without("qop", "nc", "cnonce"),
        "with the -sess form of the algorithm": given.with_param("algorithm", f"{plain}-sess"),
    }
    for words, variant in variants.items():
        if given.response == digest_of(reply, variant, password):
            yield f", which is the digest {words}"


def _out_of_range(reply: UeRegister, posed: Posed) -> Outcome:
    """auts in answer to a challenge that may be in range: the UE's own SQN_MS tells."""
    line = line_of(reply.request, "Authorization")
    if posed.put is Put.FRESH:
        return Breach(
            reply.number, EXPECTED, "auts, although SQN goes on from the SQN_MS that the UE told before", line
        )
    sqn_ms = reply.sqn_ms()
    if sqn_ms is None or posed.sqn is None:
        return Unmet("the UE answered with auts, which 24.229-5.1.1.5.3-02 judges")
    ahead = split(posed.sqn)[0] - split(sqn_ms)[0]
    if 0 < ahead <= CERTAIN_STEP:
        return Breach(reply.number, EXPECTED, f"auts with an SQN_MS that is {ahead} in SEQ below SQN", line)
    return Unmet("SQN was out of range for this USIM, as its auts says")
