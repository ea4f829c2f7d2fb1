"""What every link does, over sockets and in memory alike."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from imsreg.errors import InputError
from imsreg.net.egress import EgressGate
from imsreg.net.link import Link, take_changes
from imsreg.net.memory import MemoryLink
from imsreg.net.resolve import has_ipv6
from imsreg.net.sockets import SocketLink
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

NO_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6 loopback")
HOSTS = ["127.0.0.1", pytest.param("::1", marks=NO_IPV6)]


class Recorder:
    """Keeps what reaches it; with `echo` it sends every packet back on its flow."""

    def __init__(self, *, echo: bool = False) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[Packet] = []
        self.failures: list[TransportFailure] = []
        self.echo = echo

    @property
    def data(self) -> bytes:
        return b"".join(packet.data for packet in self.received)

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet)
        if self.echo:
            self.outbox.append(Packet(packet.flow, packet.data.upper()))

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


@pytest.fixture(params=["memory", "sockets"])
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    made: Link = MemoryLink() if request.param == "memory" else SocketLink(EgressGate())
    yield made
    made.close()


def send(link: Link, node: Recorder, flow: Flow, *pieces: bytes) -> None:
    link.call(lambda: node.outbox.extend(Packet(flow, piece) for piece in pieces))


def pair(link: Link, host: str, *transports: Transport) -> tuple[Recorder, Address, Recorder, Address]:
    ue, core = Recorder(), Recorder(echo=True)
    return ue, link.attach(ue, Address(host, 0), transports), core, link.attach(core, Address(host, 0), transports)


@pytest.mark.parametrize("host", HOSTS)
def test_a_datagram_and_its_answer_name_both_addresses(link: Link, host: str) -> None:
    ue, here, core, there = pair(link, host, "UDP")
    send(link, ue, Flow("UDP", here, there), b"register")
    assert link.wait(lambda: bool(ue.received), 5)
    assert core.received == [Packet(Flow("UDP", there, here), b"register")]
    assert ue.received == [Packet(Flow("UDP", here, there), b"REGISTER")]


@pytest.mark.parametrize("host", HOSTS)
def test_a_stream_is_answered_on_the_connection_it_came_on(link: Link, host: str) -> None:
    ue, here, core, there = pair(link, host, "TCP")
    send(link, ue, Flow("TCP", here, there), b"register")
    assert link.wait(lambda: ue.data == b"REGISTER", 5)
    asked, answered = core.received[0].flow, ue.received[0].flow
    assert (asked.local, answered.remote) == (there, there)
    assert asked.remote == answered.local
    assert answered.local.host == host
    assert answered.local.port != here.port
    assert asked.connection > 0
    assert answered.connection > 0
    assert asked.connection != answered.connection


def test_packets_wait_in_order_for_the_connection_and_then_share_it(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "TCP")
    send(link, ue, Flow("TCP", here, there), b"one ", b"two ", b"three ")
    assert link.wait(lambda: ue.data == b"ONE TWO THREE ", 5)
    send(link, ue, Flow("TCP", here, there), b"four")
    assert link.wait(lambda: ue.data == b"ONE TWO THREE FOUR", 5)
    send(link, ue, ue.received[0].flow, b" five")
    assert link.wait(lambda: ue.data == b"ONE TWO THREE FOUR FIVE", 5)
    assert len({packet.flow for packet in core.received}) == 1


def test_a_connection_belongs_to_the_node_that_has_it(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "TCP")
    other = Recorder()
    its_address = link.attach(other, Address("127.0.0.1", 0), ["TCP"])
    send(link, ue, Flow("TCP", here, there), b"mine")
    assert link.wait(lambda: bool(ue.received), 5)
    send(link, other, Flow("TCP", its_address, there), b"its own")
    assert link.wait(lambda: bool(other.received), 5)
    assert len({packet.flow.connection for packet in core.received}) == 2
    send(link, other, ue.received[0].flow, b"not its own")
    assert link.wait(lambda: bool(other.failures), 5)
    assert other.failures[0].kind == "closed"
    assert core.data == b"mineits own"


def test_an_accepted_connection_is_reused_towards_its_source(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "TCP")
    core.echo = False
    send(link, ue, Flow("TCP", here, there), b"hello")
    assert link.wait(lambda: bool(core.received), 5)
    send(link, core, Flow("TCP", there, core.received[0].flow.remote), b"notify")
    assert link.wait(lambda: ue.data == b"notify", 5)


def test_a_closed_udp_port_is_reported_with_the_icmp_error(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP")
    link.detach(core)
    send(link, ue, Flow("UDP", here, there), b"anybody?")
    assert link.wait(lambda: bool(ue.failures), 1)
    assert ue.failures[0].flow == Flow("UDP", here, there)
    assert ue.failures[0].kind == "unreachable"
    assert "ICMP" in ue.failures[0].detail
    assert "unreachable" in ue.failures[0].detail


def test_a_closed_tcp_port_refuses_once_for_all_that_waited(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP", "TCP")
    link.detach(core)
    link.attach(core, Address("127.0.0.1", 0), ["UDP"])
    flow = Flow("TCP", here, there)
    send(link, ue, flow, b"anybody?")
    assert link.wait(lambda: bool(ue.failures), 1)
    assert (ue.failures[0].flow, ue.failures[0].kind) == (flow, "refused")
    assert "connecting" in ue.failures[0].detail


def test_detaching_closes_connections_and_frees_the_address(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP", "TCP")
    send(link, ue, Flow("TCP", here, there), b"hello")
    assert link.wait(lambda: bool(ue.received), 5)
    link.detach(ue)
    assert link.wait(lambda: bool(core.failures), 5)
    flow = core.received[0].flow
    assert core.failures == [TransportFailure(flow, "closed", "the peer closed the connection")]
    link.detach(core)
    assert link.attach(core, there, ["UDP", "TCP"]) == there
    core.failures.clear()
    send(link, core, flow, b"late answer")
    assert link.wait(lambda: bool(core.failures), 5)
    assert (core.failures[0].flow, core.failures[0].kind) == (flow, "closed")


def test_last_words_leave_before_the_node_is_detached(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP")
    ue.outbox.append(Packet(Flow("UDP", here, there), b"bye"))
    link.detach(ue)
    assert link.wait(lambda: core.data == b"bye", 5)


def test_a_detached_node_hears_nothing_more(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP")
    send(link, core, Flow("UDP", there, here), b"too late")
    link.call(lambda: link.detach(ue))
    assert not link.wait(lambda: bool(ue.failures), 0.05)
    assert core.outbox == deque()


def test_a_node_may_live_at_several_addresses(link: Link) -> None:
    core, ue = Recorder(echo=True), Recorder()
    homes = [link.attach(core, Address("127.0.0.1", 0), ["UDP", "TCP"]) for _ in range(2)]
    assert homes[0].port != homes[1].port
    here = link.attach(ue, Address("127.0.0.1", 0), ["UDP"])
    for number, home in enumerate(homes, 1):
        send(link, ue, Flow("UDP", here, home), b"x")
        assert link.wait(lambda count=number: len(ue.received) == count, 5)  # type: ignore[misc]
    assert [packet.flow.local for packet in core.received] == homes
    assert [packet.flow.remote for packet in ue.received] == homes
    link.detach(core)
    send(link, ue, Flow("UDP", here, homes[0]), b"x")
    assert link.wait(lambda: bool(ue.failures), 1)


@NO_IPV6
def test_a_node_may_live_in_both_families_on_one_port(link: Link) -> None:
    core, ue = Recorder(echo=True), Recorder()
    four = link.attach(core, Address("127.0.0.1", 0), ["UDP", "TCP"])
    six = link.attach(core, Address("::1", four.port), ["UDP", "TCP"])
    here = link.attach(ue, Address("::1", 0), ["TCP"])
    send(link, ue, Flow("TCP", here, six), b"x")
    assert link.wait(lambda: ue.data == b"X", 5)
    assert core.received[0].flow.local == six


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_busy_port_is_one_line_with_address_and_remedy(link: Link, transport: Transport) -> None:
    taken = link.attach(Recorder(), Address("127.0.0.1", 0), [transport])
    with pytest.raises(InputError) as caught:
        link.attach(Recorder(), taken, [transport])
    line = str(caught.value)
    assert line.startswith(f"{taken}: {transport}: the port is in use")
    assert "choose another port" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (Address("0.0.0.0", 5060), "name one address per family"),
        (Address("::", 5060), "name one address per family"),
        (Address("ims.example", 5060), "is no IP address"),
        (Address("127.0.0.1", 65_536), "is not between 0 and 65535"),
    ],
)
def test_an_address_that_is_none_is_refused(link: Link, address: Address, words: str) -> None:
    with pytest.raises(InputError, match=words):
        link.attach(Recorder(), address, ["UDP"])


def test_a_node_without_transport_is_a_mistake(link: Link) -> None:
    with pytest.raises(ValueError, match="no transport"):
        link.attach(Recorder(), Address("127.0.0.1", 0), [])


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    ("remote", "words"),
    [
        (Address("127.0.0.1", 0), "port 0 does not exist"),
        (Address("127.0.0.1", 99_999), "port 99999 does not exist"),
        (Address("ims.example", 5060), "no IP address"),
        (Address("::1", 5060), "does not reach"),
    ],
)
def test_an_impossible_destination_is_a_failure_not_a_crash(
    link: Link, remote: Address, words: str, transport: Transport
) -> None:
    ue = Recorder()
    here = link.attach(ue, Address("127.0.0.1", 0), ["UDP", "TCP"])
    send(link, ue, Flow(transport, here, remote), b"x")
    assert link.wait(lambda: bool(ue.failures), 5)
    assert ue.failures[0].kind == "unreachable"
    assert words in ue.failures[0].detail


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_foreign_local_address_is_a_failure_not_a_crash(link: Link, transport: Transport) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP", "TCP")
    link.detach(ue)
    link.attach(ue, Address("127.0.0.2", 0), ["UDP", "TCP"])
    send(link, ue, Flow(transport, here, there), b"x")
    assert link.wait(lambda: bool(ue.failures), 5)
    assert (ue.failures[0].kind, ue.failures[0].detail) == ("closed", f"{here} is not attached")
    assert core.received == []


def test_the_largest_datagram_passes_and_a_larger_one_is_a_failure(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP")
    core.echo = False
    send(link, ue, Flow("UDP", here, there), b"x" * 65_507, b"x" * 65_508)
    assert link.wait(lambda: bool(core.received) and bool(ue.failures), 5)
    assert [len(packet.data) for packet in core.received] == [65_507]
    assert "65,508 octets" in ue.failures[0].detail


def test_an_empty_datagram_arrives_and_an_empty_piece_of_stream_does_not(link: Link) -> None:
    ue, here, core, there = pair(link, "127.0.0.1", "UDP", "TCP")
    core.echo = False
    send(link, ue, Flow("TCP", here, there), b"", b"x")
    send(link, ue, Flow("UDP", here, there), b"")
    assert link.wait(lambda: len(core.received) == 2, 5)
    assert {(packet.flow.transport, packet.data) for packet in core.received} == {("UDP", b""), ("TCP", b"x")}


def test_call_returns_and_raises_what_the_function_does(link: Link) -> None:
    assert link.call(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        link.call(lambda: 1 // 0)


def test_wait_looks_first_and_lets_time_pass_otherwise(link: Link) -> None:
    began = link.now()
    assert link.wait(lambda: True, 0)
    assert not link.wait(lambda: False, 0.01)
    assert link.now() >= began + 0.01


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_time_passes_forwards_and_in_finite_spans(link: Link, seconds: float) -> None:
    with pytest.raises(ValueError, match="finite number of seconds"):
        link.wait(lambda: True, seconds)
    with pytest.raises(ValueError, match="finite number of seconds"):
        link.advance(seconds)


def test_closing_twice_is_safe(link: Link) -> None:
    link.attach(Recorder(), Address("127.0.0.1", 0), ["UDP", "TCP"])
    link.close()
    link.close()


def test_a_failing_condition_is_raised_to_the_one_who_waits(link: Link) -> None:
    def condition() -> Any:
        raise LookupError("what was awaited is gone")

    with pytest.raises(LookupError, match="gone"):
        link.wait(condition, 1)


class Secured(Recorder):
    """A `SecuredNode`."""

    def __init__(self) -> None:
        super().__init__()
        self.sa_changes: deque[SaChange] = deque()


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_what_names_an_association_that_is_not_there_is_denied(link: Link, transport: Transport) -> None:
    node = Secured()
    here = link.attach(node, Address("127.0.0.1", 0), ["UDP", "TCP"])
    flow = Flow(transport, here, Address("127.0.0.1", 9), association="UL1 SPI 1")
    send(link, node, flow, b"REGISTER")
    assert link.wait(lambda: bool(node.failures), 5)
    assert (node.failures[0].flow, node.failures[0].kind) == (flow, "denied")


def test_changes_around_the_packets_of_a_call_are_taken_once_and_in_their_order() -> None:
    node = Secured()
    ends = Endpoints(300, 301, 5001, 5002), Endpoints(400, 401, 6001, 6002)
    keys = expand(Transform("hmac-sha-1-96", "null"), Secret(bytes(16)), Secret(bytes(16)))
    one, two, three = (SaSet(f"10.0.0.{number}", "10.0.1.1", *ends, keys) for number in (1, 2, 3))
    node.sa_changes.extend(
        SaChange(change, sas, Side.UE)
        for change, sas in [
            (Change.REMOVE, one),
            (Change.INSTALL, two),
            (Change.REMOVE, three),
            (Change.INSTALL, three),
            (Change.REMOVE, two),
        ]
    )
    first, before, after = take_changes(node)
    assert first == []
    assert [change.sas for change in before] == [two]
    assert [change.sas for change in after] == [one, two]
    assert take_changes(node) == ([], [], [])


def test_a_set_that_is_in_the_way_of_a_new_one_goes_before_it() -> None:
    """Both are between the same ports, as where a P-CSCF gives every challenge the same ones."""
    node = Secured()
    own, keys = Endpoints(300, 301, 5001, 5002), expand(Transform("hmac-sha-1-96", "null"), *[Secret(bytes(16))] * 2)
    old, new = (SaSet("10.0.0.1", "10.0.1.1", own, Endpoints(spi, spi + 1, 6001, 6002), keys) for spi in (400, 402))
    node.sa_changes.extend([SaChange(Change.INSTALL, new, Side.UE), SaChange(Change.REMOVE, old, Side.UE)])
    first, before, after = take_changes(node)
    assert ([c.sas for c in first], [c.sas for c in before], after) == ([old], [new], [])
