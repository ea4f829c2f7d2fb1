"""Requests of the home network on their way to a UE, and its responses on the way back (RFC 3261 16; TS 33.203 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from imsreg.registration.carriage import carriable_response, require_carriable
from imsreg.registration.p_cscf_dialogs import Dialogs
from imsreg.registration.replies import Refusal, unreadable
from imsreg.registration.vias import set_vias
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Endpoint, RequestReceived
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Flow
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.message import Request, Response

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.registration.gm_security import GmSecurity
    from imsreg.secagree.sets import LiveSet

MAX_INWARD = 1024
"""Requests that may wait for a UE at the same time; one more is answered 503."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for a UE's response, and the set of associations that it went on."""

    event: RequestReceived
    live: LiveSet | None


class Inward:
    """Passes requests on from `mw` to `gm`. `protection` None: there are no associations."""

    def __init__(
        self, gm: Endpoint, mw: Endpoint, dialogs: Dialogs, protection: GmSecurity | None, random: Random
    ) -> None:
        self._gm = gm
        self._mw = mw
        self._dialogs = dialogs
        self._protection = protection
        self._random = random
        self._asked: dict[ClientTransaction, _Asked] = {}

    def request(self, event: RequestReceived, now: float) -> None:
        """Pass a request on to its UE, or refuse it."""
        try:
            draft, flow = self._forwardable(event.request, now)
        except Refusal as refusal:
            self._refuse(event, refusal, now)
            return
        except HeaderError as error:
            self._refuse(event, unreadable(error), now)
            return
        live = None if self._protection is None else self._protection.opened(flow)
        self._asked[self._gm.send_request(draft.to_bytes(), flow, now)] = _Asked(event, live)

    def answered(self, transaction: ClientTransaction, response: Response, flow: Flow, now: float) -> bool:
        """A transaction at Gm has its final response, which came on `flow`. False if it is not the home network's.

        A response in the clear to what was sent on an association counts as none (TS 33.203 7.1).
        """
        asked = self._asked.get(transaction)
        if asked is None:
            return False
        if asked.live is not None and self._protection is not None:
            if flow.association is None:
                return self.silent(transaction)
            self._protection.heard(flow)
        self._conclude(transaction)
        draft = Draft.of(response)
        set_vias(draft, response.values("Via")[1:])
        draft.set("Content-Length", len(draft.body))
        self._mw.respond(asked.event.transaction, carriable_response(draft, asked.event.request), now)
        return True

    def silent(self, transaction: ClientTransaction) -> bool:
        """A transaction has had no response. Nobody is told: the home network has its own timers (RFC 4320 4.1)."""
        asked = self._conclude(transaction)
        if asked is not None:
            self._mw.discard(asked.event.transaction)
        return asked is not None

    def unreachable(self, transaction: ClientTransaction, now: float) -> bool:
        """The link could not deliver a request, or has lost its connection."""
        asked = self._conclude(transaction)
        if asked is not None:
            self._refuse(asked.event, Refusal(480), now)
        return asked is not None

    def _conclude(self, transaction: ClientTransaction) -> _Asked | None:
        asked = self._asked.pop(transaction, None)
        if asked is not None and asked.live is not None and self._protection is not None:
            self._protection.closed(asked.live)
        return asked

    def _refuse(self, event: RequestReceived, refusal: Refusal, now: float) -> None:
        self._mw.respond(event.transaction, carriable_response(refusal.draft(event.request), event.request), now)

    def _forwardable(self, request: Request, now: float) -> tuple[Draft, Flow]:
        """The request as the UE gets it, and where it goes. Raises Refusal or HeaderError."""
        if len(self._asked) >= MAX_INWARD:
            raise Refusal(503)
        forwards = request.get(MaxForwards)
        if forwards is not None and forwards.hops == 0:
            raise Refusal(483)
        draft = Draft.of(request)
        leg, flow = self._dialogs.inward(request, draft, self._protection, now)
        draft.set("Max-Forwards", 70 if forwards is None else forwards.hops - 1)
        branch = f"z9hG4bK{self._random.randbytes(8).hex()}"
        own = f"SIP/2.0/{flow.transport} {leg.flow.local};branch={branch}"
        set_vias(draft, [own, *request.values("Via")])
        return require_carriable(draft), flow
