"""The run as pytest sees it: one process, or a controller with its workers, and the reports at the end."""

from __future__ import annotations

from functools import cached_property
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from imsreg.allure.listening import bridge
from imsreg.errors import ExitClass, InputError
from imsreg.pytest_support.names import EVIDENCE

if TYPE_CHECKING:
    from imsreg.tester.settings import Settings
    from imsreg.verdict.catalogue import Catalogue


_FAILURE = "imsreg_failure"


class Run:
    """Hooks of a run, and what the fixtures need of it. Imports nothing of imsreg before a test does.

    Workers append to one journal; whoever has no controller above it writes the reports and prints the summary.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.used = False
        """Whether a test has left evidence, here or in a worker."""
        self._problems: list[str] = []
        self._lines: list[str] = []

    @property
    def _worker(self) -> dict[str, Any] | None:
        """What pytest-xdist says of this worker; None if this process is none."""
        found: dict[str, Any] | None = getattr(self._config, "workerinput", None)
        return found

    @property
    def output(self) -> Path:
        """The output directory; absolute, because tests may change the working directory."""
        chosen: Path = self._config.getoption("imsreg_output")
        return self._config.invocation_params.dir / chosen

    def shown(self, path: Path) -> Path:
        """A path as the user writes it: from the directory in which pytest was started."""
        start = self._config.invocation_params.dir
        return path.relative_to(start) if path.is_relative_to(start) else path

    @cached_property
    def catalogue(self) -> Catalogue:
        """The requirements by id, without their checks."""
        from imsreg.verdict.catalogue import Catalogue

        return Catalogue.load()

    def settings(self) -> Settings:
        """The choices of the run, from options, IMSREG_PROFILE and pytest-xdist."""
        from imsreg.pytest_support.options import settings

        return settings(self._config, self.output, self._worker)

    def stop(self, error: InputError) -> NoReturn:
        """End the run before the first packet: one line, exit code 2."""
        if self._worker is not None:
            self._config.workeroutput[_FAILURE] = str(error)  # type: ignore[attr-defined]  # pytest-xdist adds it
        pytest.exit(str(error), returncode=ExitClass.USAGE)

    def pytest_report_header(self) -> list[str]:
        """The line at the top of the run."""
        profile = self._config.getoption("imsreg_profile") or environ.get("IMSREG_PROFILE")
        if not profile:
            return ["imsreg: DUT built-in reference core"]
        from imsreg.pytest_support.report import header

        return header(str(profile))

    def pytest_unconfigure(self) -> None:
        """Leave Allure as it was found."""
        if (allure := bridge()) is not None:
            allure.close()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice the evidence of tests that ran in workers."""
        self.used = self.used or any(name == EVIDENCE for name, _ in report.user_properties)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended: keep why, if its preflight failed."""
        line = getattr(node, "workeroutput", {}).get(_FAILURE)
        if line is not None and line not in self._problems:
            self._problems.append(line)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports when every session is closed and every worker has ended."""
        if self._worker is not None:
            return
        if self.used:
            from imsreg.pytest_support.report import report_lines

            try:
                self._lines = report_lines(self.output, self.shown(self.output))
            except InputError as error:
                self._problems.append(str(error))
        if self._problems:
            session.exitstatus = ExitClass.USAGE

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The counts line, the findings, and where the results are."""
        if self._lines or self._problems:
            terminalreporter.section("imsreg")
        for line in (*self._lines, *self._problems):
            terminalreporter.line(line)
