"""UDP over real sockets: ICMP errors, full buffers, the egress gate."""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_network
from typing import cast

import pytest

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment, Limits
from imsreg.net.loop import READ, WRITE, Loop
from imsreg.net.resolve import has_ipv6
from imsreg.net.sockets import SocketLink
from imsreg.net.udp import UdpSocket
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure


class Node:
    """Keeps what reaches it; `on_packet` is called for each packet."""

    def __init__(self, on_packet: Callable[[], None] | None = None) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[Packet] = []
        self.failures: list[TransportFailure] = []
        self.on_packet = on_packet

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet)
        if self.on_packet is not None:
            self.on_packet()

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


@pytest.fixture
def link() -> Iterator[SocketLink]:
    with closing(SocketLink(EgressGate())) as made:
        yield made


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


def closed_port(host: str) -> Address:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return Address(host, probe.getsockname()[1])


def send(link: SocketLink, node: Node, *packets: Packet) -> None:
    link.call(lambda: node.outbox.extend(packets))


@pytest.mark.parametrize(
    ("host", "detail"),
    [
        ("127.0.0.1", "ICMP port unreachable (type 3, code 3) from 127.0.0.1"),
        pytest.param(
            "::1",
            "ICMPv6 port unreachable (type 1, code 4) from ::1",
            marks=pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6 loopback"),
        ),
    ],
)
def test_a_closed_port_is_known_within_a_second(link: SocketLink, host: str, detail: str) -> None:
    node, nobody = Node(), closed_port(host)
    here = link.attach(node, Address(host, 0), ["UDP"])
    began = time.monotonic()
    send(link, node, Packet(Flow("UDP", here, nobody), b"anybody?"))
    assert link.wait(lambda: bool(node.failures), 5)
    assert time.monotonic() - began < 1
    assert node.failures == [TransportFailure(Flow("UDP", here, nobody), "unreachable", detail)]


def test_an_icmp_error_costs_no_other_datagram(link: SocketLink, peer: socket.socket) -> None:
    node, nobody = Node(), closed_port("127.0.0.1")
    there = Address(*peer.getsockname())
    here = link.attach(node, Address("127.0.0.1", 0), ["UDP"])
    to_nobody, to_peer = Flow("UDP", here, nobody), Flow("UDP", here, there)
    for number in range(10):
        send(link, node, Packet(to_nobody, b"x"), Packet(to_peer, bytes([number])), Packet(to_nobody, b"x"))
    assert [peer.recv(100) for _ in range(10)] == [bytes([number]) for number in range(10)]
    peer.sendto(b"answer", here)
    assert link.wait(lambda: bool(node.received), 5)
    assert link.wait(lambda: len(node.failures) == 20, 5)
    assert {failure.flow.remote for failure in node.failures} == {nobody}


def test_a_burst_larger_than_one_batch_arrives_whole(link: SocketLink, peer: socket.socket) -> None:
    node = Node()
    here = link.attach(node, Address("127.0.0.1", 0), ["UDP"])
    for number in range(100):
        peer.sendto(bytes([number]), here)
    assert link.wait(lambda: len(node.received) == 100, 5)
    assert b"".join(packet.data for packet in node.received) == bytes(range(100))


def test_a_node_may_leave_while_packets_wait_for_it(link: SocketLink, peer: socket.socket) -> None:
    node = Node(on_packet=lambda: link.detach(node))
    here = link.attach(node, Address("127.0.0.1", 0), ["UDP"])

    def flood() -> None:  # on the link's thread: all of it is in the socket's buffer when the node is called
        for _ in range(10):
            peer.sendto(b"x", here)

    link.call(flood)
    assert link.wait(lambda: bool(node.received), 5)
    assert not link.wait(lambda: len(node.received) > 1, 0.02)


def test_a_node_may_take_another_off_the_link_whose_sockets_are_ready(link: SocketLink, peer: socket.socket) -> None:
    other = Node()
    its_address = link.attach(other, Address("127.0.0.1", 0), ["UDP", "TCP"])
    node = Node(on_packet=lambda: link.detach(other))
    here = link.attach(node, Address("127.0.0.1", 0), ["UDP"])
    with socket.create_connection(its_address, timeout=5) as stream:
        stream.sendall(b"first")
        assert link.wait(lambda: bool(other.received), 5)

        def make_all_ready() -> None:  # before the link looks again: one round finds them all
            peer.sendto(b"x", here)
            peer.sendto(b"x", its_address)
            stream.sendall(b"second")
            with socket.create_connection(its_address, timeout=5):
                pass

        link.call(make_all_ready)
        assert link.wait(lambda: bool(node.received), 5)
        assert not link.wait(lambda: len(other.received) + len(other.failures) > 1, 0.02)


