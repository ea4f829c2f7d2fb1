"""A test of a UE: the tester is the network that it registers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imsreg.errors import InputError
from imsreg.registration.core_messages import CannotWrite
from imsreg.secagree.associations import Side
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request, Response
from imsreg.tester.case import Case
from imsreg.tester.lacking import none_binds, wrong_side
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.tester.pace import Progress
from imsreg.tester.sent import Sent
from imsreg.tester.session import Session
from imsreg.tester.simulated_core import Arrived, Lane
from imsreg.text import safe_text
from imsreg.verdict.profile_control import Action

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.associations import SaSet
    from imsreg.secagree.events import EspEvent, Fault
    from imsreg.tester.ue_associations import SetView
    from imsreg.tester.way import Place

PATIENCE = 32.0
"""Seconds for which a request is waited for unless a test says otherwise: 64 T1 (RFC 3261 17.1.2.2)."""

MOST_CHALLENGES = 3
"""Challenges in one registration: the AuC may be behind the USIM, and a UE gives up after two that it cannot take."""


class UeCase(Case):
    """A test that tells the UE what to do and answers what it sends."""

    def __init__(self, session: Session, name: str, ids: Sequence[str], *, reproduce: str = "") -> None:
        super().__init__(session, name, ids, reproduce=reproduce)
        self._lane: Lane | None = None
        self._taken: list[Arrived] = []
        self._sent: Sent | None = None
        self.progress: Progress | None = None
        """Shown once a second while a real UE is waited for."""

    def power_on(self, *, subscriber: str | None = None) -> Lane:
        """Bring the UE to where it has no registration, and listen for its subscriber.

        Raises NotApplicable if the DUT is no UE, holds another subscriber, or is bound by none of the requirements that
        the test decides, for a real UE takes its time; ScenarioStopped if it counts as lost.
        """
        session = self.session
        if (why := wrong_side(session.profile, "ue") or self._unbound()) is not None:
            raise NotApplicable(why)
        if session.lacks is not None:
            raise NotApplicable(session.lacks)
        if (lost := session.vital_signs.lost) is not None:
            raise ScenarioStopped(lost.kind, str(lost))
        if self._lane is not None:
            raise InputError(self.name, "", "the core is powered on already", "one test has one UE under test")
        side = session.ue_side
        chosen = side.subscriber(subscriber)
        for address in side.core.addresses.values():
            self.transcript.peers[address] = "P-CSCF"
        self._lane = side.core.attend(chosen, self.transcript.tap, self.transcript.record_esp)
        self._lane.on_set.append(self._name_ports)
        self._lane.on_set.append(self.esp_keys.add)
        side.ue.act("reset", chosen)
        return self._lane

    def _name(self, name: str, *peers: Address | str) -> None:
        """Give addresses their name for people. The UE's lane is the first, as ladders of a registration are drawn."""
        known = {**self.transcript.peers, **dict.fromkeys(peers, name)}
        self.transcript.peers = dict(sorted(known.items(), key=lambda peer: peer[1] != "UE"))

    def _name_ports(self, sas: SaSet) -> None:
        """Both sides may have one address: their protected ports tell them apart. Runs where the link is served."""
        for name, side in (("UE", Side.UE), ("P-CSCF", Side.P_CSCF)):
            self._name(name, *(each.destination for each in sas.inbound(side)))

    def _unbound(self) -> str | None:
        return none_binds(self.session.profile, [self.session.catalogue[identifier] for identifier in self.ids])

    @property
    def lane(self) -> Lane:
        """What the core has of the UE. Raises InputError before `power_on`."""
        if self._lane is None:
            raise InputError(self.name, "", "the core is not powered on", "begin the test with Power On Core")
        return self._lane

    def tell(self, action: Action) -> None:
        """Tell the UE to register, to de-register, or to forget everything."""
        lane = self.lane
        self.transcript.note(f"the UE is told to {action}", self.session.link.now())
        self.session.ue_side.ue.act(action, lane.attendant.subscriber)

    def expect_request(self, method: str, within: float = PATIENCE) -> Request:
        """The next request of the UE with this method that the test has not had yet; others wait.

        Raises ScenarioStopped, with what an engineer should look at, if none comes within so many seconds.
        """
        lane, link = self.lane, self.session.link
        side = self.session.ue_side
        side.pace.wait(lambda: lane.waiting(method), within, self.progress)
        arrived = link.call(lambda: lane.take(method))
        if arrived is None:
            why = side.diagnose(self.transcript, lane.attendant.subscriber, method, within)
            raise ScenarioStopped("no-request", why)
        if (host := arrived.flow.remote.host) not in self.transcript.peers:
            link.call(lambda: self._name("UE", host))
        self._taken.append(arrived)
        return arrived.request

    def advance(self, seconds: float, progress: Progress | None = None) -> None:
        """Let time pass while the UE does what it does; nothing is answered that the test does not answer."""
        self.transcript.note(f"{seconds:g} s pass", self.session.link.now(), kind="clock")
        self.session.ue_side.pace.wait(lambda: False, seconds, progress or self.progress)

    def respond(self, request: Request, response: Draft | bytes, on: Place | str | None = None) -> None:
        """Send a response to a request that `expect_request` has given.

        `on` sends it where no P-CSCF would: on an association by its name and set, or in the clear. Then the request
        counts as unanswered.
        """
        arrived = self._arrived(request)
        self.session.link.call(lambda: self.lane.respond(arrived, response, _place(on)))

    def send(self, message: Draft | bytes, on: Place | str | None = None) -> Sent:
        """Send the UE a request, such as NOTIFY; in mode ipsec on the established set, or `on` another place."""
        self._sent = self.session.link.call(lambda: self.lane.send(message, _place(on)))
        return self._sent

    @property
    def sets(self) -> tuple[SetView, ...]:
        """The UE's sets of associations that live at the network, oldest first."""
        from imsreg.tester.ue_associations import SetView  # of no use to a run without associations

        return self.session.link.call(lambda: tuple(SetView.of(live) for live in self.lane.sets))

    def keep_sets(self) -> None:
        """From now on the network keeps the UE's sets that it would delete, until the test is over."""
        self.lane.keeps = True

    def inject(self, fault: Fault, data: Draft | bytes = b"", on: Place | str = "") -> EspEvent:
        """Send the UE a datagram that is wrong on purpose, on an association of the network; its record.

        Raises ScenarioStopped if there is no such association, or nothing that could be repeated.
        """
        place = _place(on)
        if place is None or place == "clear":
            raise InputError("on", "", "what is wrong with ESP needs an association", "name DL1 or DL2 of a set")
        octets = data if isinstance(data, bytes) else data.to_bytes()
        self._note_spoiled(fault, octets)
        return self.lane.inject(fault, octets, on=place)

    def expect(self, *statuses: int) -> Response:
        """The UE's final response to the last request. Raises ScenarioStopped if it is none of `statuses`."""
        sent = self._sent
        if sent is None:
            raise InputError(self.name, "", "no request has been sent to the UE", "send one first")
        timers = self.session.timers
        self.session.ue_side.pace.wait(lambda: sent.done, timers.timer_f + timers.t2, self.progress)
        if (final := sent.final) is None:
            method = sent.request.method if sent.request is not None else "the message"
            raise sent.stopped or ScenarioStopped("no-answer", f"the UE gave no final response to {method}")
        if statuses and final.status not in statuses:
            expected = " or ".join(str(s) for s in statuses)
            raise ScenarioStopped(
                "unexpected", f"expected {expected}, got {final.status} {safe_text(final.reason, limit=80)}"
            )
        return final

    def register(self, *, expires: int | None = None) -> Request:
        """Tell the UE to register and be the network that it expects. Returns the REGISTER that was accepted.

        `expires` seconds are granted, None: as asked. Whatever answers a challenge with a response is accepted: that it
        is right is for the checks to say. A USIM that is ahead of the AuC, or that cannot take a challenge, is
        challenged again.
        """
        self.tell("register")
        attendant = self.lane.attendant
        request = self.expect_request("REGISTER")
        for _ in range(MOST_CHALLENGES):
            self.respond(request, attendant.challenge(request))
            request = self.expect_request("REGISTER")
            if _answers(request):
                break
        self.respond(request, attendant.ok(request, expires=expires))
        return request

    def unwritable(self, reason: CannotWrite) -> NotApplicable | ScenarioStopped:
        """Note that the message under test cannot be written for this UE: no AKA keys, or nothing to refer to."""
        without_keys = self.lane.attendant.subscriber.algorithm is None
        stopped = NotApplicable(str(reason)) if without_keys else ScenarioStopped("precondition", str(reason))
        self.note_stop(stopped)
        return stopped

    def attend(self) -> None:
        """From now on the core answers by itself what has not been answered and what comes."""
        self.session.link.call(self.lane.attend)

    def _arrived(self, request: Request) -> Arrived:
        for arrived in self._taken:
            if arrived.request is request:
                return arrived
        raise InputError(self.name, "", "that request is none of the UE's", "answer what Expect Request has returned")

    def _tidy_up(self) -> None:
        if (lane := self._lane) is None:
            return
        side, link = self.session.ue_side, self.session.link
        self.attend()
        if isinstance(self.stopped, ScenarioStopped) and self.stopped.silent and not self._received():
            self.session.vital_signs.silent(self.stopped, self._sanity)
        elif self._received():
            self.session.vital_signs.answered()
        try:
            side.ue.act("reset", lane.attendant.subscriber)
        except ScenarioStopped as stopped:
            self.transcript.note(f"the UE could not be reset: {safe_text(str(stopped))}", link.now())
        finally:
            link.call(lambda: side.core.dismiss(lane))

    def _sanity(self) -> bool:
        """Told once more to register: whether the UE sends anything at all."""
        before = self._received()
        try:
            self.tell("register")
        except ScenarioStopped:
            return False
        return self.session.ue_side.pace.wait(lambda: self._received() > before, PATIENCE, self.progress)

    def _subscribers(self) -> tuple[str, ...]:
        return () if self._lane is None else (self._lane.attendant.subscriber.impi,)


def _place(on: Place | str | None) -> Place | None:
    """The place that words name. Raises InputError for words that name none."""
    if on is None or not isinstance(on, str):
        return on
    from imsreg.tester.way import parse_way  # of no use to a run without associations

    try:
        return parse_way(on)
    except ValueError as error:
        raise InputError("on", "", f"is no place to send from: {error}", "as in: DL2 of the established set") from None


def _answers(request: Request) -> bool:
    """Whether a REGISTER answers a challenge by a response, and reports nothing."""
    try:
        authorization = request.get(Authorization)
    except HeaderError:
        return True  # it tried to, and the checks say how well
    return authorization is not None and bool(authorization.response) and not authorization.auts
