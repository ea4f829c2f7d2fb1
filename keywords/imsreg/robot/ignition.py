"""An early start for the embedded core: its process comes up while this one still imports the library.

Python takes as long to load the library as the core takes to listen, and there are two cores to do it on: side by side
they halve the time from `robot` to the first packet (suites/benchmarks/start_up.py).
"""

from __future__ import annotations

import sys

from robot.running.context import EXECUTION_CONTEXTS

from imsreg.errors import InputError
from imsreg.robot.variables import has_profile, settings_from_variables
from imsreg.tester.reference_process import ReferenceProcess
from imsreg.verdict.profile import load_profile

_fire: ReferenceProcess | None = None


def ignite() -> None:
    """Start the embedded core if Robot is running tests against it over sockets. Says nothing of what cannot be used.

    The session reads everything again and reports it; it takes the process over by `kindled`.
    """
    global _fire
    bench = sys.modules.get("imsreg.robot.bench")
    if EXECUTION_CONTEXTS.current is None or (bench is not None and bench.BENCH.started):
        return
    try:
        source = EXECUTION_CONTEXTS.current.suite.source
        if not has_profile() and source is not None and source.parent.name == "ue":
            return  # tests of a UE, which no core answers
        settings = settings_from_variables("cscf")
        profile = load_profile(settings.profile)
        if profile.dut.embedded == "reference-core" and settings.link == "sockets" and profile.security != "ipsec":
            _fire = ReferenceProcess(profile.path, mutant=settings.mutant, seed=settings.seed)
    except InputError:
        return


def kindled() -> ReferenceProcess | None:
    """The process that `ignite` started, once; None if there is none."""
    global _fire
    fire, _fire = _fire, None
    return fire
