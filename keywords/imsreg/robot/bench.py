"""What one Robot execution holds: the session, made when a test first needs it, and the case of the running test."""

from __future__ import annotations

from os import environ
from pathlib import Path
from typing import Any

from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from imsreg.errors import InputError
from imsreg.tester.case import Case
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings

TAG = "req:"


class Bench:
    """The session and the running case. `adopt` takes a session whose preflight somebody else has made."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._adopted = False
        self._failure: InputError | None = None
        self.case: Case | None = None

    @property
    def session(self) -> Session:
        """The session. Raises the InputError of the preflight, the same one every time."""
        if self._failure is not None:
            raise self._failure
        if self._session is None:
            try:
                self._session = Session(settings_from_variables())
            except InputError as error:
                self._failure = error
                raise
        return self._session

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


def settings_from_variables() -> Settings:
    """The settings that Robot variables and IMSREG_PROFILE give: PROFILE, LINK, MUTANT, SEED, RUN, IGNORE_KNOWN, ...

    Raises InputError for a value that cannot be used.
    """
    profile = _variable("PROFILE") or environ.get("IMSREG_PROFILE")
    link = str(_variable("LINK") or "sockets")
    if link not in ("sockets", "memory"):
        raise InputError("--variable LINK", link, "there is no such link", "write sockets or memory")
    seed = _variable("SEED")
    if seed is not None and not str(seed).isdecimal():
        raise InputError("--variable SEED", str(seed), "a seed is a number of decimal digits", "write one")
    output = _variable("OUTPUT_DIR")
    given: dict[str, Any] = {"profile": Path(str(profile))} if profile else {}
    return Settings(
        **given,
        output=Path(str(output)) if output else None,
        link="memory" if link == "memory" else "sockets",
        mutant=_text("MUTANT"),
        seed=int(str(seed)) if seed is not None else None,
        run=_text("RUN") or "",
        ignore_known=_flag("IGNORE_KNOWN"),
        spec_strict=_flag("SPEC_STRICT"),
    )


def _variable(name: str) -> object:
    try:
        return BuiltIn().get_variable_value(f"${{{name}}}")
    except RobotNotRunningError:
        return None


def _text(name: str) -> str | None:
    value = _variable(name)
    return str(value) if value else None


def _flag(name: str) -> bool:
    return str(_variable(name) or "").lower() in ("true", "yes", "1")


BENCH = Bench()
"""One for the process: Robot runs one execution at a time."""
