"""What the judge knows beside the wire: the profile's view of the DUT, and the subscribers whose keys it may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.flow import Address
from imsreg.verdict.profile import Profile
from imsreg.verdict.roles import Role


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one run. `dut` are the addresses at which the DUT listens; subscribers are found by IMPI.

    `max_expires` is the longest expiry in seconds that the profile says the DUT grants, None if it says nothing.
    `ipsec_algorithms` are those that it says the DUT has, in lower case; none if it says nothing.
    """

    home_domain: str
    security: str
    release: int
    subscribers: Mapping[str, Subscriber]
    dut: tuple[Address, ...] = ()
    max_expires: int | None = None
    role: Role = "core"
    ipsec_algorithms: tuple[str, ...] = ()

    @classmethod
    def of(cls, profile: Profile, subscribers: Iterable[Subscriber], dut: Iterable[Address]) -> Facts:
        """What a profile says, with its subscribers and the addresses at which the DUT was found."""
        return cls(
            home_domain=profile.home_domain,
            security=str(profile.security),
            release=profile.release,
            subscribers={subscriber.impi: subscriber for subscriber in subscribers},
            dut=tuple(dut),
            max_expires=profile.features.max_expires,
            role=profile.dut.role,
            ipsec_algorithms=tuple(name.lower() for name in profile.features.ipsec_algorithms),
        )