def test_nobody_can_bind_the_same_port_and_take_our_datagrams(link: SocketLink) -> None:
    here = link.attach(Node(), Address("127.0.0.1", 0), ["UDP"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            thief.bind(here)


def test_a_denied_packet_is_never_sent(peer: socket.socket) -> None:
    node = Node()
    with closing(SocketLink(EgressGate([ip_network("127.0.0.9/32")]))) as link:
        here = link.attach(node, Address("127.0.0.1", 0), ["UDP", "TCP"])
        flows = [
            Flow("UDP", here, Address(*peer.getsockname())),
            Flow("TCP", here, Address("192.0.2.1", 5060)),
            Flow("UDP", here, Address("224.0.1.75", 5060)),
        ]
        began = link.now()
        send(link, node, *(Packet(flow, b"x") for flow in flows))
        assert link.wait(lambda: len(node.failures) == 3, 5)
        assert link.now() - began < 2.5
    assert [(failure.flow, failure.kind) for failure in node.failures] == [(flow, "denied") for flow in flows]
    assert "name it under allow: in the profile" in node.failures[0].detail
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.recv(100)


def test_the_rate_cap_denies_what_is_beyond_it(peer: socket.socket) -> None:
    node = Node()
    with closing(SocketLink(EgressGate(rate=5.0))) as link:
        here = link.attach(node, Address("127.0.0.1", 0), ["UDP"])
        flow = Flow("UDP", here, Address(*peer.getsockname()))
        send(link, node, *[Packet(flow, b"x")] * 50)
        assert link.wait(lambda: len(node.failures) >= 40, 5)
    assert all(failure.kind == "denied" and "cap" in failure.detail for failure in node.failures)
    assert len(node.failures) <= 45


def test_a_protected_packet_never_leaves_in_the_clear(link: SocketLink, peer: socket.socket) -> None:
    node = Node()
    here = link.attach(node, Address("127.0.0.1", 0), ["UDP"])
    flow = Flow("UDP", here, Address(*peer.getsockname()), association="sa-1")
    send(link, node, Packet(flow, b"x"))
    assert link.wait(lambda: bool(node.failures), 5)
    assert (node.failures[0].flow, node.failures[0].kind) == (flow, "denied")


class StubSocket:
    """A UDP socket whose buffer is full until `room` is set, or which fails with `error`."""

    family = socket.AF_INET

    def __init__(self) -> None:
        self.room = 0
        self.error: OSError | None = None
        self.sent: list[bytes] = []
        self.icmp_errors = 0

    def setsockopt(self, level: int, option: int, value: int) -> None:
        pass

    def sendto(self, data: bytes, address: object) -> None:
        if self.error is not None:
            raise self.error
        if not self.room:
            raise BlockingIOError
        self.room -= 1
        self.sent.append(data)

    def recvfrom(self, size: int) -> tuple[bytes, object]:
        raise BlockingIOError

    def recvmsg(self, *arguments: int) -> object:
        if not self.icmp_errors:
            raise BlockingIOError
        self.icmp_errors -= 1
        extended_error = struct.pack("=IBBBxII", errno.ECONNREFUSED, 2, 3, 3, 0, 0)
        return b"", [(socket.IPPROTO_IP, 11, extended_error)], 0, ("127.0.0.1", 5061)


class StubLoop:
    """Remembers what is watched."""

    def __init__(self) -> None:
        self.events = 0
        self.callback: Callable[[int], None] = lambda events: None

    def watch(self, watched: object, events: int, callback: Callable[[int], None]) -> None:
        self.events, self.callback = events, callback


def test_a_full_buffer_delays_datagrams_in_order_and_drops_what_is_too_much() -> None:
    loop, stub, drops = StubLoop(), StubSocket(), list[int]()
    environment = Environment(
        cast(Loop, loop), Limits(unsent_datagrams=3), lambda node, packet: None, lambda node, failure: None
    )
    here = Address("127.0.0.1", 5060)
    udp = UdpSocket(environment, cast(socket.socket, stub), Node(), here, lambda: drops.append(1))
    assert loop.events == READ
    for number in range(5):
        udp.send(Packet(Flow("UDP", here, Address("127.0.0.1", 5061)), bytes([number])))
    assert (loop.events, len(drops)) == (READ | WRITE, 2)
    stub.room = 1
    loop.callback(WRITE)
    assert (stub.sent, loop.events) == ([b"\x00"], READ | WRITE)
    stub.room = 9
    loop.callback(WRITE)
    assert (stub.sent, loop.events) == ([b"\x00", b"\x01", b"\x02"], READ)


def test_errors_are_read_even_if_the_socket_has_nothing_else_to_say() -> None:
    loop, stub, failures = StubLoop(), StubSocket(), list[TransportFailure]()
    environment = Environment(
        cast(Loop, loop), Limits(), lambda node, packet: None, lambda node, failure: failures.append(failure)
    )
    UdpSocket(environment, cast(socket.socket, stub), Node(), Address("127.0.0.1", 5060), lambda: None)
    stub.icmp_errors = 2
    loop.callback(READ)
    assert [failure.detail for failure in failures] == ["ICMP port unreachable (type 3, code 3)"] * 2
    assert failures[0].flow.remote == Address("127.0.0.1", 5061)


def test_an_error_that_stays_is_reported_once() -> None:
    loop, stub, failures = StubLoop(), StubSocket(), list[TransportFailure]()
    environment = Environment(
        cast(Loop, loop), Limits(), lambda node, packet: None, lambda node, failure: failures.append(failure)
    )
    here, there = Address("127.0.0.1", 5060), Address("127.0.0.1", 5061)
    udp = UdpSocket(environment, cast(socket.socket, stub), Node(), here, lambda: None)
    stub.error = PermissionError(1, "Operation not permitted")
    udp.send(Packet(Flow("UDP", here, there), b"x"))
    detail = "sending: Operation not permitted"
    assert failures == [TransportFailure(Flow("UDP", here, there), "unreachable", detail)]
