"""What every link with associations does, over sockets and in memory alike."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from random import Random

import pytest

from imsreg.net.egress import EgressGate
from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.link import IpsecLink
from imsreg.net.link import SecuredLink
from imsreg.net.memory import MemoryLink
from imsreg.secagree.associations import Association, Name, SaSet, Side
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.flows import flow_on, reply_on
from imsreg.secagree.ip import parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

PATIENCE = 12.0
USUAL = Transform("hmac-sha-1-96", "aes-cbc")
UE_HOSTS = {"IPv4": "10.77.0.1", "IPv6": "fd77::1"}
P_CSCF_HOSTS = {"IPv4": "10.77.0.2", "IPv6": "fd77::2"}
GATE = [ipaddress.ip_network("10.77.0.0/24"), ipaddress.ip_network("fd77::/64")]
BOTH = pytest.mark.parametrize("family", ["IPv4", "IPv6"])
TRANSPORTS = pytest.mark.parametrize("transport", ["UDP", "TCP"])
CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))


class Element:
    """A `SecuredNode` that keeps what reaches it, with the records as they come in between."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()
        self.sa_changes: deque[SaChange] = deque()
        self.received: list[Packet] = []
        self.failures: list[TransportFailure] = []
        self.records: list[EspEvent] = []
        self.story: list[EspEvent | Packet] = []
        self.answer: Callable[[Packet], Flow | None] | None = None

    def observe(self, event: EspEvent) -> None:
        self.records.append(event)
        self.story.append(event)

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet)
        self.story.append(packet)
        if self.answer is not None and (flow := self.answer(packet)) is not None:
            self.outbox.append(Packet(flow, packet.data.upper()))

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


class Gm:
    """A UE and a P-CSCF, each at its end of the same network."""

    def __init__(self, ue_link: SecuredLink, core_link: SecuredLink) -> None:
        self.ue_link, self.core_link = ue_link, core_link
        self.ue, self.core = Element(), Element()
        self.random = Random(11)
        self.ue_home, self.core_home = {}, {}
        for family, host in UE_HOSTS.items():
            self.ue_home[family] = ue_link.attach(self.ue, Address(host, 5060), ["UDP", "TCP"])
            there = Address(P_CSCF_HOSTS[family], 5060)
            self.core_home[family] = core_link.attach(self.core, there, ["UDP", "TCP"])
        ue_link.observe(self.ue.observe)
        core_link.observe(self.core.observe)

    def new_set(self, family: str = "IPv4", transform: Transform = USUAL) -> SaSet:
        ue = Endpoints.draw(self.random)
        p_cscf = Endpoints.draw(self.random, avoid=ue.spis)
        return SaSet(UE_HOSTS[family], P_CSCF_HOSTS[family], ue, p_cscf, expand(transform, CK, IK))

    def installed(self, family: str = "IPv4", transform: Transform = USUAL) -> SaSet:
        """A set that both have."""
        sas = self.new_set(family, transform)
        self.change(Change.INSTALL, sas)
        return sas

    def change(self, change: Change, sas: SaSet, *sides: Side) -> None:
        for side in sides or Side:
            link, element = self.at(side)
            link.call(lambda element=element, side=side: element.sa_changes.append(SaChange(change, sas, side)))

    def at(self, side: Side) -> tuple[SecuredLink, Element]:
        return (self.ue_link, self.ue) if side is Side.UE else (self.core_link, self.core)

    def send(self, side: Side, flow: Flow, *data: bytes) -> None:
        link, element = self.at(side)
        link.call(lambda: element.outbox.extend(Packet(flow, each) for each in data))

    def send_on(self, association: Association, transport: Transport, *data: bytes) -> None:
        self.send(association.name.sender, flow_on(association, transport), *data)

    def received(self, side: Side, count: int = 1) -> list[Packet]:
        link, element = self.at(side)
        assert link.wait(lambda: len(element.received) >= count, PATIENCE)
        return element.received

    def failures(self, side: Side, count: int = 1) -> list[TransportFailure]:
        link, element = self.at(side)
        assert link.wait(lambda: len(element.failures) >= count, PATIENCE)
        return element.failures

    def record(self, side: Side, wanted: Callable[[EspEvent], bool]) -> EspEvent:
        link, element = self.at(side)
        assert link.wait(lambda: any(map(wanted, element.records)), PATIENCE)
        return next(filter(wanted, element.records))

    def fate(self, side: Side, direction: Direction, fate: Fate) -> EspEvent:
        return self.record(side, lambda event: (event.direction, event.fate) == (direction, fate))

    def settle(self) -> None:
        """Both have received a datagram in the clear that was sent after everything before this."""
        for sender, receiver, here, there in (
            (Side.UE, Side.P_CSCF, self.ue_home, self.core_home),
            (Side.P_CSCF, Side.UE, self.core_home, self.ue_home),
        ):
            link, element = self.at(receiver)
            count = len(element.received)
            self.send(sender, Flow("UDP", here["IPv4"], there["IPv4"]), b"settled")
            assert link.wait(lambda element=element, count=count: len(element.received) > count, PATIENCE)


