"""What the registration tests share: the embedded subscribers, UEs, and a core that one talks to without a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import encode
from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Usim
from imsreg.identity.subscribers import Subscriber, load_subscribers
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.registration.ue import UeRegistration
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePolicy
from imsreg.registration.ue_request import UeIdentity
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.message import Request, Response, parse

CORE = Address("127.0.2.1", 5060)
UE = Address("127.0.3.1", 5060)


@pytest.fixture(scope="session")
def subscribers() -> dict[str, Subscriber]:
    """The embedded subscribers by name."""
    return {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}


@pytest.fixture
def new_ue(subscribers: dict[str, Subscriber]) -> Callable[..., UeRegistration]:
    """Makes a UE: `new_ue("sub01", address=..., transport=..., subscriber=..., security=...)`."""

    def make(
        name: str = "sub01",
        *,
        address: Address = UE,
        subscriber: Subscriber | None = None,
        transport: str = "UDP",
        seed: int = 1,
        sqn: SqnArray | None = None,
        **options: object,
    ) -> UeRegistration:
        who = subscriber or subscribers[name]
        return UeRegistration(
            identity=UeIdentity(who.impi, who.registration_impu, who.home_domain, who.imsi),
            usim=Usim(who.algorithm, who.res_length, sqn or SqnArray()),
            transport=transport,
            contact_address=address,
            random=Random(seed),
            **options,
        )

    return make


@dataclass
class Gm:
    """The way to a core: what is sent arrives at once, what comes back is returned. `now` is the clock of both."""

    core: ReferenceCore
    flow: Flow = field(default_factory=lambda: Flow("UDP", CORE, UE))
    now: float = 0.0
    packets: list[Packet] = field(default_factory=list)

    def send(self, message: Draft | Request | bytes) -> list[Response]:
        """Send one message; every response that comes back at once."""
        octets = message if isinstance(message, bytes) else getattr(message, "raw", None) or message.to_bytes()
        self.core.receive(Packet(self.flow, octets), self.now)
        return self.collect()

    def collect(self) -> list[Response]:
        """The responses that the core has ready."""
        came = list(self.core.outbox)
        self.core.outbox.clear()
        self.packets += came
        return [parse(p.data, stream=p.flow.reliable) for p in came]

    def exchange(self, message: Draft | Request | bytes) -> Response:
        """Send one request; its one response."""
        responses = self.send(message)
        assert len(responses) == 1
        return responses[0]

    def complete(self, ue: UeRegistration, draft: Draft | None) -> Response:
        """Send a REGISTER and let the UE go on until it is satisfied; the last response."""
        response = None
        while draft is not None:
            request = parse(draft.to_bytes())
            response = self.exchange(request)
            draft = ue.next_request(request, response, self.now)
        return response

    def register(self, ue: UeRegistration, **options: object) -> Response:
        """A whole initial registration."""
        return self.complete(ue, ue.initial_register(**options))

    def advance(self, seconds: float) -> list[Response]:
        """Let time pass, with every timer that comes due."""
        end = self.now + seconds
        while (due := self.core.next_deadline()) is not None and due <= end:
            self.now = due
            self.core.on_time(due)
        self.now = end
        return self.collect()


@pytest.fixture
def new_gm(subscribers: dict[str, Subscriber]) -> Callable[..., Gm]:
    """Makes a core and the way to it: `new_gm(flow=..., hooks=..., subscribers=..., random=..., min_expires=...)`."""

    def make(
        *,
        flow: Flow | None = None,
        hooks: dict[str, Callable[..., object]] | None = None,
        extra: tuple[Subscriber, ...] = (),
        random: Random | None = None,
        **policy: object,
    ) -> Gm:
        core = ReferenceCore(
            CorePolicy(home_domain=subscribers["sub01"].home_domain, **policy),
            (*subscribers.values(), *extra),
            random or Random(7),
            Seams(hooks or {}),
        )
        return Gm(core, flow or Flow("UDP", CORE, UE))

    return make


@pytest.fixture
def gm(new_gm: Callable[..., Gm]) -> Gm:
    """A reference core in mode none, and the way to it over UDP."""
    return new_gm()


SERVER = "ipsec-3gpp; q=0.1; alg=hmac-sha-1-96; ealg=aes-cbc; spi-c=300; spi-s=301; port-c=5002; port-s=5003"


class Air:
    """The way to a reference UE, and the AuC of its subscriber: the test says what the network sends.

    `now` is the clock of both. What the UE sends stays in `sent`, oldest first, until `take` gives it out.
    """

    def __init__(self, ue: ReferenceUe, way: Way) -> None:
        sub = ue.subscriber
        self.ue = ue
        self.way = way
        self.now = 0.0
        self.sent: list[Request | Response] = []
        self.centre = (
            AuthenticationCentre(sub.algorithm, sqn=sub.sqn, amf=sub.amf, res_length=sub.res_length)
            if sub.algorithm is not None
            else None
        )
        self._rands = 0
        ue.switch_on(way)

    def register(self) -> Request:
        """Tell the UE to register; its request."""
        self.ue.register(self.now)
        return self.take("REGISTER")

    def take(self, method: str | None = None) -> Request | Response:
        """The oldest message that the UE has sent: a request of this method, a response for None."""
        self._collect()
        message = self.sent.pop(0)
        assert getattr(message, "method", None) == method
        return message

    def quiet(self) -> bool:
        """Whether the UE has sent nothing more."""
        self._collect()
        return not self.sent

    def send(self, message: Draft | bytes) -> None:
        """Something arrives at the UE."""
        octets = message if isinstance(message, bytes) else message.to_bytes()
        flow = Flow(
            self.way.transport, self.way.local, self.way.core, connection=1 if self.way.transport == "TCP" else 0
        )
        self.ue.receive(Packet(flow, octets), self.now)
        # What is due by then is done at once, as on a link.
        self.advance(0.0)

    def answer(self, request: Request, status: int, *fields: tuple[str, str]) -> None:
        """The UE gets this response."""
        response = reply(request, status)
        for name, value in fields:
            response.add(name, value)
        self.send(response)

    def challenge(self, request: Request, *fields: tuple[str, str], mac_wrong: bool = False) -> None:
        """The UE gets a 401 with the next vector, and a Security-Server list if it has offered one."""
        self._rands += 1
        vector = self.centre.vector(self._rands.to_bytes(16))
        autn = bytes((*vector.autn[:15], vector.autn[15] ^ mac_wrong))
        value = f'Digest realm="r", nonce="{encode(vector.rand, autn)}", algorithm=AKAv1-MD5, qop="auth"'
        if request.field("Security-Client") is not None and not fields:
            fields = (("Security-Server", SERVER),)
        self.answer(request, 401, ("WWW-Authenticate", value), *fields)

    def accept(self, request: Request, *fields: tuple[str, str], expires: int = 600_000) -> None:
        """The UE gets a 200 that binds its contact."""
        self.answer(request, 200, ("Contact", f"{request.value('Contact')};expires={expires}"), *fields)

    def registered(self, *fields: tuple[str, str], expires: int = 600_000) -> Request:
        """A whole registration; the REGISTER that was accepted."""
        self.challenge(self.register())
        answered = self.take("REGISTER")
        self.accept(answered, *fields, expires=expires)
        return answered

    def advance(self, seconds: float) -> None:
        """Let time pass, with every timer of the UE that comes due."""
        end = self.now + seconds
        while (due := self.ue.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.ue.on_time(self.now)
        self.now = end

    def wait(self, method: str, limit: float) -> Request | Response:
        """Let time pass until the UE sends something, `limit` seconds at most; the request that it sends."""
        end = self.now + limit
        while self.quiet() and (due := self.ue.next_deadline()) is not None and due <= end:
            self.advance(due - self.now)
        return self.take(method)

    def _collect(self) -> None:
        while self.ue.outbox:
            packet = self.ue.outbox.popleft()
            assert (packet.flow.local, packet.flow.remote.host) == (self.way.local, self.way.core.host)
            self.sent.append(parse(packet.data, stream=packet.flow.reliable))


@pytest.fixture
def new_air(subscribers: dict[str, Subscriber]) -> Callable[..., Air]:
    """Makes a reference UE and the way to it: `new_air("sub01", transport=..., hooks=..., security=...)`."""

    def make(
        name: str = "sub01",
        *,
        subscriber: Subscriber | None = None,
        transport: str = "UDP",
        hooks: dict[str, Callable[..., object]] | None = None,
        seed: int = 1,
        **policy: object,
    ) -> Air:
        ue = ReferenceUe(subscriber or subscribers[name], UePolicy(**policy), Random(seed), Seams(hooks or {}))
        return Air(ue, Way(UE, CORE, transport))

    return make


@pytest.fixture
def air(new_air: Callable[..., Air]) -> Air:
    """A reference UE in mode none without reg event, and the way to it over UDP."""
    return new_air(reg_event=False)
