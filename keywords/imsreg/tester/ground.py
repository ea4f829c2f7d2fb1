"""Where a run takes place: which addresses both sides have, which link joins them, and what the host lacks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Protocol

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Limits
from imsreg.net.link import Link
from imsreg.net.sockets import SocketLink
from imsreg.verdict.profile import Profile


class Ground(Protocol):
    """What `start` needs to know of it. Addresses are by family; an empty mapping leaves the choice to others."""

    @property
    def lacks(self) -> str | None:
        """What this host lacks for the profile's security mode, with a remedy; None: nothing. No test runs then."""

    @property
    def tester_hosts(self) -> Mapping[str, Sequence[str]]:
        """The tester's addresses."""

    @property
    def dut_hosts(self) -> Sequence[str]:
        """The addresses of an embedded DUT, one a family."""

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Links and processes that are made here belong to it."""

    def link(self, *, real_time: bool = False, limits: Limits | None = None) -> Link:
        """The tester's link. Raises OSError or InputError."""

    def close(self) -> None:
        """Give it back, after link and DUT. Safe to call twice."""


class Host:
    """The tester's host as it is."""

    lacks: str | None = None
    dut_hosts: Sequence[str] = ()

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.tester_hosts: Mapping[str, Sequence[str]] = hosts_of(profile.tester.addresses)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """See `Ground`."""
        yield

    def link(self, *, real_time: bool = False, limits: Limits | None = None) -> Link:
        """See `Ground`."""
        return SocketLink(EgressGate(self._profile.allow), real_time=real_time, limits=limits)

    def close(self) -> None:
        """See `Ground`."""


def ground_of(profile: Profile, random: Random) -> Ground:
    """Where a run over sockets takes place. `random` makes the IVs of ESP."""
    if profile.security != "ipsec":
        return Host(profile)
    # Of no use to a run without associations.
    from imsreg.tester.ground_ipsec import ipsec_ground

    return ipsec_ground(profile, random)


def hosts_of(addresses: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Addresses by family, in their order."""
    families: dict[str, list[str]] = {}
    for host in addresses:
        families.setdefault("IPv6" if ":" in host else "IPv4", []).append(host)
    return families
