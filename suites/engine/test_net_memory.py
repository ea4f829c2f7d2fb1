"""The in-memory link: virtual time, order, impairment."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from imsreg.errors import InputError
from imsreg.net.link import LinkError
from imsreg.net.memory import Impairment, MemoryLink
from imsreg.net.stall import StallGuard
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

UE = Address("192.0.2.1", 5060)
CORE = Address("192.0.2.2", 5060)
GM = Flow("UDP", UE, CORE)


class Node:
    """Writes what happens to it into `log`; sends `repeats` on `flow` every `interval` seconds."""

    def __init__(self, log: list[tuple[float, str, object]], name: str, *, echo: bool = False) -> None:
        self.outbox: deque[Packet] = deque()
        self.log = log
        self.name = name
        self.echo = echo
        self.flow = GM
        self.deadline: float | None = None
        self.interval = 0.0
        self.repeats: deque[bytes] = deque()

    def receive(self, packet: Packet, now: float) -> None:
        self.log.append((now, self.name, packet.data))
        if self.echo:
            self.outbox.append(packet)

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.log.append((now, self.name, failure.kind))

    def on_time(self, now: float) -> None:
        self.log.append((now, self.name, "timer"))
        if self.repeats:
            self.outbox.append(Packet(self.flow, self.repeats.popleft()))
        self.deadline = now + self.interval if self.repeats else None

    def next_deadline(self) -> float | None:
        return self.deadline


def two_nodes(
    impair: Impairment | None = None, chunk: int | None = None
) -> tuple[MemoryLink, Node, Node, list[tuple[float, str, object]]]:
    link, log = MemoryLink(impair=impair, chunk=chunk), list[tuple[float, str, object]]()
    ue, core = Node(log, "ue"), Node(log, "core")
    link.attach(ue, UE, ["UDP", "TCP"])
    link.attach(core, CORE, ["UDP", "TCP"])
    return link, ue, core, log


def test_the_clock_stands_still_between_waits() -> None:
    link, ue, _, log = two_nodes()
    ue.deadline = 0.0
    ue.outbox.append(Packet(GM, b"x"))
    link.call(lambda: None)
    assert (link.now(), log) == (0.0, [])


def test_the_clock_jumps_to_each_timer_and_then_to_the_end() -> None:
    link, ue, _, log = two_nodes()
    ue.deadline, ue.interval, ue.repeats = 2.0, 600_000.0, deque([b"a", b"b"])
    assert not link.wait(lambda: False, 1_000_000)
    assert log == [(2.0, "ue", "timer"), (2.0, "core", b"a"), (600_002.0, "ue", "timer"), (600_002.0, "core", b"b")]
    assert link.now() == 1_000_000


def test_a_timer_at_the_very_end_fires_and_one_after_it_does_not() -> None:
    link, ue, core, log = two_nodes()
    ue.deadline, core.deadline = 5.0, 5.001
    link.advance(5)
    assert log == [(5.0, "ue", "timer")]


def test_wait_ends_at_the_event_that_made_the_condition_true() -> None:
    link, ue, core, log = two_nodes()
    ue.deadline, core.deadline = 3.0, 3.0
    ue.repeats = deque([b"x"])
    assert link.wait(lambda: any(what == b"x" for _, _, what in log), 60)
    assert log == [(3.0, "ue", "timer"), (3.0, "core", b"x")]
    assert link.now() == 3.0
    link.wait(lambda: False, 0)
    assert log[-1] == (3.0, "core", "timer")


def test_a_condition_on_time_alone_is_met_at_the_end() -> None:
    link, *_ = two_nodes()
    assert link.wait(lambda: link.now() >= 7, 7)


def test_packets_of_an_instant_arrive_before_its_timers() -> None:
    link, ue, core, log = two_nodes()
    core.echo = True
    core.deadline = ue.deadline = 0.0
    ue.outbox.append(Packet(GM, b"x"))
    link.advance(0)
    assert [(name, what) for _, name, what in log] == [
        ("core", b"x"),
        ("ue", b"x"),
        ("ue", "timer"),
        ("core", "timer"),
    ]


def test_the_earliest_timer_fires_first_whoever_was_attached_first() -> None:
    link, ue, core, log = two_nodes()
    ue.deadline, core.deadline = 2.0, 1.0
    link.advance(3)
    assert log == [(1.0, "core", "timer"), (2.0, "ue", "timer")]


def test_a_timer_that_is_overdue_fires_now() -> None:
    link, ue, _, log = two_nodes()
    link.advance(10)
    ue.deadline = 4.0
    link.advance(1)
    assert log == [(10.0, "ue", "timer")]


def test_packets_arrive_in_the_order_of_sending_across_transports_and_failures() -> None:
    link, ue, _, log = two_nodes()
    nobody = Address("192.0.2.9", 5060)
    stream = Flow("TCP", UE, CORE)
    ue.outbox.extend(
        Packet(flow, data)
        for flow, data in [(GM, b"1"), (Flow("UDP", UE, nobody), b""), (stream, b"2"), (Flow("TCP", UE, nobody), b"")]
    )
    link.advance(0)
    assert [what for _, _, what in log] == [b"1", b"2", "unreachable", "unreachable"]


def test_a_closed_port_and_an_absent_host_are_told_apart() -> None:
    link, ue, _, _ = two_nodes()
    details: list[tuple[str, str]] = []
    ue.fail = lambda failure, now: details.append((failure.kind, failure.detail))  # type: ignore[method-assign]
    for remote in (Address(CORE.host, 5061), Address("192.0.2.9", 5060)):
        ue.outbox.append(Packet(Flow("UDP", UE, remote), b""))
        link.advance(0)
        ue.outbox.append(Packet(Flow("TCP", UE, remote), b""))
        link.advance(0)
    assert details == [
        ("unreachable", "ICMP port unreachable"),
        ("refused", "connecting: connection refused"),
        ("unreachable", "ICMP host unreachable"),
        ("unreachable", "connecting: ICMP host unreachable"),
    ]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_what_names_an_association_never_leaves_in_the_clear(transport: Transport) -> None:
    link, ue, _, log = two_nodes()
    ue.outbox.append(Packet(Flow(transport, UE, CORE, association="sa-1"), b"x"))
    link.advance(0)
    assert log == [(0.0, "ue", "denied")]


def test_a_stream_is_cut_into_chunks_and_loses_nothing() -> None:
    link, ue, _, log = two_nodes(chunk=3)
    ue.outbox.extend([Packet(Flow("TCP", UE, CORE), b"REGISTER"), Packet(GM, b"REGISTER")])
    link.advance(0)
    assert [what for _, _, what in log] == [b"REG", b"IST", b"ER", b"REGISTER"]


def test_octets_on_their_way_arrive_before_the_close_and_none_after() -> None:
    link, ue, _, log = two_nodes()
    link.call(lambda: ue.outbox.append(Packet(Flow("TCP", UE, CORE), b"bye")))
    link.detach(ue)
    link.advance(0)
    assert log == [(0.0, "core", b"bye"), (0.0, "core", "closed")]


def test_a_node_that_has_left_gets_nothing_that_was_on_its_way() -> None:
    link, ue, core, log = two_nodes()
    stream = Flow("TCP", UE, CORE)
    link.call(lambda: ue.outbox.extend([Packet(stream, b"a"), Packet(Flow("UDP", UE, Address("::1", 1)), b"b")]))
    link.detach(core)
    link.detach(ue)
    link.advance(0)
    assert log == []


def test_a_node_may_talk_to_itself_and_leave() -> None:
    link, ue, _, log = two_nodes()
    link.call(lambda: ue.outbox.append(Packet(Flow("TCP", UE, UE), b"me")))
    link.advance(0)
    link.detach(ue)
    link.advance(0)
    assert log == [(0.0, "ue", b"me")]


def test_impairment_loses_doubles_and_reorders_datagrams_only() -> None:
    held: list[Packet] = []

    def impair(packet: Packet) -> list[Packet]:
        if packet.data == b"lost":
            return []
        if packet.data == b"late":
            held.append(packet)
            return []
        return [packet, packet, *held] if packet.data == b"twice" else [packet]

    link, ue, _, log = two_nodes(impair)
    ue.outbox.extend(Packet(GM, data) for data in (b"lost", b"late", b"twice"))
    ue.outbox.append(Packet(Flow("TCP", UE, CORE), b"lost"))
    link.advance(0)
    assert [what for _, _, what in log] == [b"twice", b"twice", b"late", b"lost"]


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> list[tuple[float, str, object]]:
        random = Random(7)
        link, ue, core, log = two_nodes(lambda packet: [packet] * random.choice([0, 1, 2]), chunk=2)
        ue.deadline, ue.interval = random.random(), random.random()
        ue.repeats = deque(bytes([number]) for number in range(50))
        core.echo = True
        link.call(lambda: ue.outbox.append(Packet(Flow("TCP", UE, CORE), b"stream")))
        link.wait(lambda: len(log) > 60, 100)
        return log

    first = run()
    assert first == run()
    assert len(first) > 50


def test_ports_are_handed_out_in_order_and_never_twice() -> None:
    link = MemoryLink()
    log: list[tuple[float, str, object]] = []
    first = link.attach(Node(log, "a"), Address("::1", 0), ["UDP"])
    link.attach(Node(log, "b"), Address("::1", first.port + 1), ["TCP"])
    third = link.attach(Node(log, "c"), Address("::1", 0), ["UDP", "TCP"])
    elsewhere = link.attach(Node(log, "d"), Address("127.0.0.1", 0), ["UDP"])
    assert (third.port, elsewhere.port) == (first.port + 2, first.port)


def test_a_host_has_a_finite_number_of_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imsreg.net.memory._PORTS", range(50_000, 50_002))
    link = MemoryLink()
    for _ in range(2):
        link.attach(Node([], "x"), Address("::1", 0), ["UDP"])
    with pytest.raises(InputError, match="all dynamic ports are in use"):
        link.attach(Node([], "x"), Address("::1", 0), ["UDP"])


def test_addresses_are_compared_not_spelled() -> None:
    link, log = MemoryLink(), list[tuple[float, str, object]]()
    link.attach(Node(log, "a"), Address("2001:db8:0:0::1", 5060), ["UDP"])
    with pytest.raises(InputError, match=r"\[2001:db8::1\]:5060"):
        link.attach(Node(log, "b"), Address("2001:db8::1", 5060), ["UDP"])


def test_what_a_node_raises_comes_out_of_wait() -> None:
    link, ue, core, _ = two_nodes()

    def broken(packet: Packet, now: float) -> None:
        raise ZeroDivisionError("a bug in a role")

    core.receive = broken  # type: ignore[method-assign]
    ue.outbox.append(Packet(GM, b"x"))
    with pytest.raises(ZeroDivisionError, match="a bug in a role"):
        link.wait(lambda: False, 1)


def test_nodes_that_answer_each_other_for_ever_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imsreg.net.memory.StallGuard", lambda: StallGuard(limit=1000))
    link, ue, core, log = two_nodes()
    ue.echo = core.echo = True
    ue.outbox.append(Packet(GM, b"x"))
    with pytest.raises(LinkError, match="answer each other in a loop"):
        link.wait(lambda: False, 1)
    assert len(log) == 1001


def test_a_stall_is_counted_per_instant() -> None:
    guard = StallGuard(limit=2)
    for now in (0.0, 0.0, 1.0, 1.0):
        guard.count(now)
    with pytest.raises(LinkError, match="at 1 s"):
        guard.count(1.0)


def test_a_stall_is_counted_from_one_wait_to_the_next() -> None:
    guard = StallGuard(limit=2)
    for _ in range(3):
        guard.begin()
        guard.count(0.0)
        guard.count(0.0)


def test_progress_is_not_reported_where_nobody_waits() -> None:
    link, *_ = two_nodes()
    link.advance(10, lambda remaining: pytest.fail("progress"))
    assert link.now() == 10
