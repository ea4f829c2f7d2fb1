"""What a ladder shows, before anybody draws it: lanes, arrows between them, bands across them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from imsreg.sip.flow import Address
from imsreg.sip.message import Request, Response
from imsreg.transcript.entries import Entry, Event, EventKind
from imsreg.transcript.redaction import presentable
from imsreg.transcript.transcript import Transcript

_DETAIL_LIMIT = 48
_TEXT_LIMIT = 120
_MARK_LIMIT = 1000
_LANE_LIMIT = 24
# A DUT that opens a connection for every message must not make the picture as wide as it likes.
_MAX_LANES = 8

ArrowKind = Literal["request", "success", "response", "other"]
"""A request, a 2xx, another response, or no message at all."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One end: its name, and the first address that it was seen with."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message. `source` and `target` are indices of lanes, `mark` the lines of the finding that names it."""

    number: int
    at: float
    source: int
    target: int
    kind: ArrowKind
    repeat: bool
    label: str
    detail: str
    ways: str
    mark: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Something that is no message. `at` is None if it has no time."""

    at: float | None
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """All that a ladder shows, from left to right and from top to bottom. Every text is safe and free of keys."""

    title: str
    subtitle: str
    lanes: tuple[Lane, ...]
    rows: tuple[Arrow | Band, ...]


def rows_of(transcript: Transcript, marks: Mapping[int, str], limit: int) -> Rows:
    """The rows of `transcript`, at most `limit` unmarked ones: the first ones, and every marked message after them."""
    lanes, lane = _lanes_of(transcript)
    rows: list[Arrow | Band] = []
    skipped = 0
    for item in transcript.timeline():
        marked = isinstance(item, Entry) and item.number in marks
        if len(rows) >= limit and not marked:
            skipped += 1
            continue
        if skipped:
            rows.append(_gap(skipped))
            skipped = 0
        if isinstance(item, Event):
            rows.append(Band(item.at, item.kind, presentable(item.text, limit=_TEXT_LIMIT)))
        else:
            source, target = (lane[end] for end in _ends(item, transcript))
            rows.append(arrow_of(item, source, target, transcript.repeat_of(item), marks.get(item.number)))
    if skipped:
        rows.append(_gap(skipped))
    if transcript.dropped:
        rows.append(Band(None, "note", f"{transcript.dropped} more were not kept"))
    title = presentable(transcript.title, limit=_TEXT_LIMIT)
    count = len(transcript.entries)
    subtitle = f"{transcript.date}, {count} message{'' if count == 1 else 's'}"
    return Rows(title, subtitle, lanes, tuple(rows))


def _gap(skipped: int) -> Band:
    return Band(None, "note", f"{skipped} more not drawn here")


def arrow_of(entry: Entry, source: int, target: int, repeated: int | None, mark: str | None) -> Arrow:
    """The row of a message between two lanes. `repeated` is the number of the message that it retransmits, if any."""
    lines = presentable(mark, limit=_MARK_LIMIT, keep_newlines=True).splitlines() if mark is not None else []
    return Arrow(
        number=entry.number,
        at=entry.at,
        source=source,
        target=target,
        kind=_kind(entry.message),
        repeat=repeated is not None,
        label=entry.label,
        detail=", ".join(_details(entry, repeated)),
        ways=f"{entry.flow.transport} {entry.source} to {entry.destination}, {len(entry.raw)} octets",
        mark=tuple(lines),
    )


def _kind(message: Request | Response | None) -> ArrowKind:
    if isinstance(message, Response):
        return "success" if 200 <= message.status < 300 else "response"
    return "other" if message is None else "request"


def _details(entry: Entry, repeated: int | None) -> Iterator[str]:
    if repeated is not None:
        yield f"retransmission of {repeated}"
    if entry.message is not None:
        yield "CSeq " + presentable(entry.message.value("CSeq") or "missing", limit=_DETAIL_LIMIT)
    elif entry.error is not None:
        yield presentable(entry.error, limit=_DETAIL_LIMIT)
    yield entry.flow.transport
    if entry.flow.association is not None:
        yield presentable(entry.flow.association, limit=_DETAIL_LIMIT)


def _lanes_of(transcript: Transcript) -> tuple[tuple[Lane, ...], dict[str, int]]:
    """The lanes, those with a name first and in the order of `Transcript.peers`; and the lane of each end."""
    seen: dict[str, Address] = {}
    for entry in tuple(transcript.entries):
        for end, address in zip(_ends(entry, transcript), (entry.source, entry.destination), strict=True):
            seen.setdefault(end, address)
    named = list(dict.fromkeys(transcript.peers.values()))
    ends = sorted(seen, key=lambda end: named.index(end) if end in named else len(named))
    lanes = [Lane(presentable(end, limit=_LANE_LIMIT), str(seen[end])) for end in ends[:_MAX_LANES]]
    if len(ends) > _MAX_LANES:
        lanes[-1] = Lane("others", f"{len(ends) - _MAX_LANES + 1} addresses")
    return tuple(lanes), {end: min(index, _MAX_LANES - 1) for index, end in enumerate(ends)}


def _ends(entry: Entry, transcript: Transcript) -> tuple[str, str]:
    """What the source and the destination are called. Two addresses with one name are told apart by themselves."""
    source, destination = transcript.name(entry.source), transcript.name(entry.destination)
    return (str(entry.source), str(entry.destination)) if source == destination else (source, destination)