def memory(request: pytest.FixtureRequest, undo: ExitStack) -> Gm:
    link = undo.enter_context(closing(MemoryLink()))
    return Gm(link, link.far_end())


def sockets(request: pytest.FixtureRequest, undo: ExitStack) -> Gm:
    wire = request.getfixturevalue("wire")
    wire.frames()
    links = []
    for hosts, outside in ((UE_HOSTS, wire.ue), (P_CSCF_HOSTS, wire.p_cscf)):
        link = IpsecLink.userspace(EgressGate(GATE), list(hosts.values()), Random(len(links)), outside=outside)
        links.append(undo.enter_context(closing(link)))
    return Gm(*links)


@pytest.fixture(params=[memory, sockets], ids=lambda made: made.__name__)
def net(request: pytest.FixtureRequest) -> Iterator[Gm]:
    with ExitStack() as undo:
        yield request.param(request, undo)


@BOTH
@TRANSPORTS
def test_a_request_and_its_response_name_the_associations_that_they_came_on(
    net: Gm, transport: Transport, family: str
) -> None:
    sas = net.installed(family)
    net.core.answer = lambda packet: reply_on(sas, Side.P_CSCF, packet.flow)
    up = sas.named(Name.UL1)
    net.send_on(up, transport, b"register")
    asked = net.received(Side.P_CSCF)[0]
    answered = net.received(Side.UE)[0]
    assert (asked.flow.local, asked.flow.remote, asked.flow.association) == (up.destination, up.source, up.label)
    down = sas.named(Name.DL2 if transport == "UDP" else Name.DL1)
    assert (answered.flow.local, answered.flow.remote) == (down.destination, down.source)
    assert (answered.flow.association, answered.data) == (down.label, b"REGISTER")


@BOTH
@TRANSPORTS
def test_a_request_of_the_p_cscf_goes_from_its_client_port(net: Gm, transport: Transport, family: str) -> None:
    sas = net.installed(family)
    net.ue.answer = lambda packet: reply_on(sas, Side.UE, packet.flow)
    net.send_on(sas.named(Name.DL2), transport, b"notify")
    assert net.received(Side.UE)[0].flow.association == sas.named(Name.DL2).label
    back = sas.named(Name.UL1 if transport == "UDP" else Name.UL2)
    assert net.received(Side.P_CSCF)[0].flow.association == back.label


def test_a_response_on_the_connection_may_name_either_of_its_associations(net: Gm) -> None:
    sas = net.installed()
    net.core.answer = lambda packet: packet.flow  # the inbound one
    net.send_on(sas.named(Name.UL1), "TCP", b"one")
    first = net.received(Side.UE)[0]
    net.core.answer = lambda packet: replace(packet.flow, association=sas.named(Name.DL1).label)
    net.send_on(sas.named(Name.UL1), "TCP", b"two")
    assert net.received(Side.UE, 2) == [first, Packet(first.flow, b"TWO")]
    assert first.flow.association == sas.named(Name.DL1).label


@pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
def test_every_combination_of_algorithms_carries_messages(net: Gm, transform: Transform) -> None:
    sas = net.installed("IPv6", transform)
    net.send_on(sas.named(Name.UL1), "UDP", b"REGISTER" * 400)
    assert net.received(Side.P_CSCF)[0].data == b"REGISTER" * 400
    net.send_on(sas.named(Name.UL1), "TCP", b"REGISTER" * 400)
    link, core = net.at(Side.P_CSCF)
    assert link.wait(lambda: sum(len(each.data) for each in core.received[1:]) == 3200, PATIENCE)


def test_each_packet_has_a_record_at_both_ends(net: Gm) -> None:
    sas = net.installed()
    up = sas.named(Name.UL1)
    began = net.core_link.now()
    net.send_on(up, "UDP", b"REGISTER", b"REGISTER again")
    net.received(Side.P_CSCF, 2)
    sent = net.record(Side.UE, lambda event: event.sequence == 2)
    inner = Inner("UDP", up.source, up.destination)
    assert [(event.direction, event.fate, event.sequence) for event in net.ue.records] == [
        (Direction.OUT, Fate.OK, 1),
        (Direction.OUT, Fate.OK, 2),
    ]
    assert (sent.spi, sent.association, sent.inner, sent.injected) == (up.spi, up, inner, None)
    came = net.core.records[1]
    assert (came.direction, came.fate, came.spi, came.sequence) == (Direction.IN, Fate.OK, up.spi, 2)
    assert (came.association, came.inner) == (up, inner)
    assert began <= came.at <= net.core_link.now()
    sent_packet, received_packet = parse_ip(sent.octets), parse_ip(came.octets)
    assert sent_packet is not None
    assert received_packet is not None
    assert sent_packet[1:] == received_packet[1:]
    assert sent_packet.protocol == 50


def test_a_record_comes_before_the_message_of_its_packet(net: Gm) -> None:
    up = net.installed().named(Name.UL1)
    net.send_on(up, "UDP", *(bytes([number]) for number in range(20)))
    net.received(Side.P_CSCF, 20)
    story = net.core.story
    for number in range(20):
        record = next(at for at, each in enumerate(story) if isinstance(each, EspEvent) and each.sequence == number + 1)
        message = next(at for at, each in enumerate(story) if isinstance(each, Packet) and each.data == bytes([number]))
        assert record < message


@BOTH
@pytest.mark.parametrize(
    ("fault", "fate"),
    [
        (Fault.BAD_ICV, Fate.BAD_ICV),
        (Fault.REPLAY, Fate.REPLAY),
        (Fault.WRONG_SPI, Fate.UNKNOWN_SPI),
        (Fault.WRONG_PORT, Fate.WRONG_SELECTOR),
    ],
)
def test_what_is_wrong_on_purpose_dies_in_silence(net: Gm, fault: Fault, fate: Fate, family: str) -> None:
    up = net.installed(family).named(Name.UL1)
    net.send_on(up, "UDP", b"first")
    net.received(Side.P_CSCF)
    event = net.ue_link.inject(up, fault, b"wrong")
    assert event in net.ue.records
    assert (event.direction, event.fate, event.injected, event.association) == (Direction.OUT, Fate.OK, fault, up)
    came = net.fate(Side.P_CSCF, Direction.IN, fate)
    assert (came.spi, came.sequence) == (event.spi, event.sequence)
    net.send_on(up, "UDP", b"last")
    assert [packet.data for packet in net.received(Side.P_CSCF, 2)] == [b"first", b"last"]
    assert not net.ue.failures


