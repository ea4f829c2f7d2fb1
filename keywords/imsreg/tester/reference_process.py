"""The reference DUTs as processes of their own.

Little is imported here: the core may start while the rest is being loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, ClassVar

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.sip.flow import Address

if TYPE_CHECKING:
    from imsreg.identity.subscribers import Subscriber
    from imsreg.sip.flow import Transport
    from imsreg.tester.dut import Action

START_LIMIT = 10.0
"""Seconds that the process has to say that it listens, and to answer a command."""


class _Held:
    """A script of fixtures/reference as a process, held by its standard streams: it ends when they close."""

    moves_with_clock = True

    SCRIPT: ClassVar[str]
    WHAT: ClassVar[str]
    """What an error calls it."""

    def __init__(
        self, profile: Path, mutant: str | None, seed: int | None, *more: str, within: Sequence[str] = ()
    ) -> None:
        command = [*within, sys.executable, str(data("fixtures", "reference", self.SCRIPT)), "--profile", str(profile)]
        if mutant:
            command += ["--mutant", mutant]
        if seed is not None:
            command += ["--seed", str(seed)]
        command += more
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._replies: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, name=self.WHAT, daemon=True)
        self._reader.start()
        self._addresses: Mapping[str, Address] | None = None

    @property
    def addresses(self) -> Mapping[str, Address]:
        """Where it listens, by family. Waits until it does; raises InputError if it ends instead."""
        if self._addresses is None:
            ready = self._reply(START_LIMIT)
            self._addresses = {family: Address(host, port) for family, (host, port) in ready["addresses"].items()}
        return self._addresses

    @property
    def pid(self) -> int:
        """Its process, or that of the first command in `within`."""
        return self._process.pid

    def advance(self, seconds: float) -> None:
        """Move its clock by `seconds`; returns when every timer that came due has run."""
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
        """Close the control channel, on which the process ends; kill it if it does not."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            with suppress(OSError):
                process.stdin.close()
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
            raise InputError(self.WHAT, "", f"no answer within {limit:g} s", self._remedy) from error
        if not line:
            raise self._died()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _died(self) -> InputError:
        assert self._process.stderr is not None
        last = (self._process.stderr.read().strip().splitlines() or ["no message"])[-1]
        return InputError(self.WHAT, "", f"the process ended: {last}", self._remedy)

    @property
    def _remedy(self) -> str:
        return f"run fixtures/reference/{self.SCRIPT} by hand"


class ReferenceProcess(_Held):
    """The reference core as a process.

    It listens on loopback, or at `addresses`. `within` is the start of a command line that runs the rest of it
    somewhere else, in a network namespace for one.
    """

    SCRIPT = "core.py"
    WHAT = "reference core"

    def __init__(
        self,
        profile: Path,
        *,
        mutant: str | None = None,
        seed: int | None = None,
        addresses: Sequence[str] = (),
        within: Sequence[str] = (),
    ) -> None:
        more = [f"--address={address}" for address in addresses]
        super().__init__(profile, mutant, seed, *more, within=within)


class ReferenceUeProcess(_Held):
    """The reference UE as a process: on loopback, a UE for each SIM that is named (`UeDut`).

    `core` is where the simulated core listens, by family; `addresses` are the UEs', one a family, if not loopback.
    """

    SCRIPT = "ue.py"
    WHAT = "reference UE"

    def __init__(
        self,
        profile: Path,
        core: Mapping[str, Address],
        *,
        mutant: str | None = None,
        seed: int | None = None,
        addresses: Sequence[str] = (),
    ) -> None:
        super().__init__(profile, mutant, seed, *(f"--address={address}" for address in addresses))
        self._core = core

    def act(
        self,
        action: Action,
        subscriber: Subscriber,
        *,
        core: Address | None = None,
        transport: Transport | None = None,
    ) -> None:
        """See `UeDut`. `core` and `transport` are the way to the P-CSCF, by default the first of each."""
        towards = self._core if core is None else {core.family: core}
        reply = self._told(
            act=action,
            subscriber=subscriber.name,
            core=towards,
            transport=None if transport is None else transport.lower(),
        )
        if "error" in reply:
            from imsreg.tester.outcome import ScenarioStopped  # not loaded for a core

            raise ScenarioStopped("device", str(reply["error"]))

    def next_deadline(self) -> float | None:
        """See `UeDut`."""
        seconds = self._told(state=True)["next"]
        return None if seconds is None else float(seconds)

    def moved(self) -> tuple[int, int]:
        """See `UeDut`."""
        reply = self._told(state=True)
        return int(reply["sent"]), int(reply["received"])

    def phase(self, subscriber: str) -> str:
        """What the UE of the subscriber with this name is doing."""
        return str(self._told(state=subscriber)["state"])

    def _told(self, **request: object) -> dict[str, Any]:
        self.addresses  # noqa: B018 - the process says that it is ready before it answers
        return self.command(**request)
