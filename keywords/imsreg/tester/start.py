"""What a run starts before its first packet: the link, and the DUT in whichever way the profile says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.net.egress import EgressGate
from imsreg.net.link import Link
from imsreg.net.sockets import SocketLink
from imsreg.sip.timers import Timers
from imsreg.tester.dut import Dut, ExternalDut
from imsreg.tester.reference_process import ReferenceProcess
from imsreg.tester.settings import Settings
from imsreg.tester.subscribers import SubscriberPool
from imsreg.verdict.profile import Profile

if TYPE_CHECKING:
    from imsreg.tester.mutants import Mutant
    from imsreg.tester.ue_side import UeSide


class Started(NamedTuple):
    """What runs now. `ue_side` is there if the DUT is a UE; `dut` is that UE then."""

    link: Link
    dut: Dut
    ue_side: UeSide | None = None


def start(
    settings: Settings,
    profile: Profile,
    subscribers: Sequence[Subscriber],
    pool: SubscriberPool,
    random: Callable[[str], Random],
    timers: Timers,
    reference: ReferenceProcess | None,
) -> Started:
    """Start link and DUT. `reference` is the process of the embedded core where it has been started already.

    Raises InputError for what cannot be started, with nothing left behind.
    """
    embedded = profile.dut.embedded is not None
    if not embedded and (settings.link == "memory" or settings.mutant):
        raise InputError(profile.path, "dut.embedded", "mutants and the in-memory link are for embedded DUTs", "")
    mutant = _mutant(settings, profile)
    if profile.dut.role == "ue":
        # Of no use to a run against a core.
        from imsreg.tester.start_ue import start_ue

        return start_ue(settings, profile, subscribers, pool, random, timers, mutant)
    if settings.link == "memory":
        # Of no use to a run over sockets, whose core is another process.
        from imsreg.net.memory import MemoryLink
        from imsreg.tester.memory_dut import MemoryDut, core_policy

        memory = MemoryLink()
        dut = MemoryDut(memory, core_policy(profile), subscribers, random("reference core"), mutant)
        return Started(memory, dut)
    if embedded:
        process = reference or ReferenceProcess(profile.path, mutant=settings.mutant, seed=settings.seed)
        try:
            process.addresses  # noqa: B018 - waits for the core, which may have refused to start
            return Started(SocketLink(EgressGate(profile.allow)), process)
        except BaseException:
            process.close()
            raise
    external = ExternalDut(profile)
    return Started(SocketLink(EgressGate(profile.allow), real_time=True), external)


def _mutant(settings: Settings, profile: Profile) -> Mutant | None:
    if not settings.mutant:
        return None
    from imsreg.tester.mutants import mutant_named

    mutant = mutant_named(settings.mutant)
    if (mutant.side == "ue") != (profile.dut.role == "ue"):
        of = "UE" if mutant.side == "ue" else "core"
        raise InputError("--mutant", mutant.id, f"is a mutant of the reference {of}", "name a profile that embeds it")
    return mutant
