"""The start of a run against a UE: the simulated core listens first, then the UE comes up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.net.environment import Limits
from imsreg.net.link import Link
from imsreg.net.memory import MemoryLink
from imsreg.net.resolve import has_ipv6
from imsreg.registration.attendant import AttendantPolicy
from imsreg.sip.flow import Address
from imsreg.sip.timers import Timers
from imsreg.tester.dut import UeDut
from imsreg.tester.external_ue import ExternalUe
from imsreg.tester.ground import Ground
from imsreg.tester.memory_ue import MemoryUe
from imsreg.tester.mutants import Mutant
from imsreg.tester.pace import LinkPace, Pace, SteppedPace
from imsreg.tester.reference_process import ReferenceUeProcess
from imsreg.tester.settings import Settings
from imsreg.tester.simulated_core import SimulatedCore
from imsreg.tester.start import Started
from imsreg.tester.subscribers import SubscriberPool
from imsreg.tester.ue_side import UeSide
from imsreg.verdict.profile import Profile

LOOPBACK = ("127.0.3.1", "::1")
"""Where the simulated core listens for an embedded UE."""

SIP_PORT = 5060


def start_ue(
    settings: Settings,
    profile: Profile,
    subscribers: Sequence[Subscriber],
    pool: SubscriberPool,
    random: Callable[[str], Random],
    timers: Timers,
    mutant: Mutant | None,
    ground: Ground,
) -> Started:
    """Start link, simulated core and UE. Raises InputError for what cannot be started, with nothing left behind."""
    memory = MemoryLink() if settings.link == "memory" else None
    embedded = profile.dut.embedded is not None
    # With an embedded UE the pace sees to it that every octet has arrived before a clock moves.
    limits = Limits(answer=0.0) if embedded else Limits()
    with ground.entered():
        link: Link = memory or ground.link(real_time=not embedded, limits=limits)
    ue: UeDut | None = None
    try:
        core = SimulatedCore(
            link, _listens_at(profile, ground), subscribers, attendant_policy(profile), random("simulated core"), timers
        )
        pace: Pace = LinkPace(link, real=not embedded)
        if memory is not None:
            ue = MemoryUe(memory.far_end(), profile, core.addresses, random("reference UE"), mutant)
        elif embedded:
            with ground.entered():
                ue = ReferenceUeProcess(
                    profile.path,
                    core.addresses,
                    mutant=settings.mutant,
                    seed=settings.seed,
                    addresses=ground.dut_hosts,
                )
            pace = SteppedPace(link, core, ue)
        else:
            ue = ExternalUe(profile, core.addresses, lambda: core.octets_in)
        return Started(link, ue, UeSide(profile, core, ue, pace, pool, subscribers))
    except BaseException:
        if ue is not None:
            ue.close()
        link.close()
        raise


def attendant_policy(profile: Profile) -> AttendantPolicy:
    """How the simulated core behaves where a test does not say otherwise, as a profile describes the network."""
    return AttendantPolicy(home_domain=profile.home_domain, security=str(profile.security), release=profile.release)


def _listens_at(profile: Profile, ground: Ground) -> list[Address]:
    embedded = profile.dut.embedded is not None
    port = profile.tester.port or (0 if embedded else SIP_PORT)
    own = [host for family in ground.tester_hosts.values() for host in family]
    hosts = own or (LOOPBACK if embedded else ())
    if not hosts:
        problem = "is missing: where shall the simulated core listen for the UE?"
        raise InputError(profile.path, "tester.address", problem, "write the address that the UE has for its P-CSCF")
    return [Address(host, port) for host in hosts if ":" not in host or has_ipv6()]
