"""SPIs and protected ports of one side, and the rules that they follow (TS 33.203 7.1; RFC 4303 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

FIRST_FREE_SPI = 256  # RFC 4303 2.1: 0 never on the wire, 1 to 255 reserved
STANDARD_PORTS = frozenset((5060, 5061))
"""Where SIP is unprotected: no protected port may be one of them (TS 33.203 7.1)."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One side's SPIs and protected ports (TS 33.203 7.1): -c for its client port, -s for its server port."""

    spi_c: int
    spi_s: int
    port_c: int
    port_s: int

    @classmethod
    def draw(cls, random: Random, avoid: Iterable[int] = (), ports: range = range(20000, 60000)) -> Endpoints:
        """Random SPIs outside `avoid` and the reserved range, and two different ports out of `ports`."""
        spi_c, spi_s = _draw_spis(random, avoid)
        port_c, port_s = random.sample(ports, 2)
        return cls(spi_c, spi_s, port_c, port_s)

    def renewed(self, random: Random, ports: range = range(20000, 60000), avoid: Iterable[int] = ()) -> Endpoints:
        """New SPIs and a new client port, the server port kept: what a new authentication takes (TS 33.203 7.4.0).

        `avoid` are SPIs of other associations that are still in use.
        """
        spi_c, spi_s = _draw_spis(random, avoid=(self.spi_c, self.spi_s, *avoid))
        port_c = next(port for port in random.sample(ports, 3) if port not in (self.port_c, self.port_s))
        return Endpoints(spi_c, spi_s, port_c, self.port_s)

    @property
    def spis(self) -> tuple[int, int]:
        """Both SPIs: of the inbound associations at the client port and at the server port."""
        return self.spi_c, self.spi_s

    def parameters(self) -> str:
        """The four parameters as they stand in a Security header; SPIs with ten digits, the letter of Annex H."""
        return f"spi-c={self.spi_c:010d}; spi-s={self.spi_s:010d}; port-c={self.port_c}; port-s={self.port_s}"


class EndpointFault(StrEnum):
    """A rule on SPIs and ports that one side's parameters break."""

    ZERO_SPI = "an SPI is 0"
    """It never stands on the wire (RFC 4303 2.1): no association can be made."""
    RESERVED_SPI = "an SPI is below 256"
    """Reserved (RFC 4303 2.1), though an association with it would work."""
    EQUAL_SPIS = "both SPIs are the same"
    """SPIs are unique (TS 33.203 7.1)."""
    TAKEN_SPI = "an SPI is in use already"
    """By the other side, which has the same keys and could be sent its own packets, or by another association."""
    STANDARD_PORT = "a protected port is 5060 or 5061"
    """TS 33.203 7.1."""
    RENEWED_SERVER_PORT = "the server port has changed"
    """It stays until every public identity is de-registered (TS 33.203 7.1, 7.4.0)."""
    KEPT_CLIENT_PORT = "the client port is the old one"
    """A new authentication changes it (TS 33.203 7.4.0)."""


PREVENTING = frozenset(
    (EndpointFault.ZERO_SPI, EndpointFault.EQUAL_SPIS, EndpointFault.TAKEN_SPI, EndpointFault.STANDARD_PORT)
)
"""Faults with which no sound set of associations can be made. The others break a rule and would still work."""


def endpoint_faults(
    side: Endpoints, *, taken: Iterable[int] = (), before: Endpoints | None = None
) -> Iterator[EndpointFault]:
    """The rules that `side` breaks, each once.

    `taken` are the SPIs of the other side and of other associations; `before` is what the same side had in the
    authentication before this one, None if no association of that lives.
    """
    if 0 in side.spis:
        yield EndpointFault.ZERO_SPI
    if any(0 < spi < FIRST_FREE_SPI for spi in side.spis):
        yield EndpointFault.RESERVED_SPI
    if side.spi_c == side.spi_s:
        yield EndpointFault.EQUAL_SPIS
    known = {*taken, *(before.spis if before else ())}
    if not known.isdisjoint(side.spis):
        yield EndpointFault.TAKEN_SPI
    if not STANDARD_PORTS.isdisjoint((side.port_c, side.port_s)):
        yield EndpointFault.STANDARD_PORT
    if before and side.port_s != before.port_s:
        yield EndpointFault.RENEWED_SERVER_PORT
    if before and side.port_c == before.port_c:
        yield EndpointFault.KEPT_CLIENT_PORT


def _draw_spis(random: Random, avoid: Iterable[int]) -> tuple[int, int]:
    taken = {*avoid}
    spis: list[int] = []
    while len(spis) < 2:
        spi = random.randrange(FIRST_FREE_SPI, 1 << 32)
        if spi not in taken:
            taken.add(spi)
            spis.append(spi)
    return spis[0], spis[1]
