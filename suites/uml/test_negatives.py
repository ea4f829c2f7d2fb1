"""What is wrong on purpose dies in the kernel, as the kernel's own counters say, and our records say the same."""

from __future__ import annotations

import select
import socket
import time

import pytest
from ends import PATIENCE, first
from kernel_state import errors
from wire import P_CSCF_HOSTS, protocols

from imsreg.net.ipsec.xfrm import Counters
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Direction, Fate, Fault, Inner
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.sip.flow import Address

EVERY = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
BOTH = pytest.mark.parametrize("family", ["IPv4", "IPv6"])
SILENT = pytest.mark.parametrize(
    ("fault", "fate", "counter", "counters"),
    [
        (Fault.BAD_ICV, Fate.BAD_ICV, "XfrmInStateProtoError", Counters(2, 0, 1)),
        (Fault.REPLAY, Fate.REPLAY, "XfrmInStateSeqError", Counters(2, 1, 0)),
        (Fault.WRONG_SPI, Fate.UNKNOWN_SPI, "XfrmInNoStates", Counters(2, 0, 0)),
        (Fault.WRONG_PORT, Fate.WRONG_SELECTOR, "XfrmInStateMismatch", Counters(3, 0, 0)),
    ],
)


@BOTH
@EVERY
@SILENT
def test_the_kernel_and_the_records_agree(
    ends, family: str, transform: Transform, fault: Fault, fate: Fate, counter: str, counters: Counters
) -> None:
    gm = ends("userspace", "kernel")
    up = gm.installed(transform, family).named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    sender.sendto(b"first", up.destination)
    assert receiver.recvfrom(100)[0] == b"first"
    before = errors(gm.wire.p_cscf)
    sent = gm.ue.inject(up, fault, b"wrong")
    arrived = first(gm.p_cscf_log, Direction.IN, fate)
    assert (sent.spi, sent.sequence) == (arrived.spi, arrived.sequence)
    sender.sendto(b"last", up.destination)
    assert receiver.recvfrom(100)[0] == b"last"  # and nothing before it
    after = errors(gm.wire.p_cscf)
    assert {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)} == {
        counter: 1
    }
    assert gm.p_cscf.counters(up) == counters


@BOTH
def test_a_packet_in_the_clear_between_protected_ports_reaches_nobody(ends, family: str) -> None:
    gm = ends("userspace", "kernel")
    up = gm.installed(family=family).named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    before = errors(gm.wire.p_cscf).get("XfrmInTmplMismatch", 0)
    gm.ue.inject(up, Fault.CLEAR, b"REGISTER")
    assert first(gm.p_cscf_log, Direction.IN, Fate.CLEAR).inner == Inner("UDP", up.source, up.destination)
    sender.sendto(b"protected", up.destination)
    assert receiver.recvfrom(100)[0] == b"protected"
    assert errors(gm.wire.p_cscf)["XfrmInTmplMismatch"] == before + 1


@BOTH
def test_a_packet_in_the_clear_from_elsewhere_to_a_protected_port_is_blocked(ends, family: str) -> None:
    gm = ends("userspace", "kernel")
    up = gm.installed(family=family).named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    before = errors(gm.wire.p_cscf).get("XfrmInPolBlock", 0)
    kind = socket.AF_INET6 if family == "IPv6" else socket.AF_INET
    with gm.wire.ue.entered(), socket.socket(kind, socket.SOCK_DGRAM) as outside:
        outside.sendto(b"REGISTER", up.destination)
    assert first(gm.p_cscf_log, Direction.IN, Fate.CLEAR).inner.destination == up.destination
    sender.sendto(b"protected", up.destination)
    assert receiver.recvfrom(100)[0] == b"protected"
    assert errors(gm.wire.p_cscf)["XfrmInPolBlock"] == before + 1


@BOTH
def test_without_an_association_nothing_leaves(ends, family: str) -> None:
    gm = ends("kernel", "kernel")
    sas = gm.installed(family=family)
    up = sas.named(Name.UL1)
    sender, _ = gm.udp_pair(up)
    elsewhere = Address(P_CSCF_HOSTS[family], up.destination.port + 1)
    with pytest.raises(PermissionError):  # from a protected port
        sender.sendto(b"in the clear", elsewhere)
    with gm.bound(gm.ue, Address(up.source.host, 0), "UDP") as other, pytest.raises(PermissionError):
        other.sendto(b"in the clear", up.destination)  # to one, by a protected socket
    gm.ue.remove(sas)
    with pytest.raises(PermissionError):  # no more
        sender.sendto(b"in the clear", up.destination)
    assert protocols(gm.wire.frames()) == set()


def test_what_comes_on_a_deleted_association_is_known(ends) -> None:
    gm = ends("userspace", "kernel")
    sas = gm.installed()
    up = sas.named(Name.UL1)
    sender, _ = gm.udp_pair(up)
    gm.p_cscf.remove(sas)
    sender.sendto(b"late", up.destination)
    assert first(gm.p_cscf_log, Direction.IN, Fate.DELETED_SPI).spi == up.spi


@BOTH
def test_what_a_closed_connection_still_says_does_not_leave_in_the_clear(ends, family: str) -> None:
    gm = ends("kernel", "kernel")
    sas = gm.installed(family=family)
    up = sas.named(Name.UL1)
    with (
        gm.bound(gm.p_cscf, up.destination, "TCP") as listener,
        gm.bound(gm.ue, up.source, "TCP") as stream,
    ):
        listener.listen()
        stream.connect(up.destination)
        accepted, _ = listener.accept()
        gm.ue.remove(sas)  # which leaves the other end without acknowledgements
        accepted.close()
    gm.p_cscf.close()
    gm.wire.frames()
    before = errors(gm.wire.p_cscf).get("XfrmOutPolBlock", 0)
    end = time.monotonic() + PATIENCE
    while errors(gm.wire.p_cscf).get("XfrmOutPolBlock", 0) <= before:  # its FIN, sent again
        assert time.monotonic() < end
        select.select([], [], [], 0.02)
    assert protocols(gm.wire.frames()) == set()
