"""Offer, choice, announcement and mirror of ipsec-3gpp mechanisms (RFC 3329 2.3.1; TS 33.203 7.2 and Annex H)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imsreg.secagree.endpoints import FIRST_FREE_SPI, Endpoints
from imsreg.secagree.transforms import CURRENT_TRANSFORMS, LEGACY_TRANSFORMS, Transform, transforms
from imsreg.secagree.usability import MECHANISM, transform, usable
from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer
from imsreg.sip.params import Param

__all__ = (
    "CURRENT_TRANSFORMS",
    "FIRST_FREE_SPI",
    "LEGACY_TRANSFORMS",
    "MECHANISM",
    "Agreement",
    "Endpoints",
    "Transform",
    "announce",
    "choose",
    "common",
    "offer",
    "same_list",
    "transform",
    "transforms",
    "usable",
)


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
