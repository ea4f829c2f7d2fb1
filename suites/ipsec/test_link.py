"""Nodes on links with associations: what they send by one arrives by it, over UDP and TCP, and never in the clear."""

from __future__ import annotations

import ipaddress
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from random import Random

import pytest
from wire import P_CSCF_HOSTS, UE_HOSTS, protocols

from imsreg.errors import EgressDenied, InputError
from imsreg.net.egress import EgressGate
from imsreg.net.environment import Limits
from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.link import IpsecLink
from imsreg.net.ipsec.records import Records
from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.events import EspEvent, Fate, Fault
from imsreg.secagree.flows import flow_on
from imsreg.secagree.transforms import Transform
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

PATIENCE = 10.0
BOTH = pytest.mark.parametrize("family", ["IPv4", "IPv6"])
METHODS = ("install", "remove", "open_socket", "catch_up", "close")
GATE = [ipaddress.ip_network("10.77.0.0/24"), ipaddress.ip_network("fd77::/64")]


class Recorder:
    """Keeps what reaches it; with `echo` it sends every packet back on its flow."""

    def __init__(self, *, echo: bool = False) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[Packet] = []
        self.failures: list[TransportFailure] = []
        self.echo = echo

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


class Ends:
    """A UE and a core, each on its own link."""

    def __init__(self, gm, undo: ExitStack) -> None:
        self.gm = gm
        self.ue, self.core = Recorder(), Recorder(echo=True)
        with gm.wire.ue.entered():
            self.ue_link = undo.enter_context(closing(IpsecLink(EgressGate(GATE), gm.ue)))
        with gm.wire.p_cscf.entered():
            self.core_link = undo.enter_context(closing(IpsecLink(EgressGate(GATE), gm.p_cscf)))

    def protect(self, sas: SaSet) -> SaSet:
        self.ue_link.protect(self.ue, sas, Side.UE)
        self.core_link.protect(self.core, sas, Side.P_CSCF)
        return sas

    def send(self, sas: SaSet, transport: str, data: bytes, name: Name = Name.UL1) -> None:
        each = sas.named(name)
        flow = Flow(transport, each.source, each.destination, association=each.label)
        self.ue_link.call(lambda: self.ue.outbox.append(Packet(flow, data)))

    def answered(self, count: int = 1) -> list[Packet]:
        assert self.ue_link.wait(lambda: len(self.ue.received) >= count, PATIENCE)
        return self.ue.received


@pytest.fixture
def ends(gm) -> Iterator[Ends]:
    with ExitStack() as undo:
        yield Ends(gm, undo)


@BOTH
def test_a_register_over_udp_names_the_associations_of_both_ways(ends: Ends, family: str) -> None:
    sas = ends.protect(ends.gm.new_set(Transform("null", "aes-gcm"), family))
    ends.core.echo = False
    ends.send(sas, "UDP", b"REGISTER")
    assert ends.core_link.wait(lambda: bool(ends.core.received), PATIENCE)
    up, down = sas.named(Name.UL1), sas.named(Name.DL2)
    assert ends.core.received == [
        Packet(Flow("UDP", up.destination, up.source, association=up.label), b"REGISTER"),
    ]
    back = Packet(Flow("UDP", down.source, down.destination, association=down.label), b"200")
    ends.core_link.call(lambda: ends.core.outbox.append(back))
    assert ends.answered() == [Packet(Flow("UDP", down.destination, down.source, association=down.label), b"200")]
    assert protocols(ends.gm.wire.frames()) == {50}


@BOTH
def test_a_response_over_tcp_comes_on_the_connection_of_its_request(ends: Ends, family: str) -> None:
    sas = ends.protect(ends.gm.new_set(Transform("aes-gmac", "null"), family))
    ends.send(sas, "TCP", b"register")
    first = ends.answered()[0]
    ends.send(sas, "TCP", b"again")
    assert ends.answered(2)[1] == Packet(first.flow, b"AGAIN")
    up, down = sas.named(Name.UL1), sas.named(Name.DL1)
    assert first.data == b"REGISTER"
    assert (first.flow.local, first.flow.remote, first.flow.association) == (up.source, up.destination, down.label)
    assert {packet.flow.association for packet in ends.core.received} == {up.label}
    assert protocols(ends.gm.wire.frames()) == {50}


