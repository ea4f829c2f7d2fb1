"""Offer, choice, announcement and mirror of ipsec-3gpp mechanisms (RFC 3329 2.3.1; TS 33.203 7.2 and Annex H)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer
from imsreg.sip.params import Param

MECHANISM = "ipsec-3gpp"
FIRST_FREE_SPI = 256  # RFC 4303 2.1: 0 never on the wire, 1 to 255 reserved


class Transform(NamedTuple):
    """An integrity and an encryption algorithm by their names in Annex H."""

    alg: str
    ealg: str


LEGACY_TRANSFORMS = tuple(
    Transform(alg, ealg) for alg in ("hmac-md5-96", "hmac-sha-1-96") for ealg in ("des-ede3-cbc", "aes-cbc", "null")
)
"""The six combinations of releases before 14, in the order of the seed's second REGISTER."""

CURRENT_TRANSFORMS = (
    Transform("hmac-sha-1-96", "aes-cbc"),
    Transform("hmac-sha-1-96", "null"),
    Transform("aes-gmac", "null"),
    Transform("null", "aes-gcm"),
)
"""The combinations of TS 33.203 V14.1.0: hmac-md5-96 and des-ede3-cbc are gone, alg=null goes only with aes-gcm."""


def transforms(release: int) -> tuple[Transform, ...]:
    """The combinations that a 3GPP release knows (TS 33.203 Annex H; the release of the change is 14 by V14.1.0)."""
    return CURRENT_TRANSFORMS if release >= 14 else LEGACY_TRANSFORMS


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

    def renewed(self, random: Random, ports: range = range(20000, 60000)) -> Endpoints:
        """New SPIs and a new client port, the server port kept: what a new authentication takes (TS 33.203 7.4.0)."""
        spi_c, spi_s = _draw_spis(random, avoid=(self.spi_c, self.spi_s))
        port_c = next(port for port in random.sample(ports, 3) if port not in (self.port_c, self.port_s))
        return Endpoints(spi_c, spi_s, port_c, self.port_s)

    def parameters(self) -> str:
        """The four parameters as they stand in a Security header; SPIs with ten digits, the letter of Annex H."""
        return f"spi-c={self.spi_c:010d}; spi-s={self.spi_s:010d}; port-c={self.port_c}; port-s={self.port_s}"


def _draw_spis(random: Random, avoid: Iterable[int]) -> tuple[int, int]:
    taken = {*avoid}
    spis: list[int] = []
    while len(spis) < 2:
        spi = random.randrange(FIRST_FREE_SPI, 1 << 32)
        if spi not in taken:
            taken.add(spi)
            spis.append(spi)
    return spis[0], spis[1]


def offer(endpoints: Endpoints, offered: Sequence[Transform]) -> list[str]:
    """Security-Client values, one for each transform, without q (RFC 3329 2.3.1: a client should not send it)."""
    return [f"{MECHANISM}; alg={t.alg}; ealg={t.ealg}; {endpoints.parameters()}" for t in offered]


def announce(endpoints: Endpoints, supported: Sequence[Transform]) -> list[str]:
    """Security-Server values in falling preference, every one with its own q (RFC 3329 2.2: no two alike).

    The list does not depend on what the client offered (RFC 3329 2.3.1). At most ten: q has one decimal place.
    """
    return [
        f"{MECHANISM}; q={(len(supported) - place) / 10:.1f}; alg={t.alg}; ealg={t.ealg}; {endpoints.parameters()}"
        for place, t in enumerate(supported)
    ]


def transform(entry: SecurityMechanism) -> Transform:
    """The algorithms of an entry; a missing ealg means null (TS 33.203 Annex H)."""
    return Transform((entry.alg or "").lower(), (entry.ealg or "null").lower())


def usable(entry: SecurityMechanism) -> bool:
    """Whether an entry of either side can become security associations: parameters complete, esp in transport mode."""
    return (
        entry.mechanism.lower() == MECHANISM
        and entry.alg is not None
        and None not in (entry.spi_c, entry.spi_s)
        and bool(entry.port_c and entry.port_s)
        and (entry.prot or "esp").lower() == "esp"
        and (entry.mod or "trans").lower() == "trans"
    )


def choose(server: Sequence[SecurityServer], supported: Sequence[Transform]) -> SecurityServer | None:
    """The first combination on the network's list that the UE supports (TS 33.203 7.2), or None.

    RFC 3329 2.3.1 takes the highest q instead; the two agree when the list is sorted by q, as it should be.
    """
    for entry in server:
        if usable(entry) and transform(entry) in supported:
            return entry
    return None


def common(client: Sequence[SecurityClient], supported: Sequence[Transform]) -> bool:
    """Whether the P-CSCF can use at least one entry of a Security-Client list."""
    return any(usable(e) and transform(e) in supported for e in client)


def same_list(one: Sequence[SecurityMechanism], other: Sequence[SecurityMechanism]) -> bool:
    """Whether two lists name the same mechanisms with the same parameters in the same order (RFC 3329 2.3.1).

    Parameter order, case of tokens and blanks do not count; a missing, extra, repeated or changed parameter does.
    """
    return [_canonical(e) for e in one] == [_canonical(e) for e in other]


def _canonical(entry: SecurityMechanism) -> tuple[str, list[str]]:
    return entry.mechanism.lower(), sorted(_comparable(param) for param in entry.params.all)


def _comparable(param: Param) -> str:
    """Lower case but for a quoted string (RFC 3261 7.3.1)."""
    text = str(param)
    return param.name.lower() + text[len(param.name) :] if param.quoted else text.lower()


@dataclass
class Agreement:
    """What a P-CSCF keeps of its 401 and the request before it (TS 33.203 Annex H items 1 to 3)."""

    client: tuple[SecurityClient, ...]
    server_values: tuple[str, ...]
    answered: bool = False
    """Whether a REGISTER has answered the 401: later ones carry the same Security-Verify and a new Security-Client."""
    broken: bool = False
    """Whether an answer has changed one of the lists, which ends the registration (TS 33.203 7.3.2.3)."""

    @property
    def server(self) -> tuple[SecurityServer, ...]:
        """The Security-Server list as it was sent."""
        return tuple(SecurityServer.parse(value) for value in self.server_values)