def test_a_replay_repeats_what_was_sent_last(net: Gm) -> None:
    up = net.installed().named(Name.UL1)
    net.send_on(up, "UDP", *(b"x" for _ in range(20)))
    assert net.ue_link.inject(up, Fault.REPLAY).sequence == 20
    assert [event.sequence for event in net.ue.records] == [*range(1, 21), 20]


@BOTH
def test_a_packet_in_the_clear_to_a_protected_port_is_seen_at_both_ends_and_reaches_nobody(
    net: Gm, family: str
) -> None:
    up = net.installed(family).named(Name.UL1)
    event = net.ue_link.inject(up, Fault.CLEAR, b"REGISTER")
    came = net.fate(Side.P_CSCF, Direction.IN, Fate.CLEAR)
    assert came.inner == event.inner == Inner("UDP", up.source, up.destination)
    assert came.octets.endswith(b"REGISTER")
    assert came.injected is None
    net.settle()
    seen = [each for each in net.ue.records if each.fate is Fate.CLEAR]
    assert seen == [event]
    assert event.injected is Fault.CLEAR
    assert [packet.data for packet in net.core.received] == [b"settled"]


def test_a_datagram_in_the_clear_to_a_protected_port_finds_it_closed(net: Gm) -> None:
    up = net.installed().named(Name.UL1)
    flow = Flow("UDP", net.ue_home["IPv4"], up.destination)
    net.send(Side.UE, flow, b"REGISTER")
    failure = net.failures(Side.UE)[0]
    assert (failure.flow, failure.kind) == (flow, "unreachable")
    assert "ICMP port unreachable" in failure.detail or "port" in failure.detail
    assert net.fate(Side.UE, Direction.OUT, Fate.CLEAR).inner == Inner("UDP", flow.local, flow.remote)
    assert net.fate(Side.P_CSCF, Direction.IN, Fate.CLEAR).octets.endswith(b"REGISTER")
    assert net.core.received == []


def test_a_connection_in_the_clear_to_a_protected_port_is_refused(net: Gm) -> None:
    up = net.installed().named(Name.UL1)
    net.send(Side.UE, Flow("TCP", net.ue_home["IPv4"], up.destination), b"REGISTER")
    assert net.failures(Side.UE)[0].kind == "refused"
    assert net.fate(Side.P_CSCF, Direction.IN, Fate.CLEAR).inner.destination == up.destination
    assert net.fate(Side.P_CSCF, Direction.OUT, Fate.CLEAR).inner.source == up.destination
    assert net.fate(Side.UE, Direction.IN, Fate.CLEAR).inner.source == up.destination
    assert net.core.received == []


@TRANSPORTS
def test_a_node_may_be_at_a_protected_port_in_the_clear_as_well(net: Gm, transport: Transport) -> None:
    up = net.installed().named(Name.UL1)
    net.core_link.attach(net.core, up.destination, ["UDP", "TCP"])
    net.send(Side.UE, Flow(transport, net.ue_home["IPv4"], up.destination), b"REGISTER")
    assert net.received(Side.P_CSCF)[0].flow.association is None
    assert net.fate(Side.P_CSCF, Direction.IN, Fate.CLEAR).inner.destination == up.destination


def test_clear_packets_elsewhere_have_no_record(net: Gm) -> None:
    net.installed()
    net.settle()
    assert (net.ue.records, net.core.records) == ([], [])


@TRANSPORTS
def test_without_the_set_nothing_leaves(net: Gm, transport: Transport) -> None:
    net.send_on(net.new_set().named(Name.UL1), transport, b"REGISTER")
    assert net.failures(Side.UE)[0].kind == "denied"
    net.settle()
    assert net.ue.records == []


