"""What one UE on the bench sends and is sent: a transcript for each time that it begins anew."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imsreg.identity.subscribers import Subscriber
from imsreg.secagree.associations import Side
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import MessageError, Request, parse
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.entries import Entry
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.transcript import Transcript

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.associations import SaSet
    from imsreg.secagree.events import EspEvent

MAX_REGISTRATIONS = 100
"""Transcripts of one UE. What comes beyond is shown and not judged."""

MAX_MESSAGES = 1000
"""Messages in all transcripts of one UE, likewise: what is judged at the end is judged in seconds."""

_NONCE = re.compile(r'\bnonce\s*=\s*(?!"\s*"|\s|,|$)', re.IGNORECASE)


class Room:
    """The octets of messages that may be kept, of all UEs together."""

    def __init__(self, octets: int) -> None:
        self._left = octets

    def take(self, octets: int) -> bool:
        """Whether there is room for so many octets, which are taken then."""
        if octets > self._left:
            return False
        self._left -= octets
        return True


class Seen(NamedTuple):
    """A message as the ladder shows it. `entry` has number 0 if it is not judged, `note` says what it begins or ends.

    `repeated` is the number of the message that it retransmits.
    """

    ue: str
    entry: Entry
    repeated: int | None = None
    note: str = ""


class BenchUe:
    """Keeps what is to be judged of the UE of one subscriber.

    Nobody tells the core that a UE is switched off and on again. So a REGISTER under a new Call-ID and without a nonce
    counts as a new start, and no transcript goes beyond it: what a UE owes to a registration that it has forgotten is
    not asked. What comes before the first such REGISTER goes on from something that this core has not seen; it is not
    judged either. A transcript has no holes: when there is no more room it ends.
    """

    def __init__(self, subscriber: Subscriber, core: list[Address], began: float, start: float, room: Room) -> None:
        """`core`: where it listens, `began` the wall clock and `start` the clock of the link when it began to."""
        self.name = f"UE {subscriber.name}"
        self.transcripts: list[Transcript] = []
        """One for each start, in order."""
        self.addresses: dict[str, Address] = {}
        """Where the UE was heard first, by family."""
        self._subscriber = subscriber
        self._core = core
        self._began, self._start = began, start
        self._room = room
        self._left = MAX_MESSAGES
        self._call_ids: set[str] = set()  # of the REGISTER requests since the last start
        self._open: Transcript | None = None
        self._full = False
        self._silent = False  # it has been said why what comes now is not judged

    def take(self, sent: bool, flow: Flow, raw: bytes, now: float) -> Seen:
        """Keep a message, if it is to be judged."""
        if not sent:
            self.addresses.setdefault(flow.remote.family, flow.remote)
        note = self._begin(raw, flow) if not sent and raw[:9].upper() == b"REGISTER " else ""
        entry = self._kept(sent, flow, raw, now)
        if entry is not None and self._open is not None:
            return Seen(self.name, entry, self._open.repeat_of(entry), note)
        return Seen(self.name, Entry.of(0, round(now - self._start, 6), sent, flow, raw), None, self._why_not(sent))

    def take_packet(self, event: EspEvent) -> EspEntry | None:
        """Keep the record of a packet with ESP; without the packet where there is no more room. None: it is not kept.

        It belongs to the transcript that goes on, as its message does.
        """
        if self._open is None:
            return None
        fits = self._room.take(len(event.octets))
        return self._open.record_esp(event if fits else replace(event, octets=b""))

    def take_set(self, sas: SaSet) -> None:
        """Name the protected ports of a set that has been made: both sides may have one address."""
        if self._open is not None:
            for each in sas.associations:
                ours = each.name.sender is Side.UE
                self._open.peers.setdefault(each.destination, "P-CSCF" if ours else self.name)

    def _begin(self, raw: bytes, flow: Flow) -> str:
        """Begin a transcript if a REGISTER is a new start. Returns what to say of it."""
        try:
            request = parse(raw, stream=flow.reliable)
        except MessageError:
            return ""
        if not isinstance(request, Request):
            return ""
        call_id = request.value("Call-ID") or ""
        fresh = call_id not in self._call_ids or self._open is None
        if fresh and not self._full and not _has_nonce(request):
            if len(self.transcripts) < MAX_REGISTRATIONS:
                return self._begin_transcript(call_id)
            self._full = True
            self._open = None
        if self._open is not None:
            self._call_ids.add(call_id)
        return ""

    def _begin_transcript(self, call_id: str) -> str:
        number = len(self.transcripts) + 1
        title = self.name if number == 1 else f"{self.name}, start {number}"
        self._open = Transcript(title, self._began, start=self._start)
        self._open.peers.update(dict.fromkeys(self._core, "P-CSCF"))
        self._open.circumstances = Circumstances(subscribers=(self._subscriber.impi,))
        self.transcripts.append(self._open)
        self._call_ids = {call_id}
        self._silent = False
        return "" if number == 1 else f"{self.name} begins anew: its messages are counted from 1 again"

    def _kept(self, sent: bool, flow: Flow, raw: bytes, now: float) -> Entry | None:
        if self._open is None:
            return None
        kept = self._left > 0 and self._room.take(len(raw))
        entry = self._open.record(sent, flow, raw, now) if kept else None
        self._left -= 1
        if entry is None:
            self._full = True
            self._open = None
        elif not sent:
            self._open.peers.setdefault(flow.remote.host, self.name)
        return entry

    def _why_not(self, sent: bool) -> str:
        if self._silent or sent:
            return ""
        if self._full:
            self._silent = True
            return f"enough is kept of {self.name}: what comes now is shown and not judged"
        if self.transcripts:
            return ""
        self._silent = True
        return (
            f"{self.name} goes on from what this core has not seen: not judged before it begins anew, "
            "as after switching it off and on"
        )


def _has_nonce(request: Request) -> bool:
    """Whether it goes on from a challenge. What cannot be read counts by what it looks like."""
    return any(_NONCE.search(field.value) for field in request.fields("Authorization"))
