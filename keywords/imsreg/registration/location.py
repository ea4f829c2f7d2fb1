"""The location service: which contacts an address of record has, and until when (RFC 3261 10.3 steps 6 to 8)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.uri import equivalent

MAX_BINDINGS = 16
"""Contacts that an address of record may have at the same time, and that one request may name."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an address of record. `expires_at` is a clock value in seconds; `path` is the Path vector.

    `number` is no other contact's of the same location service, and stays when the contact is `refreshed`.
    """

    contact: Contact
    expires_at: float
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()
    number: int = 0
    refreshed: bool = False

    def remaining(self, now: float) -> int:
        """Whole seconds that the binding still lives: at least 1, since 0 in a 200 would say that it is gone."""
        return max(1, round(self.expires_at - now))


@dataclass(frozen=True, slots=True)
class ContactUpdate:
    """What a REGISTER asks for one contact; `seconds` 0 removes it. `path` stays with the binding (RFC 3327 5.3)."""

    contact: Contact
    seconds: int
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()


class OutOfOrder(Exception):
    """CSeq is not higher than the one stored for the same Call-ID: the whole update fails (RFC 3261 10.3 step 7)."""


class TooManyBindings(Exception):
    """More contacts than MAX_BINDINGS: the whole update fails."""


class LocationService:
    """Bindings by address of record. A request changes all of its contacts or none."""

    def __init__(self) -> None:
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._numbers = itertools.count(1)

    def bindings(self, record: str, now: float) -> tuple[Binding, ...]:
        """The bindings that are still alive, oldest first."""
        alive = tuple(b for b in self._bindings.get(record, ()) if b.expires_at > now)
        self._keep(record, alive)
        return alive

    def update(self, record: str, updates: Sequence[ContactUpdate], now: float) -> None:
        """Apply all updates. Raises OutOfOrder or TooManyBindings before anything has changed.

        URI equality is not transitive (RFC 3261 19.1.4), so that a contact may equal several bindings: it replaces or
        removes all of them, and no URI is listed beside one that equals it.
        """
        if len(updates) > MAX_BINDINGS:
            raise TooManyBindings
        before = self.bindings(record, now)
        current = before
        for update in updates:
            # What an earlier contact of the same request has put there has the same CSeq, and is in order.
            for binding in _equal_to(update.contact, before):
                _check_order(binding, update.call_id, update.cseq)
            replaced = _equal_to(update.contact, current)
            kept = [b for b in current if b not in replaced]
            if update.seconds > 0:
                place = current.index(replaced[0]) if replaced else len(kept)
                kept.insert(place, self._bound(update, now, replaced[0] if replaced else None))
            current = tuple(kept)
        if len(current) > MAX_BINDINGS:
            raise TooManyBindings
        self._keep(record, current)

    def remove_all(self, record: str, call_id: str, cseq: int, now: float) -> None:
        """`Contact: *` with expiry zero. Raises OutOfOrder before anything has changed (RFC 3261 10.3 step 6)."""
        for binding in self.bindings(record, now):
            _check_order(binding, call_id, cseq)
        self._keep(record, ())

    def _bound(self, update: ContactUpdate, now: float, before: Binding | None) -> Binding:
        return Binding(
            update.contact,
            now + update.seconds,
            update.call_id,
            update.cseq,
            update.path,
            next(self._numbers) if before is None else before.number,
            before is not None,
        )

    def _keep(self, record: str, bindings: tuple[Binding, ...]) -> None:
        if bindings:
            self._bindings[record] = bindings
        else:
            self._bindings.pop(record, None)


def _equal_to(contact: Contact, bindings: Sequence[Binding]) -> list[Binding]:
    return [b for b in bindings if equivalent(b.contact.uri, contact.uri)]


def _check_order(stored: Binding, call_id: str, cseq: int) -> None:
    # With another Call-ID the UE was restarted: its CSeq says nothing about the old one.
    if stored.call_id == call_id and cseq <= stored.cseq:
        raise OutOfOrder
