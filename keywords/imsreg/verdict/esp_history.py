"""The life of each set of associations as the messages of a transcript tell it (TS 33.203 7.4.1a, 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.phases import Phase
from imsreg.sip.errors import UriError
from imsreg.sip.flow import Address
from imsreg.sip.uri import Uri, equivalent
from imsreg.transcript.entries import Entry
from imsreg.verdict.esp_sets import sets_made_by
from imsreg.verdict.request_exchange import RequestExchange

SLACK = 2.0
"""Seconds by which two clocks may disagree before a registration counts as alive."""

_LEAVES_OPEN = frozenset((408, 423, 480, 486, 491))
"""Refusals in 4xx that say nothing of the authentication; nor does any 3xx or 5xx."""


class Owner(NamedTuple):
    """Whose sets: the private identity, and the address of the UE. Those for emergencies are others (6.1.0)."""

    impi: str
    host: str
    emergency: bool = False


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
    that registers a contact, None if nothing says. `left` are the contacts that the 2xx lists as bound, None if it
    lists none that can be read.
    """

    register: RequestExchange
    owner: Owner
    record: str
    answers: int | None
    responds: bool
    accepted: bool
    contacts: tuple[str, ...]
    binds: bool
    granted: int | None
    left: tuple[Uri, ...] | None = None


@dataclass(eq=False)
class MadeSet:
    """What one challenge makes. All numbers are those of entries.

    `candidates` are the sets that it can be, one for each combination of algorithms that both lists have.
    `began_on` is the set that the challenged REGISTER came on, None: in the clear. `established` is the 2xx that
    accepts the answer, `replaced` the one that establishes the next set, `ended` the message since which nothing
    passes on it any more. `until` is when the registration ends, in seconds of the transcript, as far as it is known.
    `doubtful` is the message since which it may have gone, though no text says that it must.
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
    doubtful: int | None = None

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
        """Whether it was certainly in use when a message passed: established, and its registration not run out.

        An old set may go with the next message on the new one.
        """
        if self.phase(entry.number) is not Phase.ESTABLISHED or self.until is None:
            return False
        return entry.at < self.until - SLACK and not self.may_be_gone(entry)

    def may_be_gone(self, entry: Entry) -> bool:
        """Whether nothing need be heard on it any more when a message passed."""
        over = (number for number in (self.ended, self.replaced, self.doubtful) if number is not None)
        return any(entry.number > number for number in over) or (self.until is not None and entry.at >= self.until)

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
    """What one private identity has: the contacts that are registered, by whom, and the sets of each address."""

    contacts: dict[tuple[str, str], Owner] = field(default_factory=dict)
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
                    _over(each, final.number, End.OVERTAKEN, certain=bool(made))
        elif answered is not None and step.accepted:
            _establish(answered, mine, final, dut)
        elif answered is not None and step.register.status >= 300:
            _over(answered, final.number, End.FAILED, certain=_refuses(step.register.status))
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
    """A 2xx: how long the sets of this contact live, and whether the user has any registration left.

    The contacts that the 2xx lists count, too: the network may have taken others away, or know some from before. The
    sets of a UE whose last contact went are not certain any more, if the user has another.
    """
    contacts = {(step.record, contact) for contact in step.contacts}
    before = set(book.contacts.values())
    if step.binds:
        book.contacts |= dict.fromkeys(contacts, step.owner)
        for each in book.sets:
            in_use = each.owner == step.owner and each.established is not None and each.ended is None
            if in_use and step.granted is not None:
                each.until = max(each.until or 0.0, final.at + step.granted)
    else:
        stars = {record for record, contact in contacts if contact == "*"}
        kept = (key for key in book.contacts if key not in contacts and key[0] not in stars)
        book.contacts = {key: book.contacts[key] for key in kept}
        if contacts and not book.contacts and not step.left:
            for each in book.sets:
                _end(each, final.number, End.RELEASED)
    if step.left is not None:
        gone = [key for key in book.contacts if key[0] == step.record and not _listed(key[1], step.left)]
        for key in gone:
            del book.contacts[key]
    for each in book.sets:
        if each.owner in before and each.owner not in book.contacts.values() and each.doubtful is None:
            each.doubtful = final.number


def _listed(contact: str, left: Iterable[Uri]) -> bool:
    try:
        uri = Uri.parse(contact)
    except UriError:
        return True
    return any(equivalent(uri, each) for each in left)


def _refuses(status: int) -> bool:
    """Whether a status ends an authentication."""
    return (400 <= status < 500 and status not in _LEAVES_OPEN) or status >= 600


def _over(each: MadeSet, number: int, end: End, *, certain: bool) -> None:
    """It has gone; if that is not certain, it may have."""
    if certain:
        _end(each, number, end)
    elif each.doubtful is None:
        each.doubtful = number


def _end(each: MadeSet, number: int, end: End) -> None:
    if each.ended is None:
        each.ended, each.end = number, end
