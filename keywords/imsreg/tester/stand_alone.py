"""A small IMS core that stands alone: UEs on a bench register with it, and it says what it sees while it sees it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link
from imsreg.sip.endpoint import Tap
from imsreg.sip.flow import Address, Flow, TransportFailure
from imsreg.sip.message import Request
from imsreg.sip.timers import Timers
from imsreg.tester.bench_ue import BenchUe, Room, Seen
from imsreg.tester.live_faults import LiveFaults
from imsreg.tester.no_request import findings
from imsreg.tester.simulated_core import SimulatedCore
from imsreg.tester.start_ue import attendant_policy
from imsreg.transcript.entries import Entry
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.liveladder import LiveLadder
from imsreg.transcript.redaction import presentable
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.profile import Profile

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.events import EspEvent
    from imsreg.tester.lane import Records

SILENCE = 60.0
"""Seconds without anything at all after which it is said what to look at."""

MAX_OCTETS = 64 * 2**20
"""Octets of messages that are kept of all UEs together."""

MAX_WAITING = 500
"""Messages that wait to be shown; what comes beyond is kept as it would be, and not shown."""

UNKNOWN = "unknown"
"""The lane of everybody who is none of the subscribers."""

_LONGEST_WAIT = 3600.0


class _Said(NamedTuple):
    """Something to be said beside the messages."""

    text: str
    at: float


class StandAloneCore:
    """Listens for the UEs of `subscribers` at `listens_at` and answers as a conformant core, whatever they send.

    `lines` is the ladder as it grows. Messages are taken down on the link's thread and put into words on that of the
    caller: a slow terminal keeps no UE waiting.
    """

    def __init__(
        self, link: Link, profile: Profile, subscribers: Sequence[Subscriber], listens_at: Sequence[Address], seed: int
    ) -> None:
        self.profile = profile
        self.subscribers = subscribers
        self._link = link
        self._waiting: deque[Seen | _Said | EspEntry] = deque()
        self._left_out = 0
        self._last_said = ""
        self._ladder = LiveLadder()
        self._faults = LiveFaults()
        self._start = link.now()
        self._searched = False
        t1 = profile.timing.t1 * profile.timing.multiplier
        policy, random = attendant_policy(profile), Random(seed)
        self._core = SimulatedCore(link, listens_at, subscribers, policy, random, Timers(t1, 8 * t1, 10 * t1))
        self._ues: dict[str, BenchUe] = {}
        link.call(self._open)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens."""
        return tuple(self._core.addresses.values())

    @property
    def heard(self) -> tuple[BenchUe, ...]:
        """The UEs of which there is something to judge."""
        return tuple(ue for ue in self._ues.values() if ue.transcripts)

    def lines(self, seconds: float | None = None) -> Iterator[str]:
        """What happens from now on, for so many seconds or for good; and once what to look at if nothing does."""
        end = None if seconds is None else self._link.now() + seconds
        while True:
            moments = [end, None if self._searched else self._start + SILENCE]
            left = [moment - self._link.now() for moment in moments if moment is not None]
            self._link.wait(lambda: bool(self._waiting), max(0.0, min([_LONGEST_WAIT, *left])))
            yield from self.shown()
            if not self._searched and self._link.now() >= self._start + SILENCE:
                self._searched = True
                if not self._core.octets_in:
                    yield from self._search()
            if end is not None and self._link.now() >= end:
                return

    def shown(self) -> Iterator[str]:
        """What has happened and not been shown yet."""
        for _ in range(len(self._waiting)):  # not for as long as there is something: it may come without end
            happened = self._waiting.popleft()
            if isinstance(happened, EspEntry):
                if (line := self._ladder.esp(happened)) is not None:
                    yield line
                continue
            if isinstance(happened, _Said):
                yield self._ladder.event(happened.text, happened.at)
                continue
            if happened.note:
                yield self._ladder.event(happened.note, happened.entry.at)
            remarks = [] if happened.repeated is not None else list(self._remarks(happened))
            yield from self._ladder.message(happened.ue, happened.entry, happened.repeated, remarks)
        if self._left_out:
            left_out, self._left_out = self._left_out, 0
            yield self._ladder.event(f"{left_out} more not shown: they came faster than they could be", self._at())

    # What the simulated core tells a witness.

    def of_nobody(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        """A message of somebody who is no subscriber, or the answer to one."""
        self._put(Seen(UNKNOWN, Entry.of(0, self._at(now), sent, flow, raw)))

    def failed(self, failure: TransportFailure, now: float) -> None:
        """A packet could not be delivered. That a UE closes a connection is no failure."""
        if failure.kind == "closed":
            return
        text = f"{failure.flow.transport} to {failure.flow.remote}: {failure.kind}, {failure.detail}"
        if text != self._last_said:
            self._last_said = text
            self._put(_Said(text, self._at(now)))

    def _open(self) -> None:
        """Attend to every subscriber."""
        room, began = Room(MAX_OCTETS), time.time()
        self._core.witness = self
        for subscriber in self.subscribers:
            ue = BenchUe(subscriber, list(self.addresses), began, self._start, room)
            self._ues[subscriber.impi] = ue
            lane = self._core.attend(subscriber, self._tap(ue), self._records(ue))
            lane.on_set.append(ue.take_set)
            lane.attend()

    def _tap(self, ue: BenchUe) -> Tap:
        def tap(sent: bool, flow: Flow, raw: bytes, now: float) -> None:
            self._put(ue.take(sent, flow, raw, now))

        return tap

    def _records(self, ue: BenchUe) -> Records:
        def take(event: EspEvent) -> None:
            # A packet that brought a message shows as that.
            if (entry := ue.take_packet(event)) is not None and entry.noteworthy:
                self._put(entry)

        return take

    def _put(self, happened: Seen | _Said | EspEntry) -> None:
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(happened)
        else:
            self._left_out += 1

    def _at(self, now: float | None = None) -> float:
        return round((self._link.now() if now is None else now) - self._start, 6)

    def _remarks(self, seen: Seen) -> Iterator[str]:
        """Who is refused, and what is wrong with a message."""
        request = seen.entry.message
        if seen.ue == UNKNOWN and not seen.entry.sent and isinstance(request, Request):
            who = presentable(request.value("To") or "nobody", limit=120)
            yield f"{seen.entry.flow.remote} is none of the subscribers here: {who}"
        yield from self._faults.of(seen.ue, seen.entry)

    def _search(self) -> Iterator[str]:
        nothing = Transcript("", 0.0, start=0.0)
        told = findings(nothing, self._core.watch(self.subscribers[0]), "REGISTER")
        yield self._ladder.event(f"nothing for {SILENCE:g} s", self._at())
        for number, line in enumerate(told, start=1):
            yield f"  ({number}) {line}"
