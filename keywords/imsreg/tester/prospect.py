"""What a run by a profile would find and use, without sending or starting anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imsreg.identity.subscribers import Subscriber
from imsreg.net.resolve import has_ipv6, source_address
from imsreg.net.transport import require_free
from imsreg.sip.flow import Address
from imsreg.tester.device import device_of
from imsreg.tester.lacking import check_required
from imsreg.tester.preflight import read_profile, resolved
from imsreg.tester.session import Family
from imsreg.tester.subscribers import SubscriberPool
from imsreg.text import safe_text
from imsreg.verdict.profile import SIP_PORT, Profile
from imsreg.verdict.profile_control import ACTIONS


@dataclass(frozen=True, slots=True)
class Prospect:
    """A profile that can be used. `sources` says from where the packets of each family would leave, if they can.

    `listens_at`: where the simulated core would listen for a UE that is not embedded.
    """

    profile: Profile
    subscribers: tuple[Subscriber, ...]
    addresses: Mapping[Family, Address]
    sources: Mapping[Family, str]
    listens_at: tuple[Address, ...] = ()
    lacks: str | None = None
    """Why every test will be N/A: what this host lacks for the security mode."""

    @property
    def families(self) -> tuple[Family, ...]:
        """ "IPv4", "IPv6": those in which DUT and tester can meet, as far as is known before."""
        if self.profile.dut.embedded:
            return ("IPv4", "IPv6") if has_ipv6() else ("IPv4",)
        if self.profile.dut.role == "ue":
            return tuple(address.family for address in self.listens_at)
        return tuple(self.addresses)

    def facts(self) -> Iterator[tuple[str, str]]:
        """What there is to say, by name."""
        profile, dut = self.profile, self.profile.dut
        name = " ".join(part for part in (dut.name, dut.version, dut.build) if part)
        yield "DUT", f"{safe_text(name)}, {dut.role}"
        if places := "; ".join(self._places()):
            yield "addresses", places
        if self.listens_at:
            yield "core", f"listens at {', '.join(map(str, self.listens_at))}"
        yield "transports", ", ".join(dut.transports)
        mode = "headers without ESP" if profile.security == "headers" else profile.security
        yield "security", f"{mode}, release {profile.release}, home domain {profile.home_domain}"
        if profile.security == "ipsec":
            yield "ESP", self.lacks or f"back end {profile.tester.ipsec}, ready"
        yield "subscribers", self._people()
        yield from self._control()
        if profile.deviations:
            yield "deviations", f"{len(profile.deviations)} known"
        for label, command in (("start", dut.start), ("stop", dut.stop), ("collect", profile.collect)):
            if command:
                yield label, safe_text(" ".join(command))

    def _places(self) -> Iterator[str]:
        if self.profile.dut.embedded:
            yield f"the {self.profile.dut.embedded} on loopback, started by each run ({', '.join(self.families)})"
        for family, address in self.addresses.items():
            yield f"{address} ({family}), {self.sources[family]}"

    def _control(self) -> Iterator[tuple[str, str]]:
        control = self.profile.control
        if control is None:
            return
        yield "SIM", safe_text(self.profile.dut.subscriber or self.subscribers[0].name)
        yield "control", f"{control.kind}, at most {control.limit:g} s a step"
        for action in ACTIONS:
            yield action, safe_text(" ".join(control.steps.get(action, ("none",))))

    def _people(self) -> str:
        with_password = sum(subscriber.password is not None for subscriber in self.subscribers)
        told = f"{len(self.subscribers)} in {self.profile.subscribers}"
        return told if not with_password else f"{told}, {with_password} of them with a password and no AKA keys"


def prospect(path: Path) -> Prospect:
    """Everything that a run reads and looks up before its first packet. Raises InputError as the run would."""
    profile, subscribers = read_profile(path)
    profile = resolved(profile)
    if profile.dut.role == "ue" and not profile.dut.embedded:
        return _prospect_of_ue(profile, subscribers)
    SubscriberPool(subscribers, with_password=profile.dut.role == "ue")
    addresses = {a.family: a for a in (Address(host, profile.dut.port) for host in profile.dut.addresses)}
    known = {Address(host, 0).family: host for host in profile.tester.addresses}
    sources: dict[Family, str] = {}
    for family, address in addresses.items():
        source = known.get(family)
        with suppress(OSError):
            source = source or source_address(address)
        if source is not None and profile.tester.port is not None:
            require_free(Address(source, profile.tester.port), ("UDP", "TCP"))
        sources[family] = f"from {source}" if source is not None else "no route from this host"
    made = Prospect(profile, subscribers, addresses, sources, lacks=_lacks(profile))
    check_required(profile, made.families, made.lacks)
    return made


def _prospect_of_ue(profile: Profile, subscribers: tuple[Subscriber, ...]) -> Prospect:
    """Of a UE that comes to the tester: that the core can listen there, and the UE be told."""
    listens_at = tuple(Address(host, profile.tester.port or SIP_PORT) for host in profile.tester.addresses)
    for address in listens_at:
        require_free(address, ("UDP", "TCP"))
    if profile.control is not None:
        device_of(profile.control, profile.path)
    addresses = {a.family: a for a in (Address(host, profile.dut.port) for host in profile.dut.addresses)}
    made = Prospect(profile, subscribers, addresses, dict.fromkeys(addresses, "the UE"), listens_at, _lacks(profile))
    check_required(profile, made.families, made.lacks)
    return made


def _lacks(profile: Profile) -> str | None:
    if profile.security != "ipsec":
        return None
    from imsreg.tester.ground_ipsec import lacks  # of no use to a run without associations

    return lacks(profile)
