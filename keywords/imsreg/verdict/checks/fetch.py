"""The REGISTER without Contact: it asks for the bindings and changes none (RFC 3261 10.2.3, 10.3 steps 6 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.bindings import SLACK
from imsreg.verdict.checks.registry import check
from imsreg.verdict.core_notices import Notice, notices
from imsreg.verdict.listing import Listed, Listing
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.owed import bound, owed, replaced, touches
from imsreg.verdict.undecided import undecided
from imsreg.verdict.view import Answered, View, line_of

NOT_LISTED = "the list does not hold what is bound, which rfc3261-10.3-17 judges; what the fetch did does not show"


@check("rfc3261-10.3-17")
def a_fetch_lists_the_bindings(view: View) -> Iterator[Outcome]:
    """200 with the bindings, and not the refusal of a request that lacks a Contact."""
    decided = False
    for answered in view.answered:
        attempt = answered.attempt
        if not (_fetches(attempt) and attempt.sound and bound(view, attempt)):
            continue
        decided = True
        unmet = undecided(attempt)
        if unmet is not None:
            yield unmet
        elif attempt.status // 100 == 2:
            yield from _lists(view, answered)
        elif attempt.kind is Kind.RIGHT:
            yield Breach(answered.entry, expected="200 with the current bindings", actual=f"{attempt.status}")
        else:
            yield Unmet(f"{attempt.status}: the REGISTER without Contact was refused before it was authenticated")
    if not decided:
        yield Unmet("no REGISTER without Contact was answered while a contact was bound")


@check("rfc3261-10.2.3-01")
def a_fetch_changes_no_binding(view: View) -> Iterator[Outcome]:
    """A list after a fetch is the one before it, with the time that has passed taken off.

    A contact that is not listed any more counts where two requests of a kind, neither of which names it, got different
    lists: else it is the list that is at fault (rfc3261-10.3-13, rfc3261-10.3-17) and not what the fetch did. Nor
    does it count what the network had ended by itself, as a NOTIFY says.
    """
    told = tuple(notices(view.transcript))
    spans: dict[str, _Span] = {}
    outcomes: list[Outcome] = []
    for attempt in view.attempts:
        span = spans.setdefault(attempt.record, _Span())
        if attempt.final is not None and attempt.status // 100 == 2:
            answered = Answered(attempt, attempt.final_entry.number, attempt.final)
            if span.doubted(told, answered):
                span = spans[attempt.record] = _Span()
            outcomes += span.take_fetch(answered) if _fetches(attempt) else span.take_other(answered)
        elif attempt.status != 401 and not _fetches(attempt):
            # Something else may have changed the bindings.
            spans[attempt.record] = _Span()
    yield from outcomes or [Unmet("no REGISTER without Contact got a 2xx after one that lists a contact")]


@dataclass
class _Span:
    """The latest lists of one address of record between which nothing but fetches was answered."""

    fetched: Answered | None = None
    other: Answered | None = None

    def doubted(self, told: Iterable[Notice], answered: Answered) -> bool:
        """Whether a NOTIFY since one of its lists, and before another, takes away a contact that it has."""
        lists = [each for each in (self.fetched, self.other) if each is not None]
        return any(
            each.entry < notice.number < answered.entry
            and any(notice.doubts(each.attempt.record, listed.contact.uri) for listed in _listed(each))
            for each in lists
            for notice in told
        )

    def take_fetch(self, answered: Answered) -> list[Outcome]:
        former = self.fetched or self.other
        outcomes: list[Outcome] = []
        if former is not None and Listing.of(former.response).contacts:
            outcomes += [*_ended(former, answered), *_gone(self.fetched, answered), *_prolonged(former, answered)]
            if not outcomes:
                missing = any(_missing(former, answered))
                outcomes.append(Moot(NOT_LISTED) if missing else Held(answered.entry))
        self.fetched = answered
        return outcomes

    def take_other(self, answered: Answered) -> list[Outcome]:
        outcomes: list[Outcome] = []
        if self.fetched is not None and self.other is not None and _refreshes(self.other, answered):
            outcomes += _gone(self.other, answered)
        self.fetched, self.other = None, answered
        return outcomes


def _fetches(attempt: Attempt) -> bool:
    return attempt.request.field("Contact") is None


def _refreshes(former: Answered, answered: Answered) -> bool:
    """Whether the request names listed contacts only: another may take the place of the former ones."""
    listing = Listing.of(former.response)
    return all(not contact.star and listing.bound(contact.uri) for contact in answered.attempt.contacts)


def _lists(view: View, answered: Answered) -> Iterator[Outcome]:
    listing = Listing.of(answered.response)
    missing = [
        granted
        for granted in owed(view, answered)
        if not any("expires" in listed.contact.params for listed in listing.bound(granted.uri))
        and not replaced(view, granted, answered.attempt)
    ]
    for granted in missing:
        expected = f"Contact: <{granted.uri}> with its expires, bound by message {granted.entry} of the ladder"
        yield Breach(answered.entry, expected, listing.in_words(), line_of(answered.response, "Contact"))
    if not missing:
        yield Held(answered.entry)


def _ended(former: Answered, answered: Answered) -> Iterator[Breach]:
    """What has time left and is listed with an expiry of zero."""
    for known in _missing(former, answered):
        for listed in Listing.of(answered.response).find(known.contact.uri):
            yield _lost(former, known, answered, f"Contact: {listed.contact}")


def _gone(former: Answered | None, answered: Answered) -> Iterator[Breach]:
    """What a list of the same kind held and this one does not, neither of the two requests naming it.

    Where another binding ran out between the two, that may be what took it along.
    """
    if former is None or any(_ran_out(listed, _between(former, answered)) for listed in _listed(former)):
        return
    for known in _missing(former, answered):
        uri, listing = known.contact.uri, Listing.of(answered.response)
        if not (touches(former.attempt, uri) or touches(answered.attempt, uri) or listing.find(uri)):
            yield _lost(former, known, answered, listing.in_words())


def _lost(former: Answered, known: Listed, answered: Answered, actual: str) -> Breach:
    expected = f"{known.contact.uri}, which message {former.entry} of the ladder lists for {known.seconds} s"
    return Breach(answered.entry, expected, actual, line_of(answered.response, "Contact"))


def _missing(former: Answered, answered: Answered) -> Iterator[Listed]:
    """The contacts of a list that have time left and are not in this one."""
    now, passed = Listing.of(answered.response), _between(former, answered)
    for known in _listed(former):
        if known.seconds is not None and not _ran_out(known, passed) and not now.bound(known.contact.uri):
            yield known


def _prolonged(former: Answered, answered: Answered) -> Iterator[Breach]:
    """The contacts that both lists hold, and that have more time left than has passed."""
    before, passed = Listing.of(former.response), _between(former, answered)
    for listed in Listing.of(answered.response).contacts:
        known = (_left(k, passed) for k in before.bound(listed.contact.uri))
        most = max((left for left in known if left is not None), default=None)
        if most is not None and listed.seconds is not None and listed.seconds > most + SLACK:
            expected = f"at most the {most:.0f} s that are left of {listed.contact.uri}"
            yield Breach(answered.entry, expected, f"expires={listed.seconds}", listed.line)


def _between(former: Answered, answered: Answered) -> float:
    return answered.attempt.final_entry.at - former.attempt.final_entry.at


def _listed(answered: Answered) -> tuple[Listed, ...]:
    """The contacts that the response lists as bound."""
    return tuple(listed for listed in Listing.of(answered.response).contacts if not listed.removed)


def _ran_out(listed: Listed, passed: float) -> bool:
    """Whether the binding is over, or may be."""
    left = _left(listed, passed)
    return left is not None and left <= SLACK


def _left(listed: Listed, passed: float) -> float | None:
    return None if listed.seconds is None else listed.seconds - passed
