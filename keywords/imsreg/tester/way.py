"""Where a test wants a message sent that does not go where it should: on a named association, or in the clear."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from imsreg.secagree.associations import Association, Name, SaSet
from imsreg.secagree.events import Fault
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import LiveSet
from imsreg.sip.flow import Transport
from imsreg.tester.outcome import ScenarioStopped
from imsreg.text import safe_text

_TEXT = re.compile(r"(\w+) of the (\w+) set(?: over (UDP|TCP))?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Way:
    """An association by its name and by where its set is in its life.

    UDP and TCP share it: `transport` is for a message that does not take the one of its sender.
    """

    name: Name
    phase: Phase
    transport: Transport | None = None

    def __str__(self) -> str:
        over = "" if self.transport is None else f" over {self.transport}"
        return f"{self.name} of the {self.phase.name.lower()} set{over}"

    def sas(self, sets: Iterable[LiveSet]) -> SaSet:
        """The newest set of this phase; `sets` come oldest first. Raises ScenarioStopped if there is none."""
        found = [each.sas for each in sets if each.phase is self.phase]
        if not found:
            raise ScenarioStopped("precondition", f"there is no {self.phase.name.lower()} set of associations")
        return found[-1]

    def association(self, sets: Iterable[LiveSet]) -> Association:
        """The association of this name in the newest set of this phase. Raises ScenarioStopped if there is none."""
        return self.sas(sets).named(self.name)


Place: TypeAlias = Way | Literal["clear"]
"""An association, or no association at all."""


def parse_way(text: str) -> Place:
    """What a test writes: "DL2 of the established set", "UL1 of the old set over TCP", or "clear".

    Case and blanks around it do not count. Raises ValueError with the words that there are.
    """
    if text.strip().lower() == "clear":
        return "clear"
    found = _TEXT.fullmatch(text.strip())
    if found is None or found[1].upper() not in Name.__members__ or found[2].upper() not in Phase.__members__:
        names, phases = ", ".join(Name), ", ".join(phase.name.lower() for phase in Phase)
        raise ValueError(
            f'"clear", or an association ({names}) of a set ({phases}) as in "UL1 of the temporary set", '
            f"not {safe_text(text, limit=80)!r}"
        )
    over: Transport | None = None if found[3] is None else "TCP" if found[3].upper() == "TCP" else "UDP"
    return Way(Name[found[1].upper()], Phase[found[2].upper()], over)


def parse_fault(text: str) -> Fault:
    """What a test writes of what shall be wrong with a packet: "bad ICV", "replay", ... in any case.

    Raises ValueError with the words that there are.
    """
    wanted = text.strip().lower()
    for fault in Fault:
        if fault.value.lower() == wanted:
            return fault
    raise ValueError(f"{safe_text(text, limit=80)!r} is none of {', '.join(fault.value for fault in Fault)}")
