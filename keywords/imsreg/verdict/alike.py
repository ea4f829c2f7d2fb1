"""Requests that ask for the same, one of them in another legal form: they deserve the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence

from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Response
from imsreg.sip.uri import equivalent
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.bindings import requested_seconds
from imsreg.verdict.forms import FORMS, Form
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.undecided import silent
from imsreg.verdict.view import View, readable

Pair = tuple[Attempt, Attempt]
"""A REGISTER in the form in question, and its model: an equal one without."""

Compare = Callable[[View, Attempt, Attempt, str], Outcome]

USUAL = (200, 401)
"""What a model gets: another answer tells nothing."""

COMPARABLE = (Kind.UNCHALLENGED, Kind.RIGHT)
"""What two requests of one UE may be so that the network has no reason of its own to answer them differently."""


def compared(view: View, form: Form, what: str, compare: Compare | None = None) -> Iterator[Outcome]:
    """What every REGISTER in a form got, beside one without it; `what` names the form after "with".

    A request that is in another form of FORMS too tells nothing, nor does 503.
    """
    if not any(attempt.sound and form(attempt) for attempt in view.attempts):
        yield _undecided((), what)
        return
    comparable = _comparable(view, form)
    # The latest equal one, but one that was challenged or accepted if there is any.
    plain = sorted((a for a in comparable if not form(a)), key=lambda a: a.status in USUAL)
    models = {_asks(view, a): a for a in plain}
    pairs = [(a, models[_asks(view, a)]) for a in comparable if form(a) and _asks(view, a) in models]
    decided = [(a, model) for a, model in pairs if model.status in USUAL and a.status != 503 and not _unheard(view, a)]
    for attempt, model in decided:
        yield (compare or same_answer)(view, attempt, model, what)
    if not decided:
        yield _undecided(pairs, what)


def same_answer(view: View, attempt: Attempt, model: Attempt, what: str) -> Outcome:
    """Whether both got the same status, and after it the same bindings."""
    expected = expectation(model, what)
    if attempt.final is None:
        return silent(view, attempt, expected)
    entry = attempt.final_entry.number
    if attempt.status != model.status:
        return Breach(entry, expected, f"{attempt.status} {attempt.final.reason}".rstrip())
    if model.final is not None and _bound(view, attempt, attempt.final) != _bound(view, model, model.final):
        return Breach(entry, expected, f"Contact: {', '.join(attempt.final.values('Contact')) or 'none'}")
    return Held(entry)


def expectation(model: Attempt, what: str) -> str:
    """What a REGISTER in the form should have got, in words."""
    return f"with {what}, too: {model.status} and its bindings, as in message {model.final_entry.number} of the ladder"


def _comparable(view: View, form: Form) -> list[Attempt]:
    others = [other for other in FORMS if other is not form]
    return [a for a in view.attempts if a.kind in COMPARABLE and a.sound and not any(other(a) for other in others)]


def _undecided(pairs: Sequence[Pair], what: str) -> Unmet | Moot:
    """A DUT that refuses what is asked for, in whichever form, may have reasons of its own."""
    refused = next((a for a, model in pairs if a.status == model.status and a.status // 100 in (4, 6)), None)
    if refused is not None and refused.status not in USUAL:
        return Moot(f"{refused.status} to a REGISTER with {what}, and to an equal one without")
    return Unmet(f"no REGISTER with {what} beside an equal one without, which was challenged or accepted")


def _asks(view: View, attempt: Attempt) -> Hashable:
    """What is the same in two requests that deserve the same answer: who asks for what, and what is bound before."""
    at = attempt.exchange.request.at
    before = frozenset(str(granted.uri) for granted in view.ledger.before(attempt) if granted.alive(at))
    places = Counter(_place(attempt, contact) for contact in attempt.contacts)
    asked = attempt.request.value("Expires"), frozenset(places.items())
    hops = len(attempt.request.values("Via"))
    return attempt.record, attempt.impi, attempt.kind, attempt.exchange.request.flow.transport, hops, asked, before


def _place(attempt: Attempt, contact: Contact) -> Hashable:
    """Where a contact is, and for how long. Its user part and other parameters may be what the form is about."""
    uri = contact.uri
    return contact.star, uri.scheme, uri.host, uri.port, requested_seconds(attempt, contact), "reg-id" in contact.params


def _unheard(view: View, attempt: Attempt) -> bool:
    """Whether silence may be that of the associations: nothing that went out on this set was ever answered."""
    located = view.secured.on(attempt.exchange.request)
    if attempt.final is not None or located is None:
        return False
    answered = (x.request for x in view.secured.asked if x.final is not None)
    return not any(located.made.on(request) is not None for request in answered)


def _bound(view: View, attempt: Attempt, response: Response) -> list[str]:
    """What is listed that was not bound before, "own" for what the request itself names.

    The rest goes by its host: a DUT that spoils contacts in its lists does so in both, which 10.3-15 judges. What was
    bound before and is listed still, though it has ended, is a matter of 10.3-06.
    """
    own = [contact.uri for contact in attempt.contacts]
    known = [granted.uri for granted in view.ledger.before(attempt)]
    places = []
    for listed in readable(response, Contact):
        if any(equivalent(listed.uri, uri) for uri in own):
            places.append("own")
        elif not any(equivalent(listed.uri, uri) for uri in known):
            places.append(listed.uri.host)
    return sorted(places)
