"""A test of a CSCF or a whole core: the tester is its UEs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.ue_request import EXPIRY
from imsreg.secagree.negotiation import LEGACY_TRANSFORMS, transforms
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Flow, Transport
from imsreg.sip.message import Request, Response
from imsreg.tester.case import Case
from imsreg.tester.lacking import mode_of, no_mode, no_password, no_reg_event, no_room, not_claimed, wrong_side
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.tester.segments import note_of
from imsreg.tester.sent import Sent
from imsreg.tester.session import Family, Session
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.text import safe_text
from imsreg.verdict.bindings import SLACK

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.events import EspEvent, Fault
    from imsreg.tester.ue_associations import SetView
    from imsreg.tester.way import Place
    from imsreg.verdict.profile import Profile

Credentials = Literal["aka", "password"]
"""How a UE proves who it is: by the keys of its USIM, or by SIP digest."""

Proposals = Literal["current", "legacy"]
"""What a UE offers in Security-Client: what the profile's release knows, or the six combinations before Release 14."""

UNKNOWN_MIN_EXPIRES = 120
"""Seconds that most registrars grant, where a profile does not say how few its DUT does."""

LOOK = 30
"""Seconds within which a scenario has seen a binding alive, also over a slow transport."""

ANSWER = 0.2
"""Seconds of the link in which an embedded DUT has answered, if it ever does before its clock moves."""

FAREWELL = 2.0
"""Seconds in which a NOTIFY comes that is on its way: of a real DUT the last one, once a UE is de-registered, and of
an embedded one in a process of its own on a busy host.
"""

NOTICE = 32.0
"""Seconds for which a NOTIFY is waited for unless a test says otherwise: 64 T1, Timer N (RFC 6665 4.1.2.4)."""

REPETITIONS = 10
"""How often a client sends a request again before Timer F ends it (RFC 3261 17.1.2.2, default timers)."""


