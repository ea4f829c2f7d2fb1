"""The reference core tells a UE of its registration: SUBSCRIBE at Gm, NOTIFY back, and what changes in between."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from imsreg.net.memory import MemoryLink
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.seams import Seams
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.sip.flow import Address
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.reginfo import parse_reginfo

HERE = str(Path(__file__).parent)

if HERE not in sys.path:
    sys.path.insert(0, HERE)

from watcher import events  # noqa: E402

CORES = {"IPv4": Address("127.0.3.1", 5060), "IPv6": Address("2001:db8::3", 5060)}
HOSTS = {"IPv4": "127.0.2.1", "IPv6": "2001:db8::2"}
EVERY_WAY = [
    pytest.param(security, transport, family, id=f"{security}-{transport}-{family}")
    for security in ("none", "headers", "ipsec")
    for transport in ("UDP", "TCP")
    for family in ("IPv4", "IPv6")
]
SERVICE_ROUTE = "<sip:orig@scscf.ims.mnc001.mcc001.3gppnetwork.org:5060;lr>"


class Net:
    """A reference core, reference UEs that watch their registrations, and what each UE was told."""

    def __init__(self, subscribers, *, security="none", hooks=None, **policy):
        self.link = MemoryLink()
        self.subscribers, self.security = subscribers, security
        home = subscribers["sub01"].home_domain
        self.core = ReferenceCore(
            CorePolicy(home_domain=home, security=security, **policy),
            subscribers.values(),
            Random(1),
            Seams(hooks or {}),
        )
        far = self.link.far_end()
        for address in CORES.values():
            far.attach(self.core, address, ("UDP", "TCP"))

    def ue(self, name="sub01", *, transport="UDP", family="IPv4", seed=2, **policy):
        ue = ReferenceUe(self.subscribers[name], UePolicy(security=self.security, **policy), Random(seed))
        local = self.link.attach(ue, Address(HOSTS[family], 0), ("UDP", "TCP"))
        ue.told = told = []
        ue.seams = Seams({"ue.response": lambda draft, request: told.append(request) or draft})
        ue.switch_on(Way(local, CORES[family], transport))
        return ue

    def tell(self, do, seconds=1.0):
        self.link.call(lambda: do(self.link.now()))
        self.link.advance(seconds)

    @property
    def watchers(self):
        return self.core._s_cscf._notifier._watchers


def documents(ue):
    return [parse_reginfo(each.body) for each in ue.told]


def states(ue):
    return [str(each.get(SubscriptionState)).partition(";expires")[0] for each in ue.told]


@pytest.mark.parametrize(("security", "transport", "family"), EVERY_WAY)
def test_a_ue_is_told_from_its_registration_to_its_end(subscribers, security, transport, family):
    net = Net(subscribers, security=security)
    ue = net.ue(transport=transport, family=family)
    net.tell(ue.register)
    sub = subscribers["sub01"]
    assert set(ue.reg_event.subscription.active) >= {each for each in sub.impus if each not in sub.barred}
    net.tell(ue.register)
    assert [(each.version, each.state) for each in documents(ue)] == [(0, "full"), (1, "partial")]
    assert [events(each) for each in documents(ue)] == [["registered"], ["refreshed"]]
    net.tell(ue.deregister)
    assert ue.phase is UePhase.UNREGISTERED
    # With its associations goes the way to the UE (TS 33.203 7.4.1a).
    last = [] if security == "ipsec" else ["terminated;reason=noresource"]
    assert states(ue) == ["active", "active", *last]
    assert net.watchers == []
    assert not any(document.defects for document in documents(ue))


@pytest.mark.parametrize(("security", "transport", "family"), EVERY_WAY)
def test_a_subscription_lasts_for_weeks(subscribers, security, transport, family):
    net = Net(subscribers, security=security)
    ue = net.ue(transport=transport, family=family)
    net.tell(ue.register)
    for _ in range(3):
        net.link.advance(600_000)
    assert len(net.watchers) == 1
    assert len({each.value("Call-ID") for each in ue.told}) == 1
    assert [each.version for each in documents(ue)] == list(range(len(ue.told)))
    assert states(ue) == ["active"] * len(ue.told)
    assert ue.reg_event.subscription.active


@pytest.mark.parametrize("security", ["none", "headers", "ipsec"])
def test_another_ue_of_the_user_is_seen(subscribers, security):
    net = Net(subscribers, security=security)
    one = net.ue()
    net.tell(one.register)
    other = net.ue(family="IPv6", seed=3)
    net.tell(other.register)
    came = documents(one)[-1]
    assert (came.state, events(came)) == ("partial", ["registered"])
    assert len(documents(other)[0].registrations[0].contacts) == 2
    net.tell(other.deregister)
    went = documents(one)[-1]
    assert (went.version, events(went)) == (2, ["unregistered"])
    assert {each.state for each in went.registrations} == {"active"}
    assert states(one)[-1] == "active"
    assert went.registrations[0].contacts[0].id == came.registrations[0].contacts[0].id
    assert one.reg_event.subscription.active


@pytest.mark.parametrize("security", ["none", "ipsec"])
def test_a_ue_that_is_gone_runs_out_and_is_forgotten(subscribers, security):
    net = Net(subscribers, security=security, max_expires=600)
    one = net.ue()
    net.tell(one.register)
    other = net.ue(family="IPv6", seed=3)
    net.tell(other.register)
    net.link.detach(other)
    one.told.clear()
    net.link.advance(650.0)
    gone = [each for each in documents(one) if "expired" in events(each)]
    assert len(gone) == 1
    assert gone[0].registrations[0].contacts[0].state == "terminated"
    assert len(net.watchers) == 1


def test_everything_runs_out(subscribers):
    net = Net(subscribers, max_expires=600)
    ue = net.ue()
    net.tell(ue.register)
    net.link.detach(ue)
    net.link.advance(2000.0)
    assert net.watchers == []
    assert net.core.next_deadline() is None
