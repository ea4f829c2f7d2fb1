"""The DUT as the tester handles it, and the one that somebody else runs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.sip.flow import Address
from imsreg.verdict.profile import Profile

COMMAND_LIMIT = 120.0
"""Seconds that a profile's start or stop command may take."""


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


Action = Literal["register", "deregister", "reset"]
"""What a UE can be told: to register (again, if it is registered), to de-register, to forget everything silently."""


class UeDut(Dut, Protocol):
    """What a session needs of a UE under test."""

    def act(self, action: Action, subscriber: Subscriber) -> None:
        """Give the UE with this subscriber's SIM a command. Returns once it has it, not once it has done it.

        Raises ScenarioStopped("device", what did not happen).
        """

    def next_deadline(self) -> float | None:
        """Seconds until the UE's own next timer; None where it has none, or nobody knows."""

    def moved(self) -> tuple[int, int]:
        """Octets of payload that it has sent and received so far over UDP and TCP; zeros where nobody knows."""


class AbsentDut:
    """No DUT: the tester's host lacks what a run against it takes."""

    addresses: Mapping[str, Address] = {}
    moves_with_clock = False

    def advance(self, seconds: float) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


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
