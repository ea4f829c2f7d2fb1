"""A transcript of a UE under test as checks read it: its REGISTER requests, its subscription, what NOTIFY told it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.message import Request
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.facts import Facts
from imsreg.verdict.ue_history import History
from imsreg.verdict.ue_notices import own_contacts, version_of
from imsreg.verdict.ue_proof import unproven
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister
from imsreg.verdict.ue_told import TRANSACTION, Watch


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A SUBSCRIBE of the UE for the event reg, outside a dialog. `after` is the registration accepted before it."""

    exchange: Exchange
    request: Request
    after: UeRegister | None

    @property
    def number(self) -> int:
        """Entry number of the request."""
        return self.exchange.request.number

    def matches(self, notify: Entry) -> bool:
        """Whether a NOTIFY has the tag of the UE that this SUBSCRIBE has, or none that can be read (RFC 6665 4.4.1).

        The tag of the network may be another one for each network element that has accepted the subscription.
        """
        message = notify.message
        try:
            there = self.request.get(From)
            here = message.get(To) if isinstance(message, Request) else None
        except HeaderError:
            return True
        return there is None or here is None or here.tag in (None, there.tag)


@dataclass(frozen=True, slots=True)
class Notified:
    """A NOTIFY of the tester for the event reg; `known` if it belongs to a SUBSCRIBE of the UE that was accepted.

    `stale`: its document has a lower version than one that the UE has taken before (RFC 3680 5.2).
    """

    exchange: Exchange
    request: Request
    known: bool
    stale: bool

    @property
    def number(self) -> int:
        """Entry number of the request."""
        return self.exchange.request.number

    @property
    def at(self) -> float:
        """When it was sent, in seconds of the transcript."""
        return self.exchange.request.at


@dataclass(frozen=True, slots=True)
class Ended:
    """A NOTIFY that says what became of the UE's own contact: `event` is that of the contact (RFC 3680 5.1)."""

    notified: Notified
    event: str
    registration: UeRegister


