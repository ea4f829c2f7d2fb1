"""Whole registrations over ESP, the kernel's at one side or at both: a UE and a reference core on a wire."""

from __future__ import annotations

import ipaddress
from contextlib import ExitStack, closing
from random import Random

import pytest
from kernel_state import held
from wire import P_CSCF_HOSTS, UE_HOSTS, Wire

from imsreg.identity.subscribers import load_subscribers
from imsreg.net.egress import EgressGate
from imsreg.net.ipsec.link import IpsecLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.secagree.events import Direction, Fate, Fault
from imsreg.sip.flow import Address, Transport
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.transcript.transcript import Transcript

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
SUB01 = SUBSCRIBERS["sub01"]
GATE = [ipaddress.ip_network("10.77.0.0/24"), ipaddress.ip_network("fd77::/64")]
MAKERS = {"userspace": IpsecLink.userspace, "kernel": IpsecLink.kernel}
PAIRS = pytest.mark.parametrize(
    ("ue_kind", "core_kind"), [("userspace", "kernel"), ("kernel", "userspace"), ("kernel", "kernel")]
)
WAYS = pytest.mark.parametrize(("transport", "family"), [(t, f) for t in ("UDP", "TCP") for f in ("IPv4", "IPv6")])


@PAIRS
@WAYS
def test_a_ue_registers_re_authenticates_and_leaves(
    wire: Wire, ue_kind: str, core_kind: str, transport: Transport, family: str
) -> None:
    gate = EgressGate(GATE)
    # The kernel keeps the ports of a connection for a minute after its end: no two tests have the same.
    seed = Random(f"{ue_kind} {core_kind} {transport} {family}").randrange(1 << 32)
    transcript = Transcript("test", 0.0)
    with ExitStack() as undo:
        core_hosts, ue_hosts = [*P_CSCF_HOSTS.values()], [*UE_HOSTS.values()]
        core_link = undo.enter_context(
            closing(MAKERS[core_kind](gate, core_hosts, Random(1), outside=wire.p_cscf)),
        )
        link = undo.enter_context(closing(MAKERS[ue_kind](gate, ue_hosts, Random(2), outside=wire.ue)))
        policy = CorePolicy(home_domain=SUB01.home_domain, security="ipsec", reauthenticate=True)
        core = ReferenceCore(policy, SUBSCRIBERS.values(), Random(seed))
        address = core_link.attach(core, Address(P_CSCF_HOSTS[family], 5060), ("UDP", "TCP"))
        link.observe(transcript.record_esp)
        options = UeOptions(transport, address, Address(UE_HOSTS[family], 5060), security="ipsec")
        ue = SimulatedUe(link, SUB01, options, Random(seed + 1), transcript.tap)
        assert ue.register().status == 200
        assert ue.complete(ue.registration.refresh()).status == 200
        assert ue.complete(ue.registration.fetch()).status == 200
        if ue_kind == "userspace":
            assert ue.inject(Fault.BAD_ICV, b"REGISTER", "UL1 of the established set").injected is Fault.BAD_ICV
        else:
            with pytest.raises(ScenarioStopped, match="the userspace back end does"):
                ue.inject(Fault.BAD_ICV, b"REGISTER", "UL1 of the established set")
        assert ue.complete(ue.registration.deregister()).status == 200
        assert not ue.sets
        ue.power_off()
    messages = [entry for entry in transcript.entries if not entry.sent]
    assert messages[0].flow.association is None
    assert {str(each.flow.association).split()[0] for each in messages[1:]} <= {"DL1", "DL2"}
    records = [entry for entry in transcript.esp if entry.event.injected is None]
    # The last segments of connections may cross the removal of their associations.
    assert {entry.event.fate for entry in records} <= {Fate.OK, Fate.DELETED_SPI, Fate.NO_ASSOCIATION}
    if transport == "UDP":
        came = [entry for entry in records if entry.event.direction is Direction.IN]
        assert len(came) == len(messages[1:])
        for record, message in zip(came, messages[1:], strict=True):  # a packet is told before what it holds
            assert record.after < message.number
            assert record.event.association.label == message.flow.association
    assert held(wire.ue)[0] == held(wire.p_cscf)[0] == 0
