"""On which associations a P-CSCF sends what answers a REGISTER (TS 33.203 7.1, 7.4, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.phases import Phase
from imsreg.sip.message import Response
from imsreg.transcript.entries import Entry
from imsreg.verdict.authentication import NOT_ON_ITS_SET, Attempt, Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_choices import no_new_authentication, no_passage
from imsreg.verdict.esp_history import MadeSet
from imsreg.verdict.esp_view import SecuredView
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View

IN_USE = (Phase.ESTABLISHED, Phase.OLD)


@check("33.203-7.4.2a-01")
def the_challenge_goes_the_way_of_its_request(view: View) -> Iterator[Outcome]:
    """In the clear to a REGISTER in the clear, on the set of one that came on a set in use.

    Answers are another matter.
    """
    secured, decided = view.secured, False
    for attempt in view.attempts:
        if attempt.responds or attempt.status != 401 or not _bears_on_sets(secured, attempt):
            continue
        decided = True
        for entry in _responses(attempt, 401, 402):
            yield _same_way(secured, attempt, entry)
    if not decided:
        yield Unmet("no challenge made associations, and none came to a REGISTER on one")


@check("33.203-7.4.2a-02")
def the_200_goes_on_the_new_set(view: View) -> Iterator[Outcome]:
    """The 2xx to a response that came on the set of its challenge, and every repetition of it."""
    secured, decided = view.secured, False
    for attempt in view.attempts:
        made = _answered_on(secured, attempt)
        if made is None or attempt.status // 100 != 2:
            continue
        decided = True
        for entry in _responses(attempt, 200, 300):
            yield _on(secured, made, entry, "the set of the challenge")
    if not decided:
        yield Unmet("no response on the set of its challenge was accepted")


@check("33.203-7.4.2a-03")
def a_refusal_goes_where_the_registration_began(view: View) -> Iterator[Outcome]:
    """A wrong response is refused on the new set if the first REGISTER was in the clear, else on the set of that."""
    secured, decided = view.secured, False
    for attempt in view.attempts:
        made = _answered_on(secured, attempt)
        if made is None or attempt.kind is not Kind.WRONG or not attempt.sound or not 401 <= attempt.status < 500:
            continue
        decided = True
        if attempt.status == 401:
            yield Moot("the network challenged again instead of refusing the response, as it may")
        for entry in _responses(attempt, 402, 500):
            where = made if made.began_on is None else made.began_on
            words = "the set of the challenge" if made.began_on is None else "the set of the first REGISTER"
            yield _on(secured, where, entry, words)
    if not decided:
        yield no_new_authentication(view, "no wrong response on the set of its challenge was refused")


@check("33.203-7.4.2a-04")
def an_answer_elsewhere_is_not_accepted(view: View) -> Iterator[Outcome]:
    """A right response in the clear, or on another association than UL1 of its challenge's set, gets no 2xx.

    In the clear it counts as a first REGISTER, which is answered; on a wrong association it is to be discarded. UL2 is
    only odd over TCP: either side may use a connection that is there (7.1).
    """
    decided = False
    for attempt in view.attempts:
        if attempt.faults != (NOT_ON_ITS_SET,) or attempt.kind is not Kind.RIGHT:
            continue
        decided = True
        request = attempt.exchange.request
        expected = "no 2xx: the response is not on the set of its challenge"
        way = view.secured.way(request)
        if attempt.final is None:
            waited = view.secured.waited(request.at)
            yield Held(attempt.number) if waited else Unmet(f"the tester did not wait for an answer to {way}")
        elif attempt.status // 100 == 2:
            finding = Observed if request.flow.reliable and _answered_on(view.secured, attempt) is not None else Breach
            yield finding(attempt.final_entry.number, expected, f"{attempt.status} to the response {way}")
        elif request.flow.association is not None:
            yield Observed(attempt.final_entry.number, "no answer at all", f"{attempt.status} to the response {way}")
        else:
            yield Held(attempt.final_entry.number)
    if not decided:
        yield no_new_authentication(view, "no right response was sent in the clear or on a wrong association")


@check("33.203-7.4.2a-05")
def what_is_not_challenged_is_answered_on_its_set(view: View) -> Iterator[Outcome]:
    """The 2xx to a refresh or a de-registration comes on the set that the request came on."""
    secured, decided = view.secured, False
    for attempt in view.attempts:
        located = secured.on(attempt.exchange.request)
        if located is None or attempt.responds or attempt.status // 100 != 2:
            continue
        decided = True
        for entry in _responses(attempt, 200, 300):
            yield _on(secured, located.made, entry, "the set of the request")
    if not decided:
        yield no_passage(view, "no REGISTER on an established set was accepted without a challenge")


def _bears_on_sets(secured: SecuredView, attempt: Attempt) -> bool:
    request = attempt.exchange.request
    if request.flow.association is None:
        return secured.made_of(attempt.number) is not None
    located = secured.on(request)
    return located is None or located.made.phase(request.number) in IN_USE


def _answered_on(secured: SecuredView, attempt: Attempt) -> MadeSet | None:
    """The set of the challenge that a response on it answers."""
    if not attempt.responds or attempt.answers is None:
        return None
    made = secured.made_of(attempt.answers.number)
    return made if made is not None and made.on(attempt.exchange.request) is not None else None


def _responses(attempt: Attempt, low: int, high: int) -> Iterator[Entry]:
    """The responses with these statuses, repetitions too: each travels by itself."""
    for entry in attempt.exchange.responses:
        if isinstance(entry.message, Response) and low <= entry.message.status < high:
            yield entry


def _same_way(secured: SecuredView, attempt: Attempt, entry: Entry) -> Outcome:
    request = attempt.exchange.request
    if request.flow.association is None:
        expected, right = "in the clear, as the REGISTER came", entry.flow.association is None
    elif (located := secured.on(request)) is not None:
        return _on(secured, located.made, entry, "the set of the REGISTER")
    else:  # on a set from before this transcript
        expected, right = "on an association, as the REGISTER came", entry.flow.association is not None
    return Held(entry.number) if right else Breach(entry.number, expected, secured.way(entry))


def _on(secured: SecuredView, made: MadeSet, entry: Entry, words: str) -> Outcome:
    """Whether a response is on an association of this set; on which of the two, 33.203-7.1-03 judges."""
    on = made.on(entry)
    if on is not None and secured.sent_by_dut(on.name):
        return Held(entry.number)
    return Breach(entry.number, f"on {secured.right(made, entry)}, {words}", secured.way(entry))
