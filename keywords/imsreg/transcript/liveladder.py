"""The ladder of several UEs at one core while it grows: a message is a line as soon as it has passed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from imsreg.secagree.events import Fate
from imsreg.transcript.entries import Entry
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.redaction import presentable
from imsreg.transcript.rows import Band, arrow_of
from imsreg.transcript.textladder import arrow_lines, band_line, columns_of, names_line

MAX_LANES = 8
"""Lanes of a ladder; the last is for all UEs that have none of their own."""

MAX_UNSENT = 64
"""Connections whose packets cannot leave that are remembered, the latest."""

_CORE = 1
_NAME_LIMIT = 24
_TEXT_LIMIT = 400
_OTHERS = "others"


class LiveLadder:
    """Gives the lines of a ladder one after the other. No column ever moves: a new UE gets the next one.

    The first UE stands to the left of the core, as in the ladder of one UE, the others to the right. What is shown is
    safe and free of CK and IK.
    """

    def __init__(self, core: str = "P-CSCF") -> None:
        self._core = core
        self._lanes: dict[str, int] = {}
        self._unsent: deque[str] = deque(maxlen=MAX_UNSENT)

    def message(self, ue: str, entry: Entry, repeated: int | None, remarks: Sequence[str] = ()) -> Iterator[str]:
        """The lines of a message that `ue` has sent or been sent, below those of the lanes if `ue` is a new one.

        `repeated` is the number of the message that it retransmits, if any. Number 0 of `entry` stays away.
        """
        if ue not in self._lanes and len(self._lanes) < MAX_LANES - 1:
            yield from self._lane_for(ue)
        lane = self._lanes.get(ue, MAX_LANES - 1)
        ends = (_CORE, lane) if entry.sent else (lane, _CORE)
        arrow = arrow_of(entry, *ends, repeated, "\n".join(remarks) or None)
        if lane == MAX_LANES - 1:
            arrow = replace(arrow, detail=f"{presentable(ue, limit=_NAME_LIMIT)}, {arrow.detail}")
        yield from arrow_lines(arrow, self._columns)

    def event(self, text: str, at: float) -> str:
        """The line of something that is no message. `at` in seconds."""
        return band_line(Band(at, "note", presentable(text, limit=_TEXT_LIMIT)))

    def esp(self, entry: EspEntry) -> str | None:
        """The line of an ESP packet that brought no message, or was no good; None for what the messages show.

        A connection whose associations are gone says good-bye over and over, and none of it leaves: that is one line.
        """
        if not entry.noteworthy:
            return None
        from imsreg.transcript.esp_words import esp_text  # of no use to a run without associations

        text = esp_text(entry.event)
        if entry.event.fate is Fate.NO_ASSOCIATION:
            if text in self._unsent:
                return None
            self._unsent.append(text)
        return self.event(f"ESP record {entry.number}: {text}", entry.at)

    @property
    def _columns(self) -> list[int]:
        return columns_of(max(2, 1 + len(self._lanes)))

    def _lane_for(self, ue: str) -> Iterator[str]:
        number = len(self._lanes)
        self._lanes[ue] = number if number < _CORE else number + 1
        names = [presentable(name, limit=_NAME_LIMIT) for name in self._lanes]
        if len(self._lanes) == MAX_LANES - 1:
            names[-1] = _OTHERS
        yield ""
        yield names_line([names[0], self._core, *names[1:]], self._columns)
