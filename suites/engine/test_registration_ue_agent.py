"""The reference UE with the reference core: registrations over hours, de-registration, resynchronisation."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.net.memory import MemoryLink
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request, parse

CORES = {"IPv4": Address("127.0.3.1", 5060), "IPv6": Address("2001:db8::3", 5060)}
UES = {"IPv4": Address("127.0.2.1", 0), "IPv6": Address("2001:db8::2", 0)}


class Net:
    """A reference core on a link, and everything that came to it."""

    def __init__(self, subscribers, **policy):
        self.link = MemoryLink(impair=self._pass)
        self.impu = subscribers["sub01"].registration_impu
        self.subscribers = subscribers
        self.lost = 0
        self.copies = 1
        self.seen = []
        domain = subscribers["sub01"].home_domain
        self.core = ReferenceCore(CorePolicy(home_domain=domain, **policy), subscribers.values(), Random(1))
        for address in CORES.values():
            self.link.attach(self.core, address, ("UDP", "TCP"))

    def ue(self, name="sub01", *, family="IPv4", transport="UDP", seed=2, **policy):
        ue = ReferenceUe(self.subscribers[name], UePolicy(reg_event=False, **policy), Random(seed))
        self.on(ue, family, transport)
        return ue

    def on(self, ue, family="IPv4", transport="UDP"):
        local = self.link.attach(ue, UES[family], ("UDP", "TCP"))
        ue.switch_on(Way(local, CORES[family], transport))

    def tell(self, do, seconds=1.0):
        self.link.call(lambda: do(self.link.now()))
        self.link.advance(seconds)

    def bound(self, impu=None):
        return self.core.bindings(impu or self.impu, self.link.now())

    def registers(self):
        return [m for m in self.seen if getattr(m, "method", None) == "REGISTER"]

    def _pass(self, packet):
        if self.lost:
            self.lost -= 1
            return []
        self.seen.append(parse(packet.data))
        return [packet] * self.copies


@pytest.fixture
def net(subscribers):
    return Net(subscribers)


@pytest.mark.parametrize("security", ["none", "headers"])
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_registration_lasts_for_weeks_until_it_is_ended(subscribers, family, transport, security):
    net = Net(subscribers, security=security)
    ue = net.ue(family=family, transport=transport, security=security)
    net.tell(ue.register)
    assert ue.phase is UePhase.REGISTERED
    own = Contact.parse(ue.registration.contact).uri.text
    for _ in range(4):
        net.link.advance(600_000)
        assert ue.phase is UePhase.REGISTERED
        assert [Contact.parse(c).uri.text for c in net.bound()] == [own]
    net.tell(ue.deregister)
    assert ue.phase is UePhase.UNREGISTERED
    assert net.bound() == ()


@pytest.mark.parametrize(("granted", "refreshed"), [(300, 150.0), (1200, 600.0), (1201, 601.0), (7200, 6600.0)])
def test_a_refresh_comes_ten_minutes_early_or_at_half_time(subscribers, granted, refreshed):
    net = Net(subscribers, max_expires=granted)
    ue = net.ue()
    net.tell(ue.register, 0.0)
    before = len(net.registers())
    net.link.advance(refreshed - 0.1)
    assert len(net.registers()) == before
    net.link.advance(0.2)
    assert len(net.registers()) > before
    assert ue.phase is UePhase.REGISTERED


def test_a_network_that_has_lost_step_is_told_and_followed(subscribers):
    """The USIM outlives the core: a new AuC begins with the SQN of the subscriber file again."""
    net, other = Net(subscribers), Net(subscribers)
    ue = net.ue()
    for _ in range(3):
        net.tell(ue.register)
    net.link.detach(ue)
    other.on(ue)
    other.tell(ue.register)
    assert ue.phase is UePhase.REGISTERED
    reports = [r for r in other.registers() if r.get(Authorization).auts]
    assert len(reports) == 1
    assert len({r.value("Call-ID") for r in other.registers()}) == 1


def test_lost_datagrams_are_sent_again_with_the_timers_of_the_radio_access(net):
    ue = net.ue()
    net.lost = 3
    net.tell(ue.register, 13.9)
    assert ue.phase is UePhase.REGISTERING
    net.link.advance(0.2)
    assert ue.phase is UePhase.REGISTERED


def test_a_datagram_that_comes_twice_does_no_harm(net):
    net.copies = 2
    ue = net.ue()
    net.tell(ue.register)
    net.tell(ue.register)
    net.tell(ue.deregister)
    assert ue.phase is UePhase.UNREGISTERED
    assert net.bound() == ()


def test_two_ues_share_nothing(net):
    one, other = net.ue("sub01"), net.ue("sub02", seed=3)
    net.tell(one.register)
    net.tell(other.register)
    net.tell(one.deregister)
    assert (one.phase, other.phase) == (UePhase.UNREGISTERED, UePhase.REGISTERED)
    assert net.bound() == ()
    assert len(net.bound(net.subscribers["sub02"].registration_impu)) == 1


def test_without_power_it_leaves_its_binding_behind_and_begins_afresh(net):
    ue = net.ue()
    net.tell(ue.register)
    before = len(net.seen)
    ue.switch_off()
    net.link.detach(ue)
    net.link.advance(3600)
    assert len(net.seen) == before
    assert len(net.bound()) == 1
    net.on(ue)
    net.tell(ue.register)
    assert ue.phase is UePhase.REGISTERED
    first = net.registers()[0].value("Call-ID")
    assert {r.value("Call-ID") for r in net.registers()} > {first}


def test_it_counts_the_octets_that_pass_over_power_cycles_too(net):
    ue = net.ue()
    net.tell(ue.register)
    net.link.advance(60.0)
    ue.switch_off()
    net.on(ue)
    net.tell(ue.register)
    requests = sum(len(m.raw) for m in net.seen if isinstance(m, Request))
    responses = sum(len(m.raw) for m in net.seen if not isinstance(m, Request))
    assert ue.moved == (requests, responses)
