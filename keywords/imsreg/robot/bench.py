"""What one Robot execution holds: a session for each side that tests need, and the case of the running test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from imsreg.errors import InputError
from imsreg.robot.ignition import kindled
from imsreg.robot.variables import has_profile, settings_from_variables
from imsreg.tester.case import Case
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.session import Session
from imsreg.tester.settings import Side

if TYPE_CHECKING:
    from imsreg.tester.ue_case import UeCase

TAG = "req:"


class Bench:
    """The sessions and the running case. `adopt` takes sessions whose preflight somebody else has made.

    A profile has one role, and its session serves every test. Without a profile each directory of suites has the
    session of its own embedded reference, made when a test first needs it.
    """

    def __init__(self) -> None:
        self._sessions: dict[Side, Session] = {}
        self._adopted = False
        self._failure: InputError | None = None
        self.case: Case | None = None
        self.told: set[str] = set()
        """What keywords of the library made the running test fail with: verdicts, and why its scenario stopped."""

    def session(self, side: Side) -> Session:
        """The session for tests of this side. Raises the InputError of the preflight, the same one every time."""
        if self._failure is not None:
            raise self._failure
        if self._sessions and (self._adopted or has_profile()):
            return self._sessions.get(side) or next(iter(self._sessions.values()))
        if side not in self._sessions:
            self._sessions[side] = self._begun(side)
        return self._sessions[side]

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Those that have been made or adopted."""
        return tuple(self._sessions.values())

    @property
    def preflight_failed(self) -> bool:
        """Whether there can be no session."""
        return self._failure is not None

    @property
    def started(self) -> bool:
        """Whether a session has been made or adopted."""
        return bool(self._sessions)

    @property
    def adopted(self) -> bool:
        """Whether the sessions belong to somebody else, who closes them and prints the summary."""
        return self._adopted

    def adopt(self, sessions: Sequence[Session]) -> None:
        """Use these, one for each side; whoever made them closes them."""
        self._sessions = {session.side: session for session in sessions}
        self._adopted, self._failure = True, None

    def release(self) -> tuple[Session, ...]:
        """Let go of the sessions and return them."""
        sessions = self.sessions
        self._sessions, self._adopted, self._failure, self.case = {}, False, None, None
        return sessions

    def begin(self, name: str, tags: list[str], side: Side) -> Case:
        """The case of a test that begins; the requirement ids are in its tags."""
        ids = [tag[len(TAG) :] for tag in tags if tag.startswith(TAG)]
        if side == "ue":
            from imsreg.tester.ue_case import UeCase  # of no use to a run against a core

            self.case = UeCase(self.session(side), name, ids)
        else:
            self.case = CscfCase(self.session(side), name, ids)
        return self.case

    def running(self) -> Case:
        """The case of the running test. Raises InputError outside one."""
        return self._running("nothing has been powered on", "begin with Power On UE or Power On Core")

    def cscf_case(self) -> CscfCase:
        """The running case of a test that plays UEs. Raises InputError if it is none."""
        case = self._running("no UE has been powered on", "begin with Power On UE")
        if not isinstance(case, CscfCase):
            raise InputError("test", "", "this keyword sends from a simulated UE", "begin the test with Power On UE")
        return case

    def ue_case(self) -> UeCase:
        """The running case of a test that plays the core. Raises InputError if it is none."""
        from imsreg.tester.ue_case import UeCase

        case = self._running("the core has not been powered on", "begin with Power On Core")
        if not isinstance(case, UeCase):
            raise InputError("test", "", "this keyword is the simulated core's", "begin the test with Power On Core")
        return case

    def _running(self, problem: str, remedy: str) -> Case:
        if self.case is None:
            raise InputError("test", "", problem, remedy)
        return self.case

    def _begun(self, side: Side) -> Session:
        reference = kindled() if side == "cscf" else None
        try:
            settings = settings_from_variables(side)
            if self._sessions and settings.output is not None:
                settings = replace(settings, output=settings.output / side)
            return Session(settings, reference)
        except InputError as error:
            if reference is not None:
                reference.close()
            self._failure = error
            raise


BENCH = Bench()
"""One for the process: Robot runs one execution at a time."""
