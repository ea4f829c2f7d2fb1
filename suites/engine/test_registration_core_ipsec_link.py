"""The reference UE at the reference core over ESP, on the in-memory link."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from gm_phone import V4, V6, new_core  # noqa: E402

from imsreg.net.memory import MemoryLink  # noqa: E402
from imsreg.registration.ue_agent import ReferenceUe  # noqa: E402
from imsreg.registration.ue_line import Way  # noqa: E402
from imsreg.registration.ue_policy import UePolicy  # noqa: E402
from imsreg.secagree.associations import Name  # noqa: E402
from imsreg.secagree.events import Direction, Fate  # noqa: E402
from imsreg.secret import Secret  # noqa: E402
from imsreg.sip.flow import Address  # noqa: E402


class Network:
    """Both on one link. `records` are those of the UE's side."""

    def __init__(self, subscribers, *, transport="UDP", hosts=V4, hooks=None, release=14, **policy):
        self.core = new_core(subscribers, hooks, release=release, **policy)
        self.link = MemoryLink()
        core, host = (Address(each, 5060) for each in hosts)
        self.link.far_end().attach(self.core, core, ("UDP", "TCP"))
        self.ue = ReferenceUe(
            subscribers["sub01"], UePolicy(security="ipsec", reg_event=False, release=release), Random(2)
        )
        self.link.attach(self.ue, host, ("UDP", "TCP"))
        self.records = []
        self.link.observe(self.records.append)
        self.ue.switch_on(Way(host, core, transport))

    @property
    def security(self):
        return self.core._p_cscf._protection

    def register(self):
        self.link.call(lambda: self.ue.register(self.link.now()))
        self.link.advance(5.0)

    def deregister(self):
        self.link.call(lambda: self.ue.deregister(self.link.now()))
        self.link.advance(5.0)

    def bound(self):
        return self.core.bindings(self.ue.subscriber.registration_impu, self.link.now())

    def on(self, direction):
        """The associations that packets of the UE went or came on, in order, each once."""
        names = [e.association.name for e in self.records if e.direction is direction and e.fate is Fate.OK]
        return list(dict.fromkeys(names))

    def live(self):
        return [live for contact in self.security.table.contacts for live in self.security.table.sets(contact).live]


@pytest.mark.parametrize("hosts", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(("transport", "back"), [("UDP", Name.DL2), ("TCP", Name.DL1)])
def test_a_registration_from_beginning_to_end(subscribers, transport, back, hosts):
    network = Network(subscribers, transport=transport, hosts=hosts)
    network.register()
    assert len(network.bound()) == 1
    assert network.on(Direction.OUT) == [Name.UL1]
    assert network.on(Direction.IN) == [back]
    assert {each.fate for each in network.records} == {Fate.OK}
    (live,) = network.live()
    assert f":{live.sas.ue.port_s}" in network.bound()[0]
    network.deregister()
    assert network.bound() == ()
    assert network.live() == []
    # The end of a connection may come when its associations are gone.
    assert {each.fate for each in network.records} <= {Fate.OK, Fate.DELETED_SPI}


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("reauthenticate", [False, True])
def test_refreshes(subscribers, transport, reauthenticate):
    network = Network(subscribers, transport=transport, reauthenticate=reauthenticate, max_expires=600)
    network.register()
    (first,) = network.live()
    network.link.advance(1000.0)
    assert len(network.bound()) == 1
    newest = network.live()[-1]
    assert (newest is first) is not reauthenticate
    assert newest.sas.p_cscf.port_s == first.sas.p_cscf.port_s
    assert {each.fate for each in network.records} == {Fate.OK}
    network.deregister()
    assert network.bound() == ()
    assert network.live() == []


@pytest.mark.parametrize("release", [13, 14])
def test_every_release(subscribers, release):
    network = Network(subscribers, release=release)
    network.register()
    assert len(network.bound()) == 1


def test_wrong_keys_are_silence(subscribers):
    def hook(keys):
        return replace(keys, integrity=Secret(bytes(len(keys.integrity))))

    network = Network(subscribers, hooks={"p-cscf.keys": hook})
    network.register()
    assert network.bound() == ()
    assert network.on(Direction.IN) == []
