"""A run against one DUT: profile, link, DUT, subscribers, catalogue and journal, from preflight to the reports."""

from __future__ import annotations

import platform
import time
from collections import Counter
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from random import Random
from secrets import randbits
from typing import TYPE_CHECKING, Literal, cast

from imsreg import __version__
from imsreg.net.resolve import source_address
from imsreg.net.transport import require_free
from imsreg.sip.flow import Address, Transport
from imsreg.sip.timers import Timers
from imsreg.tester.catalogue import rows
from imsreg.tester.lacking import check_required, no_way
from imsreg.tester.lockout import Lockout
from imsreg.tester.outcome import NotApplicable
from imsreg.tester.output import made
from imsreg.tester.preflight import read_profile, resolved
from imsreg.tester.protection import protection
from imsreg.tester.reference_process import ReferenceProcess
from imsreg.tester.settings import Settings, Side
from imsreg.tester.start import start
from imsreg.tester.subscribers import SubscriberPool
from imsreg.tester.vital_signs import VitalSigns
from imsreg.verdict.journal import NAME, Journal
from imsreg.verdict.summary import Reports

if TYPE_CHECKING:
    from imsreg.net.link import SecuredLink
    from imsreg.secagree.events import Observer
    from imsreg.tester.judge import Judgement
    from imsreg.tester.ue_side import UeSide

Family = Literal["IPv4", "IPv6"]
PACKAGES = ("robotframework", "pytest", "cryptography", "msgspec")


