"""The messages of a transcript in full, for reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imsreg.sip.flow import Address
from imsreg.transcript.entries import Entry, Event
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.redaction import presentable
from imsreg.transcript.transcript import Transcript

MESSAGE_LIMIT = 16_384
"""Characters of one message that are shown; the capture has the rest."""
_LINE_LIMIT = 1000


def render(transcript: Transcript, marks: Mapping[int, str] = {}) -> str:
    """Every message with number, time, direction and flow, and what happened between them. It ends in a newline.

    Of the packets with ESP those have a line that tell of more than a message: the others are counted.

    What comes from the wire stands behind a bar, escaped, with CK and IK masked: no message can pass for a line of
    this log. `marks` has the text of a finding by the number of the entry that shows it.
    """
    return "\n".join(_lines(transcript, marks)) + "\n"


def heading(title: str) -> str:
    """The first line of the log of a transcript with that title."""
    return presentable(title, limit=_LINE_LIMIT)


def _lines(transcript: Transcript, marks: Mapping[int, str]) -> Iterator[str]:
    yield heading(transcript.title)
    records = f", {len(transcript.esp)} ESP records" if transcript.esp else ""
    yield f"{transcript.date}, {len(transcript.entries)} messages{records}"
    for item in transcript.full_timeline():
        if isinstance(item, EspEntry):
            yield from _esp(item)
            continue
        yield ""
        if isinstance(item, Event):
            yield f"{item.kind.capitalize()} at {item.at:.6f} s: {presentable(item.text, limit=_LINE_LIMIT)}"
        else:
            yield from _message(item, transcript, marks.get(item.number))
    if transcript.dropped:
        yield ""
        yield f"{transcript.dropped} more messages and events were not kept"
    if transcript.dropped_esp:
        yield ""
        yield f"{transcript.dropped_esp} more records of ESP packets were not kept"


def _message(entry: Entry, transcript: Transcript, mark: str | None) -> Iterator[str]:
    ways = f"{_end(transcript, entry.source)} -> {_end(transcript, entry.destination)}"
    yield f"Message {entry.number} at {entry.at:.6f} s: {ways}, {_path(entry)}, {len(entry.raw)} octets"
    if (first := transcript.repeat_of(entry)) is not None:
        yield f"  retransmission of message {first}"
    if entry.error is not None:
        yield f"  unreadable: {presentable(entry.error, limit=_LINE_LIMIT)}"
    if mark is not None:
        for line in presentable(mark, limit=_LINE_LIMIT, keep_newlines=True).splitlines():
            yield f"  ! {line}"
    for line in presentable(entry.raw, limit=MESSAGE_LIMIT, keep_newlines=True).removesuffix("\n").split("\n"):
        yield f"  | {line}" if line else "  |"


def _esp(entry: EspEntry) -> Iterator[str]:
    if entry.noteworthy:
        from imsreg.transcript.esp_words import esp_text  # of no use to a run without associations

        yield ""
        yield f"ESP record {entry.number} at {entry.at:.6f} s: {presentable(esp_text(entry.event), limit=_LINE_LIMIT)}"


def _end(transcript: Transcript, address: Address) -> str:
    name = presentable(transcript.name(address), limit=_LINE_LIMIT)
    return name if name == str(address) else f"{name} {address}"


def _path(entry: Entry) -> str:
    flow = entry.flow
    connection = f" connection {flow.connection}" if flow.connection else ""
    if flow.association is None:
        return f"{flow.transport}{connection}"
    return f"{flow.transport}{connection}, protected by {presentable(flow.association, limit=_LINE_LIMIT)}"
