"""A UE's side of the agreement with its P-CSCF: the associations, and which of them a request goes out on.

TS 33.203 7.3.1, 7.4.1, 7.4.1a; TS 24.229 5.1.1.5.1, 5.1.1.5.3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from imsreg.registration.credentials import Credentials
from imsreg.registration.seams import Seams
from imsreg.secagree.associations import Association, Name, SaSet, Side
from imsreg.secagree.candidates import Chosen
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.flows import flow_on
from imsreg.secagree.keys import expand
from imsreg.secagree.listing import read_list
from imsreg.secagree.phases import Phase
from imsreg.secagree.selection import select
from imsreg.secagree.sets import LiveSet, SaSets
from imsreg.secagree.transforms import Transform, why_unknown
from imsreg.secagree.usability import endpoints, transform
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.sip.headers.security import SecurityServer
from imsreg.sip.message import Response


class NoAgreement(Exception):
    """A sound challenge comes without a Security-Server list that this UE can use (TS 24.229 5.1.1.5.1).

    Its text says why, and completes "there is no agreement:".
    """


class Outlet(NamedTuple):
    """Where a request leaves, and the address at which its responses, and requests to its Contact, are awaited."""

    flow: Flow
    sent_by: Address

    @property
    def protected(self) -> bool:
        """Whether an association protects it."""
        return self.flow.association is not None


class Through(NamedTuple):
    """An association and the set that it belongs to."""

    live: LiveSet
    association: Association


class UeSecurity:
    """The sets of one UE at one P-CSCF, and what each request of an exchange travels on.

    `local` and `p_cscf` are the unprotected addresses of both. What is to be installed and removed is appended to
    `changes`, which the owner may share with others. Times are seconds on the owner's clock.
    """

    def __init__(
        self,
        local: Address,
        p_cscf: Address,
        transport: Transport,
        random: Random,
        seams: Seams,
        changes: deque[SaChange],
    ) -> None:
        self.sets = SaSets(Side.UE)
        self.changes = changes
        self.own: Endpoints = seams("ue.endpoints", Endpoints.draw(random), before=None)
        """SPIs and ports in the Security-Client of the exchange that is going on."""
        self._local = local
        self._p_cscf = p_cscf
        self._transport: Transport = transport
        self._random = random
        self._seam = seams
        self._offered = False
        self._began_on: LiveSet | None = None
        self._first = True  # the next REGISTER begins an exchange

    # What a request is sent on.

    @property
    def established(self) -> LiveSet | None:
        """The set of the latest success: that of everything which is no step of an authentication."""
        return self.sets.in_phase(Phase.ESTABLISHED)

    @property
    def server_address(self) -> Address:
        """The address that is registered: with the protected server port (TS 24.229 5.1.1.2.2 c)."""
        live = self.established
        return Address(self._local.host, self.own.port_s if live is None else live.sas.ue.port_s)

    @property
    def server_addresses(self) -> tuple[Address, ...]:
        """Where this UE listens on the sets that live."""
        return tuple(Address(self._local.host, live.sas.ue.port_s) for live in self.sets.live)

    @property
    def clear(self) -> Outlet:
        """Between the unprotected ports."""
        return Outlet(Flow(self._transport, self._local, self._p_cscf), self._local)

    def on(self, live: LiveSet | None) -> Outlet:
        """On a set, from the client port to the P-CSCF's server port; None: in the clear.

        The server port is where this UE is to be reached, whatever the transport (TS 24.229 5.1.1.2.2, 5.1.1.5.1).
        """
        if live is None:
            return self.clear
        flow = flow_on(live.sas.named(Name.UL1), self._transport)
        return Outlet(flow, Address(self._local.host, live.sas.ue.port_s))

    def register(self) -> Outlet:
        """For the next REGISTER of this exchange (TS 33.203 7.3.1, 7.4.1).

        An answer goes on the set that its challenge has made. The first REGISTER and the report of a wrong MAC or SQN
        go where the exchange began, in the clear if the set of that is gone.
        """
        temporary, began = self.sets.in_phase(Phase.TEMPORARY), self._began_on
        live = temporary or (None if began is None or began.phase is Phase.DELETED else began)
        first, self._first = self._first, False
        return self.on(self._seam("ue.register-on", live, first=first))

    def other(self) -> Outlet | None:
        """For any other request: on the established set. None: without one nothing may be sent (TS 33.203 7.4)."""
        return None if self.established is None else self.on(self.established)

    def through(self, flow: Flow) -> Through | None:
        """The association of a live set that a flow names, in either direction."""
        label = flow.association
        pairs = (Through(live, each) for live in self.sets.live for each in live.sas.associations)
        return next((pair for pair in pairs if pair.association.label == label), None)

    # What happens to the sets.

    def begin(self, *, protected: bool) -> None:
        """An exchange begins, on the established set if that is wanted and there is one."""
        self.sets.begun()
        self._began_on = self.established if protected else None
        self._first = True
        self._flush()

    def renew(self) -> None:
        """Draw what the next Security-Client lists: all new but the server port.

        That stays at least until the last public identity is de-registered (TS 33.203 7.1, 7.4.0); this UE keeps it.
        """
        if self._offered:
            drawn = self.own.renewed(self._random, avoid=self.sets.spis)
            self.own = self._seam("ue.endpoints", drawn, before=self.own)
        self._offered = True

    def challenged(
        self, challenge: Response, offered: Sequence[Transform], credentials: Credentials, now: float
    ) -> SaSet:
        """Make the temporary set of a challenge that the USIM has accepted, in place of an earlier challenge's.

        Raises NoAgreement, and then there is no temporary set. So it does for a challenge to an answer whose set is
        still there: the new one would be made of the same Security-Client, and no link has two sets with one SPI.
        """
        before = self.sets.in_phase(Phase.TEMPORARY)
        self.refused()
        if before is not None and not {*before.sas.ue.spis}.isdisjoint(self.own.spis):
            raise NoAgreement("the associations would have the SPIs of those that have just failed")
        chosen = self._choose(challenge, offered)
        if credentials.keys is None:
            raise NoAgreement("there are no keys without AKA")
        ck, ik = credentials.keys
        keys = self._seam("ue.keys", expand(chosen.transform, ck, ik), transform=chosen.transform)
        sas = SaSet(self._local.host, self._p_cscf.host, self.own, chosen.peer, keys)
        sas = self._seam("ue.set", sas, response=challenge)
        try:
            self.sets.challenged(sas, now, began_on=self._began_on)
        except ValueError as error:
            raise NoAgreement(str(error)) from error
        self.changes.append(SaChange(Change.INSTALL, sas, Side.UE))
        return sas

    def accepted(self, seconds: float, now: float) -> None:
        """A 200 to REGISTER has come, after which the registration lasts `seconds`."""
        if not self.sets.succeeded(seconds, now):
            self.sets.refreshed(seconds, now)
        self._flush()

    def refused(self) -> None:
        """The authentication has not succeeded: its set goes, the others stay (TS 24.229 5.1.1.5.1)."""
        self.sets.failed()
        self._flush()

    def released(self) -> None:
        """The last public identity is de-registered: every set goes, once its transactions have ended."""
        self.sets.released()
        self._flush()

    def drop(self) -> None:
        """Let go of everything at once, as with the power."""
        self.sets.abandoned()
        self._flush()

    def received(self, through: Through) -> None:
        """A message, no repetition, has come on an inbound association. To be called before it is acted upon."""
        self.sets.received(through.association.spi)
        self._flush()

    def opened(self, live: LiveSet) -> None:
        """A transaction begins on a set."""
        self.sets.opened(live)

    def closed(self, live: LiveSet) -> None:
        """A transaction that began on a set has ended."""
        self.sets.closed(live)
        self._flush()

    def on_time(self, now: float) -> None:
        """Let lifetimes end."""
        self.sets.on_time(now)
        self._flush()

    def next_deadline(self) -> float | None:
        """When the next lifetime ends."""
        return self.sets.next_deadline()

    def _choose(self, challenge: Response, offered: Sequence[Transform]) -> Chosen:
        listing = read_list(challenge.values("Security-Server"), SecurityServer)
        before = self.established
        found = select(
            listing.entries,
            offered,
            self.own,
            in_use=self.sets.spis,
            before=None if before is None else before.sas.p_cscf,
        )
        entry = found.entry if isinstance(found, Chosen) else None
        entry = self._seam("ue.agreement", entry, response=challenge, offered=offered)
        if entry is None:
            raise NoAgreement(str(found) if not isinstance(found, Chosen) else "this UE wants none")
        peer, combination = endpoints(entry), transform(entry)
        if isinstance(peer, str):
            raise NoAgreement(peer)
        if (reason := why_unknown(combination)) is not None:
            raise NoAgreement(reason)
        return Chosen(entry, combination, peer)

    def _flush(self) -> None:
        """Have the sets removed that have died."""
        while self.sets.deleted:
            self.changes.append(SaChange(Change.REMOVE, self.sets.deleted.popleft(), Side.UE))
