"""Datagrams in the clear at protected ports of the in-memory link: a DUT may be wrong there, the tester cannot."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from imsreg.net.memory import MemoryLink
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.ends import Ends
from imsreg.secagree.events import Direction, EspEvent, Fate
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

UE, P_CSCF = "192.0.2.1", "192.0.2.2"


class Node:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[Packet] = []
        self.failures: list[TransportFailure] = []

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet)

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


class Dut(Node):
    """A node whose ESP is its own."""

    @property
    def esp_ends(self) -> Ends:
        return Ends()


class Pair:
    """A UE and a P-CSCF with one set; `far` is the DUT."""

    def __init__(self, far: Side) -> None:
        random = Random(3)
        ue = Endpoints.draw(random)
        keys = expand(Transform("hmac-sha-1-96", "null"), Secret(bytes(16)), Secret(bytes(16)))
        self.sas = SaSet(UE, P_CSCF, ue, Endpoints.draw(random, avoid=ue.spis), keys)
        self.link = MemoryLink()
        self.nodes = {side: Dut() if side is far else Node() for side in Side}
        self.records: list[EspEvent] = []
        self.link.observe(self.records.append)
        self.link.put_far(self.nodes[far])
        for side, node in self.nodes.items():
            self.link.protect(node, self.sas, side)
        self.ports = {Side.UE: Address(UE, ue.port_s), Side.P_CSCF: Address(P_CSCF, self.sas.p_cscf.port_s)}

    def send(self, side: Side) -> None:
        """From the server port of one side to that of the other, in the clear."""
        other = Side.UE if side is Side.P_CSCF else Side.P_CSCF
        flow = Flow("UDP", self.ports[side], self.ports[other])
        self.link.call(lambda: self.nodes[side].outbox.append(Packet(flow, b"REGISTER")))
        self.link.advance(0)


@pytest.mark.parametrize("dut", list(Side))
def test_what_the_dut_sends_is_seen_and_reaches_nobody(dut: Side) -> None:
    pair = Pair(dut)
    tester = Side.UE if dut is Side.P_CSCF else Side.P_CSCF
    pair.send(dut)
    assert [(each.direction, each.fate) for each in pair.records] == [(Direction.IN, Fate.CLEAR)]
    assert pair.nodes[tester].received == []


@pytest.mark.parametrize("dut", list(Side))
def test_what_the_tester_sends_from_a_protected_port_does_not_leave(dut: Side) -> None:
    pair = Pair(dut)
    tester = Side.UE if dut is Side.P_CSCF else Side.P_CSCF
    pair.send(tester)
    assert [each.kind for each in pair.nodes[tester].failures] == ["closed"]
    assert pair.nodes[dut].received == []
    assert pair.records == []


def test_the_dut_hears_at_its_protected_port() -> None:
    """It says that nothing protected it: to discard it is the DUT's."""
    pair = Pair(Side.P_CSCF)
    stranger, at = Node(), Address("192.0.2.3", 5060)
    pair.link.attach(stranger, at, ("UDP",))
    flow = Flow("UDP", at, pair.ports[Side.P_CSCF])
    pair.link.call(lambda: stranger.outbox.append(Packet(flow, b"REGISTER")))
    pair.link.advance(0)
    assert [each.flow for each in pair.nodes[Side.P_CSCF].received] == [Flow("UDP", flow.remote, flow.local)]
    assert stranger.failures == []


def test_the_tester_does_not() -> None:
    pair = Pair(Side.P_CSCF)
    stranger, at = Node(), Address("192.0.2.3", 5060)
    pair.link.attach(stranger, at, ("UDP",))
    pair.link.call(lambda: stranger.outbox.append(Packet(Flow("UDP", at, pair.ports[Side.UE]), b"REGISTER")))
    pair.link.advance(0)
    assert pair.nodes[Side.UE].received == []
    assert [each.kind for each in stranger.failures] == ["unreachable"]
