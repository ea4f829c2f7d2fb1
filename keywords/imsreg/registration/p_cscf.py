"""The P-CSCF: a transaction-stateful proxy between Gm and Mw (TS 24.229 5.2.2; RFC 3261 16; RFC 3327 5.2)."""

from __future__ import annotations

import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from imsreg.registration.admission import admit
from imsreg.registration.carriage import carriable_response, require_carriable
from imsreg.registration.challenge import is_digest
from imsreg.registration.p_cscf_dialogs import Dialogs
from imsreg.registration.p_cscf_inward import Inward
from imsreg.registration.p_cscf_users import RegisteredUe, RegisteredUes
from imsreg.registration.replies import Discarded, Refusal, reply, unreadable
from imsreg.registration.seams import Seams
from imsreg.registration.sec_agree import TAG, SecAgree, strip
from imsreg.registration.vias import received_vias, set_vias
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Endpoint,
    Event,
    RequestReceived,
    ResponseReceived,
    TransactionTimeout,
    TransportFailed,
)
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Flow, Packet, TransportFailure
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.message import Request, Response
from imsreg.sip.response_flow import response_flow
from imsreg.sip.server_transaction import ServerTransaction
from imsreg.sip.split import split_list
from imsreg.sip.timers import IMS, RFC3261

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.registration.gm_arrival import Arrival
    from imsreg.registration.gm_security import GmSecurity
    from imsreg.secagree.changes import SaChange

MAX_RELAYS = 1024
"""Requests that may wait for the home network at the same time; one more is answered 503."""

NOT_FROM_A_UE = ("Path", "P-Visited-Network-ID", "P-Charging-Vector", "P-Preferred-Identity")
"""What a UE has no business to send in a REGISTER: removed before the P-CSCF's own goes in (TS 24.229 5.2.1)."""

