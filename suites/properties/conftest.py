"""How hard the property tests try: HYPOTHESIS_PROFILE=ci or fuzz tries more than the default, and other inputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

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
settings.register_profile("ci", max_examples=100, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("fuzz", max_examples=5_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "imsreg"))
