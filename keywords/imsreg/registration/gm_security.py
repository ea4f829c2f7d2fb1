"""What a P-CSCF does with security associations at Gm (TS 33.203 7; TS 24.229 5.2.2).

For each request, in this order: `arrive`, `agree`, at a 401 `challenge`, and `conclude` when its final response is
about to be sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from random import Random

from imsreg.registration.gm_agreements import GmAgreements
from imsreg.registration.gm_arrival import (
    Arrival,
    Discarded,
    Held,
    Step,
    credentials_of,
    names_its_source,
    private_identity,
    step_of,
    user_of,
)
from imsreg.registration.gm_registered import granted, records_of, removes
from imsreg.registration.gm_sets import GmSets
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.registration.sec_agree import nonce_of, strip
from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.candidates import Chosen
from imsreg.secagree.changes import SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.flows import flow_on, reply_on
from imsreg.secagree.keys import KEY_OCTETS, expand
from imsreg.secagree.listing import read_list
from imsreg.secagree.negotiation import Agreement
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import REG_AWAIT_AUTH, LiveSet
from imsreg.secagree.table import Contact, SaTable
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError, MessageError
from imsreg.sip.flow import Flow, Transport
from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.headers.security import SecurityClient
from imsreg.sip.message import Request, Response
from imsreg.sip.response_flow import response_flow

RETRY_AFTER = 30
"""Seconds after which a UE may try again that found no room."""


class GmSecurity:
    """The associations of every contact of a P-CSCF. Sans-IO: what is to be installed and removed is in `sa_changes`.

    `random` draws SPIs and ports; the owner calls `on_time` when `next_deadline()` has come. `await_auth` seconds are
    the life of a temporary set: no text says more than that a registration must be able to end in it.
    """

    def __init__(self, release: int, random: Random, seams: Seams, *, await_auth: float = REG_AWAIT_AUTH) -> None:
        self._seam = seams
        self._sets = GmSets(random, seams, await_auth)
        self._agreements = GmAgreements(release, seams, self._sets)
        self._open: dict[Arrival, LiveSet] = {}  # requests without a final response, and the set that they came on

    @property
    def sa_changes(self) -> deque[SaChange]:
        """What the link is to install and to remove, oldest first."""
        return self._sets.sa_changes

    @property
    def table(self) -> SaTable:
        """The sets by contact: to be read."""
        return self._sets.table

    # What arrives.

    def locate(self, request: Request, flow: Flow) -> Arrival:
        """Whose a request is and what, by where it came. Changes nothing and never raises."""
        held = self._sets.on(flow)
        answers = self._answered(request)
        contact = held.contact if held is not None else Contact(private_identity(request) or "", flow.remote.host)
        fault = self._fault(request, flow, held, answers)
        return Arrival(request, flow, contact, step_of(request, answers), held, answers, fault)

    def arrive(self, request: Request, flow: Flow) -> Arrival:
        """Take a request, no retransmission of one, that came on `flow`.

        Raises Discarded for what came at a wrong place: on a wrong association or one of another user, an answer in the
        clear, anything in the clear at a protected port (TS 33.203 7.1 rule 4, 7.4.2a). What came right and on an
        established set ends the use of the old one.
        """
        arrival = self.locate(request, flow)
        if arrival.fault is not None and self._seam("p-cscf.discard", True, request=request, flow=flow):
            raise Discarded(arrival.fault)
        if arrival.held is not None:
            self.heard(flow)
            arrival.held.user = arrival.held.user or user_of(request)
            self._open[arrival] = arrival.held.live
            self._sets.of(arrival.contact).opened(arrival.held.live)
        return arrival

    def heard(self, flow: Flow) -> None:
        """A message, no retransmission, has come on `flow`; for responses of the UE, since `arrive` does it itself."""
        held = self._sets.on(flow)
        if held is not None:
            inbound = next(a for a in held.live.sas.inbound(Side.P_CSCF) if a.label == flow.association)
            self._sets.of(held.contact).received(inbound.spi)
            self._sets.take_out(held.contact)

    def agree(self, arrival: Arrival, draft: Draft, *, required: bool) -> None:
        """Check a REGISTER against what was agreed, and take the agreement's header fields out of `draft`.

        Raises HeaderError for a header field that cannot be read, and Refusal: 403 for a protected REGISTER whose Via
        is not the address that it came from (TS 33.203 7.1 rule 2); 421 or 494 where an agreement is required and not
        proposed; 494 for a proposal with nothing usable (7.3.2.1) or an answer that changes the agreement (7.3.2.3).
        """
        if arrival.protected:
            good = names_its_source(arrival.request, arrival.flow)
            if not self._seam("p-cscf.source", good, request=arrival.request, flow=arrival.flow):
                raise Refusal(403)
        self._agreements.check(arrival, required=required)
        strip(draft)

    def integrity(self, arrival: Arrival) -> str:
        """`integrity-protected` for the home network: "yes" or "no" (TS 33.203 6.1.5).

        "yes" for the answer on the set that its challenge has made, and for a REGISTER without an answer on the set of
        the latest success.
        """
        phase = None if arrival.held is None else arrival.held.live.phase
        if arrival.step is Step.ANSWER:
            good = arrival.held is arrival.answers and phase is Phase.TEMPORARY
        else:
            good = phase not in (None, Phase.TEMPORARY, Phase.OLD, Phase.RETIRING)
        return self._seam("p-cscf.integrity", "yes" if good else "no", flow=arrival.flow)

    # What is answered.

    @staticmethod
    def keys_of(challenge: Response) -> tuple[Secret, Secret] | None:
        """CK and IK of a 401 from the home network; None if it has none, or what can be no keys.

        A challenge to a password has none.
        """
        with suppress(HeaderError):
            for each in challenge.get_all(WwwAuthenticate):
                if each.ck is not None and each.ik is not None and len(each.ck) == len(each.ik) == KEY_OCTETS:
                    return each.ck, each.ik
        return None

    def challenge(
        self,
        arrival: Arrival,
        draft: Draft,
        ck: Secret,
        ik: Secret,
        now: float,
        *,
        announced: Sequence[str] | None = None,
    ) -> SaSet | None:
        """Put Security-Server into the 401 and make the set that goes with it, a temporary one; the set.

        `draft` has the challenge already. Nothing happens without a Security-Client that can be read. Earlier temporary
        sets of the user give way. `announced` are Security-Server values in place of the P-CSCF's own: then the set is
        the one that the UE makes of them, and there is none if it could make none.

        Raises Refusal with what is sent instead of the 401: 494 if nothing in the proposal is usable (TS 33.203
        7.3.2.1), 403 if the UE's client port is in use or it has six associations in a direction (7.1 rule 3), 503 if
        the P-CSCF has no room for another set.
        """
        client = read_list(arrival.request.values("Security-Client"), SecurityClient).entries
        if not client:
            return None
        chosen: Chosen | None
        own: Endpoints | None
        if announced is None:
            chosen, own = self._agreements.chosen(arrival, client), self._sets.draw(arrival)
            announced = self._agreements.announce(own)
        else:
            chosen, own = self._agreements.as_the_ue_would(announced, arrival, client)
        if self._sets.full:
            raise Refusal(503, headers={"Retry-After": str(RETRY_AFTER)})
        if chosen is not None:
            chosen = self._seam("p-cscf.chosen", chosen, client=client)
        ue = None if chosen is None else chosen.peer
        reason = self._sets.begin(arrival.contact, ue)
        if (reason := self._seam("p-cscf.room", reason, contact=arrival.contact, ue=ue)) is not None:
            raise Refusal(403, f"Forbidden ({reason})")
        values = self._seam("p-cscf.security-server", list(announced), client=client)
        for value in values:
            draft.add("Security-Server", value)
        if chosen is None or own is None:
            return None
        hosts = arrival.contact.host, arrival.flow.local.host
        keys = self._seam("p-cscf.keys", expand(chosen.transform, ck, ik))
        sas: SaSet = self._seam("p-cscf.set", SaSet(*hosts, chosen.peer, own, keys))
        agreement = Agreement(tuple(client), tuple(values))
        return sas if self._sets.make(arrival, sas, nonce_of(draft), agreement, now) else None

    def announcement(self, arrival: Arrival) -> list[str]:
        """Security-Server values with SPIs and ports that are free: what `challenge` would announce by itself."""
        return self._agreements.announce(self._sets.draw(arrival))

    def conclude(self, arrival: Arrival, response: Draft | Response, now: float) -> Flow:
        """The final response is about to be sent: the flow on which, and everything that follows from it.

        The 200 to the answer establishes the temporary set, any failure ends it. Other 200s prolong the established
        set. Both may be the end of the last registration, and so of all sets. Sets go after the response has left.
        """
        message = _read(response)
        status = 0 if message is None else message.status
        flow = self.response_flow(arrival, status)
        live = self._open.pop(arrival, None)
        ok = message if status // 100 == 2 and arrival.request.method == "REGISTER" else None
        answers, held = arrival.answers, arrival.held
        if answers is not None and answers.live.phase is Phase.TEMPORARY:
            if ok is None:
                self._sets.of(answers.contact).failed()
            else:
                self._sets.of(answers.contact).succeeded(self._lifetime(arrival, ok), now)
        elif held is not None and ok is not None:
            self._sets.of(held.contact).refreshed(self._lifetime(arrival, ok), now)
        if ok is not None:
            self._registered(arrival, ok)
        if live is not None:
            self._sets.of(arrival.contact).closed(live)
        for each in (answers, held):
            if each is not None:
                self._sets.take_out(each.contact)
        return self._seam("p-cscf.reply-flow", flow, request=arrival.request, status=status, arrival=arrival)

    def ignored(self, arrival: Arrival) -> None:
        """A request that `arrive` took gets no response."""
        live = self._open.pop(arrival, None)
        if live is not None:
            self._sets.of(arrival.contact).closed(live)
            self._sets.take_out(arrival.contact)

    def reply_flow(self, request: Request, flow: Flow) -> Flow:
        """Where a response goes as long as its status is not known: for `Endpoint`.

        Over UDP on DL2 of the set that the request came on, over TCP on its connection.
        """
        return self._back(request, flow, self._sets.on(flow))

    def response_flow(self, arrival: Arrival, status: int) -> Flow:
        """Where a response with this status goes (TS 33.203 7.4).

        On the set that the request came on, but for the failure of an authentication that began on an older set:
        that is told on the older one, over TCP on the connection of the REGISTER that began it.
        """
        held = arrival.held
        if held is not None and held is arrival.answers and status // 100 != 2 and held.live.began_on is not None:
            older = held.live.began_on
            if older.phase is not Phase.DELETED and held.began is not None:
                return reply_on(older.sas, Side.P_CSCF, held.began)
        return self._back(arrival.request, arrival.flow, held)

    @staticmethod
    def _back(request: Request, flow: Flow, held: Held | None) -> Flow:
        return response_flow(request, flow) if held is None else reply_on(held.live.sas, Side.P_CSCF, flow)

    # What the network asks of the UE.

    def request_flow(self, impi: str, transport: Transport, now: float, host: str | None = None) -> Flow | None:
        """The flow of a request to the UE of this private identity, on DL2; None if no set is established.

        `host` is the address of the UE, if there may be several with this identity.
        """
        contacts = (each for each in reversed(self._sets.contacts(impi)) if host in (None, each.host))
        live = (self._sets.of(contact).outgoing(now) for contact in contacts)
        found = next((each for each in live if each is not None), None)
        if found is None:
            return None
        return flow_on(found.sas.carrier(Side.P_CSCF, transport, response=False), transport)

    def opened(self, flow: Flow) -> LiveSet | None:
        """A transaction of the P-CSCF's own begins on `flow`, which `request_flow` gave: its set."""
        for held in self._sets.held():
            for each in held.live.sas.outbound(Side.P_CSCF):
                if (each.label, each.destination) == (flow.association, flow.remote):
                    self._sets.of(held.contact).opened(held.live)
                    return held.live
        return None

    def closed(self, live: LiveSet) -> None:
        """A transaction that `opened` counted has ended, or timed out."""
        held = next((each for each in self._sets.held() if each.live is live), None)
        if held is not None:
            self._sets.of(held.contact).closed(live)
            self._sets.take_out(held.contact)

    def released(self, impi: str) -> None:
        """The network has ended the last registration of a user, and said so: his sets go when they are drained."""
        for contact in self._sets.contacts(impi):
            self._sets.of(contact).released()
            self._sets.take_out(contact)

    def abandoned(self, impi: str) -> None:
        """Every set of a user goes at once."""
        for contact in self._sets.contacts(impi):
            self._sets.of(contact).abandoned()
            self._sets.take_out(contact)
        self._open = {arrival: live for arrival, live in self._open.items() if arrival.contact.impi != impi}

    # Time.

    def on_time(self, now: float) -> None:
        """Let lifetimes end."""
        self._sets.on_time(now)

    def next_deadline(self) -> float | None:
        """When the next lifetime ends, None if no set lives."""
        return self.table.next_deadline()

    # Places.

    def _answered(self, request: Request) -> Held | None:
        """The temporary set whose challenge a request answers with a response."""
        credentials = credentials_of(request)
        if request.method != "REGISTER" or credentials is None or not credentials.response or credentials.auts:
            return None
        temporary = (each for each in self._sets.held() if each.live.phase is Phase.TEMPORARY)
        return next((each for each in temporary if each.nonce and each.nonce == credentials.nonce), None)

    def _fault(self, request: Request, flow: Flow, held: Held | None, answers: Held | None) -> str | None:
        """Why a request is discarded for where it came."""
        if flow.association is None:
            if self._sets.is_protected(flow.local):
                return "it came in the clear at a protected port"
            return None if answers is None else "an answer comes on the set that its challenge has made"
        if held is None:
            return f"{flow.association} is no association that lives"
        phase, user = held.live.phase, user_of(request)
        on_ul1 = flow.association == held.live.sas.named(Name.UL1).label
        if not on_ul1 and (request.method == "REGISTER" or flow.transport == "UDP"):
            return "it came at the client port"
        if None not in (user, held.user) and user != held.user:
            return "the association is another user's"
        if answers is not None and answers is not held:
            return "an answer comes on the set that its challenge has made"
        if answers is None and phase is Phase.TEMPORARY:
            return "nothing comes on a temporary set but the answer to its challenge"
        return "the set is being given up" if phase is Phase.RETIRING else None

    def _lifetime(self, arrival: Arrival, ok: Response) -> int:
        return self._seam("p-cscf.lifetime", granted(arrival, ok) or 0, request=arrival.request)

    def _registered(self, arrival: Arrival, ok: Response) -> None:
        """A 200 has bound or unbound identities: with the last one all sets go (TS 33.203 7.4.2a).

        Where the network has no contact left, the sets that the user has at other addresses go as well.
        """
        if (own := self._sets.identities(arrival.contact)) is None or arrival.held is None:
            return
        records, impi = records_of(arrival.request, ok), arrival.contact.impi
        if granted(arrival, ok):
            own.register(records)
        elif removes(arrival.request):
            for contact in (arrival.contact,) if ok.fields("Contact") else self._sets.contacts(impi):
                identities = self._sets.identities(contact)
                if identities is None or (identities is not own and not identities.some):
                    continue  # elsewhere a registration has only begun
                if identities.deregister(records):
                    self._sets.of(contact).released()
                    self._sets.take_out(contact)


def _read(response: Draft | Response) -> Response | None:
    """A response to read; None for one that cannot be, as a seam may write it."""
    try:
        message = response.to_message() if isinstance(response, Draft) else response
    except MessageError:
        return None
    return message if isinstance(message, Response) else None