class CscfCase(Case):
    """A test that powers UEs on and sends from them."""

    def __init__(self, session: Session, name: str, ids: Sequence[str], *, reproduce: str = "") -> None:
        super().__init__(session, name, ids, reproduce=reproduce)
        self.ues: list[SimulatedUe] = []
        self._sent: Sent | None = None
        self._batch: list[Sent] = []
        session.observe(self._record_esp)

    def power_on(
        self,
        *,
        transport: Transport | None = None,
        family: Family | None = None,
        subscriber: str | None = None,
        security: str | None = None,
        proposals: Proposals = "current",
        algorithms: str | None = None,
        compact: bool = False,
        credentials: Credentials = "aka",
    ) -> SimulatedUe:
        """A simulated UE with a subscriber of its own. `algorithms` are what it offers: "aes-gmac/null,null/aes-gcm".

        Raises NotApplicable if profile or host lack what it asks for, ScenarioStopped if the DUT counts as lost or a
        binding that an earlier test left behind cannot be removed, InputError for algorithms that do not exist.
        """
        session = self.session
        if (why := wrong_side(session.profile, "cscf")) is not None:
            raise NotApplicable(why)
        if session.lacks is not None:
            raise NotApplicable(session.lacks)
        if (lost := session.vital_signs.lost) is not None:
            raise ScenarioStopped(lost.kind, str(lost))
        if (why := no_room(session.profile, len(self.ues)) or no_mode(session.profile, security)) is not None:
            raise NotApplicable(why)
        first_transport, first_family = session.first_way()
        dut = session.dut_address(transport or first_transport, family or first_family)
        chosen = session.pool.take(subscriber) if credentials == "aka" else self._with_password(subscriber)
        mode = mode_of(session.profile, security) if credentials == "aka" else "none"
        offered = () if mode == "none" else offered_by(session.profile, proposals, algorithms)
        options = UeOptions(
            transport=transport or first_transport,
            dut=dut,
            local=session.local_address(dut),
            security=mode,
            offered=offered,
            timers=session.timers,
            compact=compact,
            usim_seconds=session.profile.timing.usim,
        )
        tap, new_set = self.transcript.tap, self.esp_keys.add
        ue = SimulatedUe(session.link, chosen, options, self.random, tap, session.lockout, new_set=new_set)
        name = "UE" if not self.ues else f"UE {len(self.ues) + 1}"
        self.transcript.peers[ue.address] = name
        # A TCP connection leaves from a port of its own: the host alone names it.
        self.transcript.peers.setdefault(ue.address.host, name)
        for address in session.dut.addresses.values():
            self.transcript.peers.setdefault(address, "P-CSCF")
            if address.host != ue.address.host:
                self.transcript.peers.setdefault(address.host, "P-CSCF")  # its protected ports are of its choosing
        self.ues.append(ue)
        if session.pool.is_dirty(chosen):
            self._clear_leftovers(ue)
        return ue

    def _with_password(self, name: str | None) -> Subscriber:
        """A subscriber for SIP digest. Raises NotApplicable where it cannot register, or if there is none."""
        profile = self.session.profile
        if name is not None:
            raise InputError("subscriber", name, "cannot be chosen with a password", "leave subscriber out")
        if (why := no_password(profile)) is not None:
            raise NotApplicable(why)
        chosen = self.session.pool.take_with_password()
        if chosen is None:
            raise NotApplicable("no subscriber with a password is free")
        return chosen

    @property
    def ue(self) -> SimulatedUe:
        """The UE that was powered on last. Raises InputError if there is none."""
        if not self.ues:
            raise InputError(self.name, "", "no UE is powered on", "begin the test with Power On UE")
        return self.ues[-1]

    def send(self, message: Draft | bytes, on: Place | str | None = None, *, ue: SimulatedUe | None = None) -> Sent:
        """Send a request from a UE, None: the one that was powered on last; or elsewhere than a UE would.

        See `SimulatedUe.send`. Raises InputError for words that name no place.
        """
        try:
            self._sent = (ue or self.ue).send(message, on)
        except ValueError as error:
            raise _no_place(error) from error
        return self._sent

    def inject(self, fault: Fault, data: bytes, on: Place | str, *, ue: SimulatedUe | None = None) -> EspEvent:
        """Send a packet that is wrong on purpose, as `send`. Raises InputError for words that name no association."""
        self._note_spoiled(fault, data)
        try:
            return (ue or self.ue).inject(fault, data, on)
        except ValueError as error:
            raise _no_place(error) from error

    def send_cut(self, messages: Sequence[Draft | bytes], at: Sequence[int] = ()) -> None:
        """Send messages on the UE's connection as one stream, cut before these octets; see `SimulatedUe.send_cut`.

        Raises InputError if none of them is a request.
        """
        if not any(isinstance(message, Draft) for message in messages):
            raise InputError("segments", "", "hold no request", "give at least one message")

        def begin(segments: int) -> None:
            self.transcript.note(note_of(len(messages), segments), self.session.link.now())

        self._batch = self.ue.send_cut(messages, at, begin)
        self._sent = self._batch[-1]

    def expect_each(self, *statuses: int) -> list[Response]:
        """The final responses to all requests of the last `send_cut`, as `expect` does for one."""
        responses = []
        for sent in self._batch:
            self._sent = sent
            responses.append(self.expect(*statuses))
        return responses

    def expect(self, *statuses: int) -> Response:
        """The final response to the last request. Raises ScenarioStopped if it is none of `statuses` (any if none)."""
        sent = self._last_sent()
        response = self.ue.wait(sent)
        self.ue.settle(sent, response)
        if statuses and response.status not in statuses:
            expected = " or ".join(str(s) for s in statuses)
            raise ScenarioStopped(
                "unexpected", f"expected {expected}, got {response.status} {safe_text(response.reason)}"
            )
        return response

    @property
    def sets(self) -> tuple[SetView, ...]:
        """Those of the UE that was powered on last."""
        return self.session.link.call(lambda: self.ue.sets)

    def keep_sets(self) -> None:
        """From now on the UE that was powered on last lets none of its sets go before it is powered off."""
        self.ue.associations.keeps = True

    def wait_for_answer(
        self, within: float, sent: Sent | None = None, *, ue: SimulatedUe | None = None
    ) -> Response | None:
        """The final response to a request, whatever it is; None if none comes within so many seconds.

        Then the request is given up: it is repeated no more. None: the last request, and the UE powered on last. Raises
        ScenarioStopped if the tester could not send it.
        """
        sent, ue, session = sent or self._last_sent(), ue or self.ue, self.session
        # An embedded DUT answers at once, and the rest of the time need not be waited for.
        jumps = session.dut.moves_with_clock
        # A connection that the DUT does not take, or ends, is a way to say nothing.
        if not session.link.wait(lambda: sent.final is not None, min(within, ANSWER) if jumps else within) and jumps:
            self.advance(within)
        if sent.final is None:
            ue.abandon(sent)
            if sent.stopped is not None and sent.stopped.kind == "tool":
                raise sent.stopped
            self.transcript.note(f"no answer within {within:g} s", session.link.now())
            return None
        ue.settle(sent, sent.final)
        return sent.final

    def subscribe(self, *, expires: int = EXPIRY, identity: str | None = None, ue: SimulatedUe | None = None) -> Draft:
        """The SUBSCRIBE of a new subscription; see `UeSubscriptions.first`.

        Raises NotApplicable where the profile does not claim that the DUT is a notifier of the reg event.
        """
        if (why := no_reg_event(self.session.profile)) is not None:
            raise NotApplicable(why)
        return (ue or self.ue).subscribe(expires=expires, identity=identity)

    def expect_notify(
        self, *, state: str | None = None, within: float = NOTICE, ue: SimulatedUe | None = None
    ) -> Request:
        """As `wait_for_notify`. Raises ScenarioStopped if none comes within the time."""
        notify = self.wait_for_notify(state=state, within=within, ue=ue)
        if notify is None:
            latest = (ue or self.ue).subscriptions.latest
            if latest is not None and latest.ended:
                raise ScenarioStopped("precondition", "there is no subscription: the DUT has refused or ended it")
            wanted = "NOTIFY" if state is None else f"NOTIFY with Subscription-State {state}"
            raise ScenarioStopped("no-request", f"no {wanted} in the dialog of the subscription within {within:g} s")
        return notify

    def wait_for_notify(
        self, *, state: str | None = None, within: float = NOTICE, ue: SimulatedUe | None = None
    ) -> Request | None:
        """The next NOTIFY of a UE's latest subscription that the test has not had yet; None if none comes in time.

        It is answered already. With a `state` that of Subscription-State: others before it are passed over. A
        subscription that is over is waited for no longer. Raises InputError if the UE has written no SUBSCRIBE.
        """
        session, subscription = self.session, (ue or self.ue).subscriptions.latest
        if subscription is None:
            raise InputError(self.name, "", "the UE has not subscribed to anything", "send a SUBSCRIBE first")
        # An embedded DUT sends at once what it sends before its clock moves. What is still on its way then is late.
        jumps = session.dut.moves_with_clock
        settled = session.link.wait(
            lambda: subscription.ended or subscription.waiting(state), min(within, FAREWELL) if jumps else within
        )
        if not settled and jumps:
            self.advance(within)
        notify = session.link.call(lambda: subscription.take(state))
        if notify is None and not subscription.ended:
            self.transcript.note(f"no NOTIFY within {within:g} s", session.link.now())
        return notify

    def send_again(self, times: int) -> None:
        """The last request's octets again, until `times` of them have been answered.

        Datagrams get lost: one that brings no message within 2 T1 is followed by another. As many in a row as a client
        repeats before Timer F, and nothing more is sent.
        """
        sent = self._last_sent()
        answered = unanswered = 0
        while answered < times and unanswered < REPETITIONS:
            before = self._received()
            self.ue.repeat(sent)
            if self.session.link.wait(partial(self._more_than, before), 2 * self.ue.options.timers.t1):
                answered, unanswered = answered + 1, 0
            else:
                unanswered += 1

    def _more_than(self, received: int) -> bool:
        return self._received() > received

    def _last_sent(self) -> Sent:
        if self._sent is None:
            raise InputError(self.name, "", "no request has been sent", "send one first")
        return self._sent

    @property
    def shortest_expiry(self) -> int:
        """Seconds of a short binding: the profile's min-expires, but no less than a scenario needs to look at it."""
        stated = self.session.profile.features.min_expires
        return UNKNOWN_MIN_EXPIRES if stated is None else max(stated, LOOK)

    def _record_esp(self, event: EspEvent) -> None:
        self.transcript.record_esp(event)

    def _tidy_up(self) -> None:
        clean: dict[SimulatedUe, bool] = {}
        try:
            for ue in self.ues:
                clean[ue] = self._unbound(ue)
            self._hear_out()
        finally:
            for ue in self.ues:
                ue.power_off()
                self.session.pool.give_back(ue.subscriber, clean=clean.get(ue, False))
        if self.ues and self._received():
            self.session.vital_signs.answered()
        self.session.observe(None)
        if isinstance(self.stopped, ScenarioStopped) and self.stopped.silent and not self._received():
            self.session.vital_signs.silent(self.stopped, self._sanity)

    def _subscribers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ue.subscriber.impi for ue in self.ues))

    def _sanity(self) -> bool:
        """One REGISTER of its own, outside the transcript: whether the DUT answers anything. After the test's UEs."""
        session = self.session
        transport, family = session.first_way()
        dut = session.dut_address(transport, family)
        answered: list[bool] = []

        def tap(sent: bool, flow: Flow, raw: bytes, now: float) -> None:
            if not sent:
                answered.append(True)

        chosen = session.pool.take()
        options = UeOptions(transport, dut, session.local_address(dut), timers=session.timers)
        ue = SimulatedUe(session.link, chosen, options, self.random, tap)
        try:
            ue.exchange(ue.registration.initial_register())
        except ScenarioStopped:
            return bool(answered)
        finally:
            ue.power_off()
            session.pool.give_back(chosen, clean=True)
        return True

    def _unbound(self, ue: SimulatedUe) -> bool:
        """De-register what is registered. False if something may be left: then the subscriber is marked.

        A network may refuse to de-register who is registered no more: nothing is left of a binding that has run out.
        """
        if not ue.may_be_bound:
            return True
        if self.session.vital_signs.lost is not None:
            return False
        try:
            over = ue.bound_until + SLACK <= self.session.link.now()
            return ue.complete(ue.registration.deregister()).status // 100 == 2 or over
        except ScenarioStopped:
            return False

    def _hear_out(self) -> None:
        """Answer the NOTIFY by which the DUT ends subscriptions with the registrations: unanswered, it is repeated.

        A DUT that keeps a subscription is told with its next NOTIFY that nobody has it any more (RFC 6665 4.2.2).
        """
        if any(ue.subscribed for ue in self.ues) and self.session.vital_signs.lost is None:
            within = ANSWER if self.session.dut.moves_with_clock else FAREWELL
            self.session.link.wait(lambda: not any(ue.subscribed for ue in self.ues), within)

    def _clear_leftovers(self, ue: SimulatedUe) -> None:
        response = ue.complete(ue.registration.remove_all())
        if response.status // 100 != 2:
            raise ScenarioStopped(
                "leftovers", f"an earlier test left a binding of {ue.impu}, and Contact: * got {response.status}"
            )
        self.transcript.note("bindings of an earlier test removed", self.session.link.now())


