"""What the answer to a challenge gets: the right one 200, a wrong one a refusal (TS 24.229 5.4.1.2.2, 5.4.1.2.3A)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.challenges import digest_challenges
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.bindings import Granted, granted_seconds
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.owed import bound, removed, touches
from imsreg.verdict.view import Answered, View, line_of

OTHER_REASONS = frozenset((420, 421, 423, 439, 494, 503))
"""Refusals that say nothing about the response: extensions, the interval, flows, the agreement, overload."""

NO_WRONG_ANSWER = Unmet("no challenge was answered with a wrong response")


@check("24.229-5.4.1.2.2-05")
def the_right_response_is_accepted(view: View) -> Iterator[Outcome]:
    """A REGISTER that answers the newest challenge rightly and in time gets 200.

    The nonce of a challenge for a password may live shorter: a 401 that calls it stale decides nothing (RFC 7616 3.3).
    """
    answers = [a for a in view.attempts if a.kind is Kind.RIGHT and a.sound and not _removes_nothing(view, a)]
    if not answers:
        yield Unmet("no challenge was answered with the right response")
    for attempt in answers:
        if attempt.status == 200:
            yield Held(attempt.final_entry.number)
        elif attempt.status == 0 or attempt.status // 100 == 3 or attempt.status in OTHER_REASONS:
            yield Unmet(f"the right response got {attempt.status or 'no answer'}")
        elif _stale(attempt):
            yield Unmet("the response was right, and its nonce is stale, says the 401")
        else:
            yield Breach(attempt.final_entry.number, "200 to the right response", f"{attempt.status}")


@check("24.229-5.4.1.2.3A-01")
def a_wrong_response_is_refused(view: View) -> Iterator[Outcome]:
    """403 is the code; another 4xx will do, and so will a challenge again (RFC 3261 22.1)."""
    expected = "403, or another 4xx without a challenge"
    for answered in _wrong(view):
        status = answered.response.status
        if status in OTHER_REASONS:
            yield Unmet(f"the wrong response got {status}")
        elif status // 100 != 4:
            yield Breach(answered.entry, expected, f"{status} to a wrong response")
        elif _challenges(answered):
            yield _challenged_again(answered, expected)
        else:
            yield Held(answered.entry)
    if not any(_wrong(view)):
        yield NO_WRONG_ANSWER


@check("33.203-6.1.2.1-01")
def a_refusal_carries_no_security_parameters(view: View) -> Iterator[Outcome]:
    """A wrong response ends the authentication: no new challenge, no list of security mechanisms."""
    expected = "4xx without a challenge and without Security-Server"
    for answered in _wrong(view):
        status = answered.response.status
        if status in OTHER_REASONS or status // 100 == 5:
            yield Unmet(f"the wrong response got {status}")
        elif status // 100 != 4:
            yield Breach(answered.entry, expected, f"{status} to a wrong response")
        elif _challenges(answered):
            yield _challenged_again(answered, expected)
        elif answered.response.field("Security-Server") is not None:
            line = line_of(answered.response, "Security-Server")
            yield Observed(answered.entry, expected, f"{status} with Security-Server", line)
        else:
            yield Held(answered.entry)
    if not any(_wrong(view)):
        yield NO_WRONG_ANSWER


@check("33.203-6.1.1-02")
def a_failed_authentication_keeps_the_registration(view: View) -> Iterator[Outcome]:
    """What was bound when a wrong response was refused is still listed afterwards.

    A fetch that leaves it out is a finding only if one before the refusal did not: else the list is at fault.
    """
    decided = False
    for answered in _wrong(view):
        if answered.response.status // 100 == 2:
            continue
        for granted in bound(view, answered.attempt):
            for later in _lists_after(view, answered, granted):
                decided = True
                yield _kept(view, later, granted, refusal=answered.entry)
    if not decided:
        yield Unmet("no list of bindings came after a wrong response for a registered user had been refused")


def _stale(attempt: Attempt) -> bool:
    challenges = digest_challenges(attempt.final) if attempt.final is not None and not attempt.by_aka else ()
    return any(challenge.stale for _, challenge in challenges)


def _removes_nothing(view: View, attempt: Attempt) -> bool:
    """A de-REGISTER for contacts that are not bound: TS 24.229 5.4.1.4 has a 481 for it."""
    if attempt.binds or not attempt.contacts:
        return False
    return not any(removed(attempt, granted) for granted in bound(view, attempt))


def _wrong(view: View) -> Iterator[Answered]:
    """The answered REGISTER requests with a wrong response, to an AKA challenge, and no other fault."""
    return (a for a in view.answered if a.attempt.kind is Kind.WRONG and a.attempt.sound and a.attempt.by_aka)


def _challenges(answered: Answered) -> bool:
    return any(answered.response.field(name) is not None for name in ("WWW-Authenticate", "Proxy-Authenticate"))


def _challenged_again(answered: Answered, expected: str) -> Observed:
    return Observed(
        answered.entry,
        expected,
        f"{answered.response.status} with a challenge",
        line_of(answered.response, "WWW-Authenticate"),
    )


def _lists_after(view: View, refused: Answered, granted: Granted) -> Iterator[Answered]:
    """The 2xx after a refusal that list bindings the request itself did not touch, until `granted` is touched or over.

    A fetch always does; another contact of the same private identity may have replaced the first one (TS 24.229
    5.4.1.2.2 step 4A), so its list only shows that nothing was lost.
    """
    for later in view.accepted:
        attempt = later.attempt
        if later.entry <= refused.entry or attempt.record != refused.attempt.record:
            continue
        if touches(attempt, granted.uri) or not granted.alive(attempt.final_entry.at):
            return
        if not attempt.contacts or granted_seconds(later.response, granted.uri):
            yield later


def _kept(view: View, later: Answered, granted: Granted, refusal: int) -> Outcome:
    if granted_seconds(later.response, granted.uri):
        return Held(later.entry)
    before = (fetch for fetch in _fetches(view, later) if fetch.entry < refusal)
    unlisted = granted_seconds(later.response, granted.uri) is None
    if unlisted and not any(granted_seconds(fetch.response, granted.uri) for fetch in before):
        return Moot(f"no fetch listed {granted.uri} before the refusal either, which rfc3261-10.3-17 judges")
    return Breach(
        later.entry,
        expected=f"Contact {granted.uri} listed still, after the refusal in message {refusal}",
        actual="it is not listed, or with expires 0",
        line=line_of(later.response, "Contact"),
    )


def _fetches(view: View, one: Answered) -> Iterator[Answered]:
    """The accepted REGISTER requests without Contact for the same address of record."""
    return (a for a in view.accepted if not a.attempt.contacts and a.attempt.record == one.attempt.record)
