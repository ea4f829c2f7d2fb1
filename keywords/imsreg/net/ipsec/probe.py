"""What works here and what does not, by who does ESP, combination of algorithms and address family, in words.

Nothing of the host is touched: it is tried in a namespace that is gone afterwards.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm

from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.rights import THREE_WAYS, missing_capabilities, userspace_hindrance
from imsreg.net.ipsec.xfrm import Xfrm
from imsreg.secagree.associations import Association, Name
from imsreg.secagree.endpoints import FIRST_FREE_SPI
from imsreg.secagree.esp import Inbound, Outbound, Outcome
from imsreg.secagree.keys import KEY_OCTETS, EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address

Family = Literal["IPv4", "IPv6"]
FAMILIES: tuple[Family, ...] = ("IPv4", "IPv6")

_HOSTS = {"IPv4": ("192.0.2.1", "192.0.2.2"), "IPv6": ("2001:db8::1", "2001:db8::2")}
_REASONS = {
    errno.EPROTONOSUPPORT: "this kernel has no ESP (CONFIG_INET_ESP, CONFIG_INET6_ESP), or has not loaded it",
    errno.ENOSYS: "this kernel has neither ESP nor the algorithm, or has not loaded them",
    errno.ENOENT: "this kernel lacks a part of the algorithm, such as a random generator (drbg)",
    errno.EAFNOSUPPORT: "this kernel does not know the address family",
}


class Provider(StrEnum):
    """Who does ESP."""

    USERSPACE = "userspace"
    """The back end of this package."""
    KERNEL = "kernel"
    """The kernel's own, as a peer has it that is no part of imsreg. No back end uses it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether ESP of a combination over a family is to be had here: `hindrance` says why not, None that it is."""

    provider: Provider
    transform: Transform
    family: Family
    hindrance: str | None

    def __str__(self) -> str:
        what = f"{self.provider} {self.transform.alg}/{self.transform.ealg} {self.family}"
        return f"{what}: {self.hindrance or 'works'}"


def probe() -> tuple[Finding, ...]:
    """A finding for each provider, combination and family."""
    return (*_userspace(), *_kernel())


def _userspace() -> Iterator[Finding]:
    codec = {transform: _codec_hindrance(transform) for transform in ALL_TRANSFORMS}
    for family in FAMILIES:
        system = userspace_hindrance(family)
        for transform in ALL_TRANSFORMS:
            yield Finding(Provider.USERSPACE, transform, family, system or codec[transform])


def _codec_hindrance(transform: Transform) -> str | None:
    """Why the cryptographic library does not do it: a build for FIPS, for one, lacks MD5 and DES."""
    try:
        end = Outbound(FIRST_FREE_SPI, _keys(transform), Random(0))
        received = Inbound(FIRST_FREE_SPI, _keys(transform)).decapsulate(end.encapsulate(b"probe", 0))
    except (UnsupportedAlgorithm, ValueError) as error:
        return f"the cryptographic library refuses it: {error}"
    return None if received.outcome is Outcome.OK else f"the cryptographic library fails: {received.outcome}"


def _kernel() -> Iterator[Finding]:
    lacking = [name for name in missing_capabilities() if name != "CAP_NET_RAW"]
    reason = f"{' and '.join(lacking)} missing: {THREE_WAYS}" if lacking else None
    for family in FAMILIES:
        for transform in ALL_TRANSFORMS:
            hindrance = reason or _kernel_hindrance(transform, family)
            yield Finding(Provider.KERNEL, transform, family, hindrance)


def _kernel_hindrance(transform: Transform, family: Family) -> str | None:
    source, destination = (Address(host, 50_000) for host in _HOSTS[family])
    association = Association(Name.UL1, FIRST_FREE_SPI, source, destination)
    try:
        with Namespace.create() as scratch, scratch.entered(), Xfrm() as kernel:
            kernel.add(association, _keys(transform))
            kernel.delete(association)
    except OSError as error:
        return _REASONS.get(error.errno or 0, os.strerror(error.errno or 0))
    return None


def _keys(transform: Transform) -> EspKeys:
    # No parity bits, three different keys: fit for DES as well.
    key = Secret(bytes(range(1, KEY_OCTETS + 1)))
    return expand(transform, key, key)
