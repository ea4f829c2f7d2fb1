"""The sets of associations of one contact at one side, from challenge to deletion (TS 33.203 7.4.1a, 7.4.2a)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.phases import TABLE, Event, Phase

REG_AWAIT_AUTH = 240.0
"""Seconds (TS 24.229 table 7.8.1): the lifetime of a temporary set at the UE; no text gives the P-CSCF's."""
MARGIN = 30.0
"""Seconds that a set outlives its registration (TS 24.229 5.1.1.5.1)."""


@dataclass(slots=True, eq=False)
class LiveSet:
    """One set while it lives. `expires_at` in seconds on the owner's clock, `pending` counts its transactions."""

    sas: SaSet
    phase: Phase
    expires_at: float
    began_on: LiveSet | None
    """The set that the first REGISTER came on; None: in the clear."""
    pending: int = 0


class SaSets:
    """What lives of a contact: at most one temporary, one established and one old set.

    Sans-IO: the owner says what happened, with the time in seconds where it counts, removes what appears in
    `deleted`, and calls `on_time` when `next_deadline()` has come.
    """

    def __init__(self, side: Side, *, await_auth: float = REG_AWAIT_AUTH, margin: float = MARGIN) -> None:
        self.side = side
        self.deleted: deque[SaSet] = deque()
        """Sets that have died, oldest first, for the owner to take out."""
        self._await_auth = await_auth
        self._margin = margin
        self._live: list[LiveSet] = []

    @property
    def live(self) -> tuple[LiveSet, ...]:
        """Every set that is not deleted, oldest first."""
        return tuple(self._live)

    @property
    def spis(self) -> frozenset[int]:
        """All SPIs in use, of both directions: what a new set may not have."""
        return frozenset(spi for each in self._live for spi in each.sas.spis)

    def in_phase(self, phase: Phase) -> LiveSet | None:
        """The set in a phase, if there is one."""
        return next((each for each in self._live if each.phase is phase), None)

    def receiving(self, spi: int) -> LiveSet | None:
        """The set with an inbound association of this SPI."""
        inbound = ((each, each.sas.inbound(self.side)) for each in self._live)
        return next((each for each, associations in inbound if spi in (a.spi for a in associations)), None)

    def outgoing(self, now: float) -> LiveSet | None:
        """The set for a new message that is no step of a registration; None: there is none to send on.

        A UE takes the established set from the 200 on. A P-CSCF stays on the old one until it sees a message on the
        new, or that one's last seconds have come.
        """
        old = self.in_phase(Phase.OLD)
        if self.side is Side.P_CSCF and old is not None and old.expires_at - now > self._margin:
            return old
        return self.in_phase(Phase.ESTABLISHED)

    def begun(self) -> None:
        """A registration begins: what is left of one that was not finished goes."""
        self._happened(Event.SUPERSEDED)

    def challenged(self, sas: SaSet, now: float, *, began_on: LiveSet | None = None) -> LiveSet:
        """A challenge makes a temporary set, in place of that of an earlier challenge.

        `began_on` is the set on which the REGISTER before it travelled. A UE that refuses the challenge makes none.
        Raises ValueError for an SPI that is in use.
        """
        self._happened(Event.SUPERSEDED)
        if not self.spis.isdisjoint(sas.spis):
            raise ValueError("an SPI of the new set is in use")
        new = LiveSet(sas, Phase.TEMPORARY, now + self._await_auth, began_on)
        self._live.append(new)
        return new

    def succeeded(self, expiry: float, now: float) -> bool:
        """The 200 to the answer, whose registration lasts `expiry` seconds: the temporary set is established.

        It lives as long as the one before would have, or the registration and a margin, whichever is longer. Of the
        older ones the one that the registration began on is kept. If it began in the clear, a P-CSCF keeps none; a
        UE keeps the established one. False if there is no temporary set, as when it has expired.
        """
        new, before = self.in_phase(Phase.TEMPORARY), self.in_phase(Phase.ESTABLISHED)
        if new is None:
            return False
        kept = before if new.began_on is None and self.side is Side.UE else new.began_on
        new.expires_at = max(now + expiry + self._margin, 0.0 if before is None else before.expires_at)
        for each in self.live:
            if each is not new:
                self._move(each, Event.KEPT if each is kept else Event.DISPLACED)
        self._move(new, Event.SUCCEEDED)
        return True

    def failed(self) -> None:
        """The authentication has failed and the message that says so has passed: the temporary set goes."""
        self._happened(Event.FAILED)

    def refreshed(self, expiry: float, now: float) -> None:
        """A 200 without a new authentication: the established set may live longer, never shorter."""
        established = self.in_phase(Phase.ESTABLISHED)
        if established is not None:
            established.expires_at = max(established.expires_at, now + expiry + self._margin)

    def received(self, spi: int) -> LiveSet | None:
        """A message, no retransmission, has come on the inbound association with this SPI; the set of that.

        On the established set it ends the use of the old one. To be called before what the message brings about, so
        that the 200 that establishes a set does not count as a further message on it.
        """
        found = self.receiving(spi)
        if found is not None and found.phase is Phase.ESTABLISHED:
            self._happened(Event.CONFIRMED)
        return found

    def opened(self, live: LiveSet) -> None:
        """A transaction begins on a set."""
        live.pending += 1

    def closed(self, live: LiveSet) -> None:
        """A transaction that began on a set has ended, or timed out."""
        live.pending -= 1
        self._drain(live)

    def released(self) -> None:
        """The last public identity is de-registered, and the 200 that says so has passed."""
        self._happened(Event.RELEASED)

    def abandoned(self) -> None:
        """The address of the UE has changed (TS 33.203 7.5): nothing can pass on any set."""
        self._happened(Event.ABANDONED)

    def on_time(self, now: float) -> None:
        """Delete what has outlived itself."""
        for each in self.live:
            if now >= each.expires_at:
                self._move(each, Event.EXPIRED)

    def next_deadline(self) -> float | None:
        """When the next lifetime ends; None if nothing lives."""
        return min((each.expires_at for each in self._live), default=None)

    def _happened(self, event: Event) -> None:
        for each in self.live:
            self._move(each, event)

    def _move(self, live: LiveSet, event: Event) -> None:
        live.phase = TABLE.get((live.phase, event), live.phase)
        if live.phase is Phase.DELETED:
            self._live.remove(live)
            self.deleted.append(live.sas)
        self._drain(live)

    def _drain(self, live: LiveSet) -> None:
        if live.phase is Phase.RETIRING and not live.pending:
            self._move(live, Event.DRAINED)
