"""The options of the command line, and the settings that follow from them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from os import environ
from pathlib import Path
from typing import Any

import pytest

from imsreg.tester.settings import Settings


def settings(config: pytest.Config, output: Path, worker: Mapping[str, Any] | None) -> Settings:
    """The choices of a run. `worker` is the workerinput of pytest-xdist, whose workers share one run."""
    profile = _profile(config)
    given: dict[str, Any] = {"profile": Path(profile)} if profile else {}
    if worker is not None:
        # A worker that replaces a crashed one has a number beyond their count: it takes over a share of subscribers.
        number, workers = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
        given |= {"worker": number % workers, "workers": workers, "run": worker["testrunuid"]}
    return Settings(
        output=output,
        link=config.getoption("imsreg_link"),
        mutant=config.getoption("imsreg_mutant"),
        seed=config.getoption("imsreg_seed"),
        ignore_known=config.getoption("imsreg_ignore_known"),
        spec_strict=config.getoption("imsreg_spec_strict"),
        esp_keys=config.getoption("imsreg_esp_keys"),
        **given,
    )


def reproduce(config: pytest.Config, nodeid: str) -> str:
    """The command that runs one test again, with everything that makes its DUT what it was."""
    words = ["pytest"]
    for name in ("profile", "link", "mutant", "seed"):
        value = _profile(config) if name == "profile" else config.getoption(f"imsreg_{name}")
        if value is not None and value != "sockets":
            words += [f"--imsreg-{name}", str(value)]
    return shlex.join([*words, nodeid])


def _profile(config: pytest.Config) -> str | None:
    return config.getoption("imsreg_profile") or environ.get("IMSREG_PROFILE") or None
