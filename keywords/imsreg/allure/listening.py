"""Whether Allure is listening. Imports nothing of it: whoever listens has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imsreg.allure.bridge import Bridge


def bridge() -> Bridge | None:
    """The bridge to Allure's listener in this process; None if there is none, or its packages are missing."""
    if sys.modules.get("allure_commons") is None:
        return None
    from imsreg.allure.bridge import Bridge

    return Bridge.found()
