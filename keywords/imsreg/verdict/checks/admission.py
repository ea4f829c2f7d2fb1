"""What is refused before anything is registered: unknown or foreign users, unknown extensions, and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import To
from imsreg.sip.option_tags import REGISTERED
from imsreg.verdict.authentication import Attempt, records_of
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.undecided import undecided
from imsreg.verdict.view import Answered, View, line_of, readable


@check("24.229-5.3.1.3-01")
def an_unknown_user_is_refused(view: View) -> Iterator[Outcome]:
    """403 is the code; 404 (RFC 3261 10.3 step 5) or 480 are odd, a challenge or a registration is wrong."""
    expected = "403 to the REGISTER of a user whom no subscriber file has"
    strangers = [a for a in view.answered if _nobody(view, a.attempt)]
    if not strangers:
        yield Unmet("no REGISTER of a user whom nobody knows was answered")
    for answered in strangers:
        status = answered.response.status
        if status == 403:
            yield Held(answered.entry)
        elif status // 100 in (2, 6) or _challenges(answered):
            yield Breach(answered.entry, expected, _described(answered), line_of(answered.response, "WWW-Authenticate"))
        elif status // 100 in (3, 5) or status in (420, 421, 494):
            yield Unmet(f"the unknown user was answered {status}")
        else:
            yield Observed(answered.entry, expected, _described(answered))


@check("rfc3261-8.2.2.3-01")
def an_unknown_extension_is_refused(view: View) -> Iterator[Outcome]:
    """420 before or after authentication; the sentence knows no other answer."""
    return _refused(view, 420, lambda attempt: bool(_unknown_tags(attempt)), "an extension that nobody knows required")


@check("rfc3261-8.2.2.3-02")
def the_420_names_the_extension(view: View) -> Iterator[Outcome]:
    """Unsupported lists the tag that nobody knows, and nothing that the request did not require."""
    refused = [a for a in view.answered if a.response.status == 420 and _unknown_tags(a.attempt)]
    if not refused:
        answered_otherwise = any(_unknown_tags(a.attempt) and a.attempt.status != 401 for a in view.answered)
        yield (
            Moot("there was no 420, which rfc3261-8.2.2.3-01 judges")
            if answered_otherwise
            else Unmet("no REGISTER that requires an extension that nobody knows got its final answer")
        )
    for answered in refused:
        unknown = _unknown_tags(answered.attempt)
        listed = set(answered.response.option_tags("Unsupported"))
        if unknown <= listed <= _required(answered.attempt):
            yield Held(answered.entry)
        else:
            yield Breach(
                answered.entry,
                expected=f"Unsupported: {', '.join(sorted(unknown))}",
                actual=f"Unsupported: {', '.join(sorted(listed))}" if listed else "no Unsupported",
                line=line_of(answered.response, "Unsupported"),
            )


@check("rfc3261-16.3-01")
def no_hops_left_is_483(view: View) -> Iterator[Outcome]:
    """A proxy forwards no request whose Max-Forwards is zero: not even a challenge may come of it."""
    spent = [a for a in view.attempts if a.one_fault and a.request.value("Max-Forwards") == "0"]
    if not spent:
        yield Unmet("no REGISTER with Max-Forwards: 0 was sent")
    for attempt in spent:
        unmet = undecided(attempt)
        if attempt.status == 483:
            yield Held(attempt.final_entry.number)
        elif unmet is not None and attempt.status not in (401, 420):
            yield unmet
        else:
            yield Breach(attempt.final_entry.number, "483 to Max-Forwards: 0", f"{attempt.status}")


@check("rfc3261-10.3-03")
def a_foreign_identity_is_not_found(view: View) -> Iterator[Outcome]:
    """404; what another element refuses before the registrar, or step 4 does, is odd, and anything else wrong."""
    foreign = [attempt for attempt in view.attempts if not attempt.faults and _of_nobodys_domain(attempt)]
    if not foreign:
        yield Unmet("no REGISTER at the home domain was for a public identity of a foreign domain")
    for attempt in foreign:
        expected = "404 to a public identity of a domain that is not the home network's"
        unmet = Unmet(f"{attempt.status}") if attempt.status in (407, 504) else undecided(attempt)
        if attempt.status == 404:
            yield Held(attempt.final_entry.number)
        elif unmet is not None or attempt.status // 100 == 3:
            yield unmet or Unmet(f"{attempt.status} sends the REGISTER elsewhere")
        elif attempt.status // 100 == 4:
            yield Observed(attempt.final_entry.number, expected, f"{attempt.status}")
        else:
            yield Breach(attempt.final_entry.number, expected, f"{attempt.status}")


@check("rfc3261-10.3-04")
def a_star_with_an_expiry_is_refused(view: View) -> Iterator[Outcome]:
    """Contact * alone, with an Expires above zero. Without any Expires the sentence does not apply."""

    def wrong(attempt: Attempt) -> bool:
        expires = readable(attempt.request, Expires)
        return len(attempt.contacts) == 1 and attempt.contacts[0].star and bool(expires and expires[0].seconds)

    return _refused(view, 400, wrong, "Contact: * and an expiry above zero")


@check("rfc3261-10.3-05")
def a_star_beside_a_contact_is_refused(view: View) -> Iterator[Outcome]:
    """Contact * and another contact, in one field or in two."""

    def wrong(attempt: Attempt) -> bool:
        return len(attempt.contacts) > 1 and any(contact.star for contact in attempt.contacts)

    return _refused(view, 400, wrong, "Contact: * beside another contact")


def _refused(view: View, status: int, wrong: Callable[[Attempt], bool], what: str) -> Iterator[Outcome]:
    """Requests that are `wrong`, and nothing else, get `status`: after a challenge, the one that answers it does."""
    attempts = [attempt for attempt in view.attempts if attempt.one_fault and wrong(attempt)]
    if not attempts:
        yield Unmet(f"no REGISTER with {what} was sent")
    for attempt in attempts:
        unmet = undecided(attempt)
        if attempt.status == status:
            yield Held(attempt.final_entry.number)
        elif unmet is not None:
            yield unmet
        elif attempt.status // 100 != 2 and not _registered_before(view, attempt):
            yield Unmet(f"{attempt.status}: no REGISTER of this user was accepted before, so it may have other reasons")
        else:
            yield Breach(attempt.final_entry.number, f"{status} to a REGISTER with {what}", f"{attempt.status}")


def _registered_before(view: View, attempt: Attempt) -> bool:
    """Whether the DUT has shown that it lets this user register."""
    return any(a.attempt.subscriber is attempt.subscriber and a.entry < attempt.number for a in view.accepted)


def _nobody(view: View, attempt: Attempt) -> bool:
    """Whether the request, right but for this, names a private and a public identity of the home that nobody has."""
    subscribers = view.facts.subscribers
    homes = {view.facts.home_domain.lower(), *(s.home_domain.lower() for s in subscribers.values())}
    username = attempt.authorization.username if attempt.authorization is not None else None
    to = readable(attempt.request, To)
    return (
        not attempt.faults
        and username not in subscribers
        and bool(to)
        and to[0].uri.host in homes
        and not any(attempt.record in records_of(subscriber) for subscriber in subscribers.values())
    )


def _of_nobodys_domain(attempt: Attempt) -> bool:
    """Whether To is under the top-level domain that nobody has (RFC 2606 2), so that no network can call it its own."""
    to = readable(attempt.request, To)
    return bool(to) and to[0].uri.scheme in ("sip", "sips") and to[0].uri.host.endswith(".invalid")


def _challenges(answered: Answered) -> bool:
    return any(answered.response.field(name) is not None for name in ("WWW-Authenticate", "Proxy-Authenticate"))


def _described(answered: Answered) -> str:
    return f"{answered.response.status}{' with a challenge' if _challenges(answered) else ''}"


def _unknown_tags(attempt: Attempt) -> set[str]:
    return set(attempt.request.option_tags("Require")) - REGISTERED


def _required(attempt: Attempt) -> set[str]:
    return {tag for name in ("Require", "Proxy-Require") for tag in attempt.request.option_tags(name)}
