"""ESP of our own against the kernel's, and the kernel's against itself: every transform, family, way and transport."""

from __future__ import annotations

import pytest
from ends import PATIENCE
from wire import protocols

from imsreg.secagree.associations import Association, Name, Side
from imsreg.secagree.events import Direction, Fate, Inner
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform

PAIRS = pytest.mark.parametrize(
    ("ue", "p_cscf"), [("userspace", "kernel"), ("kernel", "userspace"), ("kernel", "kernel")]
)
EVERY = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
BOTH = pytest.mark.parametrize("family", ["IPv4", "IPv6"])


def expect_records(log, direction: Direction, association: Association, transport: str) -> None:
    def wanted(event) -> bool:
        return (event.association, event.direction, event.fate) == (association, direction, Fate.OK)

    event = log.wait(wanted, PATIENCE)
    assert event is not None, (direction, association)
    assert (event.spi, event.sequence) == (association.spi, 1)
    assert event.inner == Inner(transport, association.source, association.destination)
    assert event.octets


@PAIRS
@BOTH
@EVERY
def test_datagrams_and_streams_pass_both_ways(ends, ue: str, p_cscf: str, family: str, transform: Transform) -> None:
    gm = ends(ue, p_cscf)
    sas = gm.installed(transform, family)
    for association in sas.associations:
        assert gm.passes(association, f"on {association.name}".encode() + bytes(3000))
    assert protocols(gm.wire.frames()) <= {50, 44}  # 44: fragments of ESP over IPv6
    for association in sas.associations:
        logs = gm.ue_log, gm.p_cscf_log
        here, there = logs if association.name.sender is Side.UE else reversed(logs)
        expect_records(here, Direction.OUT, association, "UDP")
        expect_records(there, Direction.IN, association, "UDP")
    for name in (Name.UL1, Name.DL2):
        assert gm.echoes(sas.named(name), bytes(range(256)) * 100)
        assert protocols(gm.wire.frames()) == {50}
    for log in (gm.ue_log, gm.p_cscf_log):
        assert [event for event in log.events if event.fate is not Fate.OK] == []
