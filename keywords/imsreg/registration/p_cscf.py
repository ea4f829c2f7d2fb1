"""The P-CSCF: a transaction-stateful proxy between Gm and Mw (TS 24.229 5.2.2; RFC 3261 16; RFC 3327 5.2)."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from imsreg.registration.replies import Refusal
from imsreg.registration.sec_agree import SecAgree
from imsreg.registration.seams import Seams
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Endpoint,
    Event,
    RequestReceived,
    ResponseReceived,
    TransactionTimeout,
    TransportFailed,
)
from imsreg.sip.flow import Flow, Packet, TransportFailure
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response
from imsreg.sip.timers import RFC3261, Timers
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.server_transaction import ServerTransaction

MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
"""Header fields that every request carries (RFC 3261 8.1.1). A missing Max-Forwards is no error for a proxy (16.3)."""

INSERTED_BY_P_CSCF = ("Path", "P-Visited-Network-ID", "P-Charging-Vector", "P-Preferred-Identity")
"""What a UE has no business to send: removed before the P-CSCF's own goes in (TS 24.229 5.2.1)."""


@dataclass(frozen=True, slots=True)
class PCscfPolicy:
    """What the operator sets. `mw` is the flow on which REGISTER leaves for the home network."""

    home_domain: str
    mw: Flow
    visited_network: str
    security: str = "none"
    release: int = 14
    sec_agree_required: bool = False
    gm_timers: Timers = RFC3261


@dataclass
class _Relay:
    """A request on its way: who asked, as it came in, and what sec-agree has to add to a 401."""

    server: ServerTransaction
    request: Request
    security_client: bool = False


