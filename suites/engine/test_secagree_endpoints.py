"""SPIs and protected ports, drawn and judged (TS 33.203 7.1, 7.4.0; RFC 4303 2.1)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from imsreg.secagree.endpoints import PREVENTING, EndpointFault, Endpoints, endpoint_faults

SOUND = Endpoints(spi_c=1000, spi_s=1001, port_c=20000, port_s=20001)
BEFORE = Endpoints(spi_c=900, spi_s=901, port_c=19999, port_s=20001)


class Rigged(Random):
    """Draws the SPIs that it is given, in turn."""

    def __init__(self, *spis: int) -> None:
        super().__init__(1)
        self._spis = iter(spis)

    def randrange(self, *_: object, **__: object) -> int:
        return next(self._spis)


def test_a_renewal_avoids_the_spis_of_others() -> None:
    new = SOUND.renewed(Rigged(1000, 77777, 88888, 99999), avoid=(77777,))
    assert new.spis == (88888, 99999)


def test_what_is_drawn_breaks_no_rule() -> None:
    random = Random(5)
    for _ in range(50):
        own = Endpoints.draw(random)
        peer = Endpoints.draw(random, avoid=own.spis)
        assert not list(endpoint_faults(peer, taken=own.spis))
        assert not list(endpoint_faults(own.renewed(random, avoid=peer.spis), taken=peer.spis, before=own))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"spi_c": 0}, EndpointFault.ZERO_SPI),
        ({"spi_s": 255}, EndpointFault.RESERVED_SPI),
        ({"spi_s": 1}, EndpointFault.RESERVED_SPI),
        ({"spi_s": 1000}, EndpointFault.EQUAL_SPIS),
        ({"spi_c": 5000}, EndpointFault.TAKEN_SPI),
        ({"spi_s": 900}, EndpointFault.TAKEN_SPI),
        ({"port_c": 5060}, EndpointFault.STANDARD_PORT),
        ({"port_c": 5061}, EndpointFault.STANDARD_PORT),
        ({"port_s": 20002}, EndpointFault.RENEWED_SERVER_PORT),
        ({"port_c": 19999}, EndpointFault.KEPT_CLIENT_PORT),
    ],
)
def test_each_rule_by_itself(changes: dict[str, int], fault: EndpointFault) -> None:
    assert not list(endpoint_faults(SOUND, taken=(5000,), before=BEFORE))
    assert list(endpoint_faults(replace(SOUND, **changes), taken=(5000,), before=BEFORE)) == [fault]


def test_the_edges_are_sound() -> None:
    assert not list(endpoint_faults(Endpoints(spi_c=256, spi_s=(1 << 32) - 1, port_c=5059, port_s=5062)))


def test_several_faults_are_all_named() -> None:
    found = list(endpoint_faults(Endpoints(0, 0, 5060, 5060)))
    assert found == [EndpointFault.ZERO_SPI, EndpointFault.EQUAL_SPIS, EndpointFault.STANDARD_PORT]


def test_only_what_makes_associations_impossible_or_unsound_prevents_them() -> None:
    assert {*EndpointFault} - PREVENTING == {
        EndpointFault.RESERVED_SPI,
        EndpointFault.RENEWED_SERVER_PORT,
        EndpointFault.KEPT_CLIENT_PORT,
    }
