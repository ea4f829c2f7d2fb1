"""What the checks on security associations read: the sets of a transcript, what travelled on them, the packets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from imsreg.secagree.associations import Association, Name, Side
from imsreg.secagree.endpoints import STANDARD_PORTS
from imsreg.secagree.events import Direction, Fate, Inner
from imsreg.sip.flow import Address
from imsreg.sip.message import Request, Response
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.esp_history import MadeSet, Step, history
from imsreg.verdict.esp_noticed import doubt_by_notices
from imsreg.verdict.outcome import Unmet
from imsreg.verdict.ue_told import Watch

SILENCE = 2.0
"""Seconds without an answer that show that there will be none: four times what RFC 3261 takes for a round trip."""

NO_SET = Unmet("no challenge made security associations")

SENT = (Fate.OK, Fate.CLEAR)
"""Fates of packets that left, in the clear on purpose too."""

AUTHENTIC = frozenset((Fate.OK, Fate.BAD_PADDING, Fate.DUMMY, Fate.WRONG_SELECTOR))
"""Fates of received packets whose ICV was right."""


@dataclass(frozen=True, slots=True)
class Located:
    """A message on an association: of which set, and which one."""

    made: MadeSet
    association: Association

    @property
    def name(self) -> Name:
        """Which of the four."""
        return self.association.name


class SecuredView:
    """The associations of one transcript. `dut` is the side under test; it wrote whatever the tester received."""

    def __init__(self, transcript: Transcript, dut: Side, steps: Sequence[Step]) -> None:
        self.transcript = transcript
        self.dut = dut
        self.watch = Watch(transcript)
        self._steps = steps

    @cached_property
    def sets(self) -> tuple[MadeSet, ...]:
        """What each challenge makes, in order; nothing where there is no agreement."""
        made = tuple(history(self._steps, self.dut))
        if self.dut is Side.P_CSCF and made:
            doubt_by_notices(made, self.transcript)
        return made

    @cached_property
    def _by_label(self) -> Mapping[str, list[MadeSet]]:
        found: dict[str, list[MadeSet]] = {}
        for made in self.sets:
            for label in made.labels:
                found.setdefault(label, []).append(made)
        return found

    def made_of(self, asked: int) -> MadeSet | None:
        """The set that the challenge to request number `asked` makes."""
        return next((each for each in self.sets if each.asked.number == asked), None)

    def on(self, entry: Entry) -> Located | None:
        """Where a message travelled: the newest set with this association. None: in the clear, or on no set here."""
        if entry.flow.association is None:
            return None
        for made in reversed(self._by_label.get(entry.flow.association, ())):
            association = made.on(entry) if made.challenge.number < entry.number else None
            if association is not None:
                return Located(made, association)
        return None

    def way(self, entry: Entry) -> str:
        """The same in words: "in the clear", "on DL2 SPI 1002"."""
        ends = f"from {entry.source} to {entry.destination}"
        label = entry.flow.association
        return f"in the clear {ends}" if label is None else f"on {label} {ends}"

    def carrier(self, entry: Entry) -> Name:
        """The association on which a message of the DUT belongs (TS 33.203 7.1)."""
        answer = isinstance(entry.message, Response) and entry.flow.reliable
        if self.dut is Side.UE:
            return Name.UL2 if answer else Name.UL1
        return Name.DL1 if answer else Name.DL2

    def right(self, made: MadeSet, entry: Entry) -> str:
        """The label of that association in a set."""
        name = self.carrier(entry)
        return " or ".join(dict.fromkeys(each.named(name).label for each in made.candidates))

    @cached_property
    def written(self) -> tuple[Entry, ...]:
        """The messages of the DUT, in order."""
        entries = self.transcript.entries
        return tuple(e for e in entries if not e.sent and isinstance(e.message, Request | Response))

    @cached_property
    def protected(self) -> tuple[Entry, ...]:
        """Those that came on an association."""
        return tuple(entry for entry in self.written if entry.flow.association is not None)

    @cached_property
    def asked(self) -> tuple[Exchange, ...]:
        """What the tester asked."""
        return tuple(exchange for exchange in self.transcript.exchanges if exchange.by_tester)

    @cached_property
    def records(self) -> tuple[EspEntry, ...]:
        """One for each packet of the tester's side."""
        return tuple(self.transcript.esp)

    @cached_property
    def arrived(self) -> tuple[EspEntry, ...]:
        """Those of packets that arrived."""
        return tuple(each for each in self.records if each.event.direction is Direction.IN)

    @cached_property
    def injected(self) -> tuple[EspEntry, ...]:
        """Those of packets that were sent with a fault on purpose."""
        return tuple(e for e in self.records if e.event.injected is not None and e.event.fate in SENT)

    def arrived_on(self, made: MadeSet) -> Iterator[EspEntry]:
        """The packets that arrived on the inbound associations of a set, until a later one has the same SPI."""
        inbound = {
            (each.spi, each.destination)
            for associations in made.labels.values()
            for each in associations
            if self.sent_by_dut(each.name)
        }
        found = [
            record
            for key in inbound
            for record in self._arrived_by.get(key, ())
            if self._made_last(key, record.after) is made
        ]
        yield from sorted(found, key=lambda record: record.number)

    def _made_last(self, key: tuple[int, Address], number: int) -> MadeSet | None:
        """The newest set after message `number` that has an association with this SPI to this destination."""
        return next((m for m in reversed(self._by_key.get(key, ())) if m.challenge.number <= number), None)

    @cached_property
    def _by_key(self) -> Mapping[tuple[int, Address], list[MadeSet]]:
        found: dict[tuple[int, Address], list[MadeSet]] = {}
        for made in self.sets:
            keys = {(each.spi, each.destination) for group in made.labels.values() for each in group}
            for key in keys:
                found.setdefault(key, []).append(made)
        return found

    @cached_property
    def _arrived_by(self) -> Mapping[tuple[int, Address], list[EspEntry]]:
        """What arrived on associations, by SPI and destination."""
        found: dict[tuple[int, Address], list[EspEntry]] = {}
        for each in self.arrived:
            if (association := each.event.association) is not None:
                found.setdefault((association.spi, association.destination), []).append(each)
        return found

    def sent_by_dut(self, name: Name) -> bool:
        """Whether it is the DUT that sends on such an association."""
        return name.sender is self.dut

    def place(self, record: EspEntry) -> int:
        """The message of the ladder after which a packet was seen: the first one, if none was before it."""
        return max(1, record.after)

    def ports(self, side: Side) -> frozenset[Address]:
        """Every protected port of one side, of all sets; 5060 and 5061 are for what is in the clear (7.1)."""
        return self._ports[side]

    @cached_property
    def _ports(self) -> Mapping[Side, frozenset[Address]]:
        ports = {side: {port for made in self.sets for port in made.ports(side)} for side in Side}
        return {side: frozenset(p for p in ports[side] if p.port not in STANDARD_PORTS) for side in Side}

    @cached_property
    def answered(self) -> Mapping[int, Entry]:
        """What the tester asked, by the numbers of the responses to it."""
        return {entry.number: x.request for x in self.asked for entry in x.responses}

    @property
    def tester(self) -> Side:
        """The other side."""
        return Side.P_CSCF if self.dut is Side.UE else Side.UE

    def of_dut(self, inner: Inner) -> bool:
        """Whether a packet in the clear is the DUT's, and concerns a protected port.

        From a protected port of it, or from elsewhere at its address to a protected port of the tester.
        """
        if inner.source in self.ports(self.tester):
            return False
        hosts = {port.host for port in self.ports(self.dut)}
        return inner.source in self.ports(self.dut) or (
            inner.destination in self.ports(self.tester) and inner.source.host in hosts
        )

    def waited(self, at: float) -> bool:
        """Whether the tester has listened long enough since then to take silence for an answer."""
        last = max((record.at for record in self.records[-1:]), default=0.0)
        return max(self.watch.until, last) - at >= SILENCE


def shown(record: EspEntry) -> str:
    """A record in words: "packet 7 of the ESP records: in UL1 ... bad ICV"."""
    return f"ESP record {record.number}: {record.event}"
