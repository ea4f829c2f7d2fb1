"""What a judge is told about a run beside its messages and events. A capture carries it, so that it is judged alike."""

from __future__ import annotations

from dataclasses import dataclass

from imsreg.sip.flow import Address


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a scenario ended early. `kind` is one word in small letters: a class of INCONCLUSIVE, or "not-applicable"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The ids of the requirements that the scenario decides, where the DUT listens, the private identities of the
    subscribers that the tester's UEs had, and why it ended early if it did.
    """

    decides: tuple[str, ...] = ()
    dut: tuple[Address, ...] = ()
    subscribers: tuple[str, ...] = ()
    stopped: Stop | None = None
