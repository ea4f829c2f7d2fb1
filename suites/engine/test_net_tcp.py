"""TCP over real sockets: split streams, half-close, reset, peers that do not read, peers that do not answer."""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network

import pytest

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Limits
from imsreg.net.sockets import SocketLink
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

LOOPBACK = Address("127.0.0.1", 0)
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Node:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[Packet] = []
        self.failures: list[TransportFailure] = []

    @property
    def data(self) -> bytes:
        return b"".join(packet.data for packet in self.received)

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet)

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start(cleanup: ExitStack, limits: Limits | None = None) -> tuple[SocketLink, Node, Address]:
    link, node = cleanup.enter_context(closing(SocketLink(EgressGate(), limits=limits))), Node()
    return link, node, link.attach(node, LOOPBACK, ["TCP"])


def listen(cleanup: ExitStack, backlog: int = 5) -> tuple[socket.socket, Address]:
    server = cleanup.enter_context(socket.create_server(("127.0.0.1", 0), backlog=backlog))
    server.settimeout(5)
    return server, Address(*server.getsockname())


def dial(cleanup: ExitStack, address: Address) -> socket.socket:
    return cleanup.enter_context(socket.create_connection(address, timeout=5))


def send(link: SocketLink, node: Node, flow: Flow, *pieces: bytes) -> None:
    link.call(lambda: node.outbox.extend(Packet(flow, piece) for piece in pieces))


