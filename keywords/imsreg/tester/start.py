"""What a run starts before its first packet: the link, and the DUT in whichever way the profile says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link
from imsreg.sip.timers import Timers
from imsreg.tester.dut import AbsentDut, Dut, ExternalDut
from imsreg.tester.ground import Ground, Host, ground_of
from imsreg.tester.reference_process import ReferenceProcess
from imsreg.tester.settings import Settings
from imsreg.tester.subscribers import SubscriberPool
from imsreg.verdict.profile import Profile

if TYPE_CHECKING:
    from imsreg.tester.mutants import Mutant
    from imsreg.tester.ue_side import UeSide


class Started(NamedTuple):
    """What runs now. `ue_side` is there if the DUT is a UE; `dut` is that UE then.

    `hosts` are the tester's own addresses by family, where they are not left to the routes. `lacks` says why no test
    can run: then nothing has been started. `ground` is given back after everything else.
    """

    link: Link
    dut: Dut
    ue_side: UeSide | None = None
    hosts: Mapping[str, Sequence[str]] = {}
    lacks: str | None = None
    ground: Ground | None = None


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
    ground = Host(profile) if settings.link == "memory" else ground_of(profile, random("ESP"))
    if ground.lacks is not None:
        return Started(Host(profile).link(), AbsentDut(), lacks=ground.lacks)
    try:
        if profile.dut.role == "ue":
            # Of no use to a run against a core.
            from imsreg.tester.start_ue import start_ue

            started = start_ue(settings, profile, subscribers, pool, random, timers, mutant, ground)
        else:
            started = _start_cscf(settings, profile, subscribers, random, mutant, reference, ground)
    except BaseException:
        ground.close()
        raise
    return started._replace(ground=ground, hosts=ground.tester_hosts)


def _start_cscf(
    settings: Settings,
    profile: Profile,
    subscribers: Sequence[Subscriber],
    random: Callable[[str], Random],
    mutant: Mutant | None,
    reference: ReferenceProcess | None,
    ground: Ground,
) -> Started:
    if settings.link == "memory":
        # Of no use to a run over sockets, whose core is another process.
        from imsreg.net.memory import MemoryLink
        from imsreg.tester.memory_dut import MemoryDut, core_policy

        memory = MemoryLink()
        core = MemoryDut(memory.far_end(), core_policy(profile), subscribers, random("reference core"), mutant)
        return Started(memory, core)
    with ground.entered():
        dut: Dut
        if profile.dut.embedded is None:
            dut = ExternalDut(profile)
        else:
            dut = reference or ReferenceProcess(
                profile.path, mutant=settings.mutant, seed=settings.seed, addresses=ground.dut_hosts
            )
        try:
            dut.addresses  # noqa: B018 - waits for the core, which may have refused to start
            return Started(ground.link(real_time=profile.dut.embedded is None), dut)
        except BaseException:
            dut.close()
            raise


def _mutant(settings: Settings, profile: Profile) -> Mutant | None:
    if not settings.mutant:
        return None
    from imsreg.tester.mutants import mutant_named

    mutant = mutant_named(settings.mutant)
    if (mutant.side == "ue") != (profile.dut.role == "ue"):
        of = "UE" if mutant.side == "ue" else "core"
        raise InputError("--mutant", mutant.id, f"is a mutant of the reference {of}", "name a profile that embeds it")
    return mutant
