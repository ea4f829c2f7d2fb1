"""The P-CSCF's table of associations, and what it admits to it (TS 33.203 7.1 rules 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imsreg.secagree.associations import Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import REG_AWAIT_AUTH, LiveSet, SaSets

MAX_PER_DIRECTION = 6
"""Associations of one private identity in one direction (TS 33.203 7.1 rule 3): three sets."""


class Contact(NamedTuple):
    """Whose sets: the private identity and the address of the UE as canonical text."""

    impi: str
    host: str


class SaTable:
    """The sets of every contact of a P-CSCF."""

    def __init__(self, *, await_auth: float = REG_AWAIT_AUTH) -> None:
        self._await_auth = await_auth
        self._contacts: dict[Contact, SaSets] = {}

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Every contact that has sets, or had some that are to be removed."""
        return tuple(self._contacts)

    def sets(self, contact: Contact) -> SaSets:
        """The sets of a contact, which may be none yet."""
        if contact not in self._contacts:
            self._contacts[contact] = SaSets(Side.P_CSCF, await_auth=self._await_auth)
        return self._contacts[contact]

    def refusal(self, contact: Contact, ue: Endpoints) -> str | None:
        """Why a challenge cannot give the UE another set with these parameters; None: it can.

        A temporary set of the same contact does not count: the challenge takes its place.
        """
        others = [(whose, live) for whose, live in self._live() if not _gives_way(whose, live, contact)]
        if any(whose.host == contact.host and live.sas.ue.port_c == ue.port_c for whose, live in others):
            return "the UE has an association at this client port already"
        of_impi = [live for whose, live in others if whose.impi == contact.impi]
        if sum(len(live.sas.inbound(Side.P_CSCF)) for live in of_impi) >= MAX_PER_DIRECTION:
            return f"the private identity has {MAX_PER_DIRECTION} associations in each direction already"
        return None

    def receiving(self, spi: int) -> tuple[Contact, LiveSet] | None:
        """Whose inbound association has this SPI: the user of a message on it (rule 4)."""
        found = ((contact, sets.receiving(spi)) for contact, sets in self._contacts.items())
        return next(((contact, live) for contact, live in found if live is not None), None)

    @property
    def spis(self) -> frozenset[int]:
        """Every SPI in use, of both directions."""
        return frozenset(spi for sets in self._contacts.values() for spi in sets.spis)

    def on_time(self, now: float) -> None:
        """Let lifetimes end. Contacts of which nothing is left to live or to remove are forgotten."""
        for contact, sets in tuple(self._contacts.items()):
            sets.on_time(now)
            if not sets.live and not sets.deleted:
                del self._contacts[contact]

    def next_deadline(self) -> float | None:
        """When the next lifetime ends."""
        deadlines = (sets.next_deadline() for sets in self._contacts.values())
        return min((d for d in deadlines if d is not None), default=None)

    def _live(self) -> Iterator[tuple[Contact, LiveSet]]:
        return ((contact, live) for contact, sets in self._contacts.items() for live in sets.live)


def _gives_way(whose: Contact, live: LiveSet, contact: Contact) -> bool:
    return whose == contact and live.phase is Phase.TEMPORARY
