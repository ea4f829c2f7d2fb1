"""The catalogue as a run judges by it."""

from __future__ import annotations

from functools import lru_cache

from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.checks import check_names


@lru_cache(maxsize=1)
def full_catalogue() -> Catalogue:
    """The catalogue with the checks linked. Read once in a process."""
    return Catalogue.load().linked(checks=check_names())
