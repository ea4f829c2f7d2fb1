"""Runs the checkout's own sources, and loads its pytest plugin where no installed package has done so."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

KEYWORDS = str(Path(__file__).parent / "keywords")

if KEYWORDS not in sys.path:
    sys.path.insert(0, KEYWORDS)
# The reference core and other processes that tests start find the sources this way.
if KEYWORDS not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (KEYWORDS, os.environ.get("PYTHONPATH", ""))))

# What a script starts in the background ignores Ctrl-C, and so would every process that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# An installed package has registered the plugin through its entry point by now; pytest refuses to do it twice.
pytest_plugins = [] if "imsreg.pytest_plugin" in sys.modules else ["imsreg.pytest_plugin"]