class Session:
    """Everything that the tests of one run share. Use as a context manager, or call `close`.

    Making one is the preflight: profile, subscribers, catalogue and deviations are read, names resolved, the DUT
    started. Raises InputError before the first packet has left if any of it cannot be used.
    """

    def __init__(self, settings: Settings, reference: ReferenceProcess | None = None) -> None:
        """`reference` is the process of the embedded core where it has been started already."""
        self.settings = settings
        profile, self.subscribers = read_profile(settings.profile)
        self.profile = resolved(profile)
        self.catalogue = rows()
        self.pool = SubscriberPool(
            self.subscribers, worker=settings.worker, workers=settings.workers, with_password=self.side == "ue"
        )
        self.seed = randbits(64) if settings.seed is None else settings.seed
        self.vital_signs = VitalSigns()
        self.lockout = Lockout(self.profile.lockout)
        self.judgements: dict[str, Judgement] = {}
        self._closed = False
        if settings.output is not None:
            made(settings.output)
        started = start(settings, self.profile, self.subscribers, self.pool, self.random, self.timers, reference)
        self.link, self.dut, self._ue_side = started.link, started.dut, started.ue_side
        self.lacks = started.lacks
        """Why no test of this run can do anything; None: they can."""
        self._ground, self._hosts = started.ground, started.hosts
        self._turn: Counter[str] = Counter()
        try:
            self._check_port()
            families = self.dut.addresses if self._ue_side is None else self._ue_side.core.addresses
            check_required(self.profile, families, self.lacks)
            # Last, so that a run which never begins leaves the journal of the one before as it was.
            self.journal = self._open_journal()
        except BaseException:
            self._stop()
            raise

    def random(self, purpose: str) -> Random:
        """A generator for one purpose (a test's name): the same seed and purpose give the same values."""
        return Random(f"{self.seed}/{purpose}")

    @property
    def timers(self) -> Timers:
        """SIP timers towards the DUT: T1 by the profile times its multiplier, T2 = 8 T1, T4 = 10 T1 (RFC 3261 17)."""
        t1 = self.profile.timing.t1 * self.profile.timing.multiplier
        return Timers(t1, 8 * t1, 10 * t1)

    @property
    def side(self) -> Side:
        """What the DUT is, and with it which directory of suites is for it."""
        return "ue" if self.profile.dut.role == "ue" else "cscf"

    @property
    def protection(self) -> str:
        """What protects the messages of this run, in words."""
        return protection(self.profile, self.settings.link)

    @property
    def ue_side(self) -> UeSide:
        """The UE under test and the core that it registers with. Raises NotApplicable if the DUT is no UE."""
        if self._ue_side is None:
            raise NotApplicable(f"the DUT is no UE but a {self.profile.dut.role}")
        return self._ue_side

    @property
    def places(self) -> list[str]:
        """Where the DUT is, for people: a UE takes whichever port it likes, and only its host is known before."""
        return [str(address) if address.port else address.host for address in self.dut.addresses.values()]

    def dut_address(self, transport: Transport, family: Family) -> Address:
        """Where the DUT listens. Raises NotApplicable if the profile or this host lacks transport or family."""
        if (why := no_way(self.profile, self.dut.addresses, transport, family)) is not None:
            raise NotApplicable(why)
        return self.dut.addresses[family]

    def first_way(self) -> tuple[Transport, Family]:
        """The first transport and family of the profile: what a test uses that asks for nothing else."""
        transport: Transport = "UDP" if self.profile.dut.transports[0] == "udp" else "TCP"
        family: Family = "IPv4" if "IPv4" in self.dut.addresses else "IPv6"
        return transport, family

    def local_address(self, dut: Address) -> Address:
        """Where a simulated UE binds: the tester's address of the DUT's family, else what the route gives.

        Of several addresses each UE takes the next: a core may tell UEs apart by nothing else.
        """
        side = self.profile.tester
        if hosts := self._hosts.get(dut.family):
            self._turn[dut.family] += 1
            return Address(hosts[(self._turn[dut.family] - 1) % len(hosts)], side.port or 0)
        if self.settings.link == "memory":
            return Address(self._memory_host(dut.family), side.port or 0)
        try:
            return Address(source_address(dut), side.port or 0)
        except OSError as error:
            raise NotApplicable(f"the tester's host has no route to {dut.host} ({error.strerror})") from None

    def _memory_host(self, family: str) -> str:
        """On the in-memory link any address will do; a P-CSCF knows a UE's associations by its address."""
        if self.profile.security != "ipsec":
            return "::1" if family == "IPv6" else "127.0.1.1"
        self._turn[family] += 1
        number = 1 + self._turn[family] % 250
        return f"2001:db8::1:{number:x}" if family == "IPv6" else f"127.0.1.{number}"

    def observe(self, observer: Observer | None) -> None:
        """Have the record of every packet on the tester's associations told to `observer`; None: to nobody.

        The simulated core of a session with a UE under test has them itself.
        """
        if self.profile.security == "ipsec" and self.lacks is None and self._ue_side is None:
            cast("SecuredLink", self.link).observe(observer)

    def keep(self, test: str, judgement: Judgement) -> None:
        """Take what a test decided into the run, and into the journal at once."""
        self.judgements[test] = judgement
        if self.journal is not None:
            for ruling in (*judgement.rulings, *judgement.in_passing):
                self.journal.ruling(test, ruling)

    def close(self, *, reports: bool = True) -> Reports | None:
        """Stop the DUT, give everything back, and write the reports if there is an output directory. Safe twice.

        Without `reports` the journal is all that is left: one of several workers writes none.
        """
        if self._closed:
            return None
        self._closed = True
        try:
            self._stop()
        finally:
            if self.journal is not None:
                self.journal.close()
        if not reports or self.settings.output is None:
            return None
        from imsreg.tester.reports import write_run_reports  # not loaded before the packets have been sent

        return write_run_reports(self.settings.output)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _stop(self) -> None:
        try:
            self.dut.close()
        finally:
            self.link.close()
            if self._ground is not None:
                self._ground.close()

    def _check_port(self) -> None:
        """Raises InputError if the profile gives the tester a port that somebody else has."""
        port = self.profile.tester.port
        if port is None or self.settings.link == "memory" or self._ue_side is not None:
            return
        for address in self.dut.addresses.values():
            with suppress(NotApplicable):  # no route: the tests of this family will say so
                require_free(self.local_address(address), ("UDP", "TCP"))

    def _open_journal(self) -> Journal | None:
        output = self.settings.output
        if output is None:
            return None
        journal = Journal(output / NAME, self.settings.run or f"{time.time_ns():x}")
        profile = str(self.profile.path)
        journal.begin(
            imsreg=__version__,
            profile=profile,
            dut=self.profile.dut,
            versions=_versions(),
            addresses=self.places,
            security=self.protection,
            lacks=self.lacks or "",
        )
        return journal


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
