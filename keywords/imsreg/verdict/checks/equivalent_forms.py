"""Header fields in another legal form mean the same (RFC 3261 7.3.1, 7.3.3, 25.1).

Folded, under compact names, or with a quoted string that holds what separates values elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Response
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.undecided import silent
from imsreg.verdict.view import View, readable

Form = Callable[[Attempt], bool]

SEPARATORS = frozenset(",;")
"""What ends a value or a parameter where it is not quoted."""

COMPARABLE = (Kind.UNCHALLENGED, Kind.RIGHT)
"""What two requests of one UE may be so that the network has no reason of its own to answer them differently."""


@check("rfc3261-7.3.1-01")
def folded_fields_are_understood(view: View) -> Iterator[Outcome]:
    """A REGISTER with folded header fields gets what an equal one without any gets."""
    return _compared(view, _folded, "folded header fields")


@check("rfc3261-7.3.3-01")
def compact_names_are_understood(view: View) -> Iterator[Outcome]:
    """A REGISTER with compact header names gets what an equal one without any gets."""
    return _compared(view, _compact, "compact header names")


@check("rfc3261-25.1-01")
def quoted_strings_are_words(view: View) -> Iterator[Outcome]:
    """A REGISTER with separators in a quoted parameter of Via gets what an equal one without any gets."""
    return _compared(view, _quoted, "separators in a quoted Via parameter")


def _folded(attempt: Attempt) -> bool:
    return any(b"\n" in field.raw for field in attempt.request.headers)


def _compact(attempt: Attempt) -> bool:
    return any(field.compact for field in attempt.request.headers)


def _quoted(attempt: Attempt) -> bool:
    params = [via.params for via in readable(attempt.request, Via)]
    return any(each.quoted(name) and not SEPARATORS.isdisjoint(each[name] or "") for each in params for name in each)


def _compared(view: View, form: Form, what: str) -> Iterator[Outcome]:
    others = [other for other in (_folded, _compact, _quoted) if other is not form]
    comparable = [
        a for a in view.attempts if a.kind in COMPARABLE and a.sound and not any(other(a) for other in others)
    ]
    plain = {_asks(view, a): a for a in comparable if not form(a) and a.status in (200, 401)}
    pairs = [
        (attempt, plain[_asks(view, attempt)])
        for attempt in comparable
        if form(attempt) and attempt.status != 503 and _asks(view, attempt) in plain and not _unheard(view, attempt)
    ]
    if not pairs:
        yield Unmet(f"no REGISTER with {what} beside an equal one without, which was challenged or accepted")
    for attempt, model in pairs:
        yield _compare(view, attempt, model, what)


def _asks(view: View, attempt: Attempt) -> Hashable:
    """What is the same in two requests that deserve the same answer: who asks for what, and what is bound before."""
    at = attempt.exchange.request.at
    before = frozenset(str(granted.uri) for granted in view.ledger.before(attempt) if granted.alive(at))
    asked = attempt.request.value("Expires"), frozenset(str(contact) for contact in attempt.contacts)
    return attempt.record, attempt.impi, attempt.kind, asked, before


def _unheard(view: View, attempt: Attempt) -> bool:
    """Whether silence may be that of the associations: nothing that went out on this set was ever answered."""
    located = view.secured.on(attempt.exchange.request)
    if attempt.final is not None or located is None:
        return False
    answered = (x.request for x in view.secured.asked if x.final is not None)
    return not any(located.made.on(request) is not None for request in answered)


def _compare(view: View, attempt: Attempt, model: Attempt, what: str) -> Outcome:
    like = f"as in message {model.final_entry.number} of the ladder"
    expected = f"with {what}, too: {model.status} and its bindings, {like}"
    if attempt.final is None:
        return silent(view, attempt, expected)
    entry = attempt.final_entry.number
    if attempt.status != model.status:
        return Breach(entry, expected, f"{attempt.status} {attempt.final.reason}".rstrip())
    if model.final is not None and _bound(attempt.final) != _bound(model.final):
        return Breach(entry, expected, f"Contact: {', '.join(attempt.final.values('Contact')) or 'none'}")
    return Held(entry)


def _bound(response: Response) -> list[str]:
    """Who is listed, and where. Expiries run down from one list to the next."""
    return sorted(contact.uri.address_of_record() for contact in readable(response, Contact))
