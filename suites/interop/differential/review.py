"""The reviewed disagreements, and what a run of all readers finds.

    python suites/interop/differential/review.py [--markdown]

Prints how many messages each reader takes and every disagreement that no row of disagreements.yaml explains; exit 1 if
there are any. With `--markdown` it prints the table of docs/differential.md.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import yaml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from differential import ours, with_osip, with_tshark  # noqa: E402
from differential.corpus import Case, corpus  # noqa: E402
from differential.fields import NAMES, Fields, differing  # noqa: E402

Readings = list[Fields | None]


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """One reviewed disagreement."""

    peer: Literal["sipmessage", "libosip2", "tshark"]
    case: str
    fields: list[str]
    right: Literal["ours", "peer", "either", "nobody"]
    why: str


class Review(msgspec.Struct, forbid_unknown_fields=True):
    """All of them, and the peers' versions that they were found with."""

    versions: dict[str, str]
    rows: list[Row]

    def known(self, peer: str) -> set[tuple[str, str]]:
        """Field and case of what is known of a peer."""
        return {(field, row.case) for row in self.rows if row.peer == peer for field in row.fields}


class Found(NamedTuple):
    """What the comparison with one peer gave."""

    taken: int
    """Messages that the peer reads."""
    both: int
    """Messages that the peer and we read, whose fields were compared."""
    disagreements: Counter[tuple[str, str]]
    """Field and case, with how many messages."""
    samples: dict[tuple[str, str], str]


def reviewed() -> Review:
    """The data file. Raises msgspec.ValidationError if it has another form."""
    return msgspec.convert(yaml.safe_load((HERE / "disagreements.yaml").read_text(encoding="utf-8")), Review)


def read_by(peer: str, messages: Sequence[bytes]) -> Readings | None:
    """What a peer reads, or None if it is not installed."""
    match peer:
        case "sipmessage" if importlib.util.find_spec("sipmessage"):
            from differential import with_sipmessage

            return [with_sipmessage.read(octets) for octets in messages]
        case "libosip2" if name := with_osip.library():
            return list(map(with_osip.Osip(name).read, messages))
        case "tshark" if with_tshark.program():
            with tempfile.TemporaryDirectory(prefix="imsreg-differential-") as folder:
                return with_tshark.read_all(messages, Path(folder))
    return None


def compare(cases: Sequence[Case], mine: Readings, theirs: Readings) -> Found:
    """Every field that both give, of every message that both read."""
    disagreements, samples, both = Counter[tuple[str, str]](), dict[tuple[str, str], str](), 0
    for case, own, other in zip(cases, mine, theirs, strict=True):
        if own is None or other is None:
            continue
        both += 1
        for field in differing(own, other):
            key = (field, case.name(field))
            disagreements[key] += 1
            samples.setdefault(key, f"ours {own[field]}, theirs {other[field]}")
    return Found(sum(each is not None for each in theirs), both, disagreements, samples)


def read_ours(cases: Sequence[Case]) -> Readings:
    """What imsreg reads."""
    return [ours.read(case.octets) for case in cases]


def version(peer: str) -> str:
    """The version of a peer that is installed."""
    ask: dict[str, Callable[[], str]] = {
        "sipmessage": lambda: importlib.metadata.version("sipmessage"),
        "libosip2": lambda: _first_version(["pkg-config", "--modversion", "libosip2"]),
        "tshark": lambda: _first_version(["tshark", "--version"]),
    }
    return ask[peer]()


def _first_version(command: list[str]) -> str:
    try:
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    match = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", text)
    return match.group() if match else "unknown"


def markdown(review: Review) -> str:
    """The table for the documentation."""
    lines = ["| peer | case | fields | who is right | why |", "|---|---|---|---|---|"]
    for row in review.rows:
        fields = "all" if len(row.fields) > len(NAMES) - 4 else ", ".join(row.fields)
        lines.append(f"| {row.peer} | {row.case} | {fields} | {row.right} | {row.why} |")
    return "\n".join(lines)


def main() -> int:
    """Print the figures, or the table."""
    review = reviewed()
    if "--markdown" in sys.argv[1:]:
        print(markdown(review))
        return 0
    cases, untriaged = corpus(), 0
    mine = read_ours(cases)
    print(f"{len(cases)} messages, {sum(each is not None for each in mine)} read by imsreg")
    for peer in review.versions:
        theirs = read_by(peer, [case.octets for case in cases])
        if theirs is None:
            print(f"{peer}: skipped, it is not installed")
            continue
        found = compare(cases, mine, theirs)
        different = len(found.disagreements)
        print(f"{peer} {version(peer)}: reads {found.taken}, {found.both} compared, {different} cases that differ")
        for key in found.disagreements.keys() - review.known(peer):
            untriaged += 1
            print(f"  new: {key[0]} of {key[1]}, {found.disagreements[key]} times: {found.samples[key]}")
    return int(untriaged > 0)


if __name__ == "__main__":
    sys.exit(main())
