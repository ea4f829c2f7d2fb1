"""What a user chooses for a run, whichever runner starts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imsreg.paths import data

DEFAULT_PROFILES = {"cscf": "embedded-core.yaml"}
"""Without a profile each directory of suites runs on its embedded reference."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one run. `output` None writes nothing: no journal, no evidence.

    `link` "memory" runs an embedded DUT on the in-memory link with a virtual clock; `mutant` seeds one defect into it.
    `worker` and `workers` share the subscribers of a profile among parallel processes.

    `partial` are the requirements some of whose tests the run leaves out: that a known deviation does not show in the
    others says nothing.
    """

    profile: Path = field(default_factory=lambda: data("fixtures", "profiles", DEFAULT_PROFILES["cscf"]))
    output: Path | None = None
    link: Literal["sockets", "memory"] = "sockets"
    mutant: str | None = None
    seed: int | None = None
    run: str = ""
    ignore_known: bool = False
    spec_strict: bool = False
    partial: frozenset[str] = frozenset()
    worker: int = 0
    workers: int = 1
