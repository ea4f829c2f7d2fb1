"""How the tester makes a UE act that it does not run itself: commands of the user's, or a person at the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from imsreg.errors import InputError
from imsreg.tester.bounded import Output, run_bounded
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.terminal import Answer, Terminal
from imsreg.text import safe_text
from imsreg.transcript.redaction import presentable
from imsreg.verdict.profile_control import Action, Control

TERMINAL = Path("/dev/tty")
"""The terminal that this process was started from."""
_SHOWN = 200
"""Characters of a command, and of its last line, that an error shows."""


class Device(Protocol):
    """Whatever makes a UE act."""

    def act(self, action: Action, environment: Mapping[str, str], heard: Callable[[], bool]) -> None:
        """Have the step taken that the profile gives for `action`; returns when it has been.

        `environment` says for whom and towards which core, never with which key. `heard` says whether the UE has sent
        something since. Raises ScenarioStopped("device") that says what did not happen.
        """


class CommandDevice:
    """A UE that commands control. They run in the directory of the profile, one at a time, within the limit."""

    def __init__(self, control: Control, directory: Path) -> None:
        self._control = control
        self._directory = directory

    def act(self, action: Action, environment: Mapping[str, str], heard: Callable[[], bool]) -> None:
        """See `Device`."""
        command = self._control.steps[action]
        told = f"the command to {action} the UE ({safe_text(shlex.join(command), limit=_SHOWN)})"
        limit = self._control.limit
        try:
            output = run_bounded(command, limit=limit, cwd=self._directory, environment=environment)
        except OSError as error:
            reason = safe_text(error.strerror or str(error))
            raise ScenarioStopped("device", f"{told} could not be started: {reason}") from None
        if output.code is None and output.left_behind:
            text = (
                f"{told} ended, but what it left running held on to its output for {limit:g} s and was stopped: "
                "let it start the UE with its output sent to a file"
            )
            raise ScenarioStopped("device", text)
        if output.code is None:
            raise ScenarioStopped(
                "device", f"{told} did not end within {limit:g} s and was stopped{_last_line(output)}"
            )
        if output.code:
            raise ScenarioStopped("device", f"{told} ended with {_code(output.code)}{_last_line(output)}")


class ManualDevice:
    """A UE that a person handles. Each step is asked for at the terminal, whatever the runner does with its output.

    Raises InputError if this process has no terminal.
    """

    def __init__(self, control: Control, where: Path, terminal: Path) -> None:
        self._control = control
        self._terminal = terminal
        try:
            with Terminal(terminal):
                pass
        except OSError:
            remedy = "run it from a terminal, or write kind: command"
            raise InputError(where, "control.kind", "manual needs a terminal, and there is none", remedy) from None

    def act(self, action: Action, environment: Mapping[str, str], heard: Callable[[], bool]) -> None:
        """See `Device`. A request of the UE counts as done, unless nothing is to come from it: a reset is silent."""
        (step,) = self._control.steps[action]
        ends = heard if action != "reset" else _never
        try:
            with Terminal(self._terminal) as terminal:
                answer = terminal.ask(safe_text(step), self._control.limit, ends)
        except OSError as error:
            reason = safe_text(error.strerror or str(error))
            raise ScenarioStopped("device", f"nobody could be asked to {action} the UE: {reason}") from None
        asked = f"to {action} the UE ({safe_text(step, limit=_SHOWN)})"
        match answer:
            case Answer.CANNOT:
                raise ScenarioStopped("device", f"the person who was asked {asked} said that it cannot be done")
            case Answer.NONE:
                limit = f"{self._control.limit:g} s"
                raise ScenarioStopped("device", f"nobody who was asked {asked} pressed Enter within {limit}")
            case Answer.DONE:
                return


def device_of(control: Control, where: Path) -> Device:
    """What the profile at `where` says. Raises InputError if a person is to be asked and there is no terminal."""
    if control.kind == "command":
        return CommandDevice(control, where.parent)
    return ManualDevice(control, where, TERMINAL)


def _never() -> bool:
    return False


def _code(code: int) -> str:
    return f"exit code {code}" if code > 0 else f"signal {-code}"


def _last_line(output: Output) -> str:
    # The tail may be a megabyte of one line: only its end can be the last line that is shown.
    lines = output.tail[-8 * _SHOWN :].strip().splitlines()
    return f": {presentable(lines[-1], limit=_SHOWN)}" if lines else ", and printed nothing"