def test_a_new_set_keeps_the_server_ports_and_has_its_own_connection(ends: Ends) -> None:
    old = ends.protect(ends.gm.new_set())
    ends.send(old, "TCP", b"one")
    ends.answered()
    new = SaSet(
        old.ue_host,
        old.p_cscf_host,
        old.ue.renewed(ends.gm.random),
        old.p_cscf.renewed(ends.gm.random),
        old.keys,
    )
    ends.protect(new)
    ends.send(new, "TCP", b"two")
    assert ends.answered(2)[1].flow.association == new.named(Name.DL1).label
    ends.ue_link.unprotect(old)
    ends.core_link.unprotect(old)
    ends.send(new, "UDP", b"three")
    assert ends.core_link.wait(lambda: len(ends.core.received) == 3, PATIENCE)
    assert ends.core.received[2].flow.association == new.named(Name.UL1).label
    ends.send(old, "UDP", b"four")
    assert ends.ue_link.wait(lambda: bool(ends.ue.failures), PATIENCE)
    assert ends.ue.failures[0].kind == "denied"


def test_an_association_that_is_not_there_sends_nothing(ends: Ends) -> None:
    sas = ends.gm.new_set()
    ends.ue_link.attach(ends.ue, Address(UE_HOSTS["IPv4"], 5060), ["UDP", "TCP"])
    for transport in ("UDP", "TCP"):
        ends.send(sas, transport, b"REGISTER")
    assert ends.ue_link.wait(lambda: len(ends.ue.failures) == 2, PATIENCE)
    assert {failure.kind for failure in ends.ue.failures} == {"denied"}
    assert protocols(ends.gm.wire.frames()) == set()


def test_the_association_of_another_node_is_not_to_be_had(ends: Ends) -> None:
    sas = ends.protect(ends.gm.new_set())
    other = Recorder()
    ends.ue_link.attach(other, Address(UE_HOSTS["IPv4"], 5070), ["UDP"])
    up = sas.named(Name.UL1)
    flow = Flow("UDP", up.source, up.destination, association=up.label)
    ends.ue_link.call(lambda: other.outbox.append(Packet(flow, b"REGISTER")))
    assert ends.ue_link.wait(lambda: bool(other.failures), PATIENCE)
    assert other.failures[0].kind == "denied"


def test_clear_and_protected_flows_live_side_by_side(ends: Ends) -> None:
    sas = ends.protect(ends.gm.new_set())
    here = ends.ue_link.attach(ends.ue, Address(UE_HOSTS["IPv4"], 5060), ["TCP"])
    there = ends.core_link.attach(ends.core, Address(P_CSCF_HOSTS["IPv4"], 5060), ["TCP"])
    ends.ue_link.call(lambda: ends.ue.outbox.append(Packet(Flow("TCP", here, there), b"clear")))
    ends.answered()
    ends.send(sas, "TCP", b"protected")
    clear, protected = ends.answered(2)
    assert (clear.flow.association, protected.flow.association) == (None, sas.named(Name.DL1).label)
    assert clear.flow.connection != protected.flow.connection
    frames = b"".join(ends.gm.wire.frames())
    assert b"clear" in frames
    assert b"protected" not in frames


def test_a_protected_port_that_is_taken_leaves_nothing_installed(ends: Ends) -> None:
    sas = ends.gm.new_set()
    with ends.gm.bound(ends.gm.ue, Address(sas.ue_host, sas.ue.port_s), "TCP") as taken:
        taken.listen()
        with pytest.raises(InputError, match="in use"):
            ends.ue_link.protect(ends.ue, sas, Side.UE)
    ends.protect(sas)
    ends.send(sas, "UDP", b"register")
    assert ends.core_link.wait(lambda: bool(ends.core.received), PATIENCE)


def test_a_detached_node_leaves_no_set_behind(ends: Ends) -> None:
    sas = ends.protect(ends.gm.new_set())
    with pytest.raises(BackendError, match="already"):
        ends.gm.ue.install(sas, Side.UE)
    ends.ue_link.detach(ends.ue)
    ends.gm.ue.install(sas, Side.UE)


