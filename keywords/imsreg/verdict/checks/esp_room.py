"""Whether a P-CSCF has room for a UE that has no associations any more (TS 33.203 7.1 rule 3, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imsreg.secagree.phases import Phase
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.checks.answers import OTHER_REASONS
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_history import End, MadeSet, Owner
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View

OTHER_TROUBLE = OTHER_REASONS | {408, 480, 504}
"""Refusals that are not for want of room at the P-CSCF: also those of a core in which somebody does not answer."""

LASTING = 60.0
"""Seconds after which a refusal that is still there comes of no guard against too many requests at a time."""


@check("33.203-7.1-11")
def associations_that_are_gone_take_no_room(view: View) -> Iterator[Outcome]:
    """A UE whose registrations are all over registers again as before: it is challenged, and gets a set.

    One refusal may have other reasons; so may 503. Refused again a minute later, it is the P-CSCF that has not let go.
    A 401 without Security-Server gives no set, and is another row's finding: 33.203-7.2-01.
    """
    decided, refused = False, list[Attempt]()
    for attempt in view.attempts:
        if not _comes_back(view, attempt):
            continue
        if attempt.status == 401:
            decided, refused = True, []
            yield _challenge(view, attempt)
        elif attempt.status // 100 in (4, 5) and attempt.status not in OTHER_TROUBLE:
            decided = True
            refused.append(attempt)
            yield _refusal(view, attempt, refused)
    if not decided:
        yield Unmet("no UE that had been de-registered registered again in the clear, or nothing was answered")


def _challenge(view: View, attempt: Attempt) -> Outcome:
    if attempt.final is not None and attempt.final.field("Security-Server") is not None:
        return Held(attempt.final_entry.number)
    return Observed(attempt.final_entry.number, _expected(view, attempt), "401 without Security-Server")


def _expected(view: View, attempt: Attempt) -> str:
    before = sum(made.end is End.RELEASED for made in _sets(view, attempt))
    return f"a challenge, as before: the {before} sets that the UE has had are gone, and it has no other"


def _refusal(view: View, attempt: Attempt, refused: Sequence[Attempt]) -> Outcome:
    expected = _expected(view, attempt)
    actual = f"{attempt.status} {attempt.final.reason if attempt.final is not None else ''}".strip()
    first = next((each for each in refused if _same_ue(each, attempt)), attempt)
    lasted = attempt.exchange.request.at - first.exchange.request.at
    if lasted < LASTING:
        return Observed(attempt.final_entry.number, expected, actual)
    return Breach(attempt.final_entry.number, expected, f"{actual}, as {lasted:.0f} s before")


def _comes_back(view: View, attempt: Attempt) -> bool:
    """Whether a REGISTER in the clear begins a registration of a UE that has been de-registered, and is right."""
    request = attempt.exchange.request
    if request.flow.association is not None or attempt.request.field("Security-Client") is None:
        return False
    if not (attempt.sound and attempt.by_aka and attempt.binds and attempt.kind is Kind.UNCHALLENGED):
        return False
    sets = _sets(view, attempt)
    over = all(made.phase(attempt.number) in (Phase.TEMPORARY, Phase.DELETED) for made in sets)
    return over and any(made.end is End.RELEASED for made in sets) and not _suspect(view, attempt)


def _sets(view: View, attempt: Attempt) -> list[MadeSet]:
    """The sets that the private identity has had before, wherever it was."""
    return [s for s in view.secured.sets if s.owner.impi == attempt.impi and s.challenge.number < attempt.number]


def _suspect(view: View, attempt: Attempt) -> bool:
    """Whether the user has failed to authenticate before: a network may lock him out for that."""
    failures = (Kind.WRONG, Kind.WRONG_AUTS, Kind.MAC_FAILURE, Kind.UNREADABLE)
    before = (each for each in view.attempts if each.number < attempt.number and each.impi == attempt.impi)
    return any(each.kind in failures for each in before)


def _same_ue(one: Attempt, other: Attempt) -> bool:
    return _owner(one) == _owner(other)


def _owner(attempt: Attempt) -> Owner:
    return Owner(attempt.impi, attempt.exchange.request.source.host)
