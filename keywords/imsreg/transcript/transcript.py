"""Everything that was sent and received in one run of a scenario: what checks judge and artefacts show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from imsreg.sip.flow import Address, Flow
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.correlation import Correlator, Exchange
from imsreg.transcript.entries import Entry, Event, EventKind

MAX_ENTRIES = 10_000
"""Messages, and likewise events, that a transcript keeps."""
MAX_OCTETS = 16 * 2**20
"""Octets of messages that a transcript keeps."""


class Transcript:
    """The messages of a run with their octets, and the events between them, in the order in which they happened.

    `began` is the wall clock at the beginning in seconds since the epoch. `start` is what the clock of the link, which
    `record` and `note` are given as `now`, showed then; without it the first thing that happens is at 0 s.
    `peers` gives addresses their names for people: by Address (host and port), or by host alone. Its order is that of
    the lanes in the ladder.
    """

    def __init__(self, title: str, began: float, *, start: float | None = None) -> None:
        self.title = title
        self.began = began
        self.entries: list[Entry] = []
        self.events: list[Event] = []
        self.peers: dict[Address | str, str] = {}
        self.circumstances = Circumstances()
        self.dropped = 0
        """Messages and events beyond the bounds, which were not kept."""
        self._start = start
        self._octets = 0
        self._correlator = Correlator()
        self._exchanges: tuple[Exchange, ...] = ()

    def record(self, sent: bool, flow: Flow, raw: bytes, now: float) -> Entry | None:
        """Takes down a message; `sent` is true if the tester sent it. None if it had to be dropped.

        Never raises for any octets. Beyond MAX_ENTRIES or MAX_OCTETS messages are dropped and counted, those that
        have been kept stay.
        """
        if len(self.entries) >= MAX_ENTRIES or self._octets + len(raw) > MAX_OCTETS:
            self.dropped += 1
            return None
        entry = Entry.of(len(self.entries) + 1, self._at(now), sent, flow, raw)
        self._octets += len(raw)
        self.entries.append(entry)
        self._correlator.add(entry)
        return entry

    def tap(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        """`record` as the tap of a `sip.endpoint.Endpoint`."""
        self.record(sent, flow, raw, now)

    def note(self, text: str, now: float, *, kind: EventKind = "note", flow: Flow | None = None) -> Event | None:
        """Takes down something that is no message, such as "advanced 300 s". None if it had to be dropped."""
        if len(self.events) >= MAX_ENTRIES:
            self.dropped += 1
            return None
        event = Event(self._at(now), kind, text, flow, len(self.entries))
        self.events.append(event)
        return event

    def timeline(self) -> Iterator[Entry | Event]:
        """Messages and events in the order in which they were taken down."""
        events = iter(tuple(self.events))
        event = next(events, None)
        for entry in tuple(self.entries):
            while event is not None and event.after < entry.number:
                yield event
                event = next(events, None)
            yield entry
        while event is not None:
            yield event
            event = next(events, None)

    def name(self, address: Address) -> str:
        """What people call `address`: its name in `peers`, that of its host, or host and port."""
        return self.peers.get(address) or self.peers.get(address.host) or str(address)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Requests with their responses, in the order of the requests; each goes on growing while recording does."""
        if len(self._exchanges) != len(self._correlator.exchanges):
            self._exchanges = tuple(self._correlator.exchanges)
        return self._exchanges

    @property
    def strays(self) -> tuple[Entry, ...]:
        """Responses that answer no request of this transcript."""
        return tuple(self._correlator.strays)

    def repeat_of(self, entry: Entry) -> int | None:
        """The number of the entry that `entry` retransmits octet by octet, or None."""
        return self._correlator.repeats.get(entry.number)

    @property
    def date(self) -> str:
        """`began` for people: date and time of day in UTC."""
        try:
            return datetime.fromtimestamp(self.began, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        except (ValueError, OverflowError, OSError):  # a capture may claim any time
            return f"{self.began:.0f} s after 1970"

    def _at(self, now: float) -> float:
        # In whole microseconds, as a capture counts them: read back it has the very same times.
        if self._start is None:
            self._start = now
        return round(now - self._start, 6)
