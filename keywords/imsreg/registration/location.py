"""The location service: which contacts an address of record has, and until when (RFC 3261 10.3 steps 6 to 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.uri import Uri, equivalent


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an address of record. `expires_at` is a clock value in seconds; `path` is the Path vector."""

    contact: Contact
    expires_at: float
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()

    def remaining(self, now: float) -> int:
        """Whole seconds that the binding still lives, never below 0."""
        return max(0, int(self.expires_at - now + 0.5))


@dataclass(frozen=True, slots=True)
class ContactUpdate:
    """What a REGISTER asks for one contact; `seconds` 0 removes it."""

    contact: Contact
    seconds: int
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()


class OutOfOrder(Exception):
    """CSeq is not higher than the one stored for the same Call-ID: the whole update fails (RFC 3261 10.3 step 7)."""


class LocationService:
    """Bindings by address of record. A request changes all of its contacts or none."""

    def __init__(self) -> None:
        self._bindings: dict[str, tuple[Binding, ...]] = {}

    def bindings(self, record: str, now: float) -> tuple[Binding, ...]:
        """The bindings that are still alive, oldest first."""
        alive = tuple(b for b in self._bindings.get(record, ()) if b.expires_at > now)
        if alive:
            self._bindings[record] = alive
        else:
            self._bindings.pop(record, None)
        return alive

    def update(self, record: str, updates: Iterable[ContactUpdate], now: float) -> None:
        """Apply all updates. Raises OutOfOrder before anything has changed."""
        current = list(self.bindings(record, now))
        for update in updates:
            place = _find(current, update.contact.uri)
            if place is not None:
                self._check_order(current[place], update)
            if update.seconds == 0:
                if place is not None:
                    del current[place]
                continue
            binding = Binding(update.contact, now + update.seconds, update.call_id, update.cseq, update.path)
            if place is None:
                current.append(binding)
            else:
                current[place] = binding
        self._bindings[record] = tuple(current)

    def remove_all(self, record: str, call_id: str, cseq: int, now: float) -> None:
        """`Contact: *` with expiry zero. Raises OutOfOrder before anything has changed (RFC 3261 10.3 step 6)."""
        for binding in self.bindings(record, now):
            if binding.call_id == call_id and cseq <= binding.cseq:
                raise OutOfOrder
        self._bindings.pop(record, None)

    @staticmethod
    def _check_order(stored: Binding, update: ContactUpdate) -> None:
        # With another Call-ID the UE was restarted: its CSeq says nothing about the old one.
        if stored.call_id == update.call_id and update.cseq <= stored.cseq:
            raise OutOfOrder


def _find(bindings: Sequence[Binding], uri: Uri) -> int | None:
    return next((i for i, b in enumerate(bindings) if equivalent(b.contact.uri, uri)), None)


def with_seconds(update: ContactUpdate, seconds: int) -> ContactUpdate:
    """The same update with another expiry."""
    return replace(update, seconds=seconds)
