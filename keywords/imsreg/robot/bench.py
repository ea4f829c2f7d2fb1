"""What one Robot execution holds: the session, made when a test first needs it, and the case of the running test."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.robot.ignition import kindled
from imsreg.robot.variables import settings_from_variables
from imsreg.tester.case import Case
from imsreg.tester.session import Session

TAG = "req:"


class Bench:
    """The session and the running case. `adopt` takes a session whose preflight somebody else has made."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._adopted = False
        self._failure: InputError | None = None
        self.case: Case | None = None
        self.told: set[str] = set()
        """What keywords of the library made the running test fail with: verdicts, and why its scenario stopped."""

    @property
    def session(self) -> Session:
        """The session. Raises the InputError of the preflight, the same one every time."""
        if self._failure is not None:
            raise self._failure
        if self._session is None:
            reference = kindled()
            try:
                self._session = Session(settings_from_variables(), reference)
            except InputError as error:
                if reference is not None:
                    reference.close()
                self._failure = error
                raise
        return self._session

    @property
    def preflight_failed(self) -> bool:
        """Whether there can be no session."""
        return self._failure is not None

    @property
    def started(self) -> bool:
        """Whether a session has been made or adopted."""
        return self._session is not None

    @property
    def adopted(self) -> bool:
        """Whether the session belongs to somebody else, who closes it and prints the summary."""
        return self._adopted

    def adopt(self, session: Session) -> None:
        """Use `session`; whoever made it closes it."""
        self._session, self._adopted, self._failure = session, True, None

    def release(self) -> Session | None:
        """Let go of the session and return it."""
        session = self._session
        self._session, self._adopted, self._failure, self.case = None, False, None, None
        return session

    def begin(self, name: str, tags: list[str]) -> Case:
        """The case of a test that begins; the requirement ids are in its tags."""
        self.case = Case(self.session, name, [tag[len(TAG) :] for tag in tags if tag.startswith(TAG)])
        return self.case

    def running(self) -> Case:
        """The case of the running test. Raises InputError outside one."""
        if self.case is None:
            raise InputError("test", "", "no UE has been powered on", "begin with Power On UE")
        return self.case


BENCH = Bench()
"""One for the process: Robot runs one execution at a time."""
