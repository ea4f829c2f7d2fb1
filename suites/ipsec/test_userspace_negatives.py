"""What must not pass: each wrong packet has its record, and reaches nobody."""

from __future__ import annotations

import socket
from random import Random

import pytest
from ends import PATIENCE, first
from wire import P_CSCF_HOSTS, UE_HOSTS, protocols

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.sip.flow import Address

EVERY = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
BOTH = pytest.mark.parametrize("family", ["IPv4", "IPv6"])
NOT_DELIVERED = pytest.mark.parametrize(
    ("fault", "fate"),
    [
        (Fault.BAD_ICV, Fate.BAD_ICV),
        (Fault.REPLAY, Fate.REPLAY),
        (Fault.WRONG_SPI, Fate.UNKNOWN_SPI),
        (Fault.WRONG_PORT, Fate.WRONG_SELECTOR),
    ],
)


@BOTH
@EVERY
@NOT_DELIVERED
def test_what_is_wrong_dies_in_silence(gm, transform: Transform, family: str, fault: Fault, fate: Fate) -> None:
    up = gm.installed(transform, family).named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    sender.sendto(b"first", up.destination)
    assert receiver.recvfrom(100)[0] == b"first"
    sent = gm.ue.inject(up, fault, b"wrong")
    arrived = first(gm.p_cscf_log, Direction.IN, fate)
    assert (sent.fate, sent.injected, sent.spi, sent.sequence) == (Fate.OK, fault, arrived.spi, arrived.sequence)
    sender.sendto(b"last", up.destination)
    assert receiver.recvfrom(100)[0] == b"last"  # and nothing before it
    assert protocols(gm.wire.frames()) == {50}
    answers = [event for event in gm.p_cscf_log.events if event.direction is Direction.OUT]
    assert answers == []


@BOTH
def test_a_packet_in_the_clear_is_seen_at_both_ends_and_reaches_nobody(gm, family: str) -> None:
    up = gm.installed(Transform("null", "aes-gcm"), family).named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    gm.ue.inject(up, Fault.CLEAR, b"REGISTER")
    inner = Inner("UDP", up.source, up.destination)
    for log, direction in ((gm.ue_log, Direction.OUT), (gm.p_cscf_log, Direction.IN)):
        assert first(log, direction, Fate.CLEAR).inner == inner
    assert any(frame.endswith(b"REGISTER") for frame in gm.wire.frames())
    sender.sendto(b"protected", up.destination)
    assert receiver.recvfrom(100)[0] == b"protected"


@BOTH
def test_a_long_packet_in_the_clear_is_seen_by_its_first_fragment(gm, family: str) -> None:
    up = gm.installed(Transform("null", "aes-gcm"), family).named(Name.UL1)
    gm.ue.inject(up, Fault.CLEAR, bytes(4000))
    assert first(gm.p_cscf_log, Direction.IN, Fate.CLEAR).inner == Inner("UDP", up.source, up.destination)


def test_a_connection_in_the_clear_to_a_protected_port_is_seen_and_refused(gm) -> None:
    port = gm.installed().named(Name.UL1).destination
    with gm.wire.ue.entered(), socket.socket() as stream:
        with pytest.raises(ConnectionRefusedError):
            stream.connect(port)
        assert first(gm.p_cscf_log, Direction.IN, Fate.CLEAR).inner.destination == port
        assert first(gm.p_cscf_log, Direction.OUT, Fate.CLEAR).inner.source == port  # the kernel's RST


def test_clear_packets_elsewhere_are_nobodys_business(gm) -> None:
    gm.installed()
    gm.wire.frames()  # which sends one
    assert gm.ue_log.events == ()


@BOTH
def test_without_an_association_nothing_leaves(gm, family: str) -> None:
    up = gm.new_set(Transform("null", "aes-gcm"), family).named(Name.UL1)
    sender, _ = gm.udp_pair(up)
    sender.sendto(b"in the clear", up.destination)
    event = first(gm.ue_log, Direction.OUT, Fate.NO_ASSOCIATION)
    assert (event.association, event.inner) == (None, Inner("UDP", up.source, up.destination))
    with gm.bound(gm.ue, Address(up.source.host, 0), "TCP") as stream:
        stream.settimeout(0)
        with pytest.raises(BlockingIOError):
            stream.connect(up.destination)
        assert gm.ue_log.wait(lambda event: event.inner is not None and event.inner.transport == "TCP", PATIENCE)
    assert protocols(gm.wire.frames()) == set()


