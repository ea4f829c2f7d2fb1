"""What AUTS leads to: a new challenge that the USIM accepts (RFC 3310 3.2, 3.4; TS 33.203 6.1.3; TS 33.102 C.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.aka.algorithm import Algorithm
from imsreg.aka.nonce import Nonce, NonceError, decode_auts
from imsreg.aka.sqn import DELTA, split
from imsreg.aka.vector import open_autn, open_auts
from imsreg.verdict.authentication import Attempt, Kind, expected_response
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View, line_of

NO_AUTS = Unmet("no REGISTER reported a synchronisation failure with a valid auts")


@dataclass(frozen=True, slots=True)
class Report:
    """A REGISTER with a valid auts: the challenge that it answers, and SQN_MS, the highest SQN that its USIM took."""

    attempt: Attempt
    algorithm: Algorithm
    challenge: Nonce
    sqn_ms: int


@check("rfc3310-3.2-02")
def auts_gets_a_new_challenge(view: View) -> Iterator[Outcome]:
    """401 with another RAND; 403 only gives up, which TS 24.229 5.4.1.2.3A allows."""
    reports = list(_reports(view))
    if not reports:
        yield NO_AUTS
    for report in reports:
        yield _renewed(report)


def _renewed(report: Report) -> Outcome:
    attempt, nonce, expected = report.attempt, report.attempt.nonce, "401 with a challenge of another RAND"
    if attempt.status in (0, 503):
        return Unmet(f"auts got {attempt.status or 'no answer'}")
    entry = attempt.final_entry.number
    if attempt.status == 403:
        return Observed(entry, expected, "403: the network gives up")
    if attempt.status != 401:
        return Breach(entry, expected, f"{attempt.status}")
    if nonce is None:
        return Breach(entry, expected, f"401: {attempt.challenge_fault}", _line(attempt))
    if nonce.rand == report.challenge.rand:
        return Breach(entry, expected, "401 with the RAND that auts was the answer to", _line(attempt))
    return Held(entry)


@check("33.203-6.1.3-01")
def the_401_to_auts_goes_on_from_sqn_ms(view: View) -> Iterator[Outcome]:
    """The challenge that answers auts is made from the SQN that auts brought."""
    reports = list(_reports(view))
    if not reports:
        yield NO_AUTS
    for report in reports:
        if report.attempt.nonce is None:
            yield Unmet(f"auts got {report.attempt.status or 'no answer'} and no AKA challenge")
        else:
            yield _accepted(view, report, report.attempt)


@check("rfc3310-3.4-01")
def the_next_challenge_goes_on_from_sqn_ms(view: View) -> Iterator[Outcome]:
    """So is the next challenge for the user, whichever request gets it."""
    reports = list(_reports(view))
    if not reports:
        yield NO_AUTS
    for report in reports:
        later = _next_challenged(view, report)
        yield _accepted(view, report, later) if later is not None else Unmet("no challenge came after auts")


def _reports(view: View) -> Iterator[Report]:
    for attempt in view.attempts:
        if attempt.kind is not Kind.SYNC_FAILURE or not attempt.sound:
            continue
        challenged, authorization, subscriber = attempt.answers, attempt.authorization, attempt.subscriber
        algorithm = subscriber.algorithm if subscriber is not None else None
        if challenged is None or challenged.nonce is None or authorization is None or algorithm is None:
            continue
        if authorization.response and authorization.response != expected_response(attempt, b""):
            continue
        try:
            auts = decode_auts(authorization.auts or "")
        except NonceError:
            continue
        sqn_ms = open_auts(algorithm, challenged.nonce.rand, auts)
        if sqn_ms is not None:
            yield Report(attempt, algorithm, challenged.nonce, sqn_ms)


def _next_challenged(view: View, report: Report) -> Attempt | None:
    return next(
        (
            attempt
            for attempt in view.attempts
            if attempt.number >= report.attempt.number
            and attempt.impi == report.attempt.impi
            and attempt.nonce is not None
        ),
        None,
    )


def _accepted(view: View, report: Report, challenged: Attempt) -> Outcome:
    """Whether the USIM that reported SQN_MS takes this challenge: as its answer shows, else as SQN tells."""
    entry, nonce = challenged.final_entry.number, challenged.nonce
    assert nonce is not None  # both callers have looked
    if (nonce.rand, nonce.autn) == (report.challenge.rand, report.challenge.autn):
        return Breach(entry, "a challenge made after auts", "the one that auts was the answer to", _line(challenged))
    sqn = open_autn(report.algorithm, nonce.rand, nonce.autn)
    if sqn is None:
        return Unmet("the MAC of the challenge after auts is wrong")
    fresh = _answered_as_fresh(view, challenged)
    if fresh is None:
        fresh = _fresh(sqn, report.sqn_ms)
    if fresh is None:
        return Unmet("whether the USIM takes the SQN after auts depends on what it has seen with that IND")
    if fresh:
        return Held(entry)
    expected = f"an SQN that a USIM at {report.sqn_ms:012x} takes: above it, by at most 2**28 in SEQ"
    return Breach(entry, expected, f"SQN {sqn:012x}, out of range again", _line(challenged))


def _answered_as_fresh(view: View, challenged: Attempt) -> bool | None:
    answer = next((attempt for attempt in view.attempts if attempt.answers is challenged), None)
    if answer is None or answer.kind not in (Kind.RIGHT, Kind.WRONG, Kind.SYNC_FAILURE):
        return None
    return answer.kind is not Kind.SYNC_FAILURE


def _fresh(sqn: int, sqn_ms: int) -> bool | None:
    """By TS 33.102 C.2 with SQN_MS all that is known of the array; None where that does not tell."""
    (seq, ind), (seq_ms, ind_ms) = split(sqn), split(sqn_ms)
    if seq > seq_ms:
        return seq - seq_ms <= DELTA
    return False if ind == ind_ms else None


def _line(attempt: Attempt) -> int | None:
    return line_of(attempt.final, "WWW-Authenticate") if attempt.final is not None else None
