"""A UE's REGISTER requests in order, each told apart by what came before it: first try, answer, refresh, the end."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field

from imsreg.identity.absent import KeysMissing
from imsreg.identity.subscribers import Subscriber
from imsreg.secagree.associations import SaSet
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.message import Request, Response
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.authentication import records_of
from imsreg.verdict.esp_sets import association_of, sets_made_by
from imsreg.verdict.facts import Facts
from imsreg.verdict.ue_challenges import SeenSqns, posed
from imsreg.verdict.ue_notices import own_contacts
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister
from imsreg.verdict.ue_told import TRANSACTION, Watch

AT_ONCE = 10.0
"""Seconds within which a REGISTER with credentials answers the challenge before it, though its nonce is another."""


@dataclass(slots=True)
class _Past:
    """What one UE has done so far: its last REGISTER, the registration that it holds of each of its identities, by
    address of record, and the challenges that stand.

    What it does for emergencies is another past. A challenge stands until a request that answers it has got a final
    response. `protected` are the addresses of its end of associations.
    """

    last: UeRegister | None = None
    held: dict[str, UeRegister] = field(default_factory=dict)
    challenged: list[UeRegister] = field(default_factory=list)
    protected: set[Address] = field(default_factory=set)

    def answered_by(self, register: UeRegister, watch: Watch) -> UeRegister | None:
        """The request whose challenge `register` answers: by the nonce, else as what came next and has credentials."""
        for earlier in reversed(self.challenged):
            if earlier.posed is not None and earlier.posed.offers(register.nonce):
                return earlier
        return self.last if self.last is not None and _follows_at_once(register, self.last, watch) else None


class History:
    """Reads the REGISTER requests of a transcript, once."""

    def __init__(self, facts: Facts, watch: Watch, transcript: Transcript) -> None:
        self._facts = facts
        self._watch = watch
        self._transcript = transcript
        self._pasts: dict[tuple[str, bool], _Past] = {}
        self._seen: dict[str, SeenSqns] = {}

    def registers(self) -> Iterator[UeRegister]:
        """The UE's REGISTER requests in order."""
        for exchange in self._transcript.exchanges:
            request = exchange.request.message
            if not exchange.by_tester and isinstance(request, Request) and request.method == "REGISTER":
                yield self._placed(self._read(exchange, request))

    def _read(self, exchange: Exchange, request: Request) -> UeRegister:
        authorization, fault = None, ""
        try:
            authorization = request.get(Authorization)
        except HeaderError as error:
            fault = str(error)
        record = _record(request)
        subscriber = self._subscriber(request, authorization, record)
        return UeRegister(exchange, request, subscriber, record, authorization, fault, _contacts(request))

    def _placed(self, register: UeRegister) -> UeRegister:
        """With what it is, by what this UE did before."""
        who = register.subscriber.impi if register.subscriber is not None else register.record
        # An emergency registration is one of its own, with associations of its own (TS 33.203 6.1.0), over the one SIM.
        past = self._pasts.setdefault((who, register.emergency), _Past())
        seen = self._seen.setdefault(who, SeenSqns())
        last, register.follows = past.last, past.last
        register.told = self._watch.told_between(last.number if last is not None else 0, register.number)
        past.held = {record: held for record, held in past.held.items() if self._still_holds(held, register)}
        challenged = past.answered_by(register, self._watch)
        if challenged is not None:
            register.answers, register.stage, register.purpose = challenged, _stage(register), challenged.purpose
            register.anchor = challenged.anchor
            _learn(seen, register)
            if register.exchange.final is not None and challenged in past.challenged:
                past.challenged.remove(challenged)
        elif last is not None and last.status == 423 and register.binds and register.told is None:
            register.stage, register.purpose, register.anchor = Stage.LONGER, last.purpose, last.anchor
        else:
            register.purpose = _purpose(register, past, told=bool(self._watch.commands))
            register.anchor = None if register.purpose is Purpose.INITIAL else past.held.get(register.record)
        if self._facts.security == "ipsec":
            register.astray, register.settled = _astray(register, past.protected)
            past.protected |= _ends(register)
        if register.final is not None:
            register.posed = posed(register.final, register.final_entry, register.subscriber, seen)
        if register.posed is not None:
            past.challenged.append(register)
        if register.accepted and register.request.field("Contact") is not None:
            past.held.pop(register.record, None)
            past.held |= {register.record: register} if register.binds else {}
        past.last = register
        return register

    def _still_holds(self, held: UeRegister, register: UeRegister) -> bool:
        """Whether the registration had neither run out nor been ended by user or network before this request."""
        granted = held.granted()
        if granted is not None and register.at >= held.final_entry.at + granted:
            return False
        if self._watch.told_between(held.final_entry.number, register.number) == "reset":
            return False
        return not any(
            contact.state == "terminated"
            for exchange in self._transcript.exchanges
            if exchange.by_tester and held.final_entry.number < exchange.request.number < register.number
            if isinstance(notify := exchange.request.message, Request) and notify.method == "NOTIFY"
            for contact in own_contacts(notify, held)
        )

    def _subscriber(self, request: Request, authorization: Authorization | None, record: str) -> Subscriber | None:
        """Whose UE it is: as the run tells, else by either identity, else by an IMSI in one, else the only one."""
        known = self._facts.subscribers
        there = [known[impi] for impi in self._transcript.circumstances.subscribers if impi in known]
        if len(there) == 1:
            return there[0]
        username = (authorization.username or "") if authorization is not None else ""
        candidates = there or list(known.values())
        by_identity = next((s for s in candidates if s.impi == username or record in records_of(s)), None)
        if by_identity is not None or len(candidates) == 1:
            return by_identity or candidates[0]
        return next((s for s in candidates if s.imsi in username or s.imsi in (request.value("To") or "")), None)


