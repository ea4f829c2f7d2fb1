"""The simulated UE: a node on a link, and the blocking calls that keywords and fixtures make."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from imsreg.aka.nonce import NonceError, decode
from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.aka.usim import Usim
from imsreg.aka.vector import open_autn
from imsreg.identity.subscribers import Subscriber
from imsreg.net.link import Link
from imsreg.registration.credentials import CannotAnswer, ResChoice
from imsreg.registration.ue import UeRegistration, UeState
from imsreg.registration.ue_request import UeIdentity
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, Transform
from imsreg.sip.challenges import aka_challenge
from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Endpoint,
    Event,
    ResponseReceived,
    Tap,
    TransactionTimeout,
    TransportFailed,
)
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure
from imsreg.sip.message import Request, Response
from imsreg.sip.timers import RFC3261, Timers
from imsreg.tester.lockout import Lockout
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.sent import Sent, request_of, transport_stop
from imsreg.text import safe_text

SQN_LEAP = 1 << 20
"""SEQ values by which a USIM is put ahead of the AuC: far, and inside the delta of TS 33.102 C.2.1."""


@dataclass(frozen=True, slots=True)
class UeOptions:
    """How a simulated UE is set up: which way it talks, and what it asks for."""

    transport: Transport
    dut: Address
    local: Address
    security: str = "none"
    offered: tuple[Transform, ...] = CURRENT_TRANSFORMS
    timers: Timers = RFC3261
    compact: bool = False
    usim_seconds: float = 0.0
    """How long the USIM takes to answer a challenge."""


class SimulatedUe:
    """One UE with its own address, subscriber and USIM. Its methods block until the link has an answer.

    Public attributes carry identities and addresses only; keys stay in the USIM.
    """

    def __init__(
        self,
        link: Link,
        subscriber: Subscriber,
        options: UeOptions,
        random: Random,
        tap: Tap,
        lockout: Lockout | None = None,
    ) -> None:
        """`lockout` counts this subscriber's wrong responses over the whole run; None counts nothing."""
        self._lockout = lockout or Lockout(None)
        self.subscriber = subscriber
        self.options = options
        self._link = link
        self._tap = tap
        self._endpoint = Endpoint(options.timers, self._note_message)
        self._sent: list[Sent] = []
        self.strays = 0
        self.may_be_bound = False
        self.sqn = SqnArray()
        assert subscriber.algorithm is not None  # the pool gives out no others
        transports: Sequence[Transport] = ("UDP", "TCP") if options.transport == "TCP" else ("UDP",)
        self.address = link.attach(self, options.local, transports)
        self.registration = UeRegistration(
            identity=UeIdentity(
                impi=subscriber.impi,
                impu=subscriber.registration_impu,
                home_domain=subscriber.home_domain,
                contact_user=subscriber.imsi,
                instance_id=subscriber.instance_id,
            ),
            usim=Usim(subscriber.algorithm, subscriber.res_length, self.sqn),
            transport=options.transport,
            contact_address=self.address,
            random=random,
            security=options.security,
            offered=options.offered,
        )

    # What scenarios read: ${UE.impu} and the like.

    @property
    def impi(self) -> str:
        """The private identity."""
        return self.registration.identity.impi

    @property
    def impu(self) -> str:
        """The public identity that is being registered."""
        return self.registration.identity.impu

    @property
    def home_domain(self) -> str:
        """The home network's domain."""
        return self.registration.identity.home_domain

    @property
    def contact(self) -> str:
        """The Contact value."""
        return self.registration.contact

    @property
    def registered(self) -> bool:
        """Whether the last 200 left a binding of this UE, as the UE sees it."""
        return self.registration.state is UeState.REGISTERED

    @property
    def last(self) -> Sent | None:
        """The request that was sent last."""
        return self._sent[-1] if self._sent else None

    def __repr__(self) -> str:
        return f"<UE {self.impu} at {self.address} {self.options.transport}>"

    # The node that the link drives.

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent."""
        return self._endpoint.outbox

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from the DUT."""
        self._take(self._endpoint.receive(packet, now))

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection."""
        self._take(self._endpoint.fail(failure, now))

    def on_time(self, now: float) -> None:
        """Let the transaction timers run."""
        self._take(self._endpoint.on_time(now))

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        return self._endpoint.next_deadline()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case ResponseReceived(response, _, transaction):
                    for sent in self._matching(transaction):
                        sent.responses.append(response)
                        self._note_binding(sent, response)
                case TransactionTimeout(transaction):
                    for sent in self._matching(transaction):
                        sent.stopped = ScenarioStopped("no-answer", self._silence(sent))
                case TransportFailed(failure, transaction):
                    for sent in self._matching(transaction):
                        sent.stopped = transport_stop(failure)
                case _:
                    self.strays += 1

    def _note_binding(self, sent: Sent, response: Response) -> None:
        """Whether the DUT may hold a binding of this UE: said by any 2xx, whoever asked for it and how."""
        if response.status // 100 != 2:
            return
        self._lockout.forgive(self.subscriber.name)
        if sent.request is not None and sent.request.field("Contact") is not None:
            self.may_be_bound = self.registration.granted(response) > 0

    def _matching(self, transaction: ClientTransaction | None) -> list[Sent]:
        return [s for s in self._sent if s.transaction is transaction and transaction is not None]

    def _note_message(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        for each in self._sent if sent else ():
            if each.raw == raw:
                each.times.append(now)
        self._tap(sent, flow, raw, now)

    def _silence(self, sent: Sent) -> str:
        what = safe_text(sent.request.method, limit=40) if sent.request is not None else "the message"
        where = f"{self.options.dut} over {self.options.transport}"
        times = ", ".join(f"{at - sent.times[0]:.2f}" for at in sent.times)
        strays = f"; what came ({self.strays}) is unreadable or answers no request" if self.strays else ""
        return (
            f"no answer to {what} from {where} within {self.options.timers.timer_f:g} s (Timer F), "
            f"sent at {times} s{strays}"
        )

    # Blocking calls.

    def send(self, message: Draft | Request | bytes) -> Sent:
        """Put a message on the wire and return at once. Octets may be wrong on purpose."""
        if isinstance(message, Draft):
            message.compact = message.compact or self.options.compact
            raw = message.to_bytes()
        else:
            raw = message if isinstance(message, bytes) else message.raw
        sent = Sent(request_of(raw), raw)
        self._sent.append(sent)

        def start() -> None:
            sent.transaction = self._endpoint.send_request(raw, self._flow(), self._link.now())

        self._link.call(start)
        return sent

    def repeat(self, sent: Sent) -> None:
        """Send the same octets again, as a retransmission would (RFC 3261 17.1.2)."""
        self.send_raw(sent.raw)

    def send_raw(self, octets: bytes) -> None:
        """Put octets on the wire outside any transaction."""
        self._link.call(lambda: self._endpoint.send_raw(octets, self._flow(), self._link.now()))

    def advance_sqn(self) -> None:
        """Let the USIM have accepted a far later sequence number in every slot than the AuC has used.

        That is the one in the last challenge; before any, the one that the subscriber file states.
        """
        challenges = (response for sent in reversed(self._sent) for response in reversed(sent.responses))
        used = next((sqn for each in challenges if (sqn := self._sqn_in(each)) is not None), self.subscriber.sqn)
        ahead = join(split(used)[0] + SQN_LEAP, 0)
        for ind in range(SLOTS):
            self.sqn.accept(ahead + ind)

    def _sqn_in(self, response: Response) -> int | None:
        """The SQN in a challenge whose MAC is right; None if there is none to be read."""
        header, algorithm = aka_challenge(response), self.subscriber.algorithm
        try:
            nonce = decode(header.nonce or "") if header is not None else None
        except NonceError:
            return None
        return open_autn(algorithm, nonce.rand, nonce.autn) if nonce is not None and algorithm is not None else None

    def wait(self, sent: Sent) -> Response:
        """The final response. Raises ScenarioStopped when none comes."""
        limit = self.options.timers.timer_f + self.options.timers.t2
        self._link.wait(lambda: sent.done, limit)
        if sent.final is not None:
            return sent.final
        raise sent.stopped or ScenarioStopped("no-answer", self._silence(sent))

    def exchange(self, message: Draft | Request | bytes) -> Response:
        """Send and wait for the final response."""
        return self.wait(self.send(message))

    def settle(self, sent: Sent, response: Response) -> None:
        """Take a final response into the registration's state, as the UE would."""
        if sent.request is not None:
            self.registration.settle(sent.request, response, self._link.now())

    def complete(self, message: Draft) -> Response:
        """Send a REGISTER and do what a UE does until the exchange is over: answer challenges, repeat a 423."""
        draft: Draft | None = message
        while draft is not None:
            sent = self.send(draft)
            response = self.wait(sent)
            if sent.request is None:
                return response
            self._ask_usim(response)
            try:
                draft = self.registration.next_request(sent.request, response, self._link.now())
            except CannotAnswer as error:
                raise ScenarioStopped(
                    "unexpected", f"the challenge cannot be answered: {safe_text(str(error))}"
                ) from error
        return response

    def register(self) -> Response:
        """A whole initial registration."""
        return self.complete(self.registration.initial_register())

    def answer(self, challenge: Response, res: ResChoice = ResChoice.RIGHT) -> Draft:
        """The REGISTER that answers a challenge to the last request.

        Raises ScenarioStopped if there is no answer, NotApplicable if a wrong one would exceed the profile's lockout.
        """
        if res is not ResChoice.RIGHT:
            self._lockout.spend(self.subscriber.name)
        last = next((s.request for s in reversed(self._sent) if s.request is not None), None)
        expires = last.value("Expires") if last is not None else None
        contact = last is None or last.field("Contact") is not None
        try:
            seconds = int(expires) if expires and expires.isdecimal() else None
            self._ask_usim(challenge)
            return self.registration.answer(challenge, expires=seconds, contact=contact, res=res)
        except CannotAnswer as error:
            raise ScenarioStopped("unexpected", f"the challenge cannot be answered: {safe_text(str(error))}") from error

    def _ask_usim(self, response: Response) -> None:
        """Let the time pass that the USIM takes for a challenge."""
        if response.status == 401 and self.options.usim_seconds:
            self._link.wait(lambda: False, self.options.usim_seconds)

    def power_off(self) -> None:
        """Let go of sockets and connections."""
        self._link.detach(self)

    def _flow(self) -> Flow:
        return Flow(self.options.transport, self.address, self.options.dut)
