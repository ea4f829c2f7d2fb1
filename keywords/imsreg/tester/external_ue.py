"""A UE under test that the tester does not run itself: a phone, a softphone, a stack, by the profile's `control`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.sip.flow import Address
from imsreg.tester.device import device_of
from imsreg.tester.dut import ExternalDut
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.verdict.profile import Profile
from imsreg.verdict.profile_control import Action


class ExternalUe:
    """The UE of a profile. Its `start` and `stop` commands run around everything that it is told to do.

    Commands are told whom and what towards in their environment: IMSREG_CORE_ADDRESS and IMSREG_CORE_PORT,
    IMSREG_TRANSPORT (udp or tcp), IMSREG_SUBSCRIBER, the name in the file IMSREG_SUBSCRIBERS, IMSREG_IMPI, IMSREG_IMPU,
    IMSREG_HOME_DOMAIN; and IMSREG_SCRATCH, a directory that they may keep things in while the run lasts. None of them
    is a key.
    """

    moves_with_clock = False

    def __init__(self, profile: Profile, core: Mapping[str, Address], octets_in: Callable[[], int] = lambda: 0) -> None:
        """`core` is where the simulated core listens, by family; `octets_in` says how much has come there so far.

        Raises InputError if a person has to be asked and cannot be, or if the `start` command fails.
        """
        if profile.control is None or not core:
            raise InputError(profile.path, "control", "is missing", "say how the UE is made to register")
        self._profile = profile
        self._control = profile.control
        self._core = next(iter(core.values()))
        self._octets_in = octets_in
        self._device = device_of(profile.control, profile.path)
        self._last: Action | None = None
        self.scratch = Path(tempfile.mkdtemp(prefix="imsreg-ue-"))
        """IMSREG_SCRATCH; gone when the UE is closed."""
        self._told: Mapping[str, str] = {}
        try:
            self._dut = ExternalDut(profile)
        except BaseException:
            self._forget()
            raise

    @property
    def addresses(self) -> Mapping[str, Address]:
        """Where the profile says that the UE is; nothing if it says nothing: a UE comes by itself."""
        return self._dut.addresses

    def act(self, action: Action, subscriber: Subscriber) -> None:
        """Have the UE told. Raises NotApplicable if nobody can tell it, ScenarioStopped if it could not be told.

        A profile without `control.reset` has the UE de-register instead, once it has been told to register.
        """
        step = self._reset() if action == "reset" else action
        if step is None:
            return
        if step not in self._control.steps:
            raise NotApplicable(f"the profile has no control.{step}: this UE cannot be told to {step}")
        self._told = self._environment(subscriber)
        before = self._octets_in()
        if step != "reset":
            self._last = step
        self._device.act(step, self._told, lambda: self._octets_in() > before)
        self._last = step

    def advance(self, seconds: float) -> None:
        """Nothing to do: real time passes by itself."""

    def next_deadline(self) -> float | None:
        """Nobody knows."""
        return None

    def moved(self) -> tuple[int, int]:
        """Nobody counts."""
        return (0, 0)

    def close(self) -> None:
        """Leave nothing running: the `reset` command, if it was not the last, and the profile's `stop` command."""
        if self._last not in (None, "reset") and self._control.kind == "command" and "reset" in self._control.steps:
            self._last = None
            with suppress(ScenarioStopped):  # the test that needed it has said so
                self._device.act("reset", self._told, lambda: False)
        try:
            self._dut.close()
        finally:
            self._forget()

    def _reset(self) -> Action | None:
        """What brings the UE to where it has no registration; None if it is there as far as anybody knows."""
        if "reset" in self._control.steps:
            return "reset" if self._last != "reset" else None
        if self._last in (None, "deregister"):
            return None
        if "deregister" in self._control.steps:
            return "deregister"
        text = "the UE may still be registered: the profile has neither control.reset nor control.deregister"
        raise ScenarioStopped("leftovers", text)

    def _environment(self, subscriber: Subscriber) -> Mapping[str, str]:
        return {
            "IMSREG_CORE_ADDRESS": self._core.host,
            "IMSREG_CORE_PORT": str(self._core.port),
            "IMSREG_TRANSPORT": self._profile.dut.transports[0],
            "IMSREG_SUBSCRIBER": subscriber.name,
            "IMSREG_SUBSCRIBERS": str(self._profile.subscribers.resolve()),
            "IMSREG_IMPI": subscriber.impi,
            "IMSREG_IMPU": subscriber.registration_impu,
            "IMSREG_HOME_DOMAIN": subscriber.home_domain,
            "IMSREG_SCRATCH": str(self.scratch),
        }

    def _forget(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
