"""The registration of one subscriber as a reginfo document tells it (RFC 3680 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from imsreg.registration.location import Binding
from imsreg.sip.params import Params
from imsreg.sip.reginfo_model import RegContact, Reginfo, RegistrationInfo

Document: TypeAlias = Literal["full", "partial"]
RegState: TypeAlias = Literal["active", "terminated"]
"""A registration that is there, or has ended (RFC 3680 5.1; "init" is one of which nothing is known)."""

OF_RFC3261 = ("expires", "q")
"""Contact parameters that are no unknown-param: they have attributes of their own (RFC 3680 5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """Which state a contact is in, and what brought it there.

    `expires` seconds are left, by default those of the binding while it is active; `retry_after` goes with probation.
    """

    state: RegState = "active"
    event: str = "registered"
    expires: int | None = None
    retry_after: int | None = None


def registration_document(
    identities: Sequence[str],
    contacts: Sequence[tuple[Binding, ContactChange]],
    *,
    version: int,
    document: Document,
    now: float,
    ended: bool,
) -> Reginfo:
    """One registration for each public identity of the implicit set, each with all contacts.

    It is "terminated" if it has `ended`, else "active" while there is a contact, else "init". A partial document has
    the contacts that have changed.
    """
    state = "terminated" if ended else "active" if contacts else "init"
    registrations = tuple(
        RegistrationInfo(
            aor=identity,
            id=f"a{place}",
            state=state,
            contacts=tuple(_contact(place, binding, change, now) for binding, change in contacts),
        )
        for place, identity in enumerate(identities, start=1)
    )
    return Reginfo(version, document, registrations)


def _contact(registration: int, binding: Binding, change: ContactChange, now: float) -> RegContact:
    contact = binding.contact
    left = binding.remaining(now) if change.state == "active" else None
    return RegContact(
        # The same in every document, and another one for every contact of every registration (RFC 3680 5.1).
        id=f"a{registration}c{binding.number}",
        state=change.state,
        event=change.event,
        uri=contact.uri.text,
        expires=left if change.expires is None else change.expires,
        retry_after=change.retry_after,
        q=contact.q,
        callid=binding.call_id,
        cseq=binding.cseq,
        display_name=contact.display_name,
        unknown_params=Params(p for p in contact.params.all if p.name.lower() not in OF_RFC3261),
    )