@dataclass
class PCscf:
    """A node with two sides: `policy.mw.local` belongs to Mw, every other local address to Gm."""

    policy: PCscfPolicy
    random: Random
    seams: Seams = field(default_factory=Seams)

    def __post_init__(self) -> None:
        self._endpoint = Endpoint(self.policy.gm_timers)
        self._relays: dict[ClientTransaction, _Relay] = {}
        self._sec_agree = SecAgree(self.policy.release, self.random, self.seams)

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent, on Gm or on Mw."""
        return self._endpoint.outbox

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from a UE or from the home network."""
        arrived: Packet | None = packet
        if packet.flow.local != self.policy.mw.local:
            arrived = self.seams("p-cscf.packet", packet)
        if arrived is not None:
            self._handle(self._endpoint.receive(arrived, now), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection."""
        self._handle(self._endpoint.fail(failure, now), now)

    def on_time(self, now: float) -> None:
        """Let the transaction timers run."""
        self._handle(self._endpoint.on_time(now), now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        return self._endpoint.next_deadline()

    def _handle(self, events: list[Event], now: float) -> None:
        for event in events:
            match event:
                case RequestReceived():
                    self._request(event, now)
                case ResponseReceived():
                    self._response(event.transaction, event.response, now)
                case TransactionTimeout() | TransportFailed():
                    # RFC 3261 16.7: silence of the next hop is 408 to a client transaction; 24.229 has 504 for Mw.
                    relay = self._relays.pop(event.transaction, None) if event.transaction else None
                    if relay is not None:
                        self._respond(relay.server, relay.request, Refusal(504).draft(relay.request), now)
                case _:
                    pass

    def _request(self, event: RequestReceived, now: float) -> None:
        request = event.request
        try:
            forwarded = self._forwardable(request, event.flow)
        except Refusal as refusal:
            self._refuse(event, refusal, now)
            return
        except HeaderError as error:
            self._refuse(event, Refusal(400, f"Bad Request ({error.name})"), now)
            return
        forwarded = self.seams("p-cscf.request", forwarded, request=request)
        transaction = self._endpoint.send_request(forwarded.to_bytes(), self.policy.mw, now, timers=RFC3261)
        offered = bool(request.fields("Security-Client")) and self.policy.security != "none"
        self._relays[transaction] = _Relay(event.transaction, request, offered)

    def _forwardable(self, request: Request, flow: Flow) -> Draft:
        """The request as the S-CSCF gets it. Raises Refusal for what goes no further."""
        self._admit(request)
        draft = Draft.of(request)
        if self.policy.security != "none":
            self._sec_agree.request(request, draft, required=self.policy.sec_agree_required)
        self._decrement_max_forwards(request, draft)
        # RFC 3261 16.4 takes out the Route entry that names this proxy; the rest goes too, for the home domain alone
        # decides where a REGISTER travels (TS 23.228 5.3.1).
        draft.remove("Route")
        for name in INSERTED_BY_P_CSCF:
            draft.remove(name)
        self._stamp(draft)
        draft.prepend("Path", f"<sip:term@{flow.local};lr>")
        draft.add("Require", "path")
        draft.add("P-Visited-Network-ID", f'"{self.policy.visited_network}"')
        draft.add("P-Charging-Vector", f'icid-value="{self.random.randbytes(12).hex()}"')
        branch = f"z9hG4bK{self.random.randbytes(8).hex()}"
        own = f"SIP/2.0/{self.policy.mw.transport} {self.policy.mw.local};branch={branch}"
        _set_vias(draft, [own, *_received_vias(request, flow)])
        return draft

    def _admit(self, request: Request) -> None:
        missing = [name for name in MANDATORY if request.field(name) is None]
        if missing:
            raise Refusal(400, f"Bad Request (no {missing[0]})")
        if request.version.upper() != "SIP/2.0":
            raise Refusal(505)
        cseq = request.get(CSeq)
        if cseq is None or cseq.method != request.method:
            raise Refusal(400, "Bad Request (CSeq)")
        forwards = request.get(MaxForwards)
        if forwards is not None and forwards.hops == 0:
            raise Refusal(483)
        if request.method != "REGISTER":
            # TS 33.203 7.1: outside a registration only REGISTER passes; discarding it would be as right.
            raise Refusal(403)
        known = {"sec-agree"} if self.policy.security != "none" else set()
        unsupported = [tag for tag in request.option_tags("Proxy-Require") if tag not in known]
        if unsupported:
            raise Refusal(420, headers={"Unsupported": ", ".join(unsupported)})
        if not request.request_uri.lower().startswith(("sip:", "sips:")):
            raise Refusal(416)

    @staticmethod
    def _decrement_max_forwards(request: Request, draft: Draft) -> None:
        forwards = request.get(MaxForwards)
        draft.set("Max-Forwards", str(forwards.hops - 1 if forwards is not None else 70))

    def _stamp(self, draft: Draft) -> None:
        """`integrity-protected` by the P-CSCF alone: a flag that the UE sent goes first (TS 33.203 Annex P.3)."""
        value = draft.value("Authorization")
        if value is None:
            return
        authorization = Authorization.parse(value).without("integrity-protected")
        draft.set("Authorization", f'{authorization}, integrity-protected="no"')

    def _response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        if response.status < 200:
            return  # 100 is hop by hop, and the non-INVITE server transaction needs no other (RFC 4320 4.1)
        relay = self._relays.pop(transaction, None)
        if relay is None:
            return
        draft = Draft.of(response)
        _set_vias(draft, list(response.values("Via")[1:]))
        challenges = draft.values("WWW-Authenticate")
        draft.remove("WWW-Authenticate")
        for challenge in challenges:
            draft.add("WWW-Authenticate", _without_keys(challenge))
        if response.status == 401 and relay.security_client:
            self._sec_agree.challenge(relay.request, draft)
        self._respond(relay.server, relay.request, draft, now)

    def _refuse(self, event: RequestReceived, refusal: Refusal, now: float) -> None:
        draft = refusal.draft(event.request)
        # A Via that cannot be read is what is wrong with the request: it goes back as it came.
        with suppress(HeaderError):
            _set_vias(draft, _received_vias(event.request, event.flow))
        self._respond(event.transaction, event.request, draft, now)

    def _respond(self, server: ServerTransaction, request: Request, draft: Draft, now: float) -> None:
        self._endpoint.respond(server, self.seams("p-cscf.response", draft, request=request), now)


def _set_vias(draft: Draft, values: list[str]) -> None:
    draft.remove("Via")
    for place, value in enumerate(values):
        draft.add("Via", value, at=place)


def _received_vias(request: Request, flow: Flow) -> list[str]:
    """The Via values; the topmost with `received`, and the value of `rport` where it was asked for (RFC 3581 4)."""
    top, *rest = request.values("Via")
    via = Via.parse(top)
    if "rport" in via.params:
        via = via.with_param("received", flow.remote.host).with_param("rport", flow.remote.port)
    elif not via.sent_from(flow.remote.host):
        via = via.with_param("received", flow.remote.host)
    return [str(via), *rest]


def _without_keys(value: str) -> str:
    """The challenge without CK and IK, which are the P-CSCF's own (TS 33.203 6.1.1 SM6)."""
    try:
        return str(WwwAuthenticate.parse(value).without("ck", "ik"))
    except HeaderError:
        return value
