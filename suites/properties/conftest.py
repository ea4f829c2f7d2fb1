"""How hard the property tests try: HYPOTHESIS_PROFILE=ci or fuzz tries more than the default, and other inputs.

A run says at its end how many examples it tried.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = str(Path(__file__).parent)

# The tests here share strategies that lie beside them.
if HERE not in sys.path:
    sys.path.insert(0, HERE)

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

# The default finds the same in every run: a finding by chance belongs into a run that looks for it.
settings.register_profile(
    "imsreg", max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=_SLOW
)
# Over all tests together more than 10,000 examples; the same in every run too, for a CI that is red for a reason.
settings.register_profile("ci", max_examples=40, deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile("fuzz", max_examples=5_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "imsreg"))

_EXAMPLES = "hypothesis examples"
_TRIED = re.compile(r"([0-9]+) passing")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        tried = sum(map(int, _TRIED.findall(getattr(item, "hypothesis_statistics", ""))))
        report.user_properties.append((_EXAMPLES, tried))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [each for kind in terminalreporter.stats.values() for each in kind if isinstance(each, pytest.TestReport)]
    tried = sum(value for report in reports for name, value in report.user_properties if name == _EXAMPLES)
    profile = settings.get_current_profile_name()
    terminalreporter.write_line(f"{tried:,} examples tried by Hypothesis, profile {profile}")