def test_a_set_that_is_refused_is_denied_with_the_reason(net: Gm) -> None:
    sas = net.installed()
    other = net.new_set()
    clash = SaSet(other.ue_host, other.p_cscf_host, sas.ue, other.p_cscf, other.keys)
    net.change(Change.INSTALL, clash, Side.UE)
    net.send_on(clash.named(Name.UL1), "UDP", b"REGISTER")
    failure = net.failures(Side.UE)[0]
    assert (failure.kind, failure.flow) == ("denied", flow_on(clash.named(Name.UL1), "UDP"))
    assert failure.detail == f"SPI {sas.ue.spi_c} is in use"
    net.change(Change.REMOVE, clash, Side.UE)
    net.send_on(sas.named(Name.UL1), "UDP", b"still here")
    net.received(Side.P_CSCF)


def test_the_ports_of_another_node_are_not_to_be_had(net: Gm) -> None:
    sas = net.installed()
    other, mine = Element(), net.new_set()
    net.ue_link.attach(other, Address(UE_HOSTS["IPv4"], 5070), ["UDP"])
    ports = replace(mine.ue, port_s=sas.ue.port_s)
    clash = SaSet(mine.ue_host, mine.p_cscf_host, ports, mine.p_cscf, mine.keys)
    flow = flow_on(clash.named(Name.UL1), "UDP")

    def wish() -> None:
        other.sa_changes.append(SaChange(Change.INSTALL, clash, Side.UE))
        other.outbox.append(Packet(flow, b"REGISTER"))
        other.outbox.append(Packet(flow_on(sas.named(Name.UL1), "UDP"), b"not its own"))

    net.ue_link.call(wish)
    assert net.ue_link.wait(lambda: len(other.failures) == 2, PATIENCE)
    assert {failure.kind for failure in other.failures} == {"denied"}
    assert "another element has it" in other.failures[0].detail


@TRANSPORTS
def test_in_one_call_a_set_is_installed_before_and_removed_after_the_packets(net: Gm, transport: Transport) -> None:
    sas = net.new_set()
    net.change(Change.INSTALL, sas, Side.P_CSCF)
    flow = flow_on(sas.named(Name.UL1), transport)

    def everything() -> None:
        net.ue.sa_changes.append(SaChange(Change.INSTALL, sas, Side.UE))
        net.ue.outbox.append(Packet(flow, b"first"))

    def last() -> None:
        net.ue.sa_changes.append(SaChange(Change.REMOVE, sas, Side.UE))
        net.ue.outbox.append(Packet(flow, b"last"))

    net.ue_link.call(everything)
    net.received(Side.P_CSCF)
    net.ue_link.call(last)
    assert [packet.data for packet in net.received(Side.P_CSCF, 2)] == [b"first", b"last"]
    net.send_on(sas.named(Name.UL1), transport, b"too late")
    assert any(failure.kind == "denied" for failure in net.failures(Side.UE))


@TRANSPORTS
def test_a_set_may_come_and_go_with_one_message(net: Gm, transport: Transport) -> None:
    sas = net.new_set()
    net.change(Change.INSTALL, sas, Side.P_CSCF)

    def once() -> None:
        net.ue.sa_changes.extend(SaChange(each, sas, Side.UE) for each in (Change.INSTALL, Change.REMOVE))
        net.ue.outbox.append(Packet(flow_on(sas.named(Name.UL1), transport), b"only"))

    net.ue_link.call(once)
    assert [packet.data for packet in net.received(Side.P_CSCF)] == [b"only"]

    for _ in range(100):  # over sockets a connection is made and closed first
        net.send_on(sas.named(Name.UL1), "UDP", b"probe")
        if net.ue_link.wait(lambda: bool(net.ue.failures), 0.1):
            break
    assert {failure.kind for failure in net.ue.failures} == {"denied"}


def test_a_removed_set_is_known_by_its_spis(net: Gm) -> None:
    sas = net.installed()
    up = sas.named(Name.UL1)
    net.change(Change.REMOVE, sas, Side.P_CSCF)
    net.send_on(up, "UDP", b"late")
    assert net.fate(Side.P_CSCF, Direction.IN, Fate.DELETED_SPI).spi == up.spi
    net.change(Change.INSTALL, sas, Side.P_CSCF)
    net.send_on(up, "UDP", b"again")
    assert [packet.data for packet in net.received(Side.P_CSCF)] == [b"again"]


