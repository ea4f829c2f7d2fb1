"""The associations that a simulated core has with its UEs: what its link is asked for, and whose each of them is."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping

from imsreg.registration.attendant import Attendant
from imsreg.registration.attendant_security import AttendantSecurity
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.events import EspEvent
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import LiveSet
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.flow import Flow
from imsreg.sip.message import Request
from imsreg.sip.response_flow import response_flow
from imsreg.tester.lane import Lane
from imsreg.tester.whose_packet import PacketOwners, far_host, spi_of


class CoreAssociations:
    """Between the attendants, which have the sets, and the link. `lanes` are those of the core by IMPI, as they change.

    Everything is to be called where the link is served. In other modes than ipsec there is never anything in it.
    """

    def __init__(self, lanes: Mapping[str, Lane]) -> None:
        self.asked: deque[SaChange] = deque()
        """What the attendants want of the link."""
        self._lanes = lanes
        self._changes: deque[SaChange] = deque()
        self._owners = PacketOwners()
        self._holders: dict[str, Attendant] = {}  # by IMPI: those who have, or lately had, sets
        self._pending: dict[ClientTransaction, LiveSet] = {}  # the sets that requests of the core are under way on

    def changes(self) -> deque[SaChange]:
        """What the link is to install and remove. A lane that keeps its sets has none removed."""
        while self.asked:
            change = self.asked.popleft()
            if change.change is Change.INSTALL:
                self._made(change.sas)
            elif (lane := self._lane_with(change.sas.p_cscf.spi_s)) is not None and lane.keeps:
                lane.kept.append(LiveSet(change.sas, Phase.DELETED, math.inf, None))
                continue
            self._changes.append(change)
        return self._changes

    def let_go(self, lane: Lane) -> None:
        """Have the sets removed that a lane has kept beyond their time."""
        lane.keeps = False
        self._changes.extend(SaChange(Change.REMOVE, each.sas, Side.P_CSCF) for each in lane.kept)
        lane.kept.clear()

    # Whose something is.

    def holder(self, flow: Flow) -> Lane | None:
        """The lane of the UE that has, or has had, the association on which something came; None in the clear."""
        spi = spi_of(flow.association)
        return None if spi is None else self._lane_with(spi)

    def reply_flow(self, request: Request, flow: Flow) -> Flow:
        """For `Endpoint`: where responses go as long as nobody has said which."""
        holder = self.holder(flow)
        security = None if holder is None else holder.attendant.security
        return response_flow(request, flow) if security is None else security.reply_flow(request, flow)

    def record(self, event: EspEvent) -> None:
        """Hand a packet's record to the lane of its UE; one of nobody to those whose UE may be where it is from."""
        lane, host = self._lanes.get(self._owners.owner(event) or ""), far_host(event)
        for each in self._lanes.values() if lane is None else (lane,):
            if each.records is not None and (lane is not None or host is None or each.may_be_at(host)):
                each.records(event)

    # Transactions of the core's own.

    def opened(self, transaction: ClientTransaction, lane: Lane, flow: Flow) -> None:
        """A request has been sent: its set lives as long as it waits for an answer."""
        security = lane.attendant.security
        if security is not None and (live := security.opened(flow)) is not None:
            self._pending[transaction] = live

    def closed(self, transaction: ClientTransaction, lane: Lane) -> None:
        """It has ended."""
        live, security = self._pending.pop(transaction, None), lane.attendant.security
        if live is not None and security is not None:
            security.closed(live)

    # Time.

    def on_time(self, now: float) -> None:
        """Let lifetimes end."""
        for security in self._securities():
            security.on_time(now)
        self._holders = {i: a for i, a in self._holders.items() if a.security is not None and a.security.live}

    def next_deadline(self) -> float | None:
        """When the next lifetime ends."""
        return min((at for each in self._securities() if (at := each.next_deadline()) is not None), default=None)

    def _securities(self) -> Iterator[AttendantSecurity]:
        return (each.security for each in self._holders.values() if each.security is not None)

    def _lane_with(self, spi: int) -> Lane | None:
        return self._lanes.get(self._owners.of_inbound(spi) or "")

    def _made(self, sas: SaSet) -> None:
        """Remember whose a set is that is about to be installed."""
        for impi, lane in self._lanes.items():
            security = lane.attendant.security
            if security is not None and security.holds(sas.p_cscf.spi_s):
                self._owners.made(sas, impi)
                self._holders[impi] = lane.attendant
                lane.made(sas)
