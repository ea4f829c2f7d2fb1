"""The socket link and its thread: calls, waits, exceptions, the clock, and nothing left behind."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from imsreg.net.egress import EgressGate
from imsreg.net.link import LinkError
from imsreg.net.sockets import SocketLink
from imsreg.net.stall import StallGuard
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

LOOPBACK = Address("127.0.0.1", 0)
OPEN_FILES = Path("/proc/self/fd")


class Node:
    """Fires at each of `deadlines` and calls `action`."""

    def __init__(self, *deadlines: float, action: Callable[[], None] = lambda: None) -> None:
        self.outbox: deque[Packet] = deque()
        self.deadlines = deque(deadlines)
        self.fired: list[float] = []
        self.received: list[Packet] = []
        self.action = action

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet)

    def fail(self, failure: TransportFailure, now: float) -> None:
        raise AssertionError(failure)

    def on_time(self, now: float) -> None:
        self.fired.append(now)
        self.deadlines.popleft()
        self.action()

    def next_deadline(self) -> float | None:
        return self.deadlines[0] if self.deadlines else None


def fail(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


@pytest.fixture
def link() -> Iterator[SocketLink]:
    with closing(SocketLink(EgressGate())) as made:
        yield made


def test_nodes_live_on_one_thread_that_is_not_the_callers(link: SocketLink) -> None:
    threads = {link.call(threading.get_ident) for _ in range(3)}
    node = Node(link.now(), action=lambda: threads.add(threading.get_ident()))
    link.attach(node, LOOPBACK, ["UDP"])

    def fired() -> bool:
        threads.add(threading.get_ident())
        return bool(node.fired)

    assert link.wait(fired, 5)
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_calls_of_many_threads_take_turns(link: SocketLink) -> None:
    counter = [0]

    def count() -> None:
        counter[0] += 1

    def work() -> None:
        for _ in range(200):
            link.call(count)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert counter == [800]


def test_no_call_is_forgotten_while_the_clock_is_moved(link: SocketLink) -> None:
    done = threading.Event()

    def work() -> None:
        for _ in range(300):
            link.call(lambda: None)
        done.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    node = Node()
    link.attach(node, LOOPBACK, ["UDP"])
    for _ in range(50):
        link.call(lambda: node.deadlines.extend(link.now() + step for step in range(10)))
        link.advance(10)
    assert done.wait(30)
    thread.join(5)
    assert len(node.fired) == 500


def test_a_call_that_comes_while_the_clock_is_moved_is_served_after(link: SocketLink) -> None:
    """Its wake-up is read inside `advance`, and nothing else wakes the link afterwards."""
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(link.call(lambda: 7)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))

        def send_and_start() -> None:
            node.outbox.append(Packet(Flow("UDP", here, Address(*peer.getsockname())), b"x"))
            thread.start()

        node = Node(link.now() + 10, action=send_and_start)
        here = link.attach(node, LOOPBACK, ["UDP"])
        link.advance(20)
        thread.join(5)
    assert results == [7]


def test_overdue_timers_fire_in_the_order_of_their_times(link: SocketLink) -> None:
    order: list[str] = []
    first, second = Node(action=lambda: order.append("first")), Node(action=lambda: order.append("second"))
    for node in (second, first):
        link.attach(node, LOOPBACK, ["UDP"])

    def set_both() -> None:
        first.deadlines.append(link.now() - 2)
        second.deadlines.append(link.now() - 1)

    link.call(set_both)
    assert link.wait(lambda: len(order) == 2, 5)
    assert order == ["first", "second"]


def test_timers_fire_in_real_time(link: SocketLink) -> None:
    began = link.now()
    node = Node(began + 0.01, began + 0.02)
    link.attach(node, LOOPBACK, ["UDP"])
    assert link.wait(lambda: len(node.fired) == 2, 5)
    assert node.fired[0] >= began + 0.01
    assert node.fired[1] >= began + 0.02


def test_advance_fires_every_timer_at_its_time_without_waiting(link: SocketLink) -> None:
    began, real = link.now(), time.monotonic()
    first, second = Node(began + 100, began + 5000), Node(began + 200, began + 6000.5)
    for node in (first, second):
        link.attach(node, LOOPBACK, ["UDP"])
    link.advance(6000)
    assert [at - began for at in first.fired] == pytest.approx([100, 5000], abs=1)
    assert [at - began for at in second.fired] == pytest.approx([200], abs=1)
    assert link.now() >= began + 6000
    assert time.monotonic() - real < 2


def test_advance_lets_the_answer_come_before_the_next_timer(link: SocketLink) -> None:
    """A request at 300 s whose retransmission is due at 300.5 s: the peer's answer comes in between."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)
        began = link.now()
        node = Node(began + 300, began + 300.5)
        here = link.attach(node, LOOPBACK, ["UDP"])
        answered: list[int] = []
        request = Packet(Flow("UDP", here, Address(*peer.getsockname())), b"request")

        def send_or_look() -> None:
            answered.append(len(node.received))
            if len(node.fired) == 1:
                node.outbox.append(request)

        def answer() -> None:
            _, source = peer.recvfrom(100)
            peer.sendto(b"100", source)
            peer.sendto(b"200", source)

        node.action = send_or_look
        thread = threading.Thread(target=answer)
        thread.start()
        link.advance(600)
        thread.join(5)
    assert answered == [0, 2]


