"""The stand-alone core from a profile: where it listens and for whom, and what is judged at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from secrets import randbits

from imsreg.errors import InputError
from imsreg.net.resolve import has_ipv6
from imsreg.sip.flow import Address
from imsreg.tester.analysis import Analysed, Analyst
from imsreg.tester.ground import Ground, ground_of
from imsreg.tester.preflight import read_profile
from imsreg.tester.stand_alone import StandAloneCore
from imsreg.tester.start_ue import LOOPBACK
from imsreg.text import safe_text
from imsreg.transcript.evidence import folder
from imsreg.verdict.profile import SIP_PORT, Profile, check_reach
from imsreg.verdict.profile_fields import ip_address

_MOST_SHOWN = 8


@contextmanager
def bench_core(path: Path, hosts: Sequence[str] = (), port: int | None = None) -> Iterator[StandAloneCore]:
    """The core for UEs as the profile at `path` describes them. It starts no UE, an embedded one neither.

    It listens at `hosts`, at most one per family, and at `port` (0: any free one); where these say nothing, as the
    profile does. Raises InputError for what cannot be used, before anything is sent: a host that cannot do ESP in mode
    ipsec, too.
    """
    profile, subscribers = read_profile(path)
    if profile.dut.role != "ue":
        problem = f"the DUT is no UE but a {profile.dut.role}, and this is a core"
        raise InputError(path, "dut.role", problem, "name the profile of a UE")
    listens_at = _places(profile, hosts, port)
    ground = _ground(profile, listens_at)
    try:
        with ground.entered():
            link = ground.link(real_time=True)
        try:
            yield StandAloneCore(link, profile, subscribers, listens_at, randbits(64))
        finally:
            link.close()
    finally:
        ground.close()


def introduction(core: StandAloneCore, *, built_in: bool) -> Iterator[str]:
    """Where the core listens and for whom, and what to set in the UE. `built_in`: nobody has named a profile."""
    profile, subscribers = core.profile, core.subscribers
    count = f"{len(subscribers)} subscriber{'' if len(subscribers) == 1 else 's'}"
    yield f"core of {profile.home_domain}, security {profile.security}, {count} of {profile.subscribers.resolve()}"
    if built_in:
        yield "no profile is named: home domain and subscribers are those of the built-in reference UE"
    yield "set in the UE:"
    places = " or ".join(f"{address.host} port {address.port}" for address in core.addresses)
    how = "then IPsec (ipsec-3gpp)" if profile.security == "ipsec" else "in the clear"
    yield f"  P-CSCF       {places}, UDP or TCP {how}"
    yield f"  home domain  {profile.home_domain}"
    for subscriber in subscribers[:_MOST_SHOWN]:
        kind = "AKA" if subscriber.algorithm is not None else "password"
        yield f"  {safe_text(subscriber.name):<11}  {subscriber.impi}  {subscriber.registration_impu}  ({kind})"
    if (more := len(subscribers) - _MOST_SHOWN) > 0:
        yield f"  and {more} more in that file"
    yield f"listening at {' and '.join(map(str, core.addresses))}; Ctrl-C ends it and judges"


def judged(core: StandAloneCore, analyst: Analyst, output: Path | None, command: str) -> list[Analysed]:
    """What the transcripts of all UEs show. `command` is what shows it again where there is no `output` for captures.

    How long the UEs have been silent at the end is held against none: they may have been switched off.
    """
    analysed: list[Analysed] = []
    for ue in core.heard:
        for transcript in ue.transcripts:
            transcript.circumstances = replace(transcript.circumstances, dut=tuple(ue.addresses.values()))
            name = safe_text(transcript.title)
            capture = None if output is None else folder(output / "evidence", name) / "wire.pcapng"
            reproduce = command if capture is None else ""
            analysed.append(analyst.analyse(capture or core.profile.path, transcript, name, reproduce=reproduce))
    return analysed


def _ground(profile: Profile, places: Sequence[Address]) -> Ground:
    """Where the core listens is on this host, whatever the profile says of an embedded UE, which is not started."""
    tester = replace(profile.tester, addresses=tuple(place.host for place in places))
    seen = replace(profile, dut=replace(profile.dut, embedded=None), tester=tester)
    ground = ground_of(seen, Random(randbits(64)))
    if ground.lacks is not None:
        raise InputError(profile.path, "security", ground.lacks, "without associations a UE needs the mode headers")
    return ground


def _places(profile: Profile, hosts: Sequence[str], port: int | None) -> list[Address]:
    own = profile.tester
    chosen = port if port is not None else own.port or SIP_PORT
    if not hosts:
        stated = own.addresses or LOOPBACK
        return [Address(host, chosen) for host in stated if ":" not in host or has_ipv6()]
    places: list[Address] = []
    for host in hosts:
        try:
            place = Address.of(host, chosen)
        except ValueError:
            raise InputError("--address", safe_text(host), "is no IP address", "write it without a port") from None
        if (address := ip_address(place.host)) and (address.is_unspecified or address.is_multicast):
            raise InputError("--address", place.host, "is no address of one host", "name one address per family")
        if any(place.family == other.family for other in places):
            problem = f"is a second {place.family} address"
            raise InputError("--address", place.host, problem, "keep one per family")
        check_reach(profile.path, place.host, profile.allow)
        places.append(place)
    return places
