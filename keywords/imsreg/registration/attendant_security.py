"""The associations of one UE at an attendant: what a conformant P-CSCF does with them at Gm (TS 33.203 7)."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import NamedTuple

from imsreg.registration.gm_arrival import Arrival
from imsreg.registration.gm_security import GmSecurity
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.registration.sec_agree import nonce_of
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.sets import LiveSet
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Flow, Transport
from imsreg.sip.message import Request, Response

MAX_ARRIVALS = 1024
"""Requests of which it is remembered on which association they came, the latest."""


class _Written(NamedTuple):
    """A challenge as it was written: the set that goes with it depends on these."""

    keys: tuple[Secret, Secret]
    nonce: str
    values: tuple[str, ...]


class AttendantSecurity:
    """`GmSecurity` for the UE of one subscriber. Sans-IO; `sa_changes` is where the owner's link looks.

    What a written challenge changes shows there when the next message arrives or leaves: a set that gives way is there
    until the 401 has passed on it.
    """

    def __init__(self, release: int, random: Random, sa_changes: deque[SaChange]) -> None:
        self._gm = GmSecurity(release, random, Seams())
        self._sa_changes = sa_changes
        self._arrivals: OrderedDict[int, Arrival] = OrderedDict()  # by the identity of the request, which it keeps
        self._written: dict[int, _Written] = {}  # by the same: challenges that have not been sent yet

    @property
    def live(self) -> tuple[LiveSet, ...]:
        """Every set that is not deleted, those of one address of the UE oldest first."""
        table = self._gm.table
        return tuple(live for contact in table.contacts for live in table.sets(contact).live)

    def holds(self, spi: int) -> bool:
        """Whether the network receives from this UE under an SPI."""
        return self._gm.table.receiving(spi) is not None

    # What arrives.

    def arrive(self, request: Request, flow: Flow) -> None:
        """Take a request, no repetition of one. Raises Discarded for one that a P-CSCF drops."""
        try:
            self._arrivals[id(request)] = self._gm.arrive(request, flow)
        finally:
            self.publish()
        if len(self._arrivals) > MAX_ARRIVALS:
            forgotten, _ = self._arrivals.popitem(last=False)
            self._written.pop(forgotten, None)

    def heard(self, flow: Flow) -> None:
        """A response of the UE, no repetition, has come on `flow`."""
        self._gm.heard(flow)
        self.publish()

    def agree(self, request: Request, *, required: bool) -> None:
        """Compare a REGISTER with what was agreed. Raises Refusal or HeaderError."""
        if (arrival := self._arrival(request)) is not None:
            self._gm.agree(arrival, Draft.of(request), required=required)

    def protected(self, request: Request) -> bool:
        """Whether it came on an association."""
        arrival = self._arrival(request)
        return arrival is not None and arrival.protected

    def trusted(self, request: Request) -> bool:
        """Whether a P-CSCF would say "integrity-protected" of it to the home network (TS 33.203 6.1.5)."""
        arrival = self._arrival(request)
        return arrival is not None and self._gm.integrity(arrival) == "yes"

    # What is answered.

    def announcement(self, request: Request) -> list[str]:
        """The Security-Server values of a conformant 401, with SPIs and ports that are free."""
        arrival = self._arrival(request)
        return [] if arrival is None else self._gm.announcement(arrival)

    def challenge(
        self,
        request: Request,
        draft: Draft,
        keys: tuple[Secret, Secret],
        now: float,
        announced: Sequence[str] | None,
    ) -> None:
        """Put Security-Server into a 401 and make the set that goes with it; `keys` are CK and IK of the challenge.

        `announced` are values in place of the P-CSCF's own: the set is that which the UE makes of them, if it can. The
        same holds where the 401 is sent with another list, or nonce. Raises Refusal with what a P-CSCF sends instead.
        """
        if (arrival := self._arrival(request)) is not None:
            self._gm.challenge(arrival, draft, *keys, now, announced=announced)
            self._written[id(request)] = _Written(keys, nonce_of(draft), draft.values("Security-Server"))

    def respond(self, request: Request, response: Response, now: float) -> Flow | None:
        """A response is about to be sent: the flow on which, and what follows from it. None for a request unknown."""
        arrival = self._arrival(request)
        if arrival is None:
            return None
        self._follow(arrival, response, now)
        if response.status < 200:
            return self._gm.reply_flow(request, arrival.flow)
        flow = self._gm.conclude(arrival, response, now)
        self.publish()
        return flow

    def astray(self, request: Request, response: Response, now: float) -> None:
        """A response has been sent where it does not belong. Nothing follows, but that the set of a 401 is made."""
        if (arrival := self._arrival(request)) is not None:
            self._follow(arrival, response, now)
        self.publish()

    def reply_flow(self, request: Request, flow: Flow) -> Flow:
        """Where a response goes whose status is not known."""
        return self._gm.reply_flow(request, flow)

    # What the network asks of the UE.

    def request_flow(self, transport: Transport, now: float) -> Flow | None:
        """The flow of a request to the UE; None if no set is established."""
        flows = (self._gm.request_flow(impi, transport, now) for impi in reversed(self._impis()))
        return next((flow for flow in flows if flow is not None), None)

    def opened(self, flow: Flow) -> LiveSet | None:
        """A request of the network's own has been sent on `flow`; the set of that."""
        return self._gm.opened(flow)

    def closed(self, live: LiveSet) -> None:
        """It has been answered, or timed out."""
        self._gm.closed(live)
        self.publish()

    def released(self) -> None:
        """The network has told the UE that it is no longer registered: the sets go when nothing is pending on them."""
        for impi in self._impis():
            self._gm.released(impi)
        self.publish()

    def abandoned(self) -> None:
        """Every set goes at once."""
        for impi in self._impis():
            self._gm.abandoned(impi)
        self._arrivals.clear()
        self._written.clear()
        self.publish()

    # Time.

    def on_time(self, now: float) -> None:
        """Let lifetimes end."""
        self._gm.on_time(now)
        self.publish()

    def next_deadline(self) -> float | None:
        """When the next lifetime ends."""
        return self._gm.next_deadline()

    def publish(self) -> None:
        """Let the link know what is to be done. A set of a challenge that was written and never sent comes to nothing.

        For what is no response, or none that can be read: `respond` and `astray` do it themselves.
        """
        made: dict[tuple[int, ...], SaChange] = {}
        while self._gm.sa_changes:
            change = self._gm.sa_changes.popleft()
            if change.change is Change.INSTALL:
                made[change.sas.spis] = change
            elif made.pop(change.sas.spis, None) is None:
                self._sa_changes.append(change)
        self._sa_changes.extend(made.values())

    def _follow(self, arrival: Arrival, response: Response, now: float) -> None:
        """Make the set anew if a challenge is sent otherwise than it was written."""
        written = self._written.pop(id(arrival.request), None) if response.status == 401 else None
        if written is None:
            return
        draft = Draft.of(response)
        values = draft.values("Security-Server")
        if (nonce_of(draft), values) != (written.nonce, written.values):
            draft.remove("Security-Server")
            with suppress(Refusal):  # there is no set then, as before
                self._gm.challenge(arrival, draft, *written.keys, now, announced=values)

    def _arrival(self, request: Request) -> Arrival | None:
        return self._arrivals.get(id(request))

    def _impis(self) -> list[str]:
        return list(dict.fromkeys(contact.impi for contact in self._gm.table.contacts))