def test_a_stream_in_pieces_stays_one_stream(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    for number in range(5):
        client.sendall(bytes([number]))
        assert link.wait(lambda count=number: len(node.data) == count + 1, 5)  # type: ignore[misc]
    assert node.data == bytes(range(5))
    flow = Flow("TCP", here, Address(*client.getsockname()), node.received[0].flow.connection)
    assert {packet.flow for packet in node.received} == {flow}


def test_a_message_larger_than_one_piece_arrives_whole(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    message = bytes(range(256)) * 1000
    client = dial(cleanup, here)
    client.sendall(message)
    assert link.wait(lambda: node.data == message, 5)


def test_a_peer_that_has_closed_its_half_still_gets_its_answer(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    client.sendall(b"REGISTER")
    client.shutdown(socket.SHUT_WR)
    assert link.wait(lambda: bool(node.failures), 5)
    flow = node.received[0].flow
    assert node.failures == [TransportFailure(flow, "closed", "the peer closed the connection")]
    send(link, node, flow, b"401 ", b"Unauthorized")
    assert client.recv(16, socket.MSG_WAITALL) == b"401 Unauthorized"


def test_a_half_closed_connection_is_not_used_for_requests(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    server, there = listen(cleanup)
    send(link, node, Flow("TCP", here, there), b"one")
    first, _ = server.accept()
    with first:
        assert first.recv(100) == b"one"
        first.shutdown(socket.SHUT_WR)
        assert link.wait(lambda: bool(node.failures), 5)
        send(link, node, Flow("TCP", here, there), b"two")
        second, _ = server.accept()
        with second:
            assert second.recv(100) == b"two"


def test_a_half_closed_connection_is_closed_in_the_end(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(half_closed=0.02))
    client = dial(cleanup, here)
    client.shutdown(socket.SHUT_WR)
    assert client.recv(100) == b""
    assert link.wait(lambda: bool(node.failures), 5)
    assert [failure.kind for failure in node.failures] == ["closed"]


def test_a_reset_is_reported_on_the_connection(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    client.sendall(b"x")
    assert link.wait(lambda: bool(node.received), 5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    client.close()
    assert link.wait(lambda: bool(node.failures), 5)
    flow = node.received[0].flow
    assert node.failures == [TransportFailure(flow, "reset", "receiving: Connection reset by peer")]
    send(link, node, flow, b"late")
    assert link.wait(lambda: len(node.failures) == 2, 5)
    assert node.failures[1].kind == "closed"


def test_an_answer_to_a_peer_that_has_gone_is_a_failure(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    client.sendall(b"x")
    client.close()
    assert link.wait(lambda: bool(node.failures), 5)
    flow = node.received[0].flow

    def answer_fails() -> bool:  # the first octets make the peer answer with RST, the next ones meet it
        node.outbox.append(Packet(flow, b"late"))
        return len(node.failures) > 1

    for _ in range(1000):
        if link.call(answer_fails):
            break
    assert link.wait(lambda: len(node.failures) > 1, 5)
    assert (node.failures[1].flow, node.failures[1].kind) == (flow, "reset")
    assert "sending" in node.failures[1].detail


def test_a_slow_reader_gets_every_octet(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(unsent_octets=1 << 25))
    server, there = listen(cleanup)
    piece = bytes(range(256)) * 4096
    send(link, node, Flow("TCP", here, there), *[piece] * 12)
    accepted, _ = server.accept()
    with accepted:
        accepted.settimeout(5)
        left = len(piece) * 12
        position = 0
        while left:
            data = accepted.recv(1 << 20)
            assert data[:1] == bytes([position % 256])
            position, left = position + len(data), left - len(data)
        assert link.call(lambda: list(node.failures)) == []


def test_a_peer_that_never_reads_is_given_up(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(unsent_octets=100_000))
    server, there = listen(cleanup)
    send(link, node, Flow("TCP", here, there), b"x")
    accepted, _ = server.accept()
    with accepted:
        for _ in range(1000):
            send(link, node, Flow("TCP", here, there), b"x" * 60_000)
            if link.wait(lambda: bool(node.failures), 0):
                break
    assert node.failures[0].kind == "timeout"
    assert "does not read" in node.failures[0].detail
    assert node.failures[0].flow.connection > 0


def test_a_connection_given_up_is_not_read_any_more(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(unsent_octets=1000))
    client = dial(cleanup, here)
    client.sendall(b"x")
    assert link.wait(lambda: bool(node.received), 5)
    flow = node.received[0].flow
    sender = Node()
    its_address = link.attach(sender, LOOPBACK, ["UDP"])

    def too_much(packet: Packet, now: float) -> None:
        node.outbox.append(Packet(flow, bytes(50_000_000)))

    sender.receive = too_much  # type: ignore[method-assign]
    peer = cleanup.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def make_both_ready() -> None:  # before the link looks again: the connection is ready when it is given up
        peer.sendto(b"x", its_address)
        client.sendall(b"y")

    link.call(make_both_ready)
    assert link.wait(lambda: bool(node.failures), 5)
    assert not link.wait(lambda: len(node.failures) > 1, 0.02)
    assert (node.failures[0].flow, node.failures[0].kind) == (flow, "timeout")


def test_a_half_closed_connection_keeps_nobody_busy(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    client.shutdown(socket.SHUT_WR)
    assert link.wait(lambda: bool(node.failures), 5)
    looks = 0

    def count() -> bool:
        nonlocal looks
        looks += 1
        return False

    link.wait(count, 0.05)
    assert looks < 20


def test_what_waits_for_a_connection_is_bounded_and_each_flow_learns_its_end(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(unsent_octets=10))
    _, there = listen(cleanup)
    flows = [Flow("TCP", here, there), Flow("TCP", Address(here.host, 5060), there)]
    link.call(lambda: node.outbox.extend(Packet(flow, b"123456") for flow in flows))
    assert link.wait(lambda: len(node.failures) == 2, 5)
    assert [(failure.flow, failure.kind) for failure in node.failures] == [(flow, "timeout") for flow in flows]


def test_a_peer_that_does_not_answer_the_syn_is_given_up(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(connecting=0.1))
    _, there = listen(cleanup, backlog=0)
    for _ in range(3):  # fills the backlog: Linux drops every further SYN
        filler = cleanup.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(there)
    flow, began = Flow("TCP", here, there), link.now()
    send(link, node, flow, b"x")
    assert link.wait(lambda: bool(node.failures), 5)
    assert link.now() - began < 2.5
    assert node.failures == [TransportFailure(flow, "timeout", "connecting: no answer within 0.1 s")]


def test_a_connection_that_cannot_even_begin_is_a_failure(cleanup: ExitStack) -> None:
    gate = EgressGate([ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8")])
    link, node = cleanup.enter_context(closing(SocketLink(gate))), Node()
    here = link.attach(node, LOOPBACK, ["TCP"])
    # From 127.0.0.1 there is no way out of the host: connect() fails at once, and nothing is sent.
    send(link, node, Flow("TCP", here, Address("192.0.2.99", 5060)), b"x")
    assert link.wait(lambda: bool(node.failures), 5)
    assert node.failures[0].kind == "unreachable"
    assert node.failures[0].detail.startswith("connecting: ")


def test_a_connection_to_oneself_by_accident_is_a_refusal(cleanup: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    link, node, here = start(cleanup)
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = Address(*server.getsockname())
    # The kernel's choice of the ephemeral port falls on the closed port that is called, once in 28,000.
    monkeypatch.setattr("imsreg.net.transport.to_sockaddr", lambda address: (address.host, address.port or nobody.port))
    send(link, node, Flow("TCP", here, nobody), b"x")
    assert link.wait(lambda: bool(node.failures), 5)
    assert (node.failures[0].kind, node.failures[0].detail) == ("refused", "connecting: nobody listens")
    assert node.received == []


def test_connections_are_bounded(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup, Limits(connections=1))
    first = dial(cleanup, here)
    first.sendall(b"x")
    assert link.wait(lambda: bool(node.received), 5)
    second = dial(cleanup, here)
    assert second.recv(100) == b""
    assert link.dropped == 1
    _, there = listen(cleanup)
    send(link, node, Flow("TCP", here, there), b"x")
    assert link.wait(lambda: bool(node.failures), 5)
    assert node.failures[0].detail == "connecting: 1 connections are open already"
    send(link, node, node.received[0].flow, b"still here")
    assert first.recv(100) == b"still here"


def test_a_burst_of_callers_is_accepted_whole(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    for number in range(40):
        dial(cleanup, here).sendall(bytes([number]))
    assert link.wait(lambda: len(node.received) == 40, 5)
    assert len({packet.flow.connection for packet in node.received}) == 40


def test_connections_end_with_their_node(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    client.sendall(b"x")
    assert link.wait(lambda: bool(node.received), 5)
    link.detach(node)
    assert client.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        dial(cleanup, here)


def test_a_port_is_free_again_while_old_connections_linger(cleanup: ExitStack) -> None:
    link, node, here = start(cleanup)
    client = dial(cleanup, here)
    client.sendall(b"x")
    assert link.wait(lambda: bool(node.received), 5)
    link.detach(node)  # the side that closes first keeps the port in TIME_WAIT
    assert client.recv(100) == b""
    client.close()
    assert link.attach(node, here, ["TCP"]) == here
