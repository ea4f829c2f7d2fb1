"""Both sides of Gm, each with ESP of its own or of the kernel, in namespaces of the tests.

The kernel is that of User Mode Linux, which is the same everywhere: outside of it the tests are skipped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent

for each in (HERE, HERE.parent / "ipsec"):
    if str(each) not in sys.path:
        sys.path.insert(0, str(each))

from ends import Ends  # noqa: E402
from wire import Wire  # noqa: E402


def _is_uml() -> bool:
    return "User Mode Linux" in Path("/proc/cpuinfo").read_text(encoding="utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing is prepared for a test that is skipped."""
    inside = _is_uml()
    outside = pytest.mark.skip(reason="runs inside User Mode Linux: tox -e uml")
    not_here = pytest.mark.skip(reason="starts User Mode Linux, which is here already")
    for item in items:
        if item.path.parent == HERE and inside is (item.path.name == "test_machine.py"):
            item.add_marker(not_here if inside else outside)


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def ends(wire: Wire, tmp_path: Path) -> Iterator[Callable[..., Ends]]:
    """Makes both ends: `ends(ue, p_cscf)`, each "userspace" or "kernel"."""
    wire.frames()  # what an earlier test has left is none of this one's
    with ExitStack() as undo:

        def make(ue: str, p_cscf: str) -> Ends:
            made = Ends(wire, tmp_path / "ledgers", ue, p_cscf)
            undo.callback(made.close)
            return made

        yield make
