"""Keywords that give verdicts."""

from __future__ import annotations

from robot.api import Failure, SkipExecution, logger
from robot.api.deco import keyword

from imsreg.verdict.runners import status
from ImsRegLibrary.component import Component


class VerdictKeywords(Component):
    """The checks read the transcript; nothing that a keyword believes counts."""

    @keyword
    def requirements_should_hold(self) -> None:
        """Runs the checks of the requirements in the test's ``req:`` tags over the transcript so far.

        Fails with the findings; skips for N/A and for a known deviation. What the test's end adds to the transcript is
        judged again when it ends.
        """
        rulings = self._case.rulings()
        ruled = status(rulings, self._case.session.catalogue)
        match ruled.robot:
            case "FAIL":
                raise Failure(ruled.message)
            case "SKIP":
                raise SkipExecution(ruled.message)
            case "PASS":
                verdicts = ", ".join(f"{r.requirement} {r.verdict}" for r in rulings)
                logger.info(f"{verdicts}\n{ruled.message}".rstrip())
