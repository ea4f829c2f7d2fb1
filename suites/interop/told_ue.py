"""A UE under test as its profile controls it, beside a core that answers by itself: python told_ue.py PROFILE.

Tells it to register, to de-register, to register once more, and resets it. Prints one line of JSON: whether it was
registered after each, the methods and statuses that passed, and whether a process of it is left at the end.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from imsreg.tester.external_ue import ExternalUe
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.tester.ue_case import UeCase

PATIENCE = 10.0
"""Seconds that a UE has to do what it is told."""


def main(profile: Path) -> None:
    """Tell it, and print what became of it."""
    registered: list[bool] = []
    with Session(Settings(profile=profile)) as session:
        case = UeCase(session, "told", [])
        lane = case.power_on()
        case.attend()

        def settled(expected: bool) -> None:
            session.link.wait(lambda: lane.attendant.registered == expected, PATIENCE)
            registered.append(session.link.call(lambda: lane.attendant.registered))

        case.tell("register")
        settled(True)
        case.tell("deregister")
        settled(False)
        case.tell("register")
        settled(True)
        ue = session.ue_side.ue
        assert isinstance(ue, ExternalUe)
        group = int((ue.scratch / "ue.pid").read_text().split()[0])
        case.tell("reset")
        passed = [entry.label for entry in case.transcript.entries]
    print(json.dumps({"registered": registered, "passed": passed, "left": is_left(group), "kept": ue.scratch.exists()}))


def is_left(group: int) -> bool:
    """Whether a process of the group runs. One that has ended may wait for whoever began it to be told."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                return True
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
