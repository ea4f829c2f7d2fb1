"""Transactions against a model of figures 6 and 8 of RFC 3261 that has times of its own and no table."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from imsreg.sip.client_transaction import ClientState, ClientTransaction, Outcome
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.server_transaction import ServerState, ServerTransaction
from imsreg.sip.timers import IMS, RFC3261, Timers

UDP = Flow("UDP", Address("127.0.0.1", 5060), Address("127.0.0.2", 5060))
TCP = Flow("TCP", Address("127.0.0.1", 40000), Address("127.0.0.2", 5060), 1)

flows = st.sampled_from((UDP, TCP))
timers = st.sampled_from((RFC3261, IMS, Timers(t1=0.25, t2=0.25, t4=1.0)))
provisional = st.integers(100, 199)
final = st.integers(200, 699)
# Quarters of a second are exact, and meet the timers to the point; more than 64*T1 lies within reach.
waits = st.one_of(st.integers(0, 40), st.sampled_from((200, 600))).map(lambda quarters: quarters / 4)


def request(method: str = "REGISTER") -> Request:
    raw = f"{method} sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 {method}\r\n\r\n"
    message = parse(raw.encode())
    assert isinstance(message, Request)
    return message


def response(status: int) -> Response:
    raw = f"SIP/2.0 {status} x\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\n\r\n"
    message = parse(raw.encode())
    assert isinstance(message, Response)
    return message


class ClientMachine(RuleBasedStateMachine):
    """The owner of a client transaction calls in time, or late; the model says what has to come of it."""

    @initialize(flow=flows, timers=timers)
    def send(self, flow: Flow, timers: Timers) -> None:
        self.now = 0.0
        self.transaction = ClientTransaction(request(), flow, timers, self.now)
        self.reliable, self.timers = flow.reliable, timers
        self.state = "TRYING"
        self.interval = timers.t1
        self.timer_e: float | None = None if flow.reliable else timers.t1
        self.timer_f_or_k: float | None = 64 * timers.t1

    def waiting(self) -> bool:
        return self.state in ("TRYING", "PROCEEDING")

    def end(self) -> None:
        self.state, self.timer_e, self.timer_f_or_k = "TERMINATED", None, None

    @rule(status=provisional)
    def a_provisional_response(self, status: int) -> None:
        outcome = self.transaction.receive(response(status), self.now)
        if self.waiting():
            self.state = "PROCEEDING"
            assert outcome is Outcome.DELIVER
        else:
            assert outcome is (Outcome.ABSORB if self.state == "COMPLETED" else Outcome.NOTHING)

    @rule(status=final)
    def a_final_response(self, status: int) -> None:
        outcome = self.transaction.receive(response(status), self.now)
        if not self.waiting():
            assert outcome is (Outcome.ABSORB if self.state == "COMPLETED" else Outcome.NOTHING)
            return
        assert outcome is Outcome.DELIVER
        if self.reliable:
            self.end()
        else:
            self.state, self.timer_e, self.timer_f_or_k = "COMPLETED", None, self.now + self.timers.t4

    @rule()
    def the_transport_fails(self) -> None:
        outcome = self.transaction.fail(self.now)
        assert outcome is (Outcome.FAILED if self.waiting() else Outcome.NOTHING)
        if self.waiting():
            self.end()

    @rule(seconds=waits)
    def time_passes_and_the_owner_calls_in_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self.transaction.deadline is not None and self.transaction.deadline <= until:
            self.now = self.transaction.deadline
            self.call()
        self.now = until

    @rule(seconds=waits)
    def the_owner_calls_late(self, seconds: float) -> None:
        self.now += seconds
        self.call()

    def call(self) -> None:
        """One call of on_time: one thing at most is due in it, the end before a repetition."""
        outcome = self.transaction.on_time(self.now)
        if self.timer_f_or_k is not None and self.now >= self.timer_f_or_k:
            assert outcome is (Outcome.TIMED_OUT if self.waiting() else Outcome.NOTHING)
            self.end()
        elif self.timer_e is not None and self.now >= self.timer_e:
            assert outcome is Outcome.SEND
            # 17.1.2.2: in TRYING the interval doubles up to T2, in PROCEEDING it is T2.
            self.interval = min(2 * self.interval, self.timers.t2) if self.state == "TRYING" else self.timers.t2
            self.timer_e = self.now + self.interval
        else:
            assert outcome is Outcome.NOTHING

    @invariant()
    def state_and_deadline_are_those_of_the_model(self) -> None:
        if hasattr(self, "transaction"):
            assert self.transaction.state is ClientState[self.state]
            due = [timer for timer in (self.timer_e, self.timer_f_or_k) if timer is not None]
            assert self.transaction.deadline == (min(due) if due else None)


class ServerMachine(RuleBasedStateMachine):
    """Requests that are repeated, responses and time, in any order."""

    @initialize(flow=flows, timers=timers)
    def receive_the_request(self, flow: Flow, timers: Timers) -> None:
        self.now = 0.0
        self.transaction = ServerTransaction(request(), flow, timers)
        self.reliable, self.timers, self.flow = flow.reliable, timers, flow
        self.state = "TRYING"
        self.kept = b""
        self.timer_j: float | None = None

    @rule()
    def the_request_comes_again(self) -> None:
        packets = self.transaction.receive(request(), self.now)
        assert [packet.data for packet in packets] == ([self.kept] if self.state in ("PROCEEDING", "COMPLETED") else [])
        assert all(packet.flow == self.flow for packet in packets)

    @rule()
    def an_ack_comes(self) -> None:
        assert self.transaction.receive(request("ACK"), self.now) == []

    @rule(status=provisional)
    def respond_provisionally(self, status: int) -> None:
        octets = response(status).raw
        packets = self.transaction.respond(octets, self.now)
        if self.state in ("TRYING", "PROCEEDING"):
            self.state, self.kept = "PROCEEDING", octets
            assert [packet.data for packet in packets] == [octets]
        else:
            assert packets == []

    @rule(octets=st.one_of(final.map(lambda status: response(status).raw), st.just(b"no response at all")))
    def respond_finally(self, octets: bytes) -> None:
        packets = self.transaction.respond(octets, self.now)
        if self.state not in ("TRYING", "PROCEEDING"):
            assert packets == []
            return
        assert [packet.data for packet in packets] == [octets]
        self.kept = octets
        self.state = "TERMINATED" if self.reliable else "COMPLETED"
        self.timer_j = None if self.reliable else self.now + 64 * self.timers.t1

    @rule()
    def the_transport_fails(self) -> None:
        ends = self.state in ("PROCEEDING", "COMPLETED")
        assert self.transaction.fail(self.now) is ends
        if ends:
            self.state, self.timer_j = "TERMINATED", None

    @rule(seconds=waits)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.transaction.on_time(self.now)
        if self.timer_j is not None and self.now >= self.timer_j:
            self.state, self.timer_j = "TERMINATED", None

    @precondition(lambda self: self.timer_j is not None)
    @rule()
    def time_passes_to_the_very_end(self) -> None:
        assert self.timer_j is not None
        self.time_passes(self.timer_j - self.now)

    @invariant()
    def state_and_deadline_are_those_of_the_model(self) -> None:
        if hasattr(self, "transaction"):
            assert self.transaction.state is ServerState[self.state]
            assert self.transaction.deadline == self.timer_j


TestClientTransaction = ClientMachine.TestCase
TestServerTransaction = ServerMachine.TestCase
