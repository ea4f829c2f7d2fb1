"""How a UE under test is made to act: the commands of the profile, or the steps that a person takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from imsreg.errors import InputError
from imsreg.verdict import profile_fields as fields
from imsreg.verdict.profile_schema import ControlFields, ControlKind

Action = Literal["register", "deregister", "reset"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""register: begin an initial registration, or have it under way; deregister: end it by de-registering; reset: be as
after a power cut, registered nowhere, with nothing sent."""

_LONGEST_LIMIT = 3600


@dataclass(frozen=True, slots=True)
class Control:
    """`control:` of a profile. An action that is absent from `steps` cannot be had from this UE.

    A step of kind `command` is a command as its arguments, run in the directory of the profile; one of kind `manual` is
    one text, what a person shall do. `limit`: seconds that command or person may take.
    """

    kind: ControlKind
    steps: Mapping[Action, tuple[str, ...]]
    limit: float


def control_of(path: Path, typed: ControlFields) -> Control:
    """The checked `control:` of the profile at `path`. Raises InputError."""
    written = {"register": typed.register, "deregister": typed.deregister, "reset": typed.reset}
    steps: dict[Action, tuple[str, ...]] = {}
    for action in ACTIONS:
        field = f"control.{action}"
        value = written[action]
        if typed.kind == "manual" and not isinstance(value, str) and value:
            raise InputError(path, field, "a step for a person is one text", "write what the person shall do")
        step = (
            (value.strip(),)
            if typed.kind == "manual" and isinstance(value, str)
            else fields.command(path, field, value)
        )
        if any(step):
            steps[action] = step
    if "register" not in steps:
        example = "./ue-on" if typed.kind == "command" else "Switch the UE on"
        raise InputError(path, "control.register", "is missing", f"say what makes the UE register, as in {example}")
    fields.in_range(path, "control.limit", typed.limit, 1, _LONGEST_LIMIT)
    return Control(typed.kind, steps, typed.limit)
