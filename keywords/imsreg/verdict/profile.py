"""The profile: everything the user says about a DUT, checked before the first packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

from imsreg import strictyaml
from imsreg.errors import InputError
from imsreg.text import safe_text
from imsreg.verdict import profile_fields as fields
from imsreg.verdict.deviation import Deviation
from imsreg.verdict.ics import Ics
from imsreg.verdict.profile_control import Control, control_of
from imsreg.verdict.profile_schema import (
    DutFields,
    Embedded,
    Features,
    IpsecBackendName,
    Need,
    ProfileFields,
    SecurityMode,
    Timing,
    TransportName,
)
from imsreg.verdict.roles import Role

_LONGEST = 0xFFFF_FFFF
"""delta-seconds are below 2**32 (RFC 3261 20.19)."""
SIP_PORT = 5060
"""Where a real UE looks for its P-CSCF unless it is told otherwise (RFC 3261 19.1.2)."""


@dataclass(frozen=True)
class Dut:
    """Names and addresses of the DUT. `addresses` may hold host names until `Profile.with_addresses` replaces them.

    An `embedded` DUT is a built-in reference that the tester starts itself; it needs no address. Nor does a UE, which
    comes to the tester. `subscriber` names the SIM in a UE; None: the first of the subscriber file.
    """

    name: str
    version: str
    build: str
    role: Role
    addresses: tuple[str, ...]
    port: int
    transports: tuple[TransportName, ...]
    start: tuple[str, ...]
    stop: tuple[str, ...]
    embedded: Embedded | None
    subscriber: str | None = None

    @property
    def families(self) -> tuple[str, ...]:
        """ "ipv4", "ipv6": those of which an address is known; both if the DUT is embedded and names none."""
        if self.embedded and not self.addresses:
            return ("ipv4", "ipv6")
        return _families(self.addresses)


@dataclass(frozen=True)
class Origin:
    """Where the tester sends from, and where its core listens for a UE: addresses and a port.

    For its core at most one address a family; of several each simulated UE takes the next. () and None: it chooses.
    `ipsec` is what does ESP in security mode ipsec.
    """

    addresses: tuple[str, ...]
    port: int | None
    ipsec: IpsecBackendName = "userspace"


@dataclass(frozen=True)
class Profile:
    """A checked profile. Paths are joined to the directory of its file; commands run there."""

    path: Path
    dut: Dut
    home_domain: str
    release: int
    security: SecurityMode
    features: Features
    subscribers: Path
    timing: Timing
    allow: tuple[fields.Network, ...]
    deviations: tuple[Deviation, ...]
    collect: tuple[str, ...]
    lockout: int | None
    tester: Origin
    requires: tuple[Need, ...]
    control: Control | None

    @property
    def families(self) -> tuple[str, ...]:
        """ "ipv4", "ipv6": those in which DUT and tester can meet. A real UE finds the tester where that listens."""
        if self.dut.role == "ue" and not self.dut.embedded:
            return _families(self.tester.addresses)
        return self.dut.families

    def ics(self) -> Ics:
        """What the DUT claims, by ICS name: every name is there, an unknown number is None."""
        return self._ics

    @cached_property
    def _ics(self) -> Ics:
        # Each row of the catalogue asks in each judgement.
        return {
            "security": self.security,
            "transports": self.dut.transports,
            "families": self.families,
            "release": self.release,
            **msgspec.to_builtins(self.features, builtin_types=(tuple,)),
        }

    def with_addresses(self, addresses: Sequence[str]) -> Profile:
        """This profile with the DUT at these IP addresses, as its host names resolved. Raises InputError as at load."""
        checked = fields.addresses(self.path, "dut.address", addresses, names=False)
        fields.inside(self.path, "dut.address", checked, self.allow)
        return replace(self, dut=replace(self.dut, addresses=checked))


def load_profile(path: Path) -> Profile:
    """Reads and checks the profile at `path`.

    Raises InputError(file, field, problem, remedy). That its deviations name requirements and are not over,
    `deviation.check_deviations` finds out; that its subscribers can be used, their own loader.
    """
    typed = strictyaml.load(path, ProfileFields)
    allow = fields.networks(path, "allow", typed.allow)
    _check_numbers(path, typed)
    _check_deviations(path, typed.deviations)
    _check_role(path, typed)
    fields.distinct(path, "requires", typed.requires)
    fields.distinct(path, "features.ipsec-algorithms", typed.features.ipsec_algorithms)
    return Profile(
        path=path,
        dut=_dut(path, typed.dut, allow),
        home_domain=fields.domain(path, "home_domain", typed.home_domain),
        release=typed.release,
        security=typed.security,
        features=typed.features,
        subscribers=path.parent / typed.subscribers,
        timing=typed.timing,
        allow=allow,
        deviations=typed.deviations,
        collect=fields.command(path, "collect", typed.collect),
        lockout=typed.lockout,
        tester=_tester(path, typed, allow),
        requires=typed.requires,
        control=control_of(path, typed.control) if typed.control else None,
    )


def _dut(path: Path, typed: DutFields, allow: Sequence[fields.Network]) -> Dut:
    if not typed.name.strip():
        raise InputError(path, "dut.name", "it is empty", "name the device as the report shall call it")
    addresses = fields.addresses(path, "dut.address", typed.address, names=True)
    if not addresses and not typed.embedded and typed.role != "ue":
        raise InputError(path, "dut.address", "is missing", "write the address at which the DUT listens")
    fields.inside(path, "dut.address", addresses, allow)
    if not typed.transports:
        raise InputError(path, "dut.transports", "it is empty", "write [udp], [tcp] or [udp, tcp]")
    fields.distinct(path, "dut.transports", typed.transports)
    fields.in_range(path, "dut.port", typed.port, 1, 65535)
    return Dut(
        name=typed.name,
        version=typed.version,
        build=typed.build,
        role=typed.role,
        addresses=addresses,
        port=typed.port,
        transports=typed.transports,
        start=fields.command(path, "dut.start", typed.start),
        stop=fields.command(path, "dut.stop", typed.stop),
        embedded=typed.embedded,
        subscriber=typed.subscriber,
    )


def _check_role(path: Path, typed: ProfileFields) -> None:
    """Refuses what the DUT in this role cannot have, and misses what it cannot do without."""
    dut, of_ue = typed.dut, typed.dut.role == "ue"
    if dut.embedded and (right := dut.embedded.removeprefix("reference-")) != dut.role:
        raise InputError(path, "dut.role", f"the {dut.embedded} is no {dut.role}", f"write role: {right}")
    if not of_ue and dut.subscriber is not None:
        raise InputError(path, "dut.subscriber", f"a DUT in the role {dut.role} has no SIM", "take it out")
    if typed.control and (dut.embedded or not of_ue):
        told = f"the {dut.embedded} needs none" if dut.embedded else "it is for UEs"
        raise InputError(path, "control", told, "take it out")
    if of_ue and not dut.embedded and typed.control is None:
        raise InputError(path, "control", "is missing", "say how the UE is made to register, by command or manual")


def _tester(path: Path, typed: ProfileFields, allow: Sequence[fields.Network]) -> Origin:
    side = typed.tester
    # A core may tell UEs apart by their address; a UE looks for its P-CSCF at one.
    addresses = fields.addresses(path, "tester.address", side.address, several=typed.dut.role != "ue")
    if side.port is not None:
        fields.in_range(path, "tester.port", side.port, 1, 65535)
    if typed.dut.role != "ue" or typed.dut.embedded:
        return Origin(addresses, side.port, side.ipsec)
    if not addresses:
        raise InputError(path, "tester.address", "is missing", "write the address that the UE has for its P-CSCF")
    for text in addresses:
        check_reach(path, text, allow)
    return Origin(addresses, SIP_PORT if side.port is None else side.port, side.ipsec)


def check_reach(path: Path, own: str, allow: Sequence[fields.Network]) -> None:
    """Refuses an address at which the tester might answer no UE: all that is allowed in its family is loopback."""
    address = fields.ip_address(own)
    if address is None or address.is_loopback:
        return
    if all(network.is_loopback or network.version != address.version for network in allow):
        raise InputError(
            path, "allow", f"no network in it holds a UE that comes to {own}", "add the UE's address or network"
        )


def _families(addresses: Sequence[str]) -> tuple[str, ...]:
    known = (fields.ip_address(address) for address in addresses)
    return tuple(f"ipv{address.version}" for address in known if address is not None)


def _check_numbers(path: Path, typed: ProfileFields) -> None:
    # IMS begins with Release 5.
    fields.in_range(path, "release", typed.release, 5, 30)
    fields.in_range(path, "timing.t1", typed.timing.t1, 0.001, 60)
    fields.in_range(path, "timing.multiplier", typed.timing.multiplier, 0.1, 100)
    fields.in_range(path, "timing.usim", typed.timing.usim, 0, 10)
    if typed.lockout is not None:
        fields.in_range(path, "lockout", typed.lockout, 1, 1000)
    for name in ("min_expires", "max_expires", "default_expires"):
        seconds = getattr(typed.features, name)
        if seconds is not None:
            fields.in_range(path, f"features.{name.replace('_', '-')}", seconds, 0, _LONGEST)


def _check_deviations(path: Path, deviations: Sequence[Deviation]) -> None:
    for index, deviation in enumerate(deviations):
        if not deviation.because.strip():
            raise InputError(path, f"deviations[{index}].because", "it is empty", "say why the deviation is accepted")
        if any(deviation.id == earlier.id for earlier in deviations[:index]):
            raise InputError(path, f"deviations[{index}].id", f"{safe_text(deviation.id)} is listed twice", "keep one")
