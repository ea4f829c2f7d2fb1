"""What a journal holds, one record a line: who was tested, what each test ruled, how each test ended."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from imsreg.verdict.verdict import Ruling


class DutNames(msgspec.Struct, frozen=True):
    """The DUT as reports name it."""

    name: str
    version: str
    build: str
    role: str
    addresses: tuple[str, ...] = ()
    """Where it listens, with ports."""


class RunStarted(msgspec.Struct, frozen=True, tag_field="record", tag="run"):
    """The head of a run. Parallel workers of one run each write it, with the same `run`."""

    run: str
    imsreg: str
    profile: str
    dut: DutNames
    versions: Mapping[str, str]
    security: str = ""
    """What protects the messages, in words."""
    lacks: str = ""
    """Why every test was N/A; empty: they were not."""


class Ruled(msgspec.Struct, frozen=True, tag_field="record", tag="ruling"):
    """A ruling of a test. Of several on the same requirement the last counts: it saw the whole transcript."""

    run: str
    test: str
    ruling: Ruling


class Ended(msgspec.Struct, frozen=True, tag_field="record", tag="test"):
    """How a runner ended a test, in the runner's own word."""

    run: str
    test: str
    status: str
    message: str


Record = RunStarted | Ruled | Ended
