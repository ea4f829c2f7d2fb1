"""The timer values of SIP transactions (RFC 3261 table 4, TS 24.229 table 7.7.1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """The three values, in seconds, from which every timer of a non-INVITE transaction follows.

    `t1` estimates the round-trip time, `t2` caps the interval of repeated requests, `t4` is how long a message may
    linger in the network. Raises ValueError unless all are above zero.
    """

    t1: float
    t2: float
    t4: float

    def __post_init__(self) -> None:
        if min(self.t1, self.t2, self.t4) <= 0:
            raise ValueError(f"timer values are seconds above zero, not {self}")

    @property
    def timer_f(self) -> float:
        """How long a client transaction waits for a final response (RFC 3261 17.1.2.2)."""
        return 64 * self.t1

    def timer_j(self, *, reliable: bool) -> float:
        """How long a server transaction repeats its final response (RFC 3261 17.2.2)."""
        return 0.0 if reliable else 64 * self.t1

    def timer_k(self, *, reliable: bool) -> float:
        """How long a client transaction absorbs repeated final responses (RFC 3261 17.1.2.2)."""
        return 0.0 if reliable else self.t4


RFC3261 = Timers(t1=0.5, t2=4.0, t4=5.0)
"""The default values, as used between the elements of the core."""

IMS = Timers(t1=2.0, t2=16.0, t4=17.0)
"""The values recommended over the radio access, at the UE and at the P-CSCF toward the UE (TS 24.229 table 7.7.1)."""
