"""The settings that a user gives by Robot variables and by the environment."""

from __future__ import annotations

from os import environ
from pathlib import Path

from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from imsreg.errors import InputError
from imsreg.tester.settings import Settings, Side, default_profile


def has_profile() -> bool:
    """Whether the user has named a profile."""
    return bool(_variable("PROFILE") or environ.get("IMSREG_PROFILE"))


def output_directory() -> Path | None:
    """Where Robot Framework writes its log, absolute; None outside an execution."""
    output = _variable("OUTPUT_DIR")
    return Path(str(output)).resolve() if output else None


def settings_from_variables(side: Side) -> Settings:
    """The settings that Robot variables and IMSREG_PROFILE give: PROFILE, LINK, MUTANT, SEED, RUN, IGNORE_KNOWN, ...

    Without a profile it is that of the embedded reference on this side. Raises InputError for a value that cannot be
    used.
    """
    profile = _variable("PROFILE") or environ.get("IMSREG_PROFILE")
    link = str(_variable("LINK") or "sockets")
    if link not in ("sockets", "memory"):
        raise InputError("--variable LINK", link, "there is no such link", "write sockets or memory")
    seed = _variable("SEED")
    if seed is not None and not str(seed).isdecimal():
        raise InputError("--variable SEED", str(seed), "a seed is a number of decimal digits", "write one")
    output = _variable("OUTPUT_DIR")
    return Settings(
        profile=Path(str(profile)) if profile else default_profile(side),
        output=Path(str(output)) if output else None,
        link="memory" if link == "memory" else "sockets",
        mutant=_mutant(side) if not profile else _text("MUTANT"),
        seed=int(str(seed)) if seed is not None else None,
        run=_text("RUN") or "",
        ignore_known=_flag("IGNORE_KNOWN"),
        spec_strict=_flag("SPEC_STRICT"),
        esp_keys=_flag("ESP_KEYS"),
    )


def _mutant(side: Side) -> str | None:
    """MUTANT, if it is one of the reference on this side. Raises InputError if there is no such mutant."""
    name = _text("MUTANT")
    if name is None:
        return None
    from imsreg.tester.mutants import mutant_named

    return name if mutant_named(name).side == side else None


def _variable(name: str) -> object:
    try:
        return BuiltIn().get_variable_value(f"${{{name}}}")
    except RobotNotRunningError:
        return None


def _text(name: str) -> str | None:
    value = _variable(name)
    return str(value) if value else None


def _flag(name: str) -> bool:
    return str(_variable(name) or "").lower() in ("true", "yes", "1")
