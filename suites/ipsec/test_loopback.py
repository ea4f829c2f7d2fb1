"""Both sides on one host: two back ends whose addresses are of 127.0.0.0/8."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from random import Random

import pytest

from imsreg.net.egress import EgressGate
from imsreg.net.ipsec.interface import bring_up
from imsreg.net.ipsec.link import IpsecLink
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.flows import flow_on
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

HOSTS = ("127.0.3.1", "127.0.2.1")


PATIENCE = 10.0


@pytest.fixture
def outside(rights: None) -> Iterator[Namespace]:
    with Namespace.create() as made:
        with made.entered():
            bring_up("lo")
        yield made


@pytest.fixture
def backends(outside: Namespace) -> Iterator[list[UserspaceBackend]]:
    with ExitStack() as undo:
        random = Random(4)
        made = (UserspaceBackend([host], EventLog(), random, outside=outside) for host in HOSTS)
        yield [undo.enter_context(closing(each)) for each in made]


def test_datagrams_and_streams_pass_over_loopback(gm, backends: list[UserspaceBackend]) -> None:
    ue, p_cscf = backends
    sas = replace(gm.new_set(), ue_host=HOSTS[0], p_cscf_host=HOSTS[1])
    ue.install(sas, Side.UE)
    p_cscf.install(sas, Side.P_CSCF)
    up = sas.named(Name.UL1)
    here, there = gm.bound(ue, up.source, "UDP"), gm.bound(p_cscf, up.destination, "UDP")
    here.sendto(b"REGISTER", up.destination)
    assert there.recvfrom(100) == (b"REGISTER", tuple(up.source))
    listener = gm.bound(p_cscf, up.destination, "TCP")
    listener.listen()
    stream = gm.bound(ue, up.source, "TCP")
    stream.connect(up.destination)
    stream.sendall(b"REGISTER")
    with listener.accept()[0] as accepted:
        accepted.settimeout(10)
        assert accepted.recv(100) == b"REGISTER"


class Node:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[bytes] = []
        self.failures: list[TransportFailure] = []
        self.records: list[EspEvent] = []

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet.data)

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


def test_each_side_has_the_records_of_its_own_packets_only(gm, outside: Namespace) -> None:
    sas = replace(gm.new_set(), ue_host=HOSTS[0], p_cscf_host=HOSTS[1])
    ue, core = Node(), Node()
    gate = EgressGate([ipaddress.ip_network("127.0.0.0/8")])
    with ExitStack() as undo:
        links = []
        for host, node, side in ((HOSTS[0], ue, Side.UE), (HOSTS[1], core, Side.P_CSCF)):
            link = undo.enter_context(closing(IpsecLink.userspace(gate, [host], Random(1), outside=outside)))
            link.observe(node.records.append)
            link.protect(node, sas, side)
            link.attach(node, Address(host, 5060), ["UDP", "TCP"])
            links.append(link)
        ue_link, core_link = links
        up = sas.named(Name.UL1)
        ue_link.call(lambda: ue.outbox.append(Packet(flow_on(up, "UDP"), b"protected")))
        assert core_link.wait(lambda: core.received == [b"protected"], PATIENCE)
        clear = Flow("UDP", Address(HOSTS[0], 5060), up.destination)
        ue_link.call(lambda: ue.outbox.append(Packet(clear, b"in the clear")))
        assert ue_link.wait(lambda: bool(ue.failures), PATIENCE)
        ue_link.inject(up, Fault.CLEAR, b"on purpose")
        assert core_link.wait(lambda: len(core.records) == 3, PATIENCE)
        assert ue_link.wait(lambda: len(ue.records) == 3, PATIENCE)
        ue_link.call(lambda: ue.outbox.append(Packet(flow_on(up, "UDP"), b"last")))
        assert core_link.wait(lambda: core.received[1:] == [b"last"], PATIENCE)
    told = [(each.direction, each.fate) for each in ue.records]
    assert told == [(Direction.OUT, fate) for fate in (Fate.OK, Fate.CLEAR, Fate.CLEAR, Fate.OK)]
    assert [(each.direction, each.fate) for each in core.records] == [(Direction.IN, fate) for _, fate in told]
    assert [each.inner for each in core.records[1:3]] == [
        Inner("UDP", clear.local, clear.remote),
        Inner("UDP", up.source, up.destination),
    ]
    assert [each.octets[-10:] for each in core.records[1:3]] == [b" the clear", b"on purpose"]
