"""The associations of a simulated UE: what its link is asked for, and the flows of what goes astray on purpose."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from imsreg.errors import ImsRegError
from imsreg.net.link import SecuredLink
from imsreg.registration.ue_security import UeSecurity
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import EspEvent, Fault
from imsreg.secagree.flows import reply_on
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import LiveSet
from imsreg.secagree.transforms import Transform
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.flow import Flow
from imsreg.sip.message import Request
from imsreg.sip.response_flow import response_flow
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.way import Place, parse_way
from imsreg.text import safe_text

NewSet: TypeAlias = Callable[[SaSet], None]


@dataclass(frozen=True, slots=True)
class SetView:
    """A set as a test may read it: its phase, both sides' SPIs and ports, and its algorithms, but no keys."""

    phase: Phase
    ue: Endpoints
    p_cscf: Endpoints
    transform: Transform
    associations: tuple[Association, ...]

    @classmethod
    def of(cls, live: LiveSet) -> SetView:
        """A set without its keys."""
        sas = live.sas
        return cls(live.phase, sas.ue, sas.p_cscf, sas.keys.transform, sas.associations)


class UeAssociations:
    """What a simulated UE has beside its registration, from `begin` on.

    `changes` is what the link is asked for. A UE that `keeps` its sets has none removed before its end, but for those
    whose SPIs are taken again. Everything but `outbound` and `views` is to be called on the link's thread.
    """

    def __init__(self, *, keeps: bool, new_set: NewSet | None) -> None:
        self.changes: deque[SaChange] = deque()
        self.keeps = keeps
        self._security: UeSecurity | None = None
        self._new_set = new_set
        self._kept: list[LiveSet] = []
        self._open: dict[int, LiveSet] = {}

    def begin(self, security: UeSecurity | None) -> None:
        """Go by what a registration has; None: it has no associations."""
        self._security = security

    @property
    def all(self) -> tuple[LiveSet, ...]:
        """Every set, the deleted ones that are kept first."""
        return (*self._kept, *(() if self._security is None else self._security.sets.live))

    @property
    def views(self) -> tuple[SetView, ...]:
        """Every set as a test may read it."""
        return tuple(SetView.of(live) for live in self.all)

    def outbound(self, on: Place | str) -> Association | None:
        """The association on which the UE shall send; None: in the clear.

        Raises ScenarioStopped if there is no such set, ValueError for words that name no outbound association.
        """
        place = parse_way(on) if isinstance(on, str) else on
        if place == "clear":
            return None
        if place.name.sender is not Side.UE:
            raise ValueError(f"a UE sends on UL1 and UL2, not on {place.name}")
        return place.association(self.all)

    def collect(self) -> None:
        """Take over what the registration wants installed and removed."""
        if self._security is None:
            return
        while self._security.changes:
            change = self._security.changes.popleft()
            if change.change is Change.REMOVE and self.keeps:
                self._kept.append(LiveSet(change.sas, Phase.DELETED, math.inf, None))
                continue
            if change.change is Change.INSTALL and self._new_set is not None:
                self._new_set(change.sas)
            self.changes.append(change)
            if change.change is Change.INSTALL:
                self._let_go(change.sas)

    def _let_go(self, new: SaSet) -> None:
        """Of two sets between the same ports the link can only have one."""
        for live in [live for live in self._kept if live.sas.pairs & new.pairs]:
            self._kept.remove(live)
            self.changes.append(SaChange(Change.REMOVE, live.sas, Side.UE))

    def make_way(self) -> None:
        """A challenge is about to be answered: let go of every set with the SPIs that its own will have.

        A challenge to an answer makes a set of the same offer. That is a call of its own to the link, which installs
        before it removes.
        """
        if self._security is None:
            return
        self._security.refused()
        self.collect()
        own = {*self._security.own.spis}
        for live in [live for live in self._kept if not own.isdisjoint(live.sas.ue.spis)]:
            self._kept.remove(live)
            self.changes.append(SaChange(Change.REMOVE, live.sas, Side.UE))

    def began(self, transaction: ClientTransaction, flow: Flow) -> None:
        """A transaction begins on a flow."""
        through = None if self._security is None else self._security.through(flow)
        if through is not None and self._security is not None:
            self._open[id(transaction)] = through.live
            self._security.opened(through.live)

    def ended(self, transaction: ClientTransaction | None) -> None:
        """A transaction has ended."""
        live = self._open.pop(id(transaction), None)
        if live is not None and self._security is not None:
            self._security.closed(live)
            self.collect()

    def received(self, flow: Flow) -> None:
        """A message, no repetition, has come on a flow."""
        through = None if self._security is None else self._security.through(flow)
        if through is not None and self._security is not None:
            self._security.received(through)
            self.collect()

    def on_time(self, now: float) -> None:
        """Let lifetimes end."""
        if self._security is not None:
            self._security.on_time(now)
            self.collect()

    def next_deadline(self) -> float | None:
        """When the next lifetime ends."""
        return None if self._security is None else self._security.next_deadline()

    def reply_flow(self, request: Request, flow: Flow) -> Flow:
        """Where a response to a request goes that came on a flow."""
        through = None if self._security is None else self._security.through(flow)
        return response_flow(request, flow) if through is None else reply_on(through.live.sas, Side.UE, flow)

    def inject(self, link: SecuredLink, fault: Fault, data: bytes, on: Place | str) -> EspEvent:
        """Have a link send a datagram that is wrong on purpose."""
        association = self.outbound(on)
        if association is None:
            raise ValueError("what is wrong with ESP needs an association, not the clear")
        try:
            return link.inject(association, fault, data)
        except ImsRegError as error:
            raise ScenarioStopped("tool", safe_text(str(error))) from error
