"""Whose a packet is, and what is said of those that never were messages."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.secagree.associations import Name, SaSet
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Direction, EspEvent, Fate, Inner
from imsreg.secagree.ip import build_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import CURRENT_TRANSFORMS
from imsreg.secret import Secret
from imsreg.sip.flow import Address
from imsreg.tester.lost_packets import lost_packets
from imsreg.tester.whose_packet import MAX_ASSOCIATIONS, PacketOwners, far_host, spi_of
from imsreg.transcript.transcript import Transcript

KEYS = expand(CURRENT_TRANSFORMS[0], Secret(bytes(16)), Secret(bytes(16)))
UE, CORE = Address("192.0.2.20", 40001), Address("192.0.2.10", 30002)


def sas(seed: int) -> SaSet:
    random = Random(seed)
    return SaSet(UE.host, CORE.host, Endpoints.draw(random), Endpoints.draw(random), KEYS)


def test_an_association_is_its_ues_for_ever() -> None:
    owners = PacketOwners()
    one, other = sas(1), sas(2)
    owners.made(one, "one")
    owners.made(other, "other")
    for each, impi in ((one, "one"), (other, "other")):
        for association in each.associations:
            assert owners.owner(EspEvent(0.0, Direction.IN, Fate.OK, association=association)) == impi
        # What arrives on a dead one shows its SPI alone, and that of a UE is any number.
        gone = EspEvent(0.0, Direction.IN, Fate.DELETED_SPI, each.named(Name.UL1).spi)
        assert owners.owner(gone) == impi
        assert owners.owner(EspEvent(0.0, Direction.IN, Fate.UNKNOWN_SPI, each.named(Name.DL1).spi)) is None
        assert owners.owner(EspEvent(0.0, Direction.OUT, Fate.NO_ASSOCIATION)) is None


@pytest.mark.parametrize(
    ("label", "spi"), [("UL1 SPI 4711", 4711), (None, None), ("", None), ("UL1 SPI x", None), ("UL1 SPI -1", None)]
)
def test_the_spi_of_a_flow(label: str | None, spi: int | None) -> None:
    assert spi_of(label) == spi


def test_the_oldest_is_forgotten() -> None:
    owners = PacketOwners()
    first = sas(0)
    for seed in range(MAX_ASSOCIATIONS // 6 + 2):
        owners.made(sas(seed), "somebody")
    assert owners.owner(EspEvent(0.0, Direction.IN, Fate.DELETED_SPI, first.named(Name.UL1).spi)) is None


@pytest.mark.parametrize(
    ("event", "host"),
    [
        (EspEvent(0.0, Direction.IN, Fate.CLEAR, inner=Inner("UDP", UE, CORE)), UE.host),
        (EspEvent(0.0, Direction.OUT, Fate.CLEAR, inner=Inner("UDP", CORE, UE)), UE.host),
        (
            EspEvent(0.0, Direction.IN, Fate.UNKNOWN_SPI, octets=build_ip(bytes(15) + b"\1", bytes(16), 50, b"x")),
            "::1",
        ),
        (
            EspEvent(0.0, Direction.OUT, Fate.OK, octets=build_ip(bytes(4), bytes((127, 0, 0, 9)), 50, b"x")),
            "127.0.0.9",
        ),
        (EspEvent(0.0, Direction.IN, Fate.MALFORMED, octets=b"\x45"), None),
    ],
)
def test_the_other_end_of_a_packet(event: EspEvent, host: str | None) -> None:
    assert far_host(event) == host


def test_what_is_said_of_lost_packets() -> None:
    transcript = Transcript("test", 0.0, start=0.0)
    for direction, fate in [
        (Direction.IN, Fate.CLEAR),
        (Direction.IN, Fate.BAD_ICV),
        (Direction.IN, Fate.OK),
        (Direction.OUT, Fate.NOT_SENT),
        (Direction.IN, Fate.BAD_ICV),
    ]:
        transcript.record_esp(EspEvent(0.0, direction, fate))
    first, second = lost_packets(transcript)
    assert first == (
        "2 packets of the UE came to nothing, bad ICV: "
        "other keys or algorithms than CK, IK and the chosen combination give"
    )
    assert second.startswith("1 packet of the UE came to nothing, in the clear from or to a protected port: ")
