"""The reference UEs of one DUT, one for each subscriber, on whatever link there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link
from imsreg.registration.seams import Seams
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.sip.flow import Address, Transport
from imsreg.tester.dut import Action
from imsreg.tester.mutants import Mutant
from imsreg.verdict.profile import Profile

HOSTS = {"IPv4": "127.0.2.1", "IPv6": "::1"}
"""Where a reference UE is attached, by family; its port is a free one."""


def ue_policy(profile: Profile) -> UePolicy:
    """The reference UE's policy as a profile describes it."""
    return UePolicy(
        security=str(profile.security), release=profile.release, reg_event=bool(profile.ics().get("reg-event"))
    )


class ReferenceUes:
    """UEs that share nothing but the link: each has its own subscriber, USIM, address and seams.

    They are made when they are first told something, and keep their USIM as long as this object lives. The link's owner
    calls the methods; they reach the UEs on the link's own thread.
    """

    def __init__(
        self,
        link: Link,
        policy: UePolicy,
        random: Random,
        mutant: Mutant | None,
        hosts: Mapping[str, str] = HOSTS,
    ) -> None:
        """`hosts` is where they are attached, by family."""
        self._link = link
        self._hosts = hosts
        self._policy = mutant.policy(policy) if mutant else policy
        self._mutant = mutant
        self._random = random
        self._ues: dict[str, ReferenceUe] = {}

    def act(self, action: Action, subscriber: Subscriber, core: Address, transport: Transport) -> None:
        """Tell the UE with this SIM something; `core` and `transport` are the way to its P-CSCF.

        One that is on another way is switched off first.
        """
        ue = self._ue(subscriber)
        if action == "reset":
            self._power_off(ue)
        elif action == "register":
            self._power_on(ue, core, (self._mutant and self._mutant.transport) or transport)
            self._call(lambda: ue.register(self._link.now()))
        else:
            self._call(lambda: ue.deregister(self._link.now()))

    def phase(self, subscriber: str) -> UePhase:
        """What the UE of the subscriber with this name is doing."""
        ue = self._ues.get(subscriber)
        return UePhase.OFF if ue is None else self._link.call(lambda: ue.phase)

    def next_deadline(self) -> float | None:
        """Seconds until the next timer of any of them, None if there is none."""

        def earliest() -> float | None:
            deadlines = [at for ue in self._ues.values() if (at := ue.next_deadline()) is not None]
            return max(0.0, min(deadlines) - self._link.now()) if deadlines else None

        return self._link.call(earliest)

    def moved(self) -> tuple[int, int]:
        """Octets of payload that they have sent and received."""

        def total() -> tuple[int, int]:
            moved = [ue.moved for ue in self._ues.values()]
            return sum(sent for sent, _ in moved), sum(received for _, received in moved)

        return self._link.call(total)

    @property
    def firings(self) -> int:
        """How often the mutant's hook has changed something."""
        return self._link.call(lambda: sum(ue.seams.firings for ue in self._ues.values()))

    def close(self) -> None:
        """Take them all off the link."""
        for ue in self._ues.values():
            self._power_off(ue)

    def _ue(self, subscriber: Subscriber) -> ReferenceUe:
        ue = self._ues.get(subscriber.name)
        if ue is None:
            seams = Seams(self._mutant.hooks() if self._mutant else {})
            ue = ReferenceUe(subscriber, self._policy, Random(self._random.getrandbits(64)), seams)
            self._ues[subscriber.name] = ue
        return ue

    def _power_on(self, ue: ReferenceUe, core: Address, transport: Transport) -> None:
        if ue.way is not None and (ue.way.core, ue.way.transport) == (core, transport):
            return
        self._power_off(ue)
        local = self._link.attach(ue, Address(self._hosts[core.family], 0), ("UDP", "TCP"))
        self._call(lambda: ue.switch_on(Way(local, core, transport)))

    def _power_off(self, ue: ReferenceUe) -> None:
        self._call(ue.switch_off)
        self._link.detach(ue)

    def _call(self, function: Callable[[], None]) -> None:
        self._link.call(function)


def transport_of(name: str) -> Transport:
    """A profile's name of a transport as a flow has it."""
    return "TCP" if name == "tcp" else "UDP"


def first_of(cores: Mapping[str, Address]) -> Address:
    """The address of the simulated core that a UE is given where nobody chooses: the first."""
    return next(iter(cores.values()))
