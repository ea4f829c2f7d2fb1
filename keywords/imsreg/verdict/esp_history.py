"""The life of each set of associations as the messages of a transcript tell it (TS 33.203 7.4.1a, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.phases import Phase
from imsreg.sip.flow import Address
from imsreg.transcript.entries import Entry
from imsreg.verdict.esp_sets import sets_made_by
from imsreg.verdict.register_exchange import RegisterExchange

SLACK = 2.0
"""Seconds by which two clocks may disagree before a registration counts as alive."""


class Owner(NamedTuple):
    """Whose sets: the private identity, and the address of the UE."""

    impi: str
    host: str


class End(StrEnum):
    """Why a set is no more."""

    OVERTAKEN = "another challenge has taken its place"
    FAILED = "the authentication has failed"
    REPLACED = "a newer set has taken its place"
    RELEASED = "the user is not registered any more"


@dataclass(frozen=True, slots=True)
class Step:
    """A REGISTER as far as associations go. `answers` is the number of the request whose challenge it answers.

    `responds`: with a response, right or wrong. `accepted`: by a 2xx that counts. `granted` are the seconds for which
    that registers a contact, None if nothing says.
    """

    register: RegisterExchange
    owner: Owner
    record: str
    answers: int | None
    responds: bool
    accepted: bool
    contacts: tuple[str, ...]
    binds: bool
    granted: int | None


@dataclass(eq=False)
class MadeSet:
    """What one challenge makes. All numbers are those of entries.

    `candidates` are the sets that it can be, one for each combination of algorithms that both lists have.
    `began_on` is the set that the challenged REGISTER came on, None: in the clear. `established` is the 2xx that
    accepts the answer, `replaced` the one that establishes the next set, `ended` the message since which nothing
    passes on it any more. `until` is when the registration ends, in seconds of the transcript, as far as it is known.
    """

    owner: Owner
    asked: Entry
    challenge: Entry
    candidates: tuple[SaSet, ...]
    began_on: MadeSet | None
    established: int | None = None
    replaced: int | None = None
    ended: int | None = None
    end: End | None = None
    until: float | None = None

    def phase(self, number: int) -> Phase | None:
        """Where the set was in its life when a message passed; None before the challenge. The 2xx is before it."""
        if number <= self.challenge.number:
            return None
        if self.ended is not None and number > self.ended:
            return Phase.DELETED
        if self.established is None or number <= self.established:
            return Phase.TEMPORARY
        return Phase.ESTABLISHED if self.replaced is None or number <= self.replaced else Phase.OLD

    def lives(self, entry: Entry) -> bool:
        """Whether it was certainly in use when a message passed: established, and its registration not run out."""
        in_use = self.phase(entry.number) in (Phase.ESTABLISHED, Phase.OLD)
        return in_use and self.until is not None and entry.at < self.until - SLACK

    @cached_property
    def labels(self) -> Mapping[str, tuple[Association, ...]]:
        """Its associations by what flows call them."""
        found: dict[str, dict[Association, None]] = {}
        for sas in self.candidates:
            for each in sas.associations:
                found.setdefault(each.label, {})[each] = None
        return {label: tuple(each) for label, each in found.items()}

    def on(self, entry: Entry) -> Association | None:
        """Its association that a message travelled on, if it did on one of it."""
        ends = {entry.source, entry.destination}
        possible = self.labels.get(entry.flow.association or "", ())
        return next((each for each in possible if {each.source, each.destination} == ends), None)

    def ports(self, side: Side) -> frozenset[Address]:
        """The protected ports of one side, with its address."""
        own = ((s.ue_host, s.ue) if side is Side.UE else (s.p_cscf_host, s.p_cscf) for s in self.candidates)
        return frozenset(Address.of(host, port) for host, ends in own for port in (ends.port_c, ends.port_s))


@dataclass(slots=True)
class _Book:
    """What one private identity has: the contacts that are registered, and the sets of each of its addresses."""

    contacts: set[tuple[str, str]] = field(default_factory=set)
    sets: list[MadeSet] = field(default_factory=list)


def history(steps: Iterable[Step], dut: Side) -> Iterator[MadeSet]:
    """The sets of a transcript in the order of their challenges; what becomes of them is entered by the end."""
    books: dict[str, _Book] = {}
    for step in steps:
        if step.register.concluded is None:
            continue
        book = books.setdefault(step.owner.impi, _Book())
        mine = [each for each in book.sets if each.owner == step.owner]
        final = step.register.final_entry
        made = sets_made_by(step.register.exchange.request, final) if step.register.status == 401 else ()
        answered = _answered(mine, step)
        if step.register.status == 401:
            for each in mine:
                if each.established is None:
                    _end(each, final.number, End.OVERTAKEN)
        elif answered is not None and step.accepted:
            _establish(answered, mine, final, dut)
        elif answered is not None and step.register.status >= 300:
            _end(answered, final.number, End.FAILED)
        if step.accepted:
            _registered(book, step, final)
        if made:
            asked = step.register.exchange.request
            began_on = next((each for each in reversed(mine) if each.on(asked)), None)
            new = MadeSet(step.owner, asked, final, made, began_on)
            book.sets.append(new)
            yield new


def _answered(mine: Iterable[MadeSet], step: Step) -> MadeSet | None:
    """The set of the challenge that a request answers with a response on it."""
    if not step.responds or step.answers is None:
        return None
    made = (each for each in mine if each.asked.number == step.answers)
    return next((each for each in made if each.on(step.register.exchange.request)), None)


def _establish(new: MadeSet, mine: Iterable[MadeSet], final: Entry, dut: Side) -> None:
    """A P-CSCF keeps only the set that the registration began on; a UE goes on with the one before for a while."""
    if new.established is not None:  # a refresh with the credentials of its challenge
        return
    new.established = final.number
    for each in mine:
        if each is new or each.established is None:
            continue
        before = each.replaced is None
        each.replaced = final.number if before else each.replaced
        if each is not new.began_on and (dut is Side.P_CSCF or not before):
            _end(each, final.number, End.REPLACED)


def _registered(book: _Book, step: Step, final: Entry) -> None:
    """A 2xx: how long the sets of this contact live, and whether the user has any registration left."""
    contacts = {(step.record, contact) for contact in step.contacts}
    if step.binds:
        book.contacts |= contacts
        for each in book.sets:
            in_use = each.owner == step.owner and each.established is not None and each.ended is None
            if in_use and step.granted is not None:
                each.until = max(each.until or 0.0, final.at + step.granted)
        return
    stars = {record for record, contact in contacts if contact == "*"}
    book.contacts = {each for each in book.contacts - contacts if each[0] not in stars}
    if contacts and not book.contacts:
        for each in book.sets:
            _end(each, final.number, End.RELEASED)


def _end(each: MadeSet, number: int, end: End) -> None:
    if each.ended is None:
        each.ended, each.end = number, end
