"""How a UE's registration went, in words for somebody who asks why it did not work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from imsreg.aka.algorithm import Algorithm
from imsreg.aka.vector import open_autn
from imsreg.identity.absent import KeysMissing
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Response
from imsreg.sip.uri import equivalent
from imsreg.text import safe_text
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.view import View

_CAUSES = {
    400: "the network finds the request malformed",
    403: "the network forbids it",
    404: "the network does not know the user",
    408: "an element of the network did not answer in time",
    420: "the network does not have an extension that the request requires",
    421: "the network requires an extension, as a rule sec-agree: the UE has to negotiate security mechanisms",
    423: "the expiry asked for is too short",
    480: "the network has no S-CSCF for the user, or cannot reach it",
    494: "the security mechanisms of UE and network do not go together",
    500: "an element of the network failed",
    503: "the network is overloaded or out of service",
    504: "the P-CSCF did not reach the home network in time",
}


_BY_KEYS = "by the keys of the subscriber file"


def course(view: View, *, unread: tuple[int, int] = (0, 0)) -> tuple[str, ...]:
    """One line for each REGISTER, then how things stand. The tester's side of the transcript is the UE.

    `unread` are packets that came after the last message and could not be read, from the UE and to it: with security
    associations the registration goes on in them.
    """
    attempts = view.attempts
    if not attempts:
        return ("there is no REGISTER",)
    return (*_steps(attempts), *(f"=> {line}" for line in _ending(view, attempts, unread)))


def _steps(attempts: Sequence[Attempt]) -> Iterator[str]:
    bound = False
    for attempt in attempts:
        entry, again = attempt.exchange.request, len(attempt.exchange.requests) - 1
        times = f", sent {again + 1} times" if again else ""
        yield f"{entry.at:9.3f} s  REGISTER, {_what(attempt, bound=bound)}{times}: {_outcome(attempt)}"
        if attempt.status // 100 == 2 and attempt.contacts:
            bound = bool(_granted(attempt))


def _what(attempt: Attempt, *, bound: bool) -> str:
    """What a REGISTER is for; `bound`: the UE is registered."""
    authorization = attempt.authorization
    if attempt.answers is None or authorization is None or attempt.standing is Kind.OUTDATED:
        if not attempt.contacts:
            return "asking which contacts are bound"
        if not attempt.binds:
            return "to end the registration"
        return "to refresh the registration" if bound else "the first of a registration"
    if authorization.auts:
        return "the USIM reports that SQN is out of range (AUTS)"
    if not authorization.response:
        return "the USIM reports that the MAC in AUTN is wrong"
    with suppress(KeysMissing):
        if attempt.kind is Kind.RIGHT:
            return "the answer to the challenge, which is right"
        if attempt.kind is Kind.WRONG:
            return f"the answer to the challenge, which is wrong {_BY_KEYS}"
    return "the answer to the challenge"


def _outcome(attempt: Attempt) -> str:
    final = attempt.final
    if final is None:
        return "no answer"
    said = f"{final.status} {safe_text(final.reason, limit=60)}"
    if attempt.challenge_fault is not None:
        return f"{said} without a challenge that can be answered: {safe_text(attempt.challenge_fault, limit=120)}"
    if attempt.challenge is not None:
        return f"{said}, a challenge ({safe_text(attempt.challenge.algorithm or 'MD5', limit=40)})"
    seconds = _granted(attempt)
    if final.status // 100 == 2 and seconds is not None:
        return f"{said}, bound for {seconds} s" if seconds else f"{said}, nothing is bound any more"
    told = [
        f"{name}: {safe_text(final.value(name) or '', limit=120)}"
        for name in ("Reason", "Warning", "Retry-After")
        if final.field(name)
    ]
    return ", ".join((said, *told))


def _ending(view: View, attempts: Sequence[Attempt], unread: tuple[int, int]) -> Iterator[str]:
    last = attempts[-1]
    final = last.final
    if last.challenge is not None and any(unread):
        yield from _in_esp(last, *unread)
        return
    if final is None:
        yield from _unanswered(view, last)
    elif last.challenge is not None:
        yield from _not_gone_on(last)
    elif final.status // 100 == 2:
        seconds = _granted(last)
        if not last.binds:
            yield "the registration was ended by the UE" if last.contacts else "the UE only asked"
        elif seconds is None:
            yield "the 200 does not list the contact of the UE: the UE has to take itself for not registered"
        else:
            yield f"registered, for {seconds} s from {last.final_entry.at:.3f} s on"
    else:
        yield from _refused(last, final)


def _unanswered(view: View, last: Attempt) -> Iterator[str]:
    if last.answers is None and not any(each.final is not None for each in view.attempts):
        yield "the network answers nothing: is that the address of the P-CSCF, does a route or a firewall stop it?"
    elif last.answers is not None and last.answers.final is not None and last.answers.final.fields("Security-Server"):
        yield (
            "the answer to the challenge gets no response: with ipsec-3gpp it has to go over the new security "
            "associations; where keys, SPIs or ports of the two sides differ, either side drops the packets silently"
        )
    else:
        yield "the last REGISTER gets no answer"


def _in_esp(last: Attempt, out: int, back: int) -> Iterator[str]:
    """What follows the last challenge is in packets that cannot be read."""
    yield f"what follows the last challenge is in ESP that cannot be read: {out} packets from the UE, {back} to it"
    if not back:
        yield (
            "none comes back: keys, SPIs or ports of the two sides differ, or something between them stops ESP; "
            "with the keys of the subscriber file that could be told"
        )
    yield from _of_autn(last)


def _not_gone_on(last: Attempt) -> Iterator[str]:
    """The UE has not answered the challenge that came last."""
    if last.answers is not None and last.responds:
        yield "the network does not accept the answer and challenges again"
    reports = last.answers is not None and last.authorization is not None and not last.responds
    if reports and last.authorization is not None and not last.authorization.auts:
        yield "the keys of the HSS are not those of the USIM (K, OP or OPc), or AMF or SQN went wrong on the way"
    yield "the UE does not answer the last challenge"
    yield from _of_autn(last)


def _of_autn(challenged: Attempt) -> Iterator[str]:
    """What the keys of the subscriber file, if there are any, say of the challenge."""
    subscriber, given = challenged.subscriber, challenged.nonce
    if subscriber is None or subscriber.algorithm is None or given is None:
        return
    algorithm: Algorithm = subscriber.algorithm
    with suppress(KeysMissing):
        if open_autn(algorithm, given.rand, given.autn) is None:
            yield f"{_BY_KEYS} the MAC in AUTN is wrong: the HSS has other keys for this user"
        else:
            yield f"{_BY_KEYS} the MAC in AUTN is right: a USIM with them can answer"


def _refused(last: Attempt, final: Response) -> Iterator[str]:
    cause = _CAUSES.get(final.status, "the network refuses it")
    if last.answers is not None and last.authorization is not None and last.responds:
        yield f"not registered: {final.status} to the answer: {cause}, as it does for a wrong RES"
        with suppress(KeysMissing):
            if last.kind is Kind.WRONG:
                yield f"{_BY_KEYS} the response is wrong: the USIM has other keys, or the digest is wrong"
            elif last.kind is Kind.RIGHT:
                yield f"{_BY_KEYS} the response is right: the HSS has other keys, or another reason"
    elif last.answers is not None:
        yield f"not registered: {final.status} to the USIM's report: {cause}"
        yield from _of_autn(last.answers)
    else:
        yield f"not registered: {final.status} before any challenge: {cause}"


def _granted(attempt: Attempt) -> int | None:
    """Seconds that a 2xx binds a contact of the request for; 0: it removes; None: it does not list one."""
    final = attempt.final
    if final is None or final.status // 100 != 2:
        return None
    if not attempt.binds:
        return 0 if attempt.contacts else None
    try:
        listed = [each for each in final.get_all(Contact) if not each.star]
    except HeaderError:
        return None
    default = final.value("Expires") or ""
    own = [each for each in listed if any(equivalent(each.uri, mine.uri) for mine in attempt.contacts if not mine.star)]
    seconds = [each.expires if each.expires is not None else int(default) if default.isdecimal() else 0 for each in own]
    return max(seconds, default=None)
