"""What a UE sends on a challenge that it cannot accept (TS 24.229 5.1.1.5.3, 5.1.1.5.12; RFC 3310 3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.aka import nonce
from imsreg.sip.headers.security import SecurityClient
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_response import none_for_aka
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_challenges import REFUSED, Put
from imsreg.verdict.ue_registers import REPORTS, Stage, UeRegister
from imsreg.verdict.ue_replies import digest_of, unanswered
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of, readable

MOST = 2
"""Invalid challenges in a row that a UE answers (TS 24.229 5.1.1.5.12)."""

NO_AUTS = "the UE sent no auts"


@check("24.229-5.1.1.5.3-01")
def reports_a_wrong_mac(view: View) -> Iterator[Outcome]:
    """The nonce of the challenge with an empty response, and no auts, whatever the SQN is."""
    decided = False
    for register in _challenged(view):
        posed = register.posed
        if posed is None or posed.put is not Put.WRONG_MAC or _enough(register):
            continue
        decided = True
        reply = view.ue.next(register)
        expected = "a REGISTER with an empty response and without auts"
        if reply is None or reply.answers is not register:
            yield unanswered(view, register, posed, expected)
        elif reply.stage is Stage.MAC_FAILURE:
            yield from _response_is_there(reply, expected)
        else:
            yield Breach(reply.number, expected, f"{reply.stage}", line_of(reply.request, "Authorization"))
    if not decided:
        yield none_for_aka(view, "no challenge had a wrong MAC")


@check("24.229-5.1.1.5.3-02")
def reports_an_sqn_out_of_range(view: View) -> Iterator[Outcome]:
    """An auts whose MAC-S is right, with an SQN_MS not below what the UE has accepted here.

    How far beyond the last SQN one may be is the USIM's: that it accepts one beyond delta is only odd.
    """
    decided = False
    for register in _challenged(view):
        posed, reply = register.posed, view.ue.next(register)
        answered = reply is not None and reply.answers is register
        if posed is None or posed.sqn is None:
            continue
        if answered and reply is not None and reply.stage is Stage.SYNC_FAILURE:
            decided = True
            yield _verified(reply)
        elif posed.put in (Put.TOO_OLD, Put.TOO_FAR) and not _enough(register):
            decided = True
            yield _no_auts(view, register, reply if answered else None)
    if not decided:
        yield none_for_aka(view, "no challenge had an SQN that is out of range for certain, and the UE sent no auts")


@check("rfc3310-3.4-02")
def auts_is_base64_of_14_octets(view: View) -> Iterator[Outcome]:
    """The one form that base64 has; whether MAC-S is right is another matter."""
    reports = [(r, r.authorization) for r in view.ue.registers if r.authorization is not None]
    decisive = [(r, given.auts) for r, given in reports if given.auts is not None]
    if not decisive:
        yield none_for_aka(view, NO_AUTS)
    for register, auts in decisive:
        try:
            nonce.decode_auts(auts)
        except nonce.NonceError as error:
            line = line_of(register.request, "Authorization")
            yield Breach(register.number, "auts = base64 of 14 octets", f"auts {error.why}", line)
        else:
            yield Held(register.number)


@check("rfc3310-3.4-03")
def response_beside_auts_has_an_empty_password(view: View) -> Iterator[Outcome]:
    """No response, or an empty one, is what TS 24.229 5.1.1.5.3 allows."""
    decided = False
    for register in view.ue.registers:
        given = register.authorization
        if given is None or given.auts is None:
            continue
        decided = True
        right = digest_of(register, given, b"")
        line = line_of(register.request, "Authorization")
        if given.response == right or not given.response:
            yield Held(register.number)
        elif right is None:
            yield Unmet("no digest can be computed with the parameters beside auts")
        else:
            yield Breach(register.number, f'response="{right}"', f'response="{given.response}"', line)
    if not decided:
        yield none_for_aka(view, NO_AUTS)


@check("24.229-5.1.1.5.3-03")
def renews_security_client_in_a_report(view: View) -> Iterator[Outcome]:
    """Both SPIs and the client port are others than in the request that was challenged."""
    decided = False
    for register in view.ue.registers:
        if register.stage not in REPORTS or register.answers is None or not register.by_aka:
            continue
        before = readable(register.answers.request, SecurityClient)
        if not before:
            continue
        decided = True
        after = readable(register.request, SecurityClient)
        line = line_of(register.request, "Security-Client")
        kept = kept_parameters(before, after)
        if not after or kept:
            actual = f"{', '.join(kept)} as before" if after else "no Security-Client that can be read"
            yield Breach(register.number, "Security-Client with new spi-c, spi-s and port-c", actual, line)
        else:
            yield Held(register.number)
    if not decided:
        yield none_for_aka(
            view, "the UE reported no challenge that it could not accept after it had sent Security-Client"
        )


@check("24.229-5.1.1.5.12-01")
def answers_at_most_two_invalid_challenges(view: View) -> Iterator[Outcome]:
    """Reports in a row. That the third gets no answer counts once the UE has been watched."""
    decided = False
    for register in view.ue.registers:
        reports = _reports(register)
        if reports > MOST:
            decided = True
            expected = f"no answer to the invalid challenge after {MOST} others"
            yield Breach(register.number, expected, f"report {reports} in a row")
        elif reports == MOST and register.posed is not None and register.posed.put in REFUSED:
            reply = view.ue.next(register)
            if reply is not None and reply.answers is register:
                continue  # a report is judged when it comes, a response by the row of the failure
            decided = True
            quiet = view.ue.quiet(register)
            waited = reply is not None or quiet >= PATIENCE
            yield Held(register.posed.entry.number) if waited else Unmet("the tester did not wait after the third")
    if not decided:
        yield none_for_aka(view, f"no UE got a third invalid challenge after it had answered {MOST}")


def kept_parameters(before: tuple[SecurityClient, ...], after: tuple[SecurityClient, ...]) -> list[str]:
    """Which of the parameters that have to be new are not: SPIs, which must be none of the former two, client port."""
    spis = {spi for entry in before for spi in (entry.spi_c, entry.spi_s)}
    former = {"spi_c": spis, "spi_s": spis, "port_c": {entry.port_c for entry in before}}
    kept = [n for n, values in former.items() if any(getattr(entry, n) in values - {None} for entry in after)]
    return [name.replace("_", "-") for name in kept]


def _challenged(view: View) -> Iterator[UeRegister]:
    return (register for register in view.ue.challenged if register.by_aka)


def _reports(register: UeRegister) -> int:
    """How many reports in a row end with this request."""
    count = 0
    for request in register.chain():
        if request.stage not in REPORTS:
            break
        count += 1
    return count


def _enough(register: UeRegister) -> bool:
    """Whether the UE has answered as many invalid challenges as it may: silence is right then."""
    return _reports(register) >= MOST


def _response_is_there(reply: UeRegister, expected: str) -> Iterator[Outcome]:
    given = reply.authorization
    if given is not None and given.response is None:
        line = line_of(reply.request, "Authorization")
        yield Observed(reply.number, expected, "no response at all", line)
    else:
        yield Held(reply.number)


def _verified(reply: UeRegister) -> Outcome:
    given, line = reply.authorization, line_of(reply.request, "Authorization")
    sqn_ms = reply.sqn_ms()
    auts = given.auts if given is not None else None
    if sqn_ms is None:
        return Breach(reply.number, "auts with the MAC-S that the key gives", f'auts="{auts}"', line)
    if reply.stale_sqn_ms:
        actual = f"SQN_MS {sqn_ms:012x}, below one that was accepted"
        return Breach(reply.number, "auts with the highest SQN that the UE has accepted", actual, line)
    return Held(reply.number)


def _no_auts(view: View, register: UeRegister, reply: UeRegister | None) -> Outcome:
    posed, expected = register.posed, "a REGISTER with auts: SQN is out of range"
    assert posed is not None  # the caller has looked
    if reply is None:
        return unanswered(view, register, posed, expected)
    finding = Breach if posed.put is Put.TOO_OLD else Observed
    return finding(reply.number, expected, f"{reply.stage}", line_of(reply.request, "Authorization"))
