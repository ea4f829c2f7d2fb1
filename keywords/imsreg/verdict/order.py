"""The order in which people expect specifications, clauses and requirement ids."""

from __future__ import annotations

import re

_PARTS = re.compile(r"([0-9]+)")

OrderKey = tuple[tuple[int, int, str], ...]


def natural_key(text: str) -> OrderKey:
    """A sort key under which runs of digits compare as numbers: 5.4.2 before 5.4.10, 5.4.1.2.3 before 5.4.1.2.3A."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _PARTS.split(text) if part)
