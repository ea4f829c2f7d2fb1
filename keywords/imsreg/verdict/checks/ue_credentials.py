"""What an answer to a challenge takes over from it (TS 24.229 5.1.1.5.1; RFC 7616 3.4; RFC 3261 22.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_authorization import BY_PASSWORD, shown, why_none
from imsreg.verdict.checks.ue_register import is_home_uri
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.view import View, line_of

NO_ANSWER = Unmet("the UE answered no challenge")

Found = tuple[str, str]
"""What is expected, and what stands there instead."""


@check("24.229-5.1.1.5.1-02")
def returns_the_nonce(view: View) -> Iterator[Outcome]:
    """Character by character, whatever is in it."""

    def fault(given: Authorization, challenge: WwwAuthenticate) -> Found | None:
        return _differs("nonce", given.nonce, challenge.nonce)

    return _judged(view, fault)


@check("24.229-5.1.1.5.1-03")
def returns_the_realm(view: View) -> Iterator[Outcome]:
    """As the challenge has it, not as the UE has it."""

    def fault(given: Authorization, challenge: WwwAuthenticate) -> Found | None:
        return _differs("realm", given.realm, challenge.realm)

    return _judged(view, fault)


@check("24.229-5.1.1.5.1-04")
def returns_the_algorithm(view: View) -> Iterator[Outcome]:
    """In any case. Where the challenge names none, MD5 is meant and need not be named (RFC 7616 3.3)."""

    def fault(given: Authorization, challenge: WwwAuthenticate) -> Found | None:
        if (given.algorithm or "MD5").lower() == (challenge.algorithm or "MD5").lower():
            return None
        named = f"algorithm={challenge.algorithm}" if challenge.algorithm is not None else "no algorithm, or MD5"
        return named, f"algorithm={given.algorithm}" if given.algorithm is not None else "no algorithm: MD5"

    return _judged(view, fault)


@check("24.229-5.1.1.5.1-05")
def names_identity_and_domain(view: View) -> Iterator[Outcome]:
    """username is the IMPI, uri the SIP URI of the home domain."""
    known = [(r, r.subscriber) for r in view.ue.answers if r.subscriber is not None]
    decisive = [(r, s) for r, s in known if not r.by_password]
    if not decisive:
        yield BY_PASSWORD if known else NO_ANSWER
    for register, subscriber in decisive:
        given, line = register.authorization, line_of(register.request, "Authorization")
        if given is None:
            yield Breach(register.number, "Authorization that answers the challenge", why_none(register), line)
        elif given.username != subscriber.impi:
            yield Breach(register.number, f'username="{subscriber.impi}"', shown("username", given.username), line)
        elif not is_home_uri(given.uri, subscriber):
            yield Breach(register.number, f'uri="sip:{subscriber.home_domain}"', shown("uri", given.uri), line)
        else:
            yield Held(register.number)


@check("24.229-5.1.1.5.1-06")
def answers_under_the_same_call_id(view: View) -> Iterator[Outcome]:
    """Responses and reports of failures alike."""
    answers = [(r, r.answers) for r in view.ue.registers if r.answers is not None]
    if not answers:
        yield NO_ANSWER
    for register, challenged in answers:
        if register.call_id == challenged.call_id:
            yield Held(register.number)
        else:
            line = line_of(register.request, "Call-ID")
            expected = f"Call-ID: {challenged.call_id}"
            yield Breach(register.number, expected, f"Call-ID: {register.call_id}", line)


@check("rfc7616-3.4-01")
def returns_opaque(view: View) -> Iterator[Outcome]:
    """As it came; only a challenge that has one counts."""

    def fault(given: Authorization, challenge: WwwAuthenticate) -> Found | None:
        return _differs("opaque", given.opaque, challenge.opaque)

    return _judged(view, fault, lambda challenge: challenge.opaque is not None, "no answered challenge had an opaque")


@check("rfc7616-3.4-02")
def chooses_an_offered_qop(view: View) -> Iterator[Outcome]:
    """One token of the list; without qop there is nothing to choose."""
    decided = False
    for register, given, challenge in _answered(view):
        if given is None or given.qop is None or not challenge.qop_options:
            continue
        decided = True
        if given.qop.lower() in challenge.qop_options:
            yield Held(register.number)
        else:
            expected = f"qop={' or '.join(challenge.qop_options)}"
            yield Breach(register.number, expected, f'qop="{given.qop}"', line_of(register.request, "Authorization"))
    if not decided:
        yield Unmet("the UE answered no challenge that has a qop with one")


@check("rfc3261-22.4-03")
def qop_and_cnonce_as_the_challenge_asks(view: View) -> Iterator[Outcome]:
    """With a qop in the challenge a response owes qop and cnonce; without one it has neither.

    RFC 8760 2.6 has auth as the default where no qop is named, and qop in every answer: that is only odd. Where a UE
    reports a failure there is no digest that they would serve.
    """
    decided = False
    for register, given, challenge in _answered(view):
        if register.stage is not Stage.ANSWER or given is None:
            continue
        decided = True
        there = [name for name in ("qop", "cnonce") if given.text(name) is not None]
        line = line_of(register.request, "Authorization")
        if challenge.qop_options and len(there) < 2:
            yield Breach(register.number, "qop and cnonce", f"{there[0]} alone" if there else "neither", line)
        elif there and not challenge.qop_options:
            expected = "neither qop nor cnonce: the challenge has no qop"
            default = len(there) == 2 and (given.qop or "").lower() == "auth" and given.nc is not None
            finding = Observed if default else Breach
            yield finding(register.number, expected, " and ".join(there), line)
        else:
            yield Held(register.number)
    if not decided:
        yield NO_ANSWER


def _judged(
    view: View,
    fault: Callable[[Authorization, WwwAuthenticate], Found | None],
    counts: Callable[[WwwAuthenticate], bool] = lambda challenge: True,
    otherwise: str = "",
) -> Iterator[Outcome]:
    """Each answer to a challenge that counts."""
    decisive = [(r, given, challenge) for r, given, challenge in _answered(view) if counts(challenge)]
    if not decisive:
        yield Unmet(otherwise) if otherwise and view.ue.answers else NO_ANSWER
    for register, given, challenge in decisive:
        line = line_of(register.request, "Authorization")
        if given is None:
            yield Breach(register.number, "Authorization that answers the challenge", why_none(register), line)
            continue
        found = fault(given, challenge)
        yield Held(register.number) if found is None else Breach(register.number, *found, line)


def _answered(view: View) -> Iterator[tuple[UeRegister, Authorization | None, WwwAuthenticate]]:
    for register in view.ue.answers:
        challenge = register.challenge
        if challenge is not None:
            yield register, register.authorization, challenge


def _differs(name: str, given: str | None, asked: str | None) -> Found | None:
    return None if given == asked else (shown(name, asked), shown(name, given))