def test_a_port_beside_the_protected_one_sends_nothing(gm) -> None:
    up = gm.installed().named(Name.UL1)
    with gm.bound(gm.ue, Address(up.source.host, 0), "UDP") as sender:
        sender.sendto(b"in the clear", up.destination)
        first(gm.ue_log, Direction.OUT, Fate.NO_ASSOCIATION)
    assert protocols(gm.wire.frames()) == set()


def test_a_removed_set_is_remembered_by_its_spis(gm) -> None:
    sas = gm.installed()
    up = sas.named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    gm.p_cscf.remove(sas)
    sender.sendto(b"late", up.destination)
    assert first(gm.p_cscf_log, Direction.IN, Fate.DELETED_SPI).spi == up.spi
    gm.p_cscf.install(sas, Side.P_CSCF)
    sender.sendto(b"again", up.destination)
    assert receiver.recvfrom(100)[0] == b"again"


def test_only_what_was_removed_is_gone(gm) -> None:
    kept, removed = gm.installed(), gm.installed()
    gm.ue.remove(removed)
    gm.ue.remove(removed)  # twice is harmless
    sender, receiver = gm.udp_pair(kept.named(Name.UL1))
    sender.sendto(b"kept", kept.named(Name.UL1).destination)
    assert receiver.recvfrom(100)[0] == b"kept"
    with pytest.raises(BackendError, match="not installed"):
        gm.ue.inject(removed.named(Name.UL1), Fault.BAD_ICV)


def test_a_set_is_installed_once(gm) -> None:
    sas = gm.installed()
    with pytest.raises(BackendError, match="already"):
        gm.ue.install(sas, Side.UE)


def test_a_set_with_an_spi_in_use_leaves_nothing_of_itself(gm) -> None:
    sas = gm.installed()
    other = gm.new_set()
    clash = type(other)(other.ue_host, other.p_cscf_host, sas.ue, other.p_cscf, other.keys)
    with pytest.raises(BackendError, match="in use"):
        gm.ue.install(clash, Side.UE)
    with pytest.raises(BackendError, match="not installed"):
        gm.ue.inject(clash.named(Name.UL1), Fault.BAD_ICV)


def test_nothing_can_be_repeated_before_something_was_sent(gm) -> None:
    with pytest.raises(BackendError, match="nothing has been sent"):
        gm.ue.inject(gm.installed().named(Name.UL1), Fault.REPLAY)


def test_no_two_packets_share_an_iv_under_the_keys_of_a_set(gm) -> None:
    sas = gm.installed(Transform("null", "aes-gcm"))
    for association in sas.associations:
        sender, receiver = gm.udp_pair(association)
        for _ in range(3):
            sender.sendto(b"MESSAGE", association.destination)
            receiver.recvfrom(100)
        sender.close()
        receiver.close()
    ivs = [frame[28:36] for frame in gm.wire.frames() if frame[9] == 50]
    assert len(set(ivs)) == len(ivs) == 12


def test_a_packet_that_no_route_takes_is_told(gm) -> None:
    sas = gm.new_set()
    away = type(sas)(sas.ue_host, "198.51.100.1", sas.ue, sas.p_cscf, sas.keys)
    gm.ue.install(away, Side.UE)
    up = away.named(Name.UL1)
    with gm.bound(gm.ue, up.source, "UDP") as sender:
        sender.sendto(b"REGISTER", up.destination)
        assert first(gm.ue_log, Direction.OUT, Fate.NOT_SENT).association == up


def test_what_an_observer_raises_comes_out_at_the_end_and_stops_nothing(gm) -> None:
    log = EventLog()

    def observer(event: EspEvent) -> None:
        log(event)
        raise ZeroDivisionError

    hosts = [UE_HOSTS["IPv4"]]
    backend = UserspaceBackend(hosts, observer, Random(1), outside=gm.wire.ue)
    with backend.open_socket(Address(hosts[0], 0), "UDP") as sender:
        for count in (1, 2):
            sender.sendto(b"no association", (P_CSCF_HOSTS["IPv4"], 5060))
            assert log.wait(lambda _, count=count: len(log.events) >= count, PATIENCE)
    with pytest.raises(ZeroDivisionError):
        backend.close()