class UeView:
    """What the checks with subject ue get. Everything is worked out once, from the wire."""

    def __init__(self, transcript: Transcript, facts: Facts) -> None:
        self._transcript = transcript
        self._facts = facts
        self.watch = Watch(transcript)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What the UE asked, in order: every request of it with its retransmissions and responses."""
        return tuple(exchange for exchange in self._transcript.exchanges if not exchange.by_tester)

    @cached_property
    def all_registers(self) -> tuple[UeRegister, ...]:
        """The UE's REGISTER requests in order, each with what it is."""
        return tuple(History(self._facts, self.watch, self._transcript).registers())

    @cached_property
    def registers(self) -> tuple[UeRegister, ...]:
        """The same without those of an emergency registration, which TS 24.229 5.1.6 has other rules for."""
        return tuple(register for register in self.all_registers if not register.emergency)

    @cached_property
    def initial(self) -> tuple[UeRegister, ...]:
        """Those that begin an initial registration."""
        return tuple(r for r in self.registers if r.purpose is Purpose.INITIAL and r.stage is Stage.FIRST)

    @cached_property
    def refreshes(self) -> tuple[UeRegister, ...]:
        """Those that begin a re-registration."""
        return tuple(r for r in self.registers if r.purpose is Purpose.REFRESH and r.stage is Stage.FIRST)

    @cached_property
    def answers(self) -> tuple[UeRegister, ...]:
        """Those that answer a challenge, be it with a response or with the report of a failure."""
        return tuple(r for r in self.registers if r.answers is not None)

    @cached_property
    def responses(self) -> tuple[UeRegister, ...]:
        """Those that answer a challenge with a response."""
        return tuple(r for r in self.registers if r.stage is Stage.ANSWER)

    @cached_property
    def challenged(self) -> tuple[UeRegister, ...]:
        """Those that got a challenge."""
        return tuple(r for r in self.registers if r.posed is not None)

    @cached_property
    def registrations(self) -> tuple[UeRegister, ...]:
        """Those that were accepted and bind a contact. A 2xx that does not prove what it should need not count."""
        return tuple(r for r in self.registers if r.accepted and r.binds and not unproven(r))

    def next(self, register: UeRegister) -> UeRegister | None:
        """The first REGISTER of the same UE after its final response; None if there is none."""
        after = register.final_entry.number
        return next((r for r in self.registers if r.number > after and r.same_ue(register)), None)

    def own_next(self, register: UeRegister) -> UeRegister | None:
        """The same, but only if the UE was told nothing in between: what it did by itself."""
        later = self.next(register)
        told = later is not None and self.watch.told_between(register.final_entry.number, later.number) is not None
        return None if told else later

    def quiet(self, register: UeRegister) -> float:
        """Seconds for which the UE, told nothing, was watched after the final response and sent no REGISTER."""
        return self.quiet_since(register.final_entry.number, register.final_entry.at, register)

    def quiet_since(self, number: int, at: float, register: UeRegister) -> float:
        """The same for the UE of `register` after message `number`, which was at `at`."""
        ends = [self.watch.until, *(told.at for told in self.watch.commands if told.after >= number)]
        ends += [r.at for r in self.registers if r.number > number and r.same_ue(register)]
        return min(ends) - at

    @cached_property
    def subscribed(self) -> tuple[Subscribed, ...]:
        """The UE's SUBSCRIBE requests outside a dialog for its registration state."""
        return tuple(
            Subscribed(exchange, request, self.registration_before(exchange.request.number))
            for exchange in self.exchanges
            if isinstance(request := exchange.request.message, Request)
            and request.method == "SUBSCRIBE"
            and _names_reg(request)
            and not _in_dialog(request)
        )

    def registration_before(self, number: int) -> UeRegister | None:
        """The last registration that was accepted before this message."""
        earlier = (r for r in reversed(self.registrations) if r.final_entry.number < number)
        return next(earlier, None)

    @cached_property
    def notified(self) -> tuple[Notified, ...]:
        """The tester's NOTIFY requests for the registration state."""
        found: list[Notified] = []
        over: set[str | None] = set()
        versions: dict[str | None, int] = {}
        for exchange in self._transcript.exchanges:
            request = exchange.request.message
            if not exchange.by_tester or not isinstance(request, Request) or request.method != "NOTIFY":
                continue
            call_id = request.value("Call-ID")
            if _names_reg(request):
                known = call_id not in over and self._subscription_stands(call_id, exchange.request)
                version, last = version_of(request), versions.get(call_id, 0)
                found.append(Notified(exchange, request, known, version is not None and version < last))
                if version is not None and exchange.final is not None and exchange.final.label.startswith("2"):
                    versions[call_id] = max(version, last)
            if _terminates(request):
                over.add(call_id)
        return tuple(found)

    def _subscription_stands(self, call_id: str | None, notify: Entry) -> bool:
        """Whether the UE must know the subscription that a NOTIFY is for, and take that.

        It was accepted before the UE may have given it up, and the UE has since neither de-registered nor begun anew.
        One that was made on an association gives no right to a NOTIFY in the clear (TS 33.203 7.1).
        """
        number = notify.number
        for subscribed in self.subscribed:
            if subscribed.exchange.request.flow.association is not None and notify.flow.association is None:
                continue
            final = subscribed.exchange.final
            if subscribed.request.value("Call-ID") != call_id or final is None or not final.label.startswith("2"):
                continue
            if not subscribed.matches(notify):
                continue
            if subscribed.exchange.request.flow.association is not None and final.flow.association is None:
                continue
            ends = (Purpose.DEREGISTRATION, Purpose.INITIAL)
            over = any(subscribed.number < r.number < number and r.purpose in ends for r in self.registers)
            told = self.watch.told_between(subscribed.number, number)
            if final.at - subscribed.exchange.request.at < TRANSACTION and not over and told != "reset":
                return True
        return False

    @cached_property
    def ended(self) -> tuple[Ended, ...]:
        """What NOTIFY requests of its subscription said of the end of the UE's own contact."""
        return tuple(
            Ended(notified, contact.event, registration)
            for notified in self.notified
            if notified.known
            and not notified.stale
            and (registration := self.registration_before(notified.number)) is not None
            for contact in own_contacts(notified.request, registration)
            if contact.state == "terminated"
        )


def _names_reg(request: Request) -> bool:
    try:
        event = request.get(Event)
    except HeaderError:
        return False
    return event is not None and event.package == "reg"


def _in_dialog(request: Request) -> bool:
    try:
        to = request.get(To)
    except HeaderError:
        return False
    return to is not None and to.tag is not None


def _terminates(notify: Request) -> bool:
    try:
        state = notify.get(SubscriptionState)
    except HeaderError:
        return False
    return state is not None and state.terminated
