"""Where suites, fixtures and vectors lie: in the checkout that runs, else in the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data(*parts: str) -> Path:
    """The path of a data file or folder, such as `data("vectors", "milenage.json")`.

    A checkout's own folders win, so that an edited fixture counts at once; a wheel carries a copy in imsreg/_data.
    """
    return _root(_PACKAGE).joinpath(*parts)


def _root(package: Path) -> Path:
    checkout = package.parent.parent
    runs_from_checkout = (checkout / "pyproject.toml").is_file() and (checkout / "keywords" / package.name) == package
    return checkout if runs_from_checkout else package / "_data"
