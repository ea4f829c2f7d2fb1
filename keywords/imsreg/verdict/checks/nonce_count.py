"""What a registrar makes of the nonce count: a repeated one is a replay, zero counts no request (RFC 7616 3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.verdict.authentication import Attempt, Kind, expected_response
from imsreg.verdict.checks.answers import OTHER_REASONS
from imsreg.verdict.checks.registry import check
from imsreg.verdict.credentials import NC_NOT_FIRST
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import Answered, View


@check("rfc7616-3.4-05")
def a_repeated_nonce_count_is_a_replay(view: View) -> Iterator[Outcome]:
    """The right credentials of a request that was accepted, in another one: a challenge again, or a refusal.

    Of subscribers with a password alone: an AKA UE repeats its last answer (TS 24.229 5.1.1.4.2).
    """
    replays = [(a, used) for a in view.answered if (used := _used_before(view, a)) is not None]
    if not replays:
        yield Unmet("no credentials over a password came again with the nonce count of an accepted request")
    for answered, used in replays:
        what = f"the nonce count of message {used.number} of the ladder again"
        yield _refused(answered, expected=f"a challenge, or a refusal: {what} is a replay")


@check("rfc7616-3.4-06")
def a_nonce_count_of_zero_counts_nothing(view: View) -> Iterator[Outcome]:
    """The first answer with a nonce says that it is request 0: right in all else, the digest too."""
    zeros = [a for a in view.answered if a.attempt.kind is Kind.RIGHT and _counts_zero(a.attempt)]
    if not zeros:
        yield Unmet("no right response came with a nonce count of zero")
    for answered in zeros:
        yield _refused(answered, expected="a challenge, or a refusal: the nonce count begins at 00000001")


def _refused(answered: Answered, expected: str) -> Outcome:
    status = answered.response.status
    if status // 100 == 2:
        return Breach(answered.entry, expected, f"{status}")
    if status // 100 == 4 and status not in OTHER_REASONS:
        return Held(answered.entry)
    return Unmet(f"the request got {status}")


def _counts_zero(attempt: Attempt) -> bool:
    return attempt.subscriber is not None and attempt.faults == (NC_NOT_FIRST,) and _use(attempt)[1:] == (0,)


def _used_before(view: View, answered: Answered) -> Attempt | None:
    """The accepted request whose nonce and nonce count this one has, its digest being right, and nothing else wrong."""
    attempt = answered.attempt
    if not (attempt.sound and _by_password(attempt) and _use(attempt)):
        return None
    return next(
        (
            earlier.attempt
            for earlier in view.accepted
            if earlier.entry < attempt.number
            and earlier.attempt.impi == attempt.impi
            and _by_password(earlier.attempt)
            and _use(earlier.attempt) == _use(attempt)
            and not _offered_again(view, earlier, answered)
        ),
        None,
    )


def _by_password(attempt: Attempt) -> bool:
    """Whether the response is the right one over the password of the subscriber."""
    subscriber, authorization = attempt.subscriber, attempt.authorization
    if subscriber is None or subscriber.password is None or authorization is None:
        return False
    return authorization.response == expected_response(attempt, subscriber.password.reveal())


def _use(attempt: Attempt) -> tuple[str, int] | tuple[()]:
    """Nonce and nonce count of credentials; nothing where there is no qop, or a count that cannot be read."""
    authorization = attempt.authorization
    if authorization is None or not authorization.nonce or authorization.qop is None:
        return ()
    nc = authorization.nc or ""
    try:
        return (authorization.nonce, int(nc, 16)) if len(nc) == 8 and nc.isalnum() else ()
    except ValueError:
        return ()


def _offered_again(view: View, earlier: Answered, later: Answered) -> bool:
    """Whether the DUT has challenged with the very nonce in between: then counting may begin anew."""
    nonce = _use(earlier.attempt)[:1]
    between = (c for c in view.challenges if earlier.attempt.number < c.entry < later.attempt.number)
    return any((c.header.nonce,) == nonce for c in between)
