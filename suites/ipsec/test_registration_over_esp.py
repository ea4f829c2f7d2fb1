"""A UE and a reference core, each with sockets and a back end of its own: whole registrations over ESP on a wire."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import ExitStack, closing
from random import Random

import pytest
from wire import P_CSCF_HOSTS, UE_HOSTS, Wire

from imsreg.identity.subscribers import load_subscribers
from imsreg.net.egress import EgressGate
from imsreg.net.ipsec.link import IpsecLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault
from imsreg.sip.flow import Address, Transport
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.transcript.transcript import Transcript

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
SUB01 = SUBSCRIBERS["sub01"]
GATE = [ipaddress.ip_network("10.77.0.0/24"), ipaddress.ip_network("fd77::/64")]
WAYS = pytest.mark.parametrize(("transport", "family"), [(t, f) for t in ("UDP", "TCP") for f in ("IPv4", "IPv6")])


class Network:
    """A reference core that challenges every REGISTER, and a link for UEs."""

    def __init__(self, undo: ExitStack, wire: Wire) -> None:
        make = IpsecLink.userspace
        gate = EgressGate(GATE)
        core_link = undo.enter_context(closing(make(gate, [*P_CSCF_HOSTS.values()], Random(1), outside=wire.p_cscf)))
        self.link = undo.enter_context(closing(make(gate, [*UE_HOSTS.values()], Random(2), outside=wire.ue)))
        policy = CorePolicy(home_domain=SUB01.home_domain, security="ipsec", reauthenticate=True)
        self.core = ReferenceCore(policy, SUBSCRIBERS.values(), Random(3))
        self.core_link = core_link
        self.addresses = {
            family: core_link.attach(self.core, Address(host, 5060), ("UDP", "TCP"))
            for family, host in P_CSCF_HOSTS.items()
        }
        self.events: list[EspEvent] = []
        self.link.observe(self.events.append)

    def fates(self, direction: Direction) -> set[Fate]:
        return {event.fate for event in self.link.call(lambda: list(self.events)) if event.direction is direction}

    def bound(self) -> tuple[str, ...]:
        return self.core_link.call(lambda: self.core.bindings(SUB01.registration_impu, self.core_link.now()))


@pytest.fixture
def network(wire: Wire) -> Iterator[Network]:
    with ExitStack() as undo:
        yield Network(undo, wire)


@WAYS
def test_the_simulated_ue_registers_re_authenticates_and_leaves(
    network: Network, transport: Transport, family: str
) -> None:
    transcript = Transcript("test", 0.0)
    options = UeOptions(transport, network.addresses[family], Address(UE_HOSTS[family], 5060), security="ipsec")
    ue = SimulatedUe(network.link, SUB01, options, Random(4), transcript.tap)
    assert ue.register().status == 200
    assert ue.complete(ue.registration.refresh()).status == 200
    assert ue.complete(ue.registration.fetch()).status == 200
    assert network.bound() == (ue.contact,)
    event = ue.inject(Fault.BAD_ICV, b"REGISTER", "UL1 of the established set")
    assert event.injected is Fault.BAD_ICV
    assert ue.complete(ue.registration.deregister()).status == 200
    assert not ue.sets
    assert not network.bound()
    ue.power_off()
    came = [entry.flow.association or "clear" for entry in transcript.entries if not entry.sent]
    assert came[0] == "clear"
    assert {each.split()[0] for each in came[1:]} <= {"DL1", "DL2"}
    assert Fate.CLEAR not in network.fates(Direction.IN) | network.fates(Direction.OUT)


@WAYS
def test_the_reference_ue_registers_re_authenticates_and_leaves(
    network: Network, transport: Transport, family: str
) -> None:
    ue = ReferenceUe(SUB01, UePolicy(security="ipsec", reg_event=False), Random(5))
    link = network.link
    local = link.attach(ue, Address(UE_HOSTS[family], 5060), ("UDP", "TCP"))
    link.call(lambda: ue.switch_on(Way(local, network.addresses[family], transport)))
    for _ in range(2):
        link.call(lambda: ue.register(link.now()))
        assert link.wait(lambda: ue.phase is UePhase.REGISTERED, 10)
    assert len(network.bound()) == 1
    link.call(lambda: ue.deregister(link.now()))
    assert link.wait(lambda: ue.phase is UePhase.UNREGISTERED, 10)
    assert not network.bound()
    assert Fate.CLEAR not in network.fates(Direction.IN) | network.fates(Direction.OUT)
