"""The DUT as the tester handles it: where it listens, how its clock moves, how it is started and stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from queue import Empty, Queue
from random import Random
from typing import Any, Protocol

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.seams import Seams
from imsreg.sip.flow import Address
from imsreg.tester.mutants import Mutant
from imsreg.verdict.profile import Profile

START_LIMIT = 10.0
"""Seconds that a reference process has to say that it listens."""

COMMAND_LIMIT = 120.0
"""Seconds that a profile's start or stop command may take."""

MEMORY_ADDRESSES = {"IPv4": Address("127.0.2.1", 5060), "IPv6": Address("::1", 5060)}


class Dut(Protocol):
    """What a session needs of a DUT."""

    @property
    def addresses(self) -> Mapping[str, Address]:
        """Where it listens, by family ("IPv4", "IPv6")."""

    @property
    def moves_with_clock(self) -> bool:
        """Whether its clock can be advanced; a real DUT has to be waited for."""

    def advance(self, seconds: float) -> None:
        """Move the DUT's clock."""

    def close(self) -> None:
        """Stop it, if the tester started it. Safe to call twice."""


class ExternalDut:
    """A DUT that somebody else runs, or that the profile's `start` and `stop` commands run."""

    moves_with_clock = False

    def __init__(self, profile: Profile) -> None:
        self.addresses: Mapping[str, Address] = {
            Address(host, profile.dut.port).family: Address(host, profile.dut.port) for host in profile.dut.addresses
        }
        self._profile = profile
        self._run("dut.start", profile.dut.start)

    def advance(self, seconds: float) -> None:
        """Nothing to do: real time passes by itself."""

    def close(self) -> None:
        """Run the profile's `stop` command."""
        self._run("dut.stop", self._profile.dut.stop)

    def _run(self, field: str, command: Sequence[str]) -> None:
        if not command:
            return
        where = self._profile.path
        try:
            subprocess.run(command, cwd=where.parent, check=True, timeout=COMMAND_LIMIT, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as error:
            raise InputError(where, field, f"the command failed: {error}", "run it by hand to see why") from error


class MemoryDut:
    """The reference core on the in-memory link: one process, one virtual clock."""

    moves_with_clock = True

    def __init__(
        self, link: MemoryLink, policy: CorePolicy, subscribers: Sequence[Subscriber], random: Random, mutant: Mutant | None
    ) -> None:
        self.mutant = mutant
        self.seams = Seams(mutant.hooks() if mutant else {})
        policy = mutant.policy(policy) if mutant else policy
        self.core = ReferenceCore(policy, subscribers, random, self.seams)
        self.addresses: Mapping[str, Address] = {
            family: link.attach(self.core, address, ("UDP", "TCP")) for family, address in MEMORY_ADDRESSES.items()
        }
        self._link = link

    def advance(self, seconds: float) -> None:
        """Nothing to do: the link has one clock for all its nodes."""

    def close(self) -> None:
        """Take the core off the link."""
        self._link.detach(self.core)


class ProcessDut:
    """The reference core as a process on loopback, held by its standard streams: it ends when they close."""

    moves_with_clock = True

    def __init__(self, profile: Profile, *, mutant: str | None = None, seed: int | None = None) -> None:
        command = [sys.executable, str(data("fixtures", "reference", "core.py")), "--profile", str(profile.path)]
        if mutant:
            command += ["--mutant", mutant]
        if seed is not None:
            command += ["--seed", str(seed)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._replies: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, name="reference core", daemon=True)
        self._reader.start()
        try:
            ready = self._reply(START_LIMIT)
            self.addresses: Mapping[str, Address] = {
                family: Address(host, port) for family, (host, port) in ready["addresses"].items()
            }
        except BaseException:
            self.close()
            raise

    def advance(self, seconds: float) -> None:
        """Move the core's clock; returns when every timer that came due has run."""
        self.command(advance=seconds)

    def command(self, **request: object) -> dict[str, Any]:
        """One request on the control channel and its answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._died() from error
        return self._reply(START_LIMIT)

    def close(self) -> None:
        """Close the control channel, on which the core ends; kill it if it does not."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            try:
                process.stdin.close()
            except OSError:
                pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join(timeout=5)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._replies.put(line)
        self._replies.put("")

    def _reply(self, limit: float) -> dict[str, Any]:
        try:
            line = self._replies.get(timeout=limit)
        except Empty as error:
            raise InputError("reference core", "", f"no answer within {limit:g} s", "run fixtures/reference/core.py by hand") from error
        if not line:
            raise self._died()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _died(self) -> InputError:
        assert self._process.stderr is not None
        last = (self._process.stderr.read().strip().splitlines() or ["no message"])[-1]
        return InputError("reference core", "", f"the process ended: {last}", "run fixtures/reference/core.py by hand")


def core_policy(profile: Profile) -> CorePolicy:
    """The reference core's policy as a profile describes it."""
    features = profile.ics()
    return CorePolicy(
        home_domain=profile.home_domain,
        security=str(profile.security),
        release=profile.release,
        sec_agree_required=bool(features.get("sec-agree-required")),
    )

