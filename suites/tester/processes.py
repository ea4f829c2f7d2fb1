"""Which processes somebody has started."""

from __future__ import annotations

from pathlib import Path


def children(pid: int) -> set[int]:
    """The processes that `pid` has started and that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended meanwhile
            continue
        if int(parent) == pid and state != "Z":
            found.add(int(stat.parent.name))
    return found
