"""Whether a P-CSCF hears the UE on the associations that it has announced (TS 33.203 7.4, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.events import Direction, Fate
from imsreg.transcript.entries import Entry, Event
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_choices import two_choices
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View

GIVEN_UP = "no answer to "

TIMELY = 32.0
"""Seconds after its challenge in which an answer must find the associations: how long they last no text says."""


@check("33.203-7.4.2a-10")
def a_right_response_is_heard_on_its_set(view: View) -> Iterator[Outcome]:
    """A right response on the set of its challenge is answered; what the answer is, and where, others judge.

    Silence is a finding where the tester has repeated the request until Timer F, and nothing came from the P-CSCF. Not
    so where the answer was late, or where either of two entries of the list may be in use.
    """
    decided = False
    for attempt in view.attempts:
        if attempt.kind is not Kind.RIGHT or not attempt.sound or not _on_its_set(view, attempt):
            continue
        if attempt.exchange.responses:
            decided = True
            yield Held(attempt.exchange.responses[0].number)
        elif (event := _given_up(view, attempt)) is not None:
            decided = True
            expected = "an answer: the associations of the challenge are there, unless ESP is lost on the way"
            yield Breach(attempt.number, expected, event.text)
    if not decided:
        yield Unmet("no right response was sent on the set of its challenge, or the tester did not wait for its answer")


def _on_its_set(view: View, attempt: Attempt) -> bool:
    if attempt.answers is None:
        return False
    made, request = view.secured.made_of(attempt.answers.number), attempt.exchange.request
    return made is not None and made.on(request) is not None


def _given_up(view: View, attempt: Attempt) -> Event | None:
    """The end of Timer F of a request, if it was the only one under way and nothing of the other side passed."""
    request = attempt.exchange.request
    made = view.secured.made_of(attempt.answers.number) if attempt.answers is not None else None
    if made is None or request.at > made.challenge.at + TIMELY or two_choices(made) or not _has_left(view, request):
        return None
    for event in view.transcript.events:
        if event.kind != "transport" or event.after < attempt.number or not event.text.startswith(GIVEN_UP):
            continue
        between = view.transcript.entries[attempt.number : event.after]
        alone = all(each.sent and each.raw == request.raw for each in between)
        came = any(request.at <= record.at <= event.at for record in view.secured.arrived)
        return event if alone and not came else None
    return None


def _has_left(view: View, request: Entry) -> bool:
    """Whether the records, if there are any, show packets of the request, and none was left out."""
    sent = (r.event for r in view.secured.records if r.event.direction is Direction.OUT and r.after >= request.number)
    labels = {event.association.label for event in sent if event.fate is Fate.OK and event.association is not None}
    if not view.secured.records:
        return True
    return not view.transcript.dropped_esp and request.flow.association in labels
