"""The reference UE in this process, on the in-memory link."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link
from imsreg.registration.seams import Seams
from imsreg.sip.flow import Address, Transport
from imsreg.tester.dut import Action
from imsreg.tester.mutants import Mutant
from imsreg.tester.reference_ues import HOSTS, ReferenceUes, first_of, transport_of, ue_policy
from imsreg.verdict.profile import Profile


class MemoryUe:
    """The reference UE on the in-memory link: one process, one virtual clock, a UE for each SIM that is named.

    `core` is where the simulated core listens, by family. `addresses` are those of the UEs; each has a port of its own.
    """

    moves_with_clock = True

    def __init__(
        self, link: Link, profile: Profile, core: Mapping[str, Address], random: Random, mutant: Mutant | None
    ) -> None:
        self.addresses: Mapping[str, Address] = {family: Address(HOSTS[family], 0) for family in core}
        self._core = core
        self._transport = transport_of(profile.dut.transports[0])
        self._ues = ReferenceUes(link, ue_policy(profile), random, mutant)

    def act(
        self,
        action: Action,
        subscriber: Subscriber,
        *,
        core: Address | None = None,
        transport: Transport | None = None,
    ) -> None:
        """See `UeDut`. `core` and `transport` are the way to the P-CSCF, by default the first of each."""
        self._ues.act(action, subscriber, core or first_of(self._core), transport or self._transport)

    def phase(self, subscriber: str) -> str:
        """What the UE of the subscriber with this name is doing."""
        return self._ues.phase(subscriber)

    def advance(self, seconds: float) -> None:
        """Nothing to do: the link has one clock for all its nodes."""

    def next_deadline(self) -> float | None:
        """See `UeDut`."""
        return self._ues.next_deadline()

    def moved(self) -> tuple[int, int]:
        """See `UeDut`."""
        return self._ues.moved()

    @property
    def seams(self) -> Seams:
        """What the seams of all its UEs have counted so far."""
        return Seams(firings=self._ues.firings)

    def close(self) -> None:
        """Take the UEs off the link."""
        self._ues.close()
