"""Both sides of Gm with their back ends, in namespaces of the tests; skipped in words where the rights are missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imsreg.net.ipsec.rights import userspace_hindrance

HERE = str(Path(__file__).parent)

if HERE not in sys.path:
    sys.path.insert(0, HERE)

from ends import Ends  # noqa: E402
from wire import Wire  # noqa: E402


@pytest.fixture(scope="session")
def rights() -> None:
    """Skips a test on a host where the userspace back end cannot run."""
    if (reason := userspace_hindrance()) is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def wire(rights: None) -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def gm(wire: Wire, tmp_path: Path) -> Iterator[Ends]:
    wire.frames()  # what an earlier test has left is none of this one's
    made = Ends(wire, tmp_path)
    yield made
    made.close()
