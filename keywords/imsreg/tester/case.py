"""One test: its transcript, its clock, and what is judged at its end, whichever side the tester plays."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.message import Response
from imsreg.tester.esp_keys import EspKeyFile
from imsreg.tester.outcome import NotApplicable, ScenarioStopped, stop_of
from imsreg.tester.session import Session
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.transcript import Transcript

if TYPE_CHECKING:
    from imsreg.secagree.events import EspEvent, Fault
    from imsreg.tester.judge import Judge, Judgement
    from imsreg.tester.sent import Sent
    from imsreg.tester.ue_associations import SetView
    from imsreg.tester.way import Place
    from imsreg.transcript.evidence import Evidence
    from imsreg.verdict.verdict import Ruling


class Case(ABC):
    """A test under way. `ids` are the requirements that it decides, `reproduce` the command that runs it again (empty:
    `imsreg run` with the id of a finding).

    Raises InputError for an id that the catalogue does not have.
    """

    def __init__(self, session: Session, name: str, ids: Sequence[str], *, reproduce: str = "") -> None:
        unknown = [identifier for identifier in ids if identifier not in session.catalogue]
        if unknown:
            raise InputError(name, "tags", f"no requirement has the id {', '.join(unknown)}", "see imsreg requirements")
        self.session = session
        self.name = name
        self.ids = tuple(ids)
        self.stopped: ScenarioStopped | NotApplicable | None = None
        self.evidence: Evidence | None = None
        """The files about the test, once they are written."""
        self.esp_keys = EspKeyFile()
        """The sets of associations that the tester has had in this test; the keys are written only on demand."""
        self._judgement: Judgement | None = None
        self.random: Random = session.random(name)
        self.transcript = Transcript(name, time.time(), start=session.link.now())
        self._reproduce = reproduce

    @property
    def closed(self) -> bool:
        """Whether the test has been closed and judged."""
        return self._judgement is not None

    def advance(self, seconds: float, progress: Callable[[float], None] | None = None) -> None:
        """Let time pass: the clocks of tester and embedded DUT jump, a real DUT is waited for."""
        self.transcript.note(f"{seconds:g} s pass", self.session.link.now(), kind="clock")
        # The tester's first: what the DUT then sends by itself arrives no earlier than it is sent.
        self.session.link.advance(seconds, progress)
        if self.session.dut.moves_with_clock:
            self.session.dut.advance(seconds)

    def decide(self, ids: Iterable[str]) -> None:
        """Let the test decide these requirements too."""
        self.ids = tuple(dict.fromkeys((*self.ids, *ids)))

    def rulings(self, ids: Sequence[str] | None = None) -> tuple[Ruling, ...]:
        """How what the transcript shows so far decides the test's own requirements, or `ids`."""
        chosen = self.ids if ids is None else ids
        return self._judge.rule(self.transcript, chosen, self.name, stopped=self.stopped)

    def close(self) -> Judgement:
        """End of the test: the DUT tidied up, sockets closed, rulings kept and in the journal. Safe to call twice."""
        if self._judgement is None:
            self._tidy_up()
            self.transcript.circumstances = Circumstances(
                decides=self.ids,
                dut=tuple(self.session.dut.addresses.values()),
                subscribers=self._subscribers(),
                stopped=None if self.stopped is None else stop_of(self.stopped),
            )
            self._judgement = self._judge.judge(self.transcript, self.ids, self.name, stopped=self.stopped)
            self.session.keep(self.name, self._judgement)
        return self._judgement

    def write_evidence(self, output: Path, judgement: Judgement) -> Evidence:
        """Transcript, pcapng and ladder of this test, in a directory of its own under `output`/evidence.

        The keys of its associations too, if the settings ask for them.
        """
        # What is made of the packets is not loaded before they have been sent.
        from imsreg.transcript.evidence import folder, write_evidence

        self.evidence = write_evidence(folder(output / "evidence", self.name), self.transcript, judgement.marks)
        if self.session.settings.esp_keys and self.esp_keys:
            self.esp_keys.write(self.evidence.esp_keys)
        return self.evidence

    def note_stop(self, stopped: ScenarioStopped | NotApplicable) -> None:
        """The scenario ended early: keep the reason."""
        self.stopped = stopped
        if isinstance(stopped, ScenarioStopped) and stopped.silent:
            # Checks learn from this event, in a live run and in a capture, that the tester has waited in vain.
            self.transcript.note(str(stopped), self.session.link.now(), kind="transport")

    @cached_property
    def _judge(self) -> Judge:
        # The checks are not loaded before the first packet has been sent.
        from imsreg.tester.judge import Judge
        from imsreg.verdict.facts import Facts

        session, settings = self.session, self.session.settings
        return Judge(
            catalogue=session.catalogue,
            profile=session.profile,
            facts=Facts.of(session.profile, session.subscribers, session.dut.addresses.values()),
            spec_strict=settings.spec_strict,
            ignore_known=settings.ignore_known,
            partial=settings.partial,
            reproduce=self._reproduce,
        )

    @abstractmethod
    def send(self, message: Draft | bytes, on: Place | str | None = None) -> Sent:
        """Send a request to the DUT. Octets may be wrong on purpose; `on` names another place than it belongs on.

        Raises InputError for words that name no place, ScenarioStopped if there is no such place now.
        """

    @abstractmethod
    def inject(self, fault: Fault, data: bytes, on: Place | str) -> EspEvent:
        """Send a packet that is wrong on purpose on an association of the tester. Raises as `send`."""

    def _note_spoiled(self, fault: Fault, data: bytes) -> None:
        """No message tells of what goes in such a packet: a judge learns here what its answer would look like."""
        # Neither is of use to a run without associations.
        from imsreg.secagree.events import Fault
        from imsreg.transcript.spoiled import spoiled_note

        if fault is not Fault.REPLAY:
            self.transcript.note(spoiled_note(data), self.session.link.now())

    @property
    @abstractmethod
    def sets(self) -> tuple[SetView, ...]:
        """The sets of associations that the tester's side has, oldest first."""

    @abstractmethod
    def keep_sets(self) -> None:
        """From now on let the tester's side keep sets of associations that it would delete: who still uses them?"""

    @abstractmethod
    def expect(self, *statuses: int) -> Response:
        """The final response to the last request. Raises ScenarioStopped if it is none of `statuses` (any if none)."""

    @abstractmethod
    def _tidy_up(self) -> None:
        """Bring the DUT back to where no test has been, and let go of what the test held."""

    @abstractmethod
    def _subscribers(self) -> tuple[str, ...]:
        """The private identities that took part."""

    def _received(self) -> int:
        return sum(not entry.sent for entry in self.transcript.entries)