def test_advance_wakes_those_who_wait_for_that_time(link: SocketLink) -> None:
    results: list[bool] = []
    waiting = threading.Event()

    def condition() -> bool:
        waiting.set()
        return False

    thread = threading.Thread(target=lambda: results.append(link.wait(condition, 1000)))
    thread.start()
    assert waiting.wait(5)
    link.advance(1001)
    thread.join(5)
    assert results == [False]


def test_advance_in_real_time_waits_and_counts() -> None:
    remaining: list[float] = []
    with closing(SocketLink(EgressGate(), real_time=True)) as link:
        began = time.monotonic()
        link.advance(0.03, remaining.append)
        assert time.monotonic() - began >= 0.03
        link.advance(0)
    assert remaining[0] == pytest.approx(0.03, abs=0.02)


def test_a_timer_that_never_moves_on_stops_advance(link: SocketLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imsreg.net.host.StallGuard", lambda: StallGuard(limit=50))
    node = Node(*[link.now() + 10] * 60)
    link.attach(node, LOOPBACK, ["UDP"])
    with pytest.raises(LinkError, match="due again as soon as it has fired"):
        link.advance(20)


def test_what_a_node_raises_reaches_the_one_who_waits(link: SocketLink) -> None:
    node = Node(link.now() + 0.01, action=fail(ZeroDivisionError("a bug in a role")))
    link.attach(node, LOOPBACK, ["UDP"])
    with pytest.raises(ZeroDivisionError, match="a bug in a role"):
        link.wait(lambda: False, 5)
    assert link.call(lambda: "goes on") == "goes on"


def test_what_a_node_raises_is_kept_for_the_next_call(link: SocketLink) -> None:
    began = link.now()
    fired = threading.Event()

    def action() -> None:
        if len(node.fired) == 3:
            fired.set()
        raise ZeroDivisionError(f"bug {len(node.fired)}")

    node = Node(began, began, began, action=action)
    link.attach(node, LOOPBACK, ["UDP"])
    assert fired.wait(5)
    ran: list[int] = []
    with pytest.raises(ZeroDivisionError, match="bug 1") as caught:
        link.call(lambda: ran.append(1))
    assert ran == []
    assert caught.value.__notes__ in (["2 more after it were dropped"], ["1 more after it were dropped"])
    with suppress(ZeroDivisionError):  # the third, if the call came between
        link.call(lambda: None)
    link.call(lambda: ran.append(1))
    assert ran == [1]


def test_what_a_node_raises_comes_out_of_advance(link: SocketLink) -> None:
    node = Node(link.now() + 10, action=fail(ZeroDivisionError("late bug")))
    link.attach(node, LOOPBACK, ["UDP"])
    with pytest.raises(ZeroDivisionError, match="late bug"):
        link.advance(20)


def test_what_nobody_has_seen_comes_out_of_close() -> None:
    link, fired = SocketLink(EgressGate()), threading.Event()

    def action() -> None:
        fired.set()
        raise ZeroDivisionError("unseen bug")

    link.attach(Node(link.now(), action=action), LOOPBACK, ["UDP", "TCP"])
    assert fired.wait(5)
    with pytest.raises(ZeroDivisionError, match="unseen bug"):
        link.close()
    link.close()


def test_a_deadline_that_raises_is_no_end_of_the_link(link: SocketLink) -> None:
    node = Node()
    broken = [True]

    def next_deadline() -> float | None:
        if broken.pop():
            broken.append(False)
            raise ZeroDivisionError("no deadline")
        broken.append(False)
        return None

    node.next_deadline = next_deadline  # type: ignore[method-assign]
    link.attach(node, LOOPBACK, ["UDP"])
    with pytest.raises(ZeroDivisionError, match="no deadline"):
        link.wait(lambda: False, 5)
    assert link.call(lambda: 1) == 1


def test_a_node_may_call_the_link_but_neither_wait_for_it_nor_close_it(link: SocketLink) -> None:
    results: list[object] = []

    def action() -> None:
        results.append(link.call(lambda: "called"))
        for forbidden in (lambda: link.wait(lambda: True, 0), link.close):
            try:
                forbidden()
            except RuntimeError as error:
                results.append(str(error).split(":")[0])

    link.attach(Node(link.now(), action=action), LOOPBACK, ["UDP"])
    assert link.wait(lambda: len(results) == 3, 5)
    assert results == ["called", "a node must not wait", "a node must not close its link"]


def test_an_interrupted_wait_leaves_the_link_usable(link: SocketLink) -> None:
    looks: list[int] = []

    def condition() -> bool:
        looks.append(1)
        return False

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            link.wait(condition, 60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    seen = link.call(lambda: len(looks))
    assert seen >= 1
    assert link.call(lambda: len(looks)) == seen


def test_a_closed_link_says_so() -> None:
    link = SocketLink(EgressGate())
    link.close()
    with pytest.raises(LinkError, match="closed"):
        link.call(lambda: None)
    with pytest.raises(LinkError, match="closed"):
        link.wait(lambda: True, 1)


def test_closing_ends_the_wait_of_another_thread() -> None:
    link, errors, waiting = SocketLink(EgressGate()), list[str](), threading.Event()

    def condition() -> bool:
        waiting.set()
        return False

    def wait() -> None:
        try:
            link.wait(condition, 60)
        except LinkError as error:
            errors.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(5)
    link.close()
    thread.join(5)
    assert errors == ["the link is closed"]


def test_a_node_that_never_returns_does_not_hang_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imsreg.net.loop.LONGEST_CALLBACK", 0.05)
    link, entered, released = SocketLink(EgressGate()), threading.Event(), threading.Event()

    def action() -> None:
        entered.set()
        released.wait(30)

    link.attach(Node(link.now(), action=action), LOOPBACK, ["UDP"])
    assert entered.wait(5)
    try:
        with pytest.raises(LinkError, match=r"busy for 0\.05 s"):
            link.close()
    finally:
        released.set()
    monkeypatch.setattr("imsreg.net.loop.LONGEST_CALLBACK", 5.0)
    link.close()


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="this system does not list open files")
def test_nothing_is_left_behind() -> None:
    files, threads = sorted(OPEN_FILES.iterdir()), threading.active_count()
    link, ue, core = SocketLink(EgressGate()), Node(), Node()
    here, there = link.attach(ue, LOOPBACK, ["UDP", "TCP"]), link.attach(core, LOOPBACK, ["UDP", "TCP"])
    link.call(lambda: ue.outbox.append(Packet(Flow("TCP", here, there), b"x")))
    assert link.wait(lambda: bool(core.received), 5)
    link.call(lambda: ue.outbox.append(Packet(Flow("TCP", here, Address("127.0.0.1", there.port)), b"x")))
    with pytest.raises(Exception, match="in use"):
        link.attach(Node(), there, ["TCP", "UDP"])
    link.close()
    assert sorted(OPEN_FILES.iterdir()) == files
    assert threading.active_count() == threads
