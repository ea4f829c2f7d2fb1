"""What a network with associations lets in, in the clear and on sets (TS 33.203 7.1, 7.4.2a; TS 24.229 5.4.1.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.phases import Phase
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.name_addr import From
from imsreg.sip.message import Request
from imsreg.sip.uri import equivalent
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.verdict.authentication import NOT_ON_ITS_SET, VIA_NOT_ITS_ADDRESS, Attempt, records_of
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_history import End
from imsreg.verdict.esp_view import SecuredView
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.owed import bound
from imsreg.verdict.view import View

REMOVAL = 0.5
"""Seconds in which associations that are over must be gone: they are removed after the response that ends them."""

NO_ANSWER_AWAITED = "the tester did not wait for the answer to message"
EMERGENCY = "urn:service:sos"


@check("33.203-7.1-06")
def only_register_is_let_in_in_the_clear(view: View) -> Iterator[Outcome]:
    """Another request is rejected or discarded; emergency requests are let in.

    Those of a user with a password too: without AKA there are no associations (TS 33.203 Annex N).
    """
    decided = False
    for exchange in view.secured.asked:
        request = exchange.request
        if exchange.method in ("REGISTER", "ACK", "CANCEL") or request.flow.association is not None:
            continue
        if isinstance(request.message, Request) and request.message.request_uri.lower().startswith(EMERGENCY):
            continue
        if _has_a_password(view, request):
            continue
        decided = True
        yield _kept_out(view.secured, exchange, f"no 2xx to {exchange.method} in the clear", rejection=True)
    if not decided:
        yield Unmet("no request but REGISTER was sent in the clear")


@check("33.203-7.1-10")
def the_source_must_be_the_address_in_via(view: View) -> Iterator[Outcome]:
    """A REGISTER on an association whose sent-by is another address. No code is named, so silence will do."""
    decided = False
    for attempt in view.attempts:
        if attempt.faults == (VIA_NOT_ITS_ADDRESS,) and attempt.subscriber is not None:
            decided = True
            yield _kept_out(view.secured, attempt.exchange, f"no 2xx: {VIA_NOT_ITS_ADDRESS}", rejection=True)
    if not decided:
        yield Unmet("no REGISTER on an association named another address in Via")


@check("24.229-5.4.1.2.2-02")
def every_register_in_the_clear_is_authenticated(view: View) -> Iterator[Outcome]:
    """Also one with the right response: what is not integrity protected answers no challenge."""
    decided = False
    for attempt in view.attempts:
        clear = attempt.exchange.request.flow.association is None
        if not clear or not attempt.by_aka or not set(attempt.faults) <= {NOT_ON_ITS_SET} or attempt.final is None:
            continue
        decided = True
        entry, expected = attempt.final_entry.number, "401 with a challenge: the REGISTER came in the clear"
        if attempt.status // 100 == 2:
            yield Breach(entry, expected, f"{attempt.status}")
        elif attempt.challenge is not None:
            yield Held(entry)
        else:
            yield Unmet(f"the REGISTER in the clear got {attempt.status}")
    if not decided:
        yield Unmet("no REGISTER in the clear was answered")


@check("24.229-5.4.1.2.2-04")
def an_unknown_contact_on_a_set_is_refused(view: View) -> Iterator[Outcome]:
    """A protected REGISTER without reg-id, for a contact beside the registered ones. A challenge comes first."""
    decided = False
    for attempt in view.attempts:
        if not _another_contact(view, attempt) or attempt.final is None:
            continue
        decided = True
        if attempt.status == 403:
            yield Held(attempt.final_entry.number)
        elif attempt.status // 100 == 2:
            expected = "403: this contact is not registered"
            yield Breach(attempt.final_entry.number, expected, f"{attempt.status}")
        elif attempt.challenge is not None:
            yield Moot("the network challenged the REGISTER for another contact, as it may")
        else:
            yield Unmet(f"the REGISTER for another contact got {attempt.status}")
    if not decided:
        yield Unmet("no REGISTER on an established set was for a contact beside the registered ones")


@check("33.203-7.4.2a-06")
def a_failed_set_is_gone(view: View) -> Iterator[Outcome]:
    """After a failure of the authentication, or another challenge in its place."""
    return _gone(view, (End.FAILED, End.OVERTAKEN), "authentication had failed or been overtaken")


@check("33.203-7.4.2a-07")
def a_released_set_is_gone(view: View) -> Iterator[Outcome]:
    """After the 200 to the de-registration of the last contact of the private identity."""
    return _gone(view, (End.RELEASED,), "user had been de-registered")


@check("33.203-7.4.2a-08")
def a_replaced_set_is_gone(view: View) -> Iterator[Outcome]:
    """After the 200 of a newer set whose registration did not begin on this one."""
    return _gone(view, (End.REPLACED,), "place a newer set had taken")


def _gone(view: View, ends: tuple[End, ...], whose: str) -> Iterator[Outcome]:
    """New requests on a set that is over. Only an acceptance is a finding, and not of what came at once."""
    decided = False
    for exchange in view.secured.asked:
        located = view.secured.on(exchange.request)
        if located is None or located.made.phase(exchange.request.number) is not Phase.DELETED:
            continue
        if located.made.end in ends and exchange.method != "ACK":
            decided = True
            expected = f"no answer: {located.made.end}"
            outcome = _kept_out(view.secured, exchange, expected, rejection=False)
            over = view.transcript.entries[(located.made.ended or 1) - 1].at
            at_once = isinstance(outcome, Breach) and exchange.request.at < over + REMOVAL
            yield (
                Unmet(f"the request came at once after the end of its set: {located.made.end}") if at_once else outcome
            )
    if not decided:
        yield Unmet(f"no request was sent on a set whose {whose}")


def _kept_out(secured: SecuredView, exchange: Exchange, expected: str, *, rejection: bool) -> Outcome:
    """Whether a request was not accepted; where it should have been discarded, another answer is odd."""
    request, final = exchange.request, exchange.final
    if final is None:
        waited = secured.waited(request.at)
        return Held(request.number) if waited else Unmet(f"{NO_ANSWER_AWAITED} {request.number}")
    actual = f"{final.label} to {exchange.method} {secured.way(request)}"
    if final.label.startswith("2"):
        return Breach(final.number, expected, actual)
    return Held(final.number) if rejection else Observed(final.number, expected, actual)


def _has_a_password(view: View, entry: Entry) -> bool:
    """Whether a request is from a public identity of a subscriber without AKA keys."""
    try:
        sender = entry.message.get(From) if entry.message is not None else None
        record = sender.uri.address_of_record() if sender is not None else ""
    except (HeaderError, UriError):
        return False
    return any(s.algorithm is None and record in records_of(s) for s in view.facts.subscribers.values())


def _another_contact(view: View, attempt: Attempt) -> bool:
    """Whether the only thing about a request on an established set is a contact that was not granted before."""
    located = view.secured.on(attempt.exchange.request)
    if located is None or located.made.phase(attempt.number) is not Phase.ESTABLISHED:
        return False
    held = bound(view, attempt)
    contacts = [contact for contact in attempt.contacts if not contact.star]
    return (
        attempt.sound
        and attempt.binds
        and not attempt.responds
        and bool(held)
        and not any("reg-id" in contact.params for contact in contacts)
        and not any(equivalent(contact.uri, granted.uri) for contact in contacts for granted in held)
    )
