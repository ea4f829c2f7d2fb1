"""Both sides on one host: two back ends whose addresses are of 127.0.0.0/8."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from random import Random

import pytest

from imsreg.net.ipsec.interface import bring_up
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import Name, Side

HOSTS = ("127.0.3.1", "127.0.2.1")


@pytest.fixture
def backends(rights: None) -> Iterator[list[UserspaceBackend]]:
    with ExitStack() as undo:
        outside = undo.enter_context(Namespace.create())
        with outside.entered():
            bring_up("lo")
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