def _astray(register: UeRegister, protected: Set[Address]) -> tuple[tuple[Entry, ...], Entry | None]:
    """The final responses that a UE discards because of where they came, and the one that counts beside them.

    To an answer on a set that its challenge makes: every 2xx elsewhere (TS 33.203 7.4.1a). What counts is the first
    final response on this set, or a failure on another one, on which the authentication may have begun. To a REGISTER
    in the clear: what comes in the clear at a `protected` address of the UE, as its Via may have asked for (7.1). To
    another one on a set: what comes in the clear, where a UE takes only what answers requests in the clear (7.1).
    """
    request, made = register.exchange.request, _made(register)
    final = [e for e in register.exchange.responses if isinstance(e.message, Response) and e.message.status >= 200]
    if request.flow.association is None:
        astray = tuple(e for e in final if e.flow.association is None and e.destination in protected)
    elif association_of(request, made) is not None:
        astray = tuple(e for e in final if e.label.startswith("2") and association_of(e, made) is None)
    else:
        astray = tuple(e for e in final if e.flow.association is None)
    placed = (
        e for e in final if e not in astray and (e.flow.association is None) == (request.flow.association is None)
    )
    return astray, next(placed, None)


def _ends(register: UeRegister) -> set[Address]:
    """The UE's addresses in the sets that its answer has established."""
    if not register.accepted or association_of(register.exchange.request, made := _made(register)) is None:
        return set()
    return {Address.of(sas.ue_host, port) for sas in made for port in (sas.ue.port_c, sas.ue.port_s)}


def _made(register: UeRegister) -> tuple[SaSet, ...]:
    """The sets that the challenge makes which it answers."""
    challenged = register.answers
    if challenged is None or challenged.final is None:
        return ()
    return sets_made_by(challenged.exchange.request, challenged.final_entry)


def _follows_at_once(register: UeRegister, last: UeRegister, watch: Watch) -> bool:
    """Whether it came right after the challenge to `last`, unasked, with credentials of whatever kind.

    One that came when the UE may have given the request up has perhaps not been read.
    """
    if last.posed is None or register.at - last.final_entry.at >= AT_ONCE:
        return False
    if last.final_entry.at - last.at >= TRANSACTION:
        return False
    if watch.told_between(last.final_entry.number, register.number) is not None:
        return False
    authorization = register.authorization
    if authorization is None:
        return bool(register.fault)
    return bool(authorization.nonce or authorization.response or authorization.auts)


def _stage(register: UeRegister) -> Stage:
    if register.authorization is None or (register.authorization.response and not register.authorization.auts):
        return Stage.ANSWER
    return Stage.SYNC_FAILURE if register.authorization.auts is not None else Stage.MAC_FAILURE


def _learn(seen: SeenSqns, register: UeRegister) -> None:
    """What an answer tells of the USIM: nothing without keys."""
    challenged = register.answers.posed if register.answers is not None else None
    with suppress(KeysMissing):
        if register.stage is Stage.ANSWER and challenged is not None and challenged.sqn is not None:
            seen.accepted(challenged.sqn)
        elif register.stage is Stage.SYNC_FAILURE and (sqn_ms := register.sqn_ms()) is not None:
            register.stale_sqn_ms = seen.below_known(sqn_ms)
            seen.reported(sqn_ms)


def _purpose(register: UeRegister, past: _Past, *, told: bool) -> Purpose:
    """What a request that answers nothing is for. `told`: the UE was told what to do, from its first registration on.

    Credentials in the first REGISTER for an identity may go on from a registration of another one, or from one that
    was before the transcript.
    """
    if register.request.field("Contact") is None:
        return Purpose.FETCH
    if not register.binds:
        return Purpose.DEREGISTRATION
    held, given = past.held.get(register.record), register.authorization
    if held is None:
        unseen = bool(past.held) or (past.last is None and not told)
        return Purpose.REFRESH if unseen and register.nonce and given and given.response else Purpose.INITIAL
    if register.nonce:
        return Purpose.REFRESH
    # Without credentials: a UE that forgot them, or one that begins anew because of a command or a failure. One with a
    # password may leave them out.
    anew = register.call_id != held.call_id
    if not register.by_password:
        anew = anew or register.told == "register" or past.last is None or not past.last.accepted
    return Purpose.INITIAL if anew else Purpose.REFRESH


def _record(request: Request) -> str:
    try:
        to = request.get(To)
        return to.uri.address_of_record() if to is not None else ""
    except (HeaderError, UriError):
        return ""


def _contacts(request: Request) -> tuple[Contact, ...]:
    try:
        return request.get_all(Contact)
    except HeaderError:
        return ()
