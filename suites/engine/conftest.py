"""What the registration tests share: the embedded subscribers, UEs, and a core that one talks to without a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Usim
from imsreg.identity.subscribers import Subscriber, load_subscribers
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.seams import Seams
from imsreg.registration.ue import UeRegistration
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
