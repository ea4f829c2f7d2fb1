"""The reference core as a process of its own. Little is imported here: it may start while the rest is being loaded."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.sip.flow import Address

START_LIMIT = 10.0
"""Seconds that the process has to say that it listens, and to answer a command."""


class ReferenceProcess:
    """The reference core as a process, held by its standard streams: it ends when they close.

    It listens on loopback, or at `address`. `within` is the start of a command line that runs the rest of it somewhere
    else, in a network namespace for one.
    """

    moves_with_clock = True

    def __init__(
        self,
        profile: Path,
        *,
        mutant: str | None = None,
        seed: int | None = None,
        address: str | None = None,
        within: Sequence[str] = (),
    ) -> None:
        command = [*within, sys.executable, str(data("fixtures", "reference", "core.py")), "--profile", str(profile)]
        if mutant:
            command += ["--mutant", mutant]
        if seed is not None:
            command += ["--seed", str(seed)]
        if address is not None:
            command += ["--address", address]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._replies: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, name="reference core", daemon=True)
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
        """Move the core's clock by `seconds`; returns when every timer that came due has run."""
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
            raise InputError(
                "reference core", "", f"no answer within {limit:g} s", "run fixtures/reference/core.py by hand"
            ) from error
        if not line:
            raise self._died()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _died(self) -> InputError:
        assert self._process.stderr is not None
        last = (self._process.stderr.read().strip().splitlines() or ["no message"])[-1]
        return InputError("reference core", "", f"the process ended: {last}", "run fixtures/reference/core.py by hand")