def test_a_removal_ends_the_connections_of_the_set(net: Gm) -> None:
    sas = net.installed()
    net.send_on(sas.named(Name.UL1), "TCP", b"REGISTER")
    net.received(Side.P_CSCF)
    net.change(Change.REMOVE, sas, Side.UE)
    failure = net.failures(Side.P_CSCF)[0]
    assert (failure.kind, failure.flow.association) == ("closed", sas.named(Name.DL1).label)
    assert failure.flow.connection > 0


def test_a_set_that_was_wanted_removed_and_then_installed_again_stays(net: Gm) -> None:
    sas = net.installed()

    def change() -> None:
        net.ue.sa_changes.extend(SaChange(each, sas, Side.UE) for each in (Change.REMOVE, Change.INSTALL))

    net.ue_link.call(change)
    net.send_on(sas.named(Name.UL1), "UDP", b"REGISTER")
    net.received(Side.P_CSCF)


def test_a_new_set_keeps_the_server_ports(net: Gm) -> None:
    old = net.installed()
    ends = old.ue.renewed(net.random), old.p_cscf.renewed(net.random)
    new = SaSet(old.ue_host, old.p_cscf_host, *ends, old.keys)
    net.change(Change.INSTALL, new)
    for number, sas in enumerate((old, new), 1):
        net.send_on(sas.named(Name.UL1), "TCP", b"x")
        assert net.received(Side.P_CSCF, number)[-1].flow.association == sas.named(Name.UL1).label
    dead = net.core.received[0].flow
    net.change(Change.REMOVE, old)
    net.send(Side.P_CSCF, reply_on(old, Side.P_CSCF, dead), b"late answer")
    assert net.failures(Side.P_CSCF)[-1].kind == "denied"
    net.send_on(new.named(Name.UL1), "UDP", b"x")
    assert net.received(Side.P_CSCF, 3)[-1].flow.association == new.named(Name.UL1).label


def test_what_was_on_its_way_when_its_set_went_reaches_nobody(net: Gm) -> None:
    old = net.installed()
    new = SaSet(old.ue_host, old.p_cscf_host, old.ue.renewed(net.random), old.p_cscf.renewed(net.random), old.keys)
    net.change(Change.INSTALL, new)

    def together() -> None:
        net.send_on(old.named(Name.UL1), "UDP", b"late")
        net.ue_link.observe(net.ue.observe)  # it has left
        net.core.sa_changes.append(SaChange(Change.REMOVE, old, Side.P_CSCF))

    net.core_link.call(together)
    net.send_on(new.named(Name.UL1), "UDP", b"next")
    assert [packet.data for packet in net.received(Side.P_CSCF)] == [b"next"]


def test_wrong_keys_at_one_side_are_bad_icvs_and_nothing_else(net: Gm) -> None:
    sas = net.new_set()
    other = replace(sas, keys=expand(USUAL, CK, Secret(bytes(16))))
    net.change(Change.INSTALL, sas, Side.UE)
    net.change(Change.INSTALL, other, Side.P_CSCF)
    net.send_on(sas.named(Name.UL1), "UDP", b"REGISTER")
    came = net.fate(Side.P_CSCF, Direction.IN, Fate.BAD_ICV)
    assert (came.association, came.sequence) == (other.named(Name.UL1), 1)
    net.settle()
    assert [packet.data for packet in net.core.received] == [b"settled"]