def offered_by(profile: Profile, proposals: Proposals, algorithms: str | None) -> tuple[Transform, ...]:
    """What a UE offers: of the combinations that the release knows those that the DUT claims, if it says so.

    Raises InputError for a combination that no release has, NotApplicable for one of another release, for one that the
    DUT does not claim, and if it claims none of the release.
    """
    release = profile.release
    if algorithms is None:
        wanted = LEGACY_TRANSFORMS if proposals == "legacy" else transforms(release)
        offered = tuple(each for each in wanted if not_claimed(profile, each) is None)
        if (proposals == "legacy" and offered != wanted) or not offered:
            raise NotApplicable(not_claimed(profile, next(each for each in wanted if each not in offered)) or "")
        return offered
    known = {f"{each.alg}/{each.ealg}": each for each in ALL_TRANSFORMS}
    named = [each.strip().lower() for each in algorithms.split(",")]
    for name in named:
        if name not in known:
            remedy = f"name some of {', '.join(known)}"
            raise InputError("algorithms", "", f"no release of ipsec-3gpp knows {name!r}", remedy)
        if known[name] not in transforms(release):
            raise NotApplicable(f"ipsec-3gpp of release {release} does not have {name}")
        if (why := not_claimed(profile, known[name])) is not None:
            raise NotApplicable(why)
    return tuple(known[name] for name in named)


def _no_place(error: ValueError) -> InputError:
    return InputError("on", "", f"is no place to send from: {error}", "see the documentation of Send Request")
