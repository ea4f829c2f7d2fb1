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
from imsreg.tester.lacking import check_required
from imsreg.tester.preflight import read_profile, resolved
from imsreg.tester.session import Family
from imsreg.tester.subscribers import SubscriberPool
from imsreg.text import safe_text
from imsreg.verdict.profile import Profile


@dataclass(frozen=True, slots=True)
class Prospect:
    """A profile that can be used. `sources` says from where the packets of each family would leave, if they can."""

    profile: Profile
    subscribers: tuple[Subscriber, ...]
    addresses: Mapping[Family, Address]
    sources: Mapping[Family, str]

    @property
    def families(self) -> tuple[Family, ...]:
        """ "IPv4", "IPv6": those in which the DUT can be reached, as far as is known before."""
        if self.profile.dut.embedded:
            return ("IPv4", "IPv6") if has_ipv6() else ("IPv4",)
        return tuple(self.addresses)

    def facts(self) -> Iterator[tuple[str, str]]:
        """What there is to say, by name."""
        profile, dut = self.profile, self.profile.dut
        name = " ".join(part for part in (dut.name, dut.version, dut.build) if part)
        yield "DUT", f"{safe_text(name)}, {dut.role}"
        yield "addresses", "; ".join(self._places())
        yield "transports", ", ".join(dut.transports)
        yield "security", f"{profile.security}, release {profile.release}, home domain {profile.home_domain}"
        yield "subscribers", self._people()
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

    def _people(self) -> str:
        with_password = sum(subscriber.password is not None for subscriber in self.subscribers)
        told = f"{len(self.subscribers)} in {self.profile.subscribers}"
        return told if not with_password else f"{told}, {with_password} of them with a password and no AKA keys"


def prospect(path: Path) -> Prospect:
    """Everything that a run reads and looks up before its first packet. Raises InputError as the run would."""
    profile, subscribers = read_profile(path)
    profile = resolved(profile)
    SubscriberPool(subscribers)
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
    made = Prospect(profile, subscribers, addresses, sources)
    check_required(profile, made.families)
    return made
