"""The checks: pure functions over a transcript, each deciding one requirement. One topic one file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import lru_cache

from imsreg.verdict.checks.registry import Check, registered


@lru_cache(maxsize=1)
def _loaded() -> Mapping[str, Sequence[Check]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return registered()


def checks_of(requirement: str) -> Sequence[Check]:
    """The checks that decide a requirement."""
    return _loaded().get(requirement, ())


def check_names() -> dict[str, list[str]]:
    """Requirement id -> names of its checks, as "topic.function"."""
    return {
        identifier: [f"{c.__module__.rpartition('.')[2]}.{c.__name__}" for c in checks]
        for identifier, checks in _loaded().items()
    }
