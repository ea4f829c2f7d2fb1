"""Which bindings a list owes the tester, by what was granted before (RFC 3261 10.3 step 8)."""

from __future__ import annotations

from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.bindings import Granted, requested_seconds
from imsreg.verdict.view import Answered, View


def bound(view: View, attempt: Attempt) -> tuple[Granted, ...]:
    """The bindings of the attempt's address of record that were certainly alive when its final response came."""
    at = attempt.final_entry.at if attempt.final is not None else attempt.exchange.request.at
    return tuple(granted for granted in view.ledger.before(attempt) if granted.alive(at))


def removed(attempt: Attempt, granted: Granted) -> bool:
    """Whether the request asks for the end of this binding: expiry zero for its contact, or Contact *."""
    return any(
        contact.star or (equivalent(contact.uri, granted.uri) and requested_seconds(attempt, contact) == 0)
        for contact in attempt.contacts
    )


def touches(attempt: Attempt, uri: Uri) -> bool:
    """Whether the request names this contact, or all of them by Contact *."""
    return any(contact.star or equivalent(contact.uri, uri) for contact in attempt.contacts)


def owed(view: View, answered: Answered) -> tuple[Granted, ...]:
    """The bindings that the list in this 2xx must hold, whatever the request itself adds to them."""
    attempt = answered.attempt
    return tuple(granted for granted in bound(view, attempt) if not removed(attempt, granted))


def replaced(view: View, granted: Granted, attempt: Attempt) -> bool:
    """Whether a registration since, `attempt` at the latest, lets the S-CSCF drop this binding.

    That is one of the same private identity with a contact that was not bound, without reg-id (TS 24.229 5.4.1.2.2
    step 4A).
    """
    return any(
        granted.entry < later.entry
        and later.attempt.number <= attempt.number
        and later.attempt.record == attempt.record
        and later.attempt.impi == granted.impi
        and _adds_another(view, later.attempt, granted)
        for later in view.registered
    )


def _adds_another(view: View, attempt: Attempt, granted: Granted) -> bool:
    known = [granted, *bound(view, attempt)]
    return any(
        not contact.star
        and requested_seconds(attempt, contact) != 0
        and "reg-id" not in contact.params
        and not any(equivalent(contact.uri, held.uri) for held in known)
        for contact in attempt.contacts
    )
