"""The catalogue, read once in a process."""

from __future__ import annotations

from functools import lru_cache

from imsreg.verdict.catalogue import Catalogue


@lru_cache(maxsize=1)
def rows() -> Catalogue:
    """The rows alone: the checks are imported when the first transcript is judged, long after the first packet."""
    return Catalogue.load()


@lru_cache(maxsize=1)
def full_catalogue() -> Catalogue:
    """The rows with the names of their checks."""
    from imsreg.verdict.checks import check_names

    return rows().linked(checks=check_names())
