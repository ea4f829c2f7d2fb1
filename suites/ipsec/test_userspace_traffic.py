"""UDP and TCP through the userspace back end, both ways, over both families, with every transform."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ends import PATIENCE
from wire import protocols

from imsreg.secagree.associations import Association, Name
from imsreg.secagree.events import Direction, EspEvent, Fate, Inner
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform

FAMILIES = ("IPv4", "IPv6")
EVERY = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
BOTH = pytest.mark.parametrize("family", FAMILIES)


def of(association: Association, direction: Direction, fate: Fate = Fate.OK) -> Callable[[EspEvent], bool]:
    return lambda event: (event.association, event.direction, event.fate) == (association, direction, fate)


@EVERY
@BOTH
def test_datagrams_pass_on_all_four_associations(gm, transform: Transform, family: str) -> None:
    sas = gm.installed(transform, family)
    for association in sas.associations:
        sender, receiver = gm.udp_pair(association)
        data = f"REGISTER on {association.name}".encode() + bytes(3000)
        sender.sendto(data, association.destination)
        assert receiver.recvfrom(65_535)[0] == data
        sender.close()
        receiver.close()
    for log, direction in ((gm.ue_log, Direction.OUT), (gm.p_cscf_log, Direction.IN)):
        event = log.wait(of(sas.named(Name.UL1), direction), PATIENCE)
        assert (event.spi, event.sequence) == (sas.p_cscf.spi_s, 1)
        assert event.inner == Inner("UDP", *(getattr(sas.named(Name.UL1), end) for end in ("source", "destination")))
    frames = gm.wire.frames()
    assert protocols(frames) <= {50, 44}  # 44: fragments of ESP over IPv6
    if transform.ealg != "null":
        assert not any(b"REGISTER" in frame for frame in frames)


@EVERY
@BOTH
def test_a_stream_is_answered_on_its_connection(gm, transform: Transform, family: str) -> None:
    sas = gm.installed(transform, family)
    assert gm.echoes(sas.named(Name.UL1), bytes(range(256)) * 100)
    down = gm.p_cscf_log.wait(of(sas.named(Name.DL1), Direction.OUT), PATIENCE)
    assert down.inner.transport == "TCP"
    frames = gm.wire.frames()
    assert protocols(frames) == {50}
    assert max(map(len, frames)) <= 1280


def test_a_p_cscf_calls_the_ues_server_port(gm) -> None:
    assert gm.echoes(gm.installed().named(Name.DL2), b"NOTIFY")


@BOTH
def test_a_datagram_of_almost_any_length_passes(gm, family: str) -> None:
    up = gm.installed(Transform("null", "aes-gcm"), family).named(Name.UL1)
    sender, receiver = gm.udp_pair(up)
    data = bytes(60_000)
    sender.sendto(data, up.destination)
    assert receiver.recvfrom(65_535)[0] == data


def test_a_datagram_that_esp_makes_too_long_is_not_sent(gm) -> None:
    up = gm.installed().named(Name.UL1)
    sender, _ = gm.udp_pair(up)
    sender.sendto(bytes(65_507), up.destination)
    event = gm.ue_log.wait(lambda event: event.association == up, PATIENCE)
    assert event.fate is Fate.TOO_LONG
    assert protocols(gm.wire.frames()) == set()
