"""Whether a P-CSCF hears the UE on the associations that it has announced (TS 33.203 7.4, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.transcript.entries import Event
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View

GIVEN_UP = "no answer to "


@check("33.203-7.4.2a-10")
def a_right_response_is_heard_on_its_set(view: View) -> Iterator[Outcome]:
    """A right response on the set of its challenge is answered; what the answer is, and where, others judge.

    Silence is a finding where the tester has repeated the request until Timer F, and nothing came from the P-CSCF.
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
            yield Breach(attempt.number, "an answer: the associations of the challenge are there", event.text)
    if not decided:
        yield Unmet("no right response was sent on the set of its challenge, or the tester did not wait for its answer")


def _on_its_set(view: View, attempt: Attempt) -> bool:
    if attempt.answers is None:
        return False
    made = view.secured.made_of(attempt.answers.number)
    return made is not None and made.on(attempt.exchange.request) is not None


def _given_up(view: View, attempt: Attempt) -> Event | None:
    """The end of Timer F of a request, if it was the only one under way and nothing of the other side passed."""
    request = attempt.exchange.request
    for event in view.transcript.events:
        if event.kind != "transport" or event.after < attempt.number or not event.text.startswith(GIVEN_UP):
            continue
        between = view.transcript.entries[attempt.number : event.after]
        alone = all(each.sent and each.raw == request.raw for each in between)
        came = any(request.at <= record.at <= event.at for record in view.secured.arrived)
        return event if alone and not came else None
    return None