def test_a_connection_in_the_clear_never_leaves_from_a_protected_port(ends: Ends) -> None:
    sas = ends.protect(ends.gm.new_set())
    ports = sas.named(Name.UL1).source, sas.named(Name.UL2).source
    for port in ports:
        with ends.gm.wire.ue.entered(), socket.socket() as stream, pytest.raises(OSError, match="in use"):
            stream.bind(port)
    ends.ue_link.unprotect(sas)
    for port in ports:
        with ends.gm.wire.ue.entered(), socket.socket() as stream:
            stream.bind(port)


def test_a_set_whose_last_words_find_nobody_goes_all_the_same(gm) -> None:
    sas, node = gm.new_set(), Recorder()
    flow = flow_on(sas.named(Name.UL1), "TCP")
    with gm.wire.ue.entered(), closing(IpsecLink(EgressGate(GATE), gm.ue, limits=Limits(connecting=0.1))) as link:
        link.protect(node, sas, Side.UE)
        node.sa_changes = deque([SaChange(Change.REMOVE, sas, Side.UE)])
        link.attach(node, Address(UE_HOSTS["IPv4"], 5070), ["UDP"])  # a node with `sa_changes` from here on
        link.call(lambda: node.outbox.append(Packet(flow, b"REGISTER")))
        assert link.wait(lambda: bool(node.failures), PATIENCE)
        link.call(lambda: node.outbox.append(Packet(flow, b"REGISTER")))
        assert link.wait(lambda: len(node.failures) == 2, PATIENCE)
    assert [(failure.kind, failure.flow) for failure in node.failures] == [("timeout", flow), ("denied", flow)]


def test_a_link_that_owns_its_back_end_closes_it(gm) -> None:
    closed: list[str] = []

    class Backend(type(gm.ue)):
        def close(self) -> None:
            closed.append("back end")
            super().close()

    hosts = [UE_HOSTS["IPv4"]]

    def make(records: Records) -> Backend:
        return Backend(hosts, records, Random(1), outside=gm.wire.ue, clock=records.now)

    link = IpsecLink.owning(make, EgressGate(GATE), outside=gm.wire.ue)
    assert closed == []
    link.close()
    link.close()
    assert closed == ["back end"]


def test_a_back_end_that_cannot_inject_says_so(gm) -> None:
    class Honest:
        install, remove, open_socket, catch_up, close = (getattr(gm.ue, name) for name in METHODS)

    sas = gm.new_set()
    with gm.wire.ue.entered(), closing(IpsecLink(EgressGate(GATE), Honest())) as link:
        link.protect(Recorder(), sas, Side.UE)
        with pytest.raises(BackendError, match="userspace back end does"):
            link.inject(sas.named(Name.UL1), Fault.BAD_ICV)


def test_nothing_is_injected_out_of_bounds(ends: Ends) -> None:
    sas = ends.protect(ends.gm.new_set())
    with (
        ends.gm.wire.ue.entered(),
        closing(IpsecLink(EgressGate([ipaddress.ip_network("192.0.2.0/24")]), ends.gm.ue)) as link,
        pytest.raises(EgressDenied),
    ):
        link.inject(sas.named(Name.UL1), Fault.CLEAR, b"REGISTER")


def test_records_come_without_any_packet_for_a_node(ends: Ends) -> None:
    """The link wakes up for them."""
    sas = ends.gm.new_set()
    records: list[EspEvent] = []
    with closing(IpsecLink.userspace(EgressGate(GATE), ["10.77.0.2"], Random(1), outside=ends.gm.wire.p_cscf)) as link:
        link.observe(records.append)
        link.protect(Recorder(), sas, Side.P_CSCF)
        ends.ue_link.protect(ends.ue, sas, Side.UE)
        ends.ue_link.inject(sas.named(Name.UL1), Fault.BAD_ICV, b"REGISTER")
        assert link.wait(lambda: Fate.BAD_ICV in [each.fate for each in records], PATIENCE)
        assert link.records_lost == 0
