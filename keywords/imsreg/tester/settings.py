"""What a user chooses for a run, whichever runner starts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from imsreg.paths import data

Side = Literal["cscf", "ue"]
"""What the DUT of a run is: a CSCF, up to a whole core, or a UE. There is a directory of suites for each."""

SIDES: tuple[Side, ...] = get_args(Side)

DEFAULT_PROFILES: dict[Side, str] = {"cscf": "embedded-core.yaml", "ue": "embedded-ue.yaml"}
"""Without a profile each directory of suites runs on its embedded reference."""


def default_profile(side: Side) -> Path:
    """The profile of the embedded reference on this side."""
    return data("fixtures", "profiles", DEFAULT_PROFILES[side])


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one run. `output` None writes nothing: no journal, no evidence.

    `link` "memory" runs an embedded DUT on the in-memory link with a virtual clock; `mutant` seeds one defect into it.
    `worker` and `workers` share the subscribers of a profile among parallel processes.

    `esp_keys` writes the keys of each test's security associations beside its capture.

    `partial` are the requirements some of whose tests the run leaves out: that a known deviation does not show in the
    others says nothing.
    """

    profile: Path = field(default_factory=lambda: default_profile("cscf"))
    output: Path | None = None
    link: Literal["sockets", "memory"] = "sockets"
    mutant: str | None = None
    seed: int | None = None
    run: str = ""
    ignore_known: bool = False
    spec_strict: bool = False
    esp_keys: bool = False
    partial: frozenset[str] = frozenset()
    worker: int = 0
    workers: int = 1