_KEY = re.compile(r"[ci]k[ \t]*=", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    """What the operator of the P-CSCF sets: security mode, 3GPP release, whether an agreement is asked for."""

    security: str = "none"
    release: int = 14
    sec_agree_required: bool = False


class PCscf:
    """A node with two sides: `mw.local` belongs to Mw, every other local address to Gm.

    `mw` is the flow on which REGISTER leaves for the home network; `random` makes branches, charging identifiers, SPIs
    and ports. Each side has its own transactions, so that a UE cannot answer for the home network.

    Of a UE that is registered SUBSCRIBE goes the same way, and what the home network says in the dialog comes back.
    """

    def __init__(
        self, policy: AccessPolicy, mw: Flow, visited_network: str, random: Random, seams: Seams | None = None
    ) -> None:
        self.policy = policy
        self._home = mw
        self._visited_network = visited_network
        self._random = random
        self._seam = seams or Seams()
        self.outbox: deque[Packet] = deque()
        """Packets to be sent, on Gm or on Mw."""
        self.sa_changes: deque[SaChange] = deque()
        """Sets of associations to be installed and removed at Gm: none but in mode ipsec."""
        self._protection: GmSecurity | None = None
        if policy.security == "ipsec":
            # Of no use in the other modes.
            from imsreg.registration.gm_security import GmSecurity

            self._protection = GmSecurity(policy.release, random, self._seam)
            self.sa_changes = self._protection.sa_changes
        self._gm = Endpoint(IMS, reply_flow=self._protection.reply_flow if self._protection else response_flow)
        self._mw = Endpoint(RFC3261)
        self._gm.outbox = self._mw.outbox = self.outbox
        self._relays: dict[ClientTransaction, RequestReceived] = {}  # what waits for the home network
        self._arrivals: dict[ServerTransaction, Arrival] = {}  # of requests that wait for their response
        self._sec_agree = SecAgree(policy.release, random, self._seam) if policy.security == "headers" else None
        self._users = RegisteredUes()
        self._dialogs = Dialogs(mw, random, self._seam)
        self._inward = Inward(self._gm, self._mw, self._dialogs, self._protection, random)

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from a UE or from the home network."""
        if packet.flow.local == self._home.local:
            self._take(self._mw.receive(packet, now), now, home=True)
            return
        arrived: Packet | None = self._seam("p-cscf.packet", packet)
        if arrived is not None:
            self._take(self._gm.receive(arrived, now), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection. A response that is lost is nobody's business (RFC 3261 16.9)."""
        home = failure.flow.local == self._home.local
        self._take((self._mw if home else self._gm).fail(failure, now), now, home=home)

    def on_time(self, now: float) -> None:
        """Let the transaction timers and the lifetimes of associations run."""
        self._take(self._gm.on_time(now), now)
        self._take(self._mw.on_time(now), now, home=True)
        if self._protection is not None:
            self._protection.on_time(now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        clocks = (self._gm, self._mw, *((self._protection,) if self._protection is not None else ()))
        return min((at for clock in clocks if (at := clock.next_deadline()) is not None), default=None)

    def _take(self, events: list[Event], now: float, *, home: bool = False) -> None:
        """What has happened at Mw (`home`) or at Gm."""
        for event in events:
            match event:
                case RequestReceived():
                    self._inward.request(event, now) if home else self._request(event, now)
                case ResponseReceived(response, flow, transaction) if response.status >= 200:
                    if not self._inward.answered(transaction, response, flow, now):
                        self._response(transaction, response, now)
                case TransactionTimeout(transaction):
                    if not self._inward.silent(transaction):
                        self._silent(transaction, now)
                case TransportFailed(_, transaction) if transaction is not None:
                    if not self._inward.unreachable(transaction, now):
                        self._silent(transaction, now)
                case _:
                    pass  # 100 is hop by hop, and the non-INVITE server transaction needs no other (RFC 4320 4.1)

    def _silent(self, transaction: ClientTransaction, now: float) -> None:
        """A home network that cannot be reached is 504 toward the UE (TS 24.229 5.2.2.1)."""
        asked = self._relays.pop(transaction, None)
        if asked is not None:
            self._answer(asked, Refusal(504).draft(asked.request), now)

    def _request(self, event: RequestReceived, now: float) -> None:
        request = event.request
        try:
            if self._protection is not None:
                self._arrivals[event.transaction] = self._protection.arrive(request, event.flow)
        except Discarded:
            self._gm.discard(event.transaction)
            return
        if request.method == "CANCEL":
            self._answer(event, self._cancelled(event), now)
            return
        try:
            forwarded, way = self._forwardable(event, now)
            require_carriable(forwarded)
        except Refusal as refusal:
            self._answer(event, refusal.draft(request), now)
            return
        except HeaderError as error:
            self._answer(event, unreadable(error).draft(request), now)
            return
        forwarded = self._seam("p-cscf.request", forwarded, request=request)
        side = self._mw if way == self._home else self._gm
        self._relays[side.send_request(forwarded.to_bytes(), way, now)] = event

    def _cancelled(self, event: RequestReceived) -> Draft:
        """The response to a CANCEL, which has no effect on a request other than INVITE (RFC 3261 9.2)."""
        named = event.transaction.key.identity
        pending = any(asked.transaction.key.identity == named for asked in self._relays.values())
        return reply(event.request, 200 if pending else 481)

    def _forwardable(self, event: RequestReceived, now: float) -> tuple[Draft, Flow]:
        """The request as it goes on, and where to. Raises Refusal or HeaderError for what goes no further."""
        request, flow, arrival = event.request, event.flow, self._arrivals.get(event.transaction)
        protected = arrival is not None and arrival.protected
        ue = self._registered_ue(request, flow, arrival, now)
        tags = {TAG} if self._sec_agree or self._protection else set()
        admit(request, tags, protected=protected, registered=ue is not None)
        if len(self._relays) >= MAX_RELAYS:
            raise Refusal(503, headers={"Retry-After": str(round(RFC3261.timer_f))})
        draft = Draft.of(request)
        if self._sec_agree and request.method == "REGISTER":
            self._sec_agree.request(request, draft, required=self.policy.sec_agree_required)
        if self._protection is not None and arrival is not None:
            self._protection.agree(arrival, draft, required=self.policy.sec_agree_required)
        way = self._home
        if ue is None:
            self._make_register(draft, flow, arrival)
        else:
            strip(draft)
            way = self._dialogs.outward(request, draft, flow, ue)
        forwards = request.get(MaxForwards)
        draft.set("Max-Forwards", 70 if forwards is None else forwards.hops - 1)
        draft.add("P-Charging-Vector", f'icid-value="{self._random.randbytes(12).hex()}"')
        # A datagram may come without it, a connection carries nothing without it (RFC 3261 16.6 step 9).
        draft.set("Content-Length", len(draft.body))
        branch = f"z9hG4bK{self._random.randbytes(8).hex()}"
        own = f"SIP/2.0/{way.transport} {way.local};branch={branch}"
        set_vias(draft, [own, *received_vias(request, flow)])
        return draft, way

    def _registered_ue(self, request: Request, flow: Flow, arrival: Arrival | None, now: float) -> RegisteredUe | None:
        """Who sends a request other than REGISTER; None: nobody who may. With associations it has to come on one."""
        if request.method == "REGISTER":
            return None
        if self._protection is None:
            return self._users.find(request, flow.remote.host, None, now)
        if arrival is None or not arrival.protected:
            return None
        return self._users.find(request, flow.remote.host, arrival.contact.impi, now)

    def _make_register(self, draft: Draft, flow: Flow, arrival: Arrival | None) -> None:
        """Make `draft` the REGISTER that the home network gets (TS 24.229 5.2.2.1). Raises HeaderError."""
        # RFC 3261 16.4 takes out the Route entry that names this proxy; the rest goes too, for the home domain alone
        # decides where a REGISTER travels (TS 23.228 5.3.1).
        for name in ("Route", *NOT_FROM_A_UE):
            draft.remove(name)
        protection = self._protection
        _stamp(draft, "no" if protection is None or arrival is None else protection.integrity(arrival))
        draft.prepend("Path", f"<sip:term@{flow.local};lr>")
        draft.add("Require", "path")
        draft.add("P-Visited-Network-ID", f'"{self._visited_network}"')

    def _response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        asked = self._relays.pop(transaction, None)
        if asked is None:
            return
        draft = Draft.of(response)
        set_vias(draft, response.values("Via")[1:])
        challenges = draft.values("WWW-Authenticate")
        draft.remove("WWW-Authenticate")
        for challenge in challenges:
            kept = self._seam("p-cscf.challenge", _without_keys(challenge), received=challenge)
            draft.add("WWW-Authenticate", kept)
        if response.status == 401 and asked.request.fields("Security-Client"):
            try:
                self._agree(asked, response, draft, now)
            except Refusal as refusal:
                self._answer(asked, refusal.draft(asked.request), now)
                return
        if response.status // 100 == 2 and asked.request.method == "REGISTER":
            self._learn(asked, response, now)
        self._respond(asked, draft, now)

    def _learn(self, asked: RequestReceived, ok: Response, now: float) -> None:
        """Who is registered from now on, or is not any more."""
        arrival = self._arrivals.get(asked.transaction)
        impi = arrival.contact.impi if arrival is not None and arrival.protected else None
        self._users.registered(asked.request, ok, asked.flow.remote.host, impi, now)

    def _agree(self, asked: RequestReceived, challenge: Response, draft: Draft, now: float) -> None:
        """Put Security-Server into a 401, and make the set of associations that goes with it. Raises Refusal."""
        arrival = self._arrivals.get(asked.transaction)
        if self._sec_agree is not None:
            self._sec_agree.challenge(asked.request, draft)
        elif self._protection is not None and arrival is not None and (keys := self._protection.keys_of(challenge)):
            self._protection.challenge(arrival, draft, *keys, now)

    def _answer(self, event: RequestReceived, draft: Draft, now: float) -> None:
        """Respond as a server, not as a proxy: with something that can be read, and the Via values of the UE."""
        draft = carriable_response(draft, event.request)
        # A Via that cannot be read is what is wrong with the request: it goes back as it came.
        with suppress(HeaderError):
            set_vias(draft, received_vias(event.request, event.flow))
        self._respond(event, draft, now)

    def _respond(self, event: RequestReceived, draft: Draft, now: float) -> None:
        arrival = self._arrivals.pop(event.transaction, None)
        if self._protection is not None and arrival is not None:
            event.transaction.flow = self._protection.conclude(arrival, draft, now)
        self._gm.respond(event.transaction, self._seam("p-cscf.response", draft, request=event.request), now)


def _stamp(draft: Draft, flag: str) -> None:
    """`integrity-protected` by the P-CSCF alone: a flag that the UE sent goes first (TS 33.203 Annex P.3).

    Raises HeaderError for Digest credentials that cannot be read; those of other schemes pass as they are.
    """
    credentials = draft.values("Authorization")
    draft.remove("Authorization")
    for value in credentials:
        if is_digest(value):
            draft.add("Authorization", Authorization.parse(value).with_param("integrity-protected", flag))
        else:
            draft.add("Authorization", value)


def _without_keys(challenge: str) -> str:
    """A challenge without CK and IK, which are the P-CSCF's own (TS 33.203 6.1.1 SM6); all else as it came.

    Not by its grammar: what cannot be read may hold keys as well.
    """
    scheme, *params = re.split(r"(?<=[ \t])", challenge.lstrip(), maxsplit=1)
    kept = (param for param in split_list("".join(params)) if not _KEY.match(param))
    return scheme + ", ".join(kept)
