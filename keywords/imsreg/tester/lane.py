"""One subscriber's side of the simulated core: what his UE has sent, and what goes back to it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from imsreg.registration.attendant import Attendant
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Tap
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import Request
from imsreg.sip.server_transaction import ServerTransaction
from imsreg.tester.sent import Sent
from imsreg.text import safe_text

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.associations import SaSet
    from imsreg.secagree.events import EspEvent, Fault
    from imsreg.secagree.sets import LiveSet
    from imsreg.tester.way import Place, Way

MAX_ARRIVED = 1000
"""Requests of one UE that a test can look at; what comes beyond is not kept, and 503 if the test would answer it."""

MAX_SOURCES = 64
"""Addresses and connections of one UE that are remembered, the latest."""

MAX_DISCARDED = 100
"""Requests that a P-CSCF drops, and of which it is kept why: the latest of them."""

Records: TypeAlias = "Callable[[EspEvent], object]"
"""Whoever takes down the records of a UE's packets."""

Source = tuple[str, Address, int]
"""Transport, the UE's address, connection."""


@dataclass(eq=False)
class Arrived:
    """A request of the UE, repetitions left out. `at` is the link's time; `answered`: it has had a final response."""

    request: Request
    flow: Flow
    transaction: ServerTransaction
    at: float
    answered: bool = False


@dataclass(frozen=True, eq=False)
class Dropped:
    """A request that a P-CSCF discards because of where it came. `why` says what was wrong with that."""

    request: Request
    flow: Flow
    why: str

    @property
    def told(self) -> str:
        """One line."""
        method, source = safe_text(self.request.method, limit=40), f"{self.flow.remote} over {self.flow.transport}"
        return f"{method} from {source} is dropped, as a P-CSCF does: {self.why}"


class Desk(Protocol):
    """What a lane needs of its core. All of it runs on the thread that owns the nodes."""

    def respond(self, lane: Lane, arrived: Arrived, response: Draft | bytes, on: Place | None) -> None:
        """Send a response."""

    def send(self, lane: Lane, request: Draft | bytes, on: Place | None) -> Sent:
        """Send a request."""

    def inject(self, lane: Lane, fault: Fault, data: bytes, on: Way) -> EspEvent:
        """Send a packet that is wrong on purpose."""

    def stale(self, arrived: Arrived) -> bool:
        """Whether a request is so old that its sender no longer waits for an answer."""

    def answer(self, lane: Lane, arrived: Arrived) -> None:
        """Do what a conformant core does."""


