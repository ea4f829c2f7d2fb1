"""Everything that was sent and received in one run of a scenario: what checks judge and artefacts show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from typing import TYPE_CHECKING

from imsreg.sip.flow import Address, Flow
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.correlation import Correlator, Exchange
from imsreg.transcript.entries import Entry, Event, EventKind
from imsreg.transcript.esp import EspEntry

if TYPE_CHECKING:
    from imsreg.secagree.events import EspEvent

MAX_ENTRIES = 10_000
"""Messages, and likewise events, that a transcript keeps."""
MAX_OCTETS = 16 * 2**20
"""Octets of messages that a transcript keeps."""
MAX_ESP = 20_000
"""Records of ESP packets that a transcript keeps."""
MAX_ESP_OCTETS = 16 * 2**20
"""Octets of the packets that these records keep; beyond, a record is kept without its packet."""


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
        self.esp: list[EspEntry] = []
        """What became of every ESP packet of the tester's side, and of packets in the clear at protected ports."""
        self.peers: dict[Address | str, str] = {}
        self.circumstances = Circumstances()
        self.overheard = False
        """Whether somebody else took it down: then nobody waited for what is not in it."""
        self.dropped = 0
        """Messages and events beyond the bounds, which were not kept."""
        self.dropped_esp = 0
        """Records of ESP packets beyond the bounds, which were not kept."""
        self._start = start
        self._octets = 0
        self._esp_octets = 0
        self._protected: set[Address] = set()
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
        if flow.association is not None:
            self._protected.update((flow.local, flow.remote))
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

    def record_esp(self, event: EspEvent) -> EspEntry | None:
        """Takes down the record of an ESP packet, or of one in the clear; `event.at` is on the clock of `record`.

        None if it had to be dropped: beyond MAX_ESP records are counted in `dropped_esp`. Once MAX_ESP_OCTETS are
        used up records are kept without their octets: what became of a packet counts for more than the packet.
        """
        if len(self.esp) >= MAX_ESP:
            self.dropped_esp += 1
            return None
        fits = self._esp_octets + len(event.octets) <= MAX_ESP_OCTETS
        entry = EspEntry.of(len(self.esp) + 1, self._at(event.at), event, len(self.entries), octets=fits)
        self._esp_octets += len(entry.event.octets)
        self.esp.append(entry)
        return entry

    def timeline(self) -> Iterator[Entry | Event]:
        """Messages and events in the order in which they were taken down."""
        for item in self.full_timeline():
            if not isinstance(item, EspEntry):
                yield item

    def full_timeline(self) -> Iterator[Entry | Event | EspEntry]:
        """The same with the records of ESP packets. Between two messages these and events stand by their times."""
        sources: tuple[tuple[Event | EspEntry, ...], ...] = (tuple(self.events), tuple(self.esp))
        between = merge(*sources, key=lambda item: (item.after, item.at))
        item = next(between, None)
        for entry in tuple(self.entries):
            while item is not None and item.after < entry.number:
                yield item
                item = next(between, None)
            yield entry
        while item is not None:
            yield item
            item = next(between, None)

    def name(self, address: Address) -> str:
        """What people call `address`: its name in `peers`, that of its host, or host and port.

        A protected port goes by the name of the only peer at its host: nobody knows the port beforehand.
        """
        known = self.peers.get(address) or self.peers.get(address.host)
        if not known and address in self._protected:
            at_host = {
                name for peer, name in self.peers.items() if isinstance(peer, Address) and peer.host == address.host
            }
            known = at_host.pop() if len(at_host) == 1 else None
        return known or str(address)

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
