"""The bindings of one subscriber at the network: as a registrar keeps them, or as a test says that they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from imsreg.registration.hss import ImplicitSet
from imsreg.registration.location import Binding, LocationService
from imsreg.registration.registrar import ExpiryPolicy, Registrar
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request
from imsreg.sip.scan import DELTA_SECONDS_LIMIT

UNLIMITED = ExpiryPolicy(min_expires=0, max_expires=DELTA_SECONDS_LIMIT)
"""Whatever is asked for is granted."""


class AttendantBindings:
    """One location service behind two registrars: one by the policy, and one that grants whatever it is told."""

    def __init__(self, policy: ExpiryPolicy, implicit_set: ImplicitSet, clock: Callable[[], float]) -> None:
        self._location = LocationService()
        self._record = implicit_set.record
        self._clock = clock
        self._strict = Registrar(policy, Seams(), self._location)
        self._lenient = Registrar(UNLIMITED, Seams(), self._location)
        self._ended: tuple[Binding, ...] = ()

    @property
    def alive(self) -> tuple[Binding, ...]:
        """The bindings, oldest first."""
        return self._location.bindings(self._record, self._clock())

    @property
    def ended(self) -> tuple[Binding, ...]:
        """Those that the last change or `end` has removed: what a notification says to be terminated."""
        return self._ended

    def register(self, request: Request) -> None:
        """Do what a REGISTER asks, by the policy. Raises Refusal or HeaderError, and nothing has changed then."""
        before = self.alive
        self._strict.apply(request, self._record, self._clock())
        self._note_ended(before)

    def grant(self, request: Request, seconds: int | None) -> None:
        """Do what a REGISTER asks, with `seconds` for its contacts (None: as asked).

        One that a registrar would have to refuse changes nothing.
        """
        before = self.alive
        with suppress(Refusal, HeaderError):
            self._lenient.apply(request, self._record, self._clock(), granted=seconds)
        self._note_ended(before)

    def end(self) -> None:
        """Remove all bindings, as a network does that de-registers a user."""
        before = self.alive
        self._location = LocationService()
        self._strict.location = self._lenient.location = self._location
        self._note_ended(before)

    def listed(self) -> list[tuple[Contact, int]]:
        """What a 200 shows: every contact, with the seconds that are left."""
        now = self._clock()
        return [(binding.contact, binding.remaining(now)) for binding in self.alive]

    def _note_ended(self, before: tuple[Binding, ...]) -> None:
        contacts = {binding.contact.uri.text for binding in self.alive}
        self._ended = tuple(binding for binding in before if binding.contact.uri.text not in contacts)
