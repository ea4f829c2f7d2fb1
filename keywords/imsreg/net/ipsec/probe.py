"""What works here and what does not, by who does ESP, combination of algorithms and address family, in words.

Nothing of the host is touched: it is tried in a namespace that is gone afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm

from imsreg.net.ipsec.rights import TRIAL_KEY, kernel_hindrance, userspace_hindrance
from imsreg.secagree.endpoints import FIRST_FREE_SPI
from imsreg.secagree.esp import Inbound, Outbound, Outcome
from imsreg.secagree.keys import EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform

Family = Literal["IPv4", "IPv6"]
FAMILIES: tuple[Family, ...] = ("IPv4", "IPv6")


class Provider(StrEnum):
    """Who does ESP: a back end each."""

    USERSPACE = "userspace"
    """This package itself (`userspace.UserspaceBackend`)."""
    KERNEL = "kernel"
    """The kernel (`kernel.KernelBackend`); a peer may have it, too."""


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
    for family in FAMILIES:
        for transform in ALL_TRANSFORMS:
            yield Finding(Provider.KERNEL, transform, family, kernel_hindrance(family, transform))


def _keys(transform: Transform) -> EspKeys:
    return expand(transform, TRIAL_KEY, TRIAL_KEY)
