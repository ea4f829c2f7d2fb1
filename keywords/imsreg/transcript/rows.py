"""What a ladder shows, before anybody draws it: lanes, arrows between them, bands across them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from imsreg.sip.flow import Address
from imsreg.sip.message import Request, Response
from imsreg.transcript.entries import Entry, Event, EventKind
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.redaction import presentable
from imsreg.transcript.transcript import Transcript

_DETAIL_LIMIT = 48
_TEXT_LIMIT = 120
_ESP_LIMIT = 240
_MARK_LIMIT = 1000
_LANE_LIMIT = 24
# A DUT that opens a connection for every message must not make the picture as wide as it likes.
_MAX_LANES = 8

ArrowKind = Literal["request", "success", "response", "other"]
"""A request, a 2xx, another response, or no message at all."""
BandKind = EventKind | Literal["esp"]
"""What happened between messages: an event, or a packet with ESP that brought none."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One end: its name, and the first address that it was seen with."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message. `source` and `target` are indices of lanes, `mark` the lines of the finding that names it.

    `association` is what protected it, empty for a message in the clear; `detail` names it too.
    """

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
    association: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Something that is no message. `at` is None if it has no time."""

    at: float | None
    kind: BandKind
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
    names = _association_names(transcript)
    rows: list[Arrow | Band] = []
    skipped = 0
    for item in _shown(transcript):
        marked = isinstance(item, Entry) and item.number in marks
        if len(rows) >= limit and not marked:
            skipped += 1
            continue
        if skipped:
            rows.append(_gap(skipped))
            skipped = 0
        if isinstance(item, Band):
            rows.append(item)
        else:
            source, target = (lane[end] for end in _ends(item, transcript))
            mark, association = marks.get(item.number), names.get(item.flow.association or "", "")
            rows.append(arrow_of(item, source, target, transcript.repeat_of(item), mark, association))
    if skipped:
        rows.append(_gap(skipped))
    if transcript.dropped:
        rows.append(Band(None, "note", f"{transcript.dropped} more were not kept"))
    if transcript.dropped_esp:
        rows.append(Band(None, "note", f"{transcript.dropped_esp} more records of ESP packets were not kept"))
    title = presentable(transcript.title, limit=_TEXT_LIMIT)
    counts = [_count(len(transcript.entries), "message")]
    if transcript.esp:
        counts.append(_count(len(transcript.esp), "ESP record"))
    return Rows(title, ", ".join([transcript.date, *counts]), lanes, tuple(rows))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _shown(transcript: Transcript) -> Iterator[Entry | Band]:
    """Messages, and bands between them: one for each event, one for packets in a row that fare alike."""
    alike: list[EspEntry] = []
    for item in transcript.full_timeline():
        if isinstance(item, EspEntry):
            if item.noteworthy:
                if alike and _fate_of(item) != _fate_of(alike[0]):
                    yield _esp_band(alike)
                    alike = []
                alike.append(item)
            continue
        if alike:
            yield _esp_band(alike)
            alike = []
        yield Band(item.at, item.kind, presentable(item.text, limit=_TEXT_LIMIT)) if isinstance(item, Event) else item
    if alike:
        yield _esp_band(alike)


def _fate_of(entry: EspEntry) -> str:
    from imsreg.transcript.esp_words import esp_text  # of no use to a run without associations

    return esp_text(entry.event, sequence=False)


def _esp_band(alike: Sequence[EspEntry]) -> Band:
    first, last = alike[0], alike[-1]
    more = f" and {len(alike) - 1} like it until {last.at:.3f} s" if len(alike) > 1 else ""
    text = presentable(_fate_of(first), limit=_ESP_LIMIT)
    return Band(first.at, "esp", f"ESP record {first.number}{more}: {text}")


def _association_names(transcript: Transcript) -> dict[str, str]:
    """What to call each association: by its name, and by its whole label where several have that name."""
    labels = dict.fromkeys(entry.flow.association for entry in tuple(transcript.entries) if entry.flow.association)
    short = {label: label.partition(" SPI ")[0] for label in labels}
    seen = list(short.values())
    return {label: name if seen.count(name) == 1 else label for label, name in short.items()}


def _gap(skipped: int) -> Band:
    return Band(None, "note", f"{skipped} more not drawn here")


def arrow_of(
    entry: Entry, source: int, target: int, repeated: int | None, mark: str | None, association: str = ""
) -> Arrow:
    """The row of a message between two lanes. `repeated` is the number of the message that it retransmits, if any.

    `association` is a shorter name of the one that protected it; empty: as the flow has it.
    """
    protected = presentable(association or entry.flow.association or "", limit=_DETAIL_LIMIT)
    lines = presentable(mark, limit=_MARK_LIMIT, keep_newlines=True).splitlines() if mark is not None else []
    return Arrow(
        number=entry.number,
        at=entry.at,
        source=source,
        target=target,
        kind=_kind(entry.message),
        repeat=repeated is not None,
        label=entry.label,
        detail=", ".join(_details(entry, repeated, protected)),
        ways=f"{entry.flow.transport} {entry.source} to {entry.destination}, {len(entry.raw)} octets",
        mark=tuple(lines),
        association=protected,
    )


def _kind(message: Request | Response | None) -> ArrowKind:
    if isinstance(message, Response):
        return "success" if 200 <= message.status < 300 else "response"
    return "other" if message is None else "request"


def _details(entry: Entry, repeated: int | None, protected: str) -> Iterator[str]:
    if repeated is not None:
        yield f"retransmission of {repeated}"
    if entry.message is not None:
        yield "CSeq " + presentable(entry.message.value("CSeq") or "missing", limit=_DETAIL_LIMIT)
    elif entry.error is not None:
        yield presentable(entry.error, limit=_DETAIL_LIMIT)
    yield entry.flow.transport
    if protected:
        yield protected


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
