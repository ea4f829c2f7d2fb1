"""Where a run in security mode ipsec takes place: with an embedded DUT in a namespace of its own, else outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random

from imsreg.errors import InputError
from imsreg.net.egress import EgressGate
from imsreg.net.environment import Limits
from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.link import IpsecLink
from imsreg.net.ipsec.loopback import DUT_HOSTS, TESTER_HOSTS, private_loopback
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.rights import hindrance
from imsreg.net.link import Link
from imsreg.net.resolve import source_address
from imsreg.sip.flow import Address
from imsreg.tester.ground import Ground, hosts_of
from imsreg.verdict.profile import Profile

REMEDY = "take another back end (tester.ipsec), or the security mode headers"


def ipsec_ground(profile: Profile, random: Random) -> Ground:
    """The ground for a profile; one on which nothing grows if this host cannot do ESP."""
    hosts = TESTER_HOSTS if profile.dut.embedded else _own_hosts(profile)
    if (why := _lacks(profile, hosts)) is not None:
        return _Barren(why)
    if profile.dut.embedded:
        return _Private(profile, random)
    return _Outside(profile, random, hosts)


def lacks(profile: Profile) -> str | None:
    """What this host lacks for a run in security mode ipsec, with a remedy; None: nothing.

    Raises InputError for a back end that cannot serve the DUT anywhere.
    """
    return _lacks(profile, TESTER_HOSTS if profile.dut.embedded else _own_hosts(profile))


def _lacks(profile: Profile, hosts: Mapping[str, Sequence[str]]) -> str | None:
    if profile.dut.embedded and profile.tester.ipsec == "kernel":
        problem = "the kernel protects nothing between two addresses of one host, where an embedded DUT is"
        raise InputError(profile.path, "tester.ipsec", problem, "take userspace")
    for family in list(hosts) or ["IPv4"]:
        if (why := hindrance(profile.tester.ipsec, family)) is not None:
            return f"the tester lacks IPsec, back end {profile.tester.ipsec}: {why}"
    return None


class _Barren:
    """A host that cannot do ESP."""

    tester_hosts: Mapping[str, Sequence[str]] = {}
    dut_hosts: Sequence[str] = ()

    def __init__(self, lacks: str) -> None:
        self.lacks: str | None = lacks

    @contextmanager
    def entered(self) -> Iterator[None]:
        """See `Ground`."""
        yield

    def link(self, *, real_time: bool = False, limits: Limits | None = None) -> Link:
        """See `Ground`. Never asked for."""
        raise InputError("tester.ipsec", "", self.lacks or "", REMEDY)

    def close(self) -> None:
        """See `Ground`."""


class _Outside:
    """The tester's host, whose addresses do ESP with a real DUT."""

    lacks: str | None = None
    dut_hosts: Sequence[str] = ()

    def __init__(self, profile: Profile, random: Random, hosts: Mapping[str, Sequence[str]]) -> None:
        self._profile = profile
        self._random = random
        self.tester_hosts = hosts

    @contextmanager
    def entered(self) -> Iterator[None]:
        """See `Ground`."""
        yield

    def link(self, *, real_time: bool = False, limits: Limits | None = None) -> Link:
        """See `Ground`."""
        hosts = [host for family in self.tester_hosts.values() for host in family]
        egress = EgressGate(self._profile.allow)
        make = IpsecLink.kernel if self._profile.tester.ipsec == "kernel" else IpsecLink.userspace
        try:
            return make(egress, hosts, self._random, real_time=real_time, limits=limits)
        except (OSError, BackendError) as error:
            why = f"{', '.join(hosts)}: {getattr(error, 'strerror', None) or error}"
            raise InputError(self._profile.path, "tester.address", why, REMEDY) from error

    def close(self) -> None:
        """See `Ground`."""


class _Private(_Outside):
    """A namespace in which there is nobody but the tester and its embedded DUT."""

    dut_hosts: Sequence[str] = tuple(DUT_HOSTS.values())

    def __init__(self, profile: Profile, random: Random) -> None:
        hosts = TESTER_HOSTS
        if profile.dut.role == "ue":  # which looks for its P-CSCF at one address
            hosts = {family: several[:1] for family, several in TESTER_HOSTS.items()}
        super().__init__(profile, random, hosts)
        self._namespace: Namespace = private_loopback()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """See `Ground`."""
        with self._namespace.entered():
            yield

    def close(self) -> None:
        """See `Ground`."""
        self._namespace.close()


def _own_hosts(profile: Profile) -> Mapping[str, Sequence[str]]:
    """The profile's addresses of the tester, else those from which packets to the DUT leave."""
    if profile.tester.addresses or profile.dut.role == "ue":
        return hosts_of(profile.tester.addresses)
    own = []
    for host in profile.dut.addresses:
        try:
            own.append(source_address(Address(host, profile.dut.port)))
        except OSError:
            continue  # no route: the tests of this family will say so
    return hosts_of(own)
