"""The reference core in this process, on the in-memory link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.seams import Seams
from imsreg.sip.flow import Address
from imsreg.tester.mutants import Mutant
from imsreg.verdict.profile import Profile

MEMORY_ADDRESSES = {"IPv4": Address("127.0.2.1", 5060), "IPv6": Address("::1", 5060)}

TRUST = 1800.0
"""Seconds after which the reference core wants a protected refresh authenticated anew: it does both, by the time."""

SPARE_ADDRESS = Address("127.0.2.1", 5062)
"""Another UDP port of the core on the in-memory link, for a mutant to send from: a conformant core never does."""


def core_policy(profile: Profile) -> CorePolicy:
    """The reference core's policy as a profile describes it."""
    features = profile.ics()
    return CorePolicy(
        home_domain=profile.home_domain,
        security=str(profile.security),
        release=profile.release,
        sec_agree_required=bool(features.get("sec-agree-required")),
        reauthenticate=bool(features.get("reauth-on-refresh")),
        trust=TRUST,
    )


class MemoryDut:
    """The reference core at the far end of the in-memory link: one process, one virtual clock."""

    moves_with_clock = True

    def __init__(
        self,
        link: Link,
        policy: CorePolicy,
        subscribers: Sequence[Subscriber],
        random: Random,
        mutant: Mutant | None,
    ) -> None:
        self.mutant = mutant
        self.seams = Seams(mutant.hooks() if mutant else {})
        policy = mutant.policy(policy) if mutant else policy
        self.core = ReferenceCore(policy, subscribers, random, self.seams)
        self.addresses: Mapping[str, Address] = {
            family: link.attach(self.core, address, ("UDP", "TCP")) for family, address in MEMORY_ADDRESSES.items()
        }
        link.attach(self.core, SPARE_ADDRESS, ("UDP",))
        self._link = link

    def advance(self, seconds: float) -> None:
        """Nothing to do: the link has one clock for all its nodes."""

    def close(self) -> None:
        """Take the core off the link."""
        self._link.detach(self.core)