def test_a_connection_that_nothing_answers_is_given_up(net: Gm) -> None:
    sas = net.new_set()
    net.change(Change.INSTALL, sas, Side.UE)
    net.change(Change.INSTALL, replace(sas, keys=expand(USUAL, CK, Secret(bytes(16)))), Side.P_CSCF)
    net.send_on(sas.named(Name.UL1), "TCP", b"REGISTER", b"more")
    began = net.ue_link.now()
    if isinstance(net.ue_link, MemoryLink):
        assert net.failures(Side.UE) == [
            TransportFailure(flow_on(sas.named(Name.UL1), "TCP"), "timeout", "connecting: no answer within 10 s")
        ]
        assert net.ue_link.now() == began + 10
    assert net.fate(Side.P_CSCF, Direction.IN, Fate.BAD_ICV).association == sas.named(Name.UL1)


def test_nobody_is_called_at_a_client_port(net: Gm) -> None:
    sas = net.installed()
    net.send_on(sas.named(Name.DL1), "TCP", b"INVITE")
    failure = net.failures(Side.P_CSCF)[0]
    assert failure.flow == flow_on(sas.named(Name.DL1), "TCP")
    assert failure.kind in ("refused", "unreachable")  # over sockets the port is taken: the node listens there
    assert {event.fate for event in net.core.records} <= {Fate.OK}


def test_nothing_can_be_injected_on_what_is_not_there(net: Gm) -> None:
    sas = net.installed()
    with pytest.raises(BackendError, match="not installed for sending"):
        net.ue_link.inject(net.new_set().named(Name.UL1), Fault.BAD_ICV)
    with pytest.raises(BackendError, match="not installed for sending"):
        net.ue_link.inject(sas.named(Name.DL1), Fault.BAD_ICV)
    with pytest.raises(BackendError, match="nothing has been sent"):
        net.ue_link.inject(sas.named(Name.UL1), Fault.REPLAY)


def test_a_detached_node_leaves_no_set_behind(net: Gm) -> None:
    sas, removed = net.installed(), net.installed()
    net.change(Change.REMOVE, removed, Side.UE)
    up = sas.named(Name.UL1)
    net.ue.outbox.append(Packet(flow_on(up, "UDP"), b"bye"))
    net.ue_link.detach(net.ue)
    assert net.received(Side.P_CSCF)[0].data == b"bye"
    with pytest.raises(BackendError, match="not installed"):
        net.ue_link.inject(up, Fault.BAD_ICV)
    told = len(net.ue.records)
    for each in (sas, removed):
        net.send_on(each.named(Name.DL2), "UDP", b"NOTIFY")
    net.record(Side.P_CSCF, lambda event: event.association == removed.named(Name.DL2))
    net.ue_link.wait(lambda: True, 0)
    net.ue_link.observe(None)
    assert (net.ue.received, len(net.ue.records)) == ([], told)
    assert net.ue.records[-1].fate is Fate.OK


def test_a_set_may_be_had_at_an_address_where_the_node_is_not(net: Gm) -> None:
    newcomer = Element()
    sas = net.new_set("IPv6")
    net.change(Change.INSTALL, sas, Side.P_CSCF)
    net.ue_link.attach(newcomer, Address(UE_HOSTS["IPv4"], 5070), ["UDP"])

    def begin() -> None:
        newcomer.sa_changes.append(SaChange(Change.INSTALL, sas, Side.UE))
        newcomer.outbox.append(Packet(flow_on(sas.named(Name.UL1), "UDP"), b"REGISTER"))

    net.ue_link.call(begin)
    assert net.received(Side.P_CSCF)[0].flow.local == sas.named(Name.UL1).destination


def test_nobody_observing_changes_nothing(net: Gm) -> None:
    net.ue_link.observe(None)
    net.send_on(net.installed().named(Name.UL1), "UDP", b"REGISTER")
    net.received(Side.P_CSCF)
    net.settle()
    assert net.ue.records == []


def test_times_of_records_are_the_links(net: Gm) -> None:
    net.ue_link.advance(3600.0)
    up = net.installed().named(Name.UL1)
    net.send_on(up, "UDP", b"REGISTER")
    sent = net.fate(Side.UE, Direction.OUT, Fate.OK)
    assert net.ue_link.now() - 60 < sent.at <= net.ue_link.now()
