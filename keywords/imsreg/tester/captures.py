"""Which captures are analysed: files, or all that a run has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from imsreg.errors import InputError
from imsreg.text import safe_text
from imsreg.transcript.capture import is_foreign, read_capture
from imsreg.transcript.transcript import Transcript

CAPTURE = "wire.pcapng"

Captures = Mapping[Path, Transcript]


def read_captures(places: Iterable[Path]) -> Captures:
    """The captures in these files and directories: a test's evidence, or the output of a run.

    Raises InputError for what cannot be read, and for a directory without captures.
    """
    paths = [path for place in places for path in (_in_directory(place) if place.is_dir() else [place])]
    return {path: read_capture(path) for path in paths}


def told_apart(places: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The places of captures that imsreg wrote, and the files that others did.

    What is no capture at all is among the first: reading it says why.
    """
    own: list[Path] = []
    foreign: list[Path] = []
    for place in places:
        (foreign if not place.is_dir() and is_foreign(place) else own).append(place)
    return own, foreign


def of_test(captures: Captures, test: str) -> Captures:
    """Those whose title is `test`, with the name of the suite or without. Raises InputError if there is none."""
    wanted = test.casefold()
    titles = {path: transcript.title for path, transcript in captures.items()}
    kept = [p for p, t in titles.items() if wanted in (t.casefold(), t.casefold().partition(": ")[2])]
    if not kept:
        known = [title.partition(": ")[2] or title for title in titles.values()]
        near = get_close_matches(test, known, n=1)
        remedy = f"did you mean {safe_text(near[0])}?" if near else "transcript.txt begins with the title of its test"
        raise InputError("--test", safe_text(test), "no capture is of this test", remedy)
    return {path: captures[path] for path in kept}


def names(captures: Captures) -> dict[Path, str]:
    """What to call each in reports: its title, with its file where several have the same or none."""
    seen = Counter(transcript.title for transcript in captures.values())
    return {
        path: safe_text(title if title and seen[title] == 1 else f"{title} ({path})".lstrip())
        for path, transcript in captures.items()
        for title in (transcript.title,)
    }


def _in_directory(place: Path) -> list[Path]:
    found = [place / CAPTURE] if (place / CAPTURE).exists() else sorted(place.glob(f"evidence/*/{CAPTURE}"))
    if not found:
        raise InputError(place, "", "there is no capture in it", f"name a {CAPTURE} or the output directory of a run")
    return found
