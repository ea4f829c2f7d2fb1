"""The library class: its components, and how what the tester raises becomes what Robot understands."""

from __future__ import annotations

from typing import Any

from robot.api import Error, Failure, FatalError, SkipExecution
from robotlibcore import DynamicCore

from imsreg import __version__
from imsreg.errors import InputError
from imsreg.registration.core_messages import CannotWrite
from imsreg.robot.allure_log import around_allure
from imsreg.robot.bench import BENCH
from imsreg.robot.listener import CaseListener
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from ImsRegLibrary.associations import AssociationKeywords
from ImsRegLibrary.clock import ClockKeywords
from ImsRegLibrary.core import CoreKeywords
from ImsRegLibrary.exchanges import ExchangeKeywords
from ImsRegLibrary.messages import MessageKeywords
from ImsRegLibrary.subscription import SubscriptionKeywords
from ImsRegLibrary.ue import UeKeywords
from ImsRegLibrary.verdicts import VerdictKeywords


class _PreflightFailed(FatalError):
    """Nothing has been sent, and no other test would fare better."""

    ROBOT_SUPPRESS_NAME = True


class ImsRegLibrary(DynamicCore):
    """Registers a simulated UE with a CSCF or a whole IMS core, and judges the registration requirement by requirement.

    = A test =

    A test names the requirements that it decides in its tags, brings a UE up, writes out the messages under test,
    and lets the verdicts be given:

    | *** Test Cases ***
    | Right Response Is Answered 200
    |     [Tags]    req:24.229-5.4.1.2.2-05
    |     [Setup]    Power On UE
    |     Send Initial Register
    |     ${challenge}=    Expect Response    401
    |     Send Register Answering    ${challenge}
    |     Expect Response    200
    |     Requirements Should Hold
    |     [Teardown]    Power Off UE

    = Choosing the DUT =

    ``--variable PROFILE:dut.yaml`` or the environment variable ``IMSREG_PROFILE`` names the profile; without one the
    built-in reference core is the DUT. ``--variable LINK:memory`` runs it in this process on a virtual clock,
    ``--variable MUTANT:id`` seeds one defect into it, ``--variable SEED:n`` repeats its random values.

    = Verdicts =

    FAIL, INCONCLUSIVE (``INCONCLUSIVE class: reason``, tag ``inconclusive``), NON-STRICT (passes, with its finding in
    the log), PASS, and N/A (skipped). A known deviation of the profile is skipped as ``KNOWN: reason``.
    """

    ROBOT_LIBRARY_SCOPE = "GLOBAL"
    ROBOT_LIBRARY_VERSION = __version__
    ROBOT_LIBRARY_DOC_FORMAT = "ROBOT"

    def __init__(self) -> None:
        self.ROBOT_LIBRARY_LISTENER = [CaseListener(BENCH), *around_allure()]
        super().__init__(
            [
                UeKeywords(BENCH),
                CoreKeywords(BENCH),
                MessageKeywords(BENCH),
                ExchangeKeywords(BENCH),
                SubscriptionKeywords(BENCH),
                AssociationKeywords(BENCH),
                ClockKeywords(BENCH),
                VerdictKeywords(BENCH),
            ]
        )

    def run_keyword(self, name: str, args: Any, kwargs: Any = None) -> Any:
        """Run a keyword; what the tester raises becomes what Robot understands, without a traceback."""
        try:
            return super().run_keyword(name, args, kwargs or {})
        except Failure as verdict:
            BENCH.told.add(str(verdict))
            raise
        except ScenarioStopped as stopped:
            if BENCH.case is not None:
                BENCH.case.note_stop(stopped)
            told = f"INCONCLUSIVE {stopped.kind}: {stopped}"
            BENCH.told.add(told)
            raise Failure(told) from None
        except NotApplicable as reason:
            if BENCH.case is not None:
                BENCH.case.note_stop(reason)
            raise SkipExecution(f"N/A: {reason}") from None
        except CannotWrite as reason:
            unwritable = BENCH.ue_case().unwritable(reason)
            if isinstance(unwritable, NotApplicable):
                raise SkipExecution(f"N/A: {unwritable}") from None
            told = f"INCONCLUSIVE {unwritable.kind}: {unwritable}"
            BENCH.told.add(told)
            raise Failure(told) from None
        except InputError as error:
            raise (_PreflightFailed if BENCH.preflight_failed else Error)(f"{error}") from None
