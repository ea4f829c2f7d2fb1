"""ESP on the in-memory link: what an impairment does to it, and that a run without associations has none of it."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from random import Random

import pytest

from imsreg.net.memory import Impairment, MemoryLink
from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Direction, EspEvent, Fate
from imsreg.secagree.flows import flow_on
from imsreg.secagree.ip import parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Packet, TransportFailure

CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))


class Node:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()
        self.received: list[bytes] = []
        self.failures: list[TransportFailure] = []

    def receive(self, packet: Packet, now: float) -> None:
        self.received.append(packet.data)

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


def new_set() -> SaSet:
    random = Random(3)
    ue = Endpoints.draw(random)
    keys = expand(Transform("null", "aes-gcm"), CK, IK)
    return SaSet("192.0.2.1", "192.0.2.2", ue, Endpoints.draw(random, avoid=ue.spis), keys)


class Pair:
    """A UE and a P-CSCF at the two ends, with one set."""

    def __init__(self, impair: Impairment | None = None, chunk: int | None = None, sas: SaSet | None = None) -> None:
        self.sas = sas or new_set()
        self.link = MemoryLink(impair=impair, chunk=chunk)
        self.ue, self.core = Node(), Node()
        self.records: list[EspEvent] = []
        self.link.observe(self.records.append)
        self.link.protect(self.ue, self.sas, Side.UE)
        self.link.protect(self.core, self.sas, Side.P_CSCF)

    def send(self, transport: str, *data: bytes) -> None:
        flow = flow_on(self.sas.named(Name.UL1), transport)
        self.link.call(lambda: self.ue.outbox.extend(Packet(flow, each) for each in data))
        self.link.advance(0)

    def fates(self, direction: Direction) -> list[tuple[int, Fate]]:
        return [(each.sequence, each.fate) for each in self.records if each.direction is direction]


def test_a_network_that_doubles_and_reorders_is_seen_through() -> None:
    held: list[Packet] = []

    def impair(packet: Packet) -> list[Packet]:
        if packet.data == b"late":
            held.append(packet)
            return []
        return [packet, packet, *held] if packet.data == b"twice" else []

    pair = Pair(impair)
    pair.send("UDP", b"late", b"lost", b"twice")
    assert pair.core.received == [b"twice", b"late"]
    assert pair.fates(Direction.OUT) == [(1, Fate.OK), (2, Fate.OK), (3, Fate.OK)]
    assert pair.fates(Direction.IN) == [(3, Fate.OK), (3, Fate.REPLAY), (1, Fate.OK)]


def test_what_an_impairment_changes_counts_as_sent_so() -> None:
    pair = Pair(lambda packet: [Packet(packet.flow, packet.data.upper())])
    pair.send("UDP", b"register")
    assert pair.core.received == [b"REGISTER"]


@pytest.mark.parametrize(("chunk", "pieces"), [(None, [1160, 840]), (700, [700, 700, 600])])
def test_a_stream_goes_in_segments(chunk: int | None, pieces: list[int]) -> None:
    pair = Pair(chunk=chunk)
    pair.send("TCP", bytes(2000))
    assert [len(each) for each in pair.core.received] == pieces
    assert {fate for _, fate in pair.fates(Direction.IN)} == {Fate.OK}
    up = [each.association.name for each in pair.records if each.direction is Direction.OUT]
    assert up == [Name.UL1, Name.DL1, Name.UL1, *[Name.UL1] * len(pieces)]  # SYN, SYN ACK, ACK, data


def test_no_two_packets_have_the_same_iv() -> None:
    pair = Pair()
    pair.send("UDP", *(b"x" for _ in range(50)))
    flow = flow_on(pair.sas.named(Name.DL2), "UDP")
    pair.link.call(lambda: pair.core.outbox.extend(Packet(flow, b"x") for _ in range(50)))
    packets = [parse_ip(each.octets) for each in pair.records if each.direction is Direction.OUT]
    assert len({packet.payload[8:16] for packet in packets if packet}) == 100


def test_the_same_calls_give_the_same_octets() -> None:
    def run() -> list[EspEvent]:
        pair = Pair()
        pair.send("UDP", b"one", b"two")
        pair.send("TCP", b"three")
        return pair.records

    assert run() == run()


def test_an_absent_host_answers_nothing() -> None:
    sas = new_set()
    link, ue = MemoryLink(), Node()
    link.protect(ue, sas, Side.UE)
    for transport in ("UDP", "TCP"):
        flow = flow_on(sas.named(Name.UL1), transport)
        link.call(lambda flow=flow: ue.outbox.append(Packet(flow, b"x")))
    link.advance(9.9)
    assert ue.failures == []
    link.advance(0.2)
    assert [failure.kind for failure in ue.failures] == ["timeout"]


def test_a_datagram_that_fits_no_packet_is_not_sent() -> None:
    pair = Pair()
    pair.send("UDP", bytes(65_507), bytes(65_508))
    assert pair.fates(Direction.OUT) == [(1, Fate.TOO_LONG)]
    assert [failure.kind for failure in pair.ue.failures] == ["unreachable"]


def test_a_connection_ends_with_the_set_and_another_is_tried_once_in_a_while() -> None:
    pair = Pair()
    pair.send("TCP", b"one")
    pair.link.unprotect(pair.core, pair.sas)
    pair.link.advance(0)
    pair.send("TCP", b"two", b"three")
    assert pair.fates(Direction.OUT)[-1] == (4, Fate.OK)  # SYN, ACK, data, and one SYN more
    pair.link.advance(10)
    assert [failure.kind for failure in pair.ue.failures] == ["closed", "timeout"]
    pair.send("TCP", b"four")
    assert pair.fates(Direction.OUT)[-1] == (5, Fate.OK)
    assert pair.core.received == [b"one"]


def test_a_set_of_two_elements_at_one_address_is_the_one_whose_spi_it_is() -> None:
    pair = Pair()
    other, sas = Node(), new_set()
    ue = Endpoints(901, 902, 21_001, 21_002)
    second = SaSet(sas.ue_host, sas.p_cscf_host, ue, Endpoints(903, 904, 21_003, 21_004), sas.keys)
    pair.link.protect(other, second, Side.UE)
    pair.link.protect(pair.core, second, Side.P_CSCF)
    for each in (pair.sas, second):
        down = flow_on(each.named(Name.DL2), "UDP")
        pair.link.call(lambda down=down: pair.core.outbox.append(Packet(down, down.association.encode())))
    pair.link.advance(0)
    assert pair.ue.received == [pair.sas.named(Name.DL2).label.encode()]
    assert other.received == [second.named(Name.DL2).label.encode()]


def test_a_run_without_associations_loads_no_esp() -> None:
    code = """
import sys
from collections import deque
from imsreg.net.memory import MemoryLink
from imsreg.sip.flow import Address, Flow, Packet

class Node:
    outbox = deque()
    sa_changes = deque()
    def receive(self, packet, now): pass
    def fail(self, failure, now): pass
    def on_time(self, now): pass
    def next_deadline(self): return None

link, node = MemoryLink(), Node()
here = link.attach(node, Address("127.0.0.1", 5060), ["UDP", "TCP"])
node.outbox.append(Packet(Flow("UDP", here, here), b"x"))
link.advance(1)
link.far_end().close()
link.close()
print([name for name in sys.modules if "imsreg.secagree" in name or "ipsec" in name or "cryptography" in name])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