class Lane:
    """The way between a test and the UE of one subscriber. Its methods may be called from any thread.

    A lane without a tap is nobody's: the core answers on it by itself, and nothing is recorded. `records` gets what
    becomes of each packet with ESP in it, and of those in the clear that should have some.
    """

    def __init__(
        self, desk: Desk, attendant: Attendant, tap: Tap | None = None, records: Records | None = None
    ) -> None:
        self.attendant = attendant
        self.tap = tap
        self.records = records
        self.automatic = tap is None
        """Whether what comes from now on is answered by the attendant at once."""
        self.arrived: list[Arrived] = []
        self.overflow = 0
        """Requests beyond MAX_ARRIVED, which were not kept."""
        self.dropped: deque[Dropped] = deque(maxlen=MAX_DISCARDED)
        """Requests that a P-CSCF discards, as the core does: no test gets them to answer."""
        self.keeps = False
        """Whether deleted sets stay installed as long as the lane is there, to see who still listens on them."""
        self.kept: list[LiveSet] = []
        """Those sets, oldest first. What comes on them is in evidence, and dropped."""
        self.on_set: list[Callable[[SaSet], object]] = []
        """Called with each set that is made, which has keys. Where the link is served: they must not call it."""
        self._taken = 0
        self._passed_over: list[Arrived] = []
        self._desk = desk
        self._sources: OrderedDict[Source, None] = OrderedDict()

    def __repr__(self) -> str:
        return f"<lane of {self.attendant.subscriber.name}>"

    def waiting(self, method: str | None = None) -> bool:
        """Whether there is a request that has not been taken yet: with this method, or any."""
        return self._next(method) is not None

    def take(self, method: str | None = None) -> Arrived | None:
        """The oldest request that has not been taken yet, with this method if one is named; None if there is none.

        What the core has answered by itself is among them: a test may want to know that it came.
        """
        found = self._next(method)
        if found is None:
            return None
        self._passed_over = [each for each in self._untaken() if each is not found]
        self._taken = len(self.arrived)
        return found

    @property
    def sets(self) -> tuple[LiveSet, ...]:
        """The UE's sets of associations, oldest first: those that live, behind those that are kept though deleted.

        None but in mode ipsec. To be read where the link is served.
        """
        security = self.attendant.security
        return () if security is None else (*self.kept, *security.live)

    def respond(self, arrived: Arrived, response: Draft | bytes, on: Place | None = None) -> None:
        """Answer a request. A second final response goes out as well, as no conformant server would send it.

        `on` sends it elsewhere than where a P-CSCF would: then it is no answer, the right one may still follow, and no
        set of associations is established or ended by it. Raises ScenarioStopped if there is no such place.
        """
        self._desk.respond(self, arrived, response, on)

    def send(self, request: Draft | bytes, on: Place | None = None) -> Sent:
        """Send a request, such as NOTIFY. Returns at once.

        It goes on the flow on which the UE was heard last; in mode ipsec on DL2 of the established set, or `on` another
        place. Raises ScenarioStopped if the UE has not been heard yet, or there is no such place.
        """
        return self._desk.send(self, request, on)

    def inject(self, fault: Fault, data: Draft | bytes = b"", *, on: Way) -> EspEvent:
        """Send a datagram with `data` on an association of the network, wrong in one way; the record of it.

        Fault.REPLAY repeats the last one that was sent there, whatever `data` is. Fault.CLEAR sends it between the
        ports of the association and without it. Raises ScenarioStopped if there is no such association, or nothing to
        repeat.
        """
        return self._desk.inject(self, fault, data if isinstance(data, bytes) else data.to_bytes(), on)

    def attend(self) -> None:
        """From now on the core answers by itself, also what is still waiting for an answer."""
        self.automatic = True
        for arrived in [each for each in self.arrived if not each.answered and not self._desk.stale(each)]:
            self._desk.answer(self, arrived)

    def made(self, sas: SaSet) -> None:
        """The network has made a set of associations with the UE of this lane."""
        for told in self.on_set:
            told(sas)

    def keep(self, arrived: Arrived) -> bool:
        """Put a request where a test finds it. False if there is no room for it any more."""
        if len(self.arrived) >= MAX_ARRIVED:
            self.overflow += 1
            return False
        self.arrived.append(arrived)
        return True

    def heard_at(self, flow: Flow) -> None:
        """A message of this lane's UE came on `flow`."""
        source = source_of(flow)
        self._sources[source] = None
        self._sources.move_to_end(source)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)

    def knows(self, flow: Flow) -> bool:
        """Whether a message of this lane's UE has come the same way before."""
        return source_of(flow) in self._sources

    def may_be_at(self, host: str) -> bool:
        """Whether the UE of this lane may have this address: it has been heard there, or nowhere yet."""
        return not self._sources or any(address.host == host for _, address, _ in self._sources)

    def _untaken(self) -> list[Arrived]:
        return [*self._passed_over, *self.arrived[self._taken :]]

    def _next(self, method: str | None) -> Arrived | None:
        return next((each for each in self._untaken() if method is None or each.request.method == method), None)


def source_of(flow: Flow) -> Source:
    """Where a message came from: over TCP a connection is as good as an address."""
    return flow.transport, flow.remote, flow.connection
