"""The output directory."""

from __future__ import annotations

from pathlib import Path

from imsreg.errors import InputError


def made(output: Path) -> Path:
    """`output`, made if it was not there. Raises InputError if it cannot be."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(output, "", f"cannot be made: {error.strerror}", "choose another directory") from None
    return output
