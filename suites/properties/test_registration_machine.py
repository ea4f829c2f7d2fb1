"""UEs and the reference core over a bad network: the registrar's bindings are always those of a plain model.

The model looks at the wire alone. It knows each REGISTER by its branch, and when the core lets the first 200 to one go,
whether that arrives or not, the model does what the request asked for. Lost, doubled and late datagrams, replays,
restarts and wrong answers may cost a UE its registration, and never bring about a binding that nobody asked for.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imsreg.identity.subscribers import load_subscribers
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.credentials import ResChoice
from imsreg.sip.flow import Address
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, parse
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions

pytestmark = pytest.mark.slow

CORE = Address("127.0.2.1", 5060)
SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
WHO = (
    ("sub01", Address("127.0.3.1", 5060)),
    ("sub01", Address("127.0.3.2", 5060)),
    ("sub02", Address("127.0.3.3", 5060)),
)

phones = st.integers(0, len(WHO) - 1)
expiries = st.sampled_from((60, 61, 300, 3600, 600_000))
fates = st.lists(st.sampled_from(("pass", "pass", "lose", "double", "hold")), min_size=1, max_size=8)


@dataclass(frozen=True)
class Bound:
    """A binding of the model."""

    expires_at: float
    call_id: str
    cseq: int


class Network:
    """What happens to each datagram, and what of it the model has to know."""

    def __init__(self) -> None:
        self.link = MemoryLink(impair=self.impair)
        self.fates: deque[str] = deque()
        self.held = []
        self.requests: dict[str, Request] = {}
        self.accepted: set[str] = set()
        self.model: dict[str, dict[str, Bound]] = {}

    def impair(self, packet):
        self.observe(packet)
        fate = self.fates.popleft() if self.fates else "pass"
        if fate == "lose":
            return []
        if fate == "hold":
            self.held.append(packet)
            return []
        late, self.held = self.held, []
        # What was held back comes after what was sent later.
        return [packet, packet, *late] if fate == "double" else [packet, *late]

    def observe(self, packet):
        message = parse(packet.data)
        branch = message.get(Via).branch
        if isinstance(message, Request):
            self.requests.setdefault(branch, message)
        elif message.status == 200 and branch not in self.accepted:
            self.accepted.add(branch)
            self.apply(self.requests[branch])

    def apply(self, request):
        now = self.link.now()
        record = request.get(To).uri.address_of_record()
        bindings = self.alive(record)
        contacts = request.get_all(Contact)
        call_id, cseq = request.value("Call-ID"), request.get(CSeq).number
        touched = bindings if contacts and contacts[0].star else {c.uri.text for c in contacts} & set(bindings)
        for uri in touched:
            assert bindings[uri].call_id != call_id or bindings[uri].cseq < cseq, "accepted out of order"
        seconds = int(request.value("Expires") or 0)
        if contacts and contacts[0].star:
            bindings = {}
        else:
            for contact in contacts:
                bindings.pop(contact.uri.text, None)
                if seconds:
                    bindings[contact.uri.text] = Bound(now + seconds, call_id, cseq)
        self.model[record] = bindings

    def alive(self, record):
        now = self.link.now()
        return {uri: b for uri, b in self.model.get(record, {}).items() if b.expires_at > now}


class RegistrationMachine(RuleBasedStateMachine):
    """Three phones, two of one user; every rule is something that people, networks or attackers do."""

    @initialize(seed=st.integers(0, 2**16), security=st.sampled_from(("none", "headers")))
    def power_on(self, seed, security):
        self.security = security
        self.random = Random(seed)
        self.network = Network()
        self.link = self.network.link
        self.core = ReferenceCore(
            CorePolicy(home_domain=SUBSCRIBERS["sub01"].home_domain, security=security),
            SUBSCRIBERS.values(),
            self.random,
        )
        self.link.attach(self.core, CORE, ("UDP", "TCP"))
        self.phones = [self.phone(number) for number in range(len(WHO))]
        self.octets: list[bytes] = []

    def phone(self, number):
        name, address = WHO[number]
        options = UeOptions("UDP", CORE, address, security=self.security)
        return SimulatedUe(self.link, SUBSCRIBERS[name], options, self.random, self.tap)

    def tap(self, sent, flow, raw, now):
        if sent and len(self.octets) < 1000:
            self.octets.append(raw)

    def complete(self, number, build):
        """A whole exchange; None if the network swallowed it."""
        ue = self.phones[number]
        try:
            return ue.complete(build(ue.registration))
        except ScenarioStopped:
            return None

    @rule(number=phones, expires=expiries)
    def register(self, number, expires):
        response = self.complete(number, lambda r: r.initial_register(expires=expires))
        assert response is None or response.status == 200
        if response is not None:
            assert self.phones[number].registered

    @rule(number=phones, expires=expiries)
    def refresh(self, number, expires):
        response = self.complete(number, lambda r: r.refresh(expires=expires))
        assert response is None or response.status == 200

    @rule(number=phones)
    def deregister(self, number):
        response = self.complete(number, lambda r: r.deregister())
        assert response is None or response.status == 200

    @rule(number=phones)
    def remove_all(self, number):
        response = self.complete(number, lambda r: r.remove_all())
        assert response is None or response.status == 200

    @rule(number=phones)
    def fetch(self, number):
        """The 200 lists what the model has, and the time that is left of it."""
        response = self.complete(number, lambda r: r.fetch())
        if response is None:
            return
        record = self.phones[number].impu
        listed = {c.uri.text: c.expires for c in response.get_all(Contact)}
        now = self.link.now()
        model = {uri: b.expires_at - now for uri, b in self.network.model.get(record, {}).items()}
        # The 200 may have been late: what it lists was true when it left, at most Timer F ago.
        for uri, seconds in listed.items():
            assert uri in model
            assert -0.5 <= seconds - model[uri] <= 32.5

    @rule(number=phones, res=st.sampled_from((ResChoice.WRONG, ResChoice.EMPTY, ResChoice.HEX)))
    def answer_wrongly(self, number, res):
        ue = self.phones[number]
        before = len(self.network.accepted)
        try:
            challenge = ue.exchange(ue.registration.refresh())
            if challenge.status == 401:
                # 401 where the USIM had something to report: then RES was not asked for.
                assert ue.exchange(ue.answer(challenge, res)).status in (401, 403)
        except ScenarioStopped:
            pass
        assert len(self.network.accepted) == before

    @rule(number=phones, back=st.sampled_from((0, 0, 1, 3)), expires=st.sampled_from((0, 3600)))
    def come_too_late(self, number, back, expires):
        """A REGISTER whose CSeq is not above that of the binding; the model objects if it is accepted."""
        ue = self.phones[number]
        bound = [b for b in self.network.alive(ue.impu).values() if b.call_id == self.call_id(number)]
        if not bound:
            return
        cseq = f"{max(0, bound[0].cseq - back)} REGISTER"
        try:
            challenge = ue.exchange(ue.registration.refresh(expires=expires).set("CSeq", cseq))
            if challenge.status == 401:
                assert ue.exchange(ue.answer(challenge).set("CSeq", cseq)).status in (401, 500)
        except ScenarioStopped:
            pass

    def call_id(self, number):
        last = self.phones[number].last
        return last.request.value("Call-ID") if last else ""

    @rule(number=phones)
    def answer_after_four_minutes(self, number):
        ue = self.phones[number]
        try:
            challenge = ue.exchange(ue.registration.refresh())
            if challenge.status == 401:
                self.link.advance(240.0)
                assert ue.exchange(ue.answer(challenge)).status == 401
        except ScenarioStopped:
            pass

    @rule(number=phones, which=st.integers(0, 999))
    def replay(self, number, which):
        """Somebody sends octets of the past once more, from an address of his own."""
        if self.octets:
            self.phones[number].send_raw(self.octets[which % len(self.octets)])
            self.link.advance(0.0)

    @rule(number=phones)
    def restart(self, number):
        """Switched off without a word; then a new Call-ID, new tags and a CSeq that starts anywhere."""
        self.phones[number].power_off()
        self.phones[number] = self.phone(number)

    @rule(number=phones)
    def see_a_later_sequence_number(self, number):
        self.phones[number].advance_sqn()

    @rule(seconds=st.sampled_from((1.0, 40.0, 130.0, 241.0, 3600.0)))
    def wait(self, seconds):
        self.link.advance(seconds)

    @rule(ahead=fates)
    def weather(self, ahead):
        self.network.fates.extend(ahead)

    @invariant()
    def the_bindings_are_those_of_the_model(self):
        if not hasattr(self, "network"):
            return
        now = self.link.now()
        for name in ("sub01", "sub02"):
            record = SUBSCRIBERS[name].impus[0]
            held = self.core._s_cscf._registrar.location.bindings(record, now)
            found = {b.contact.uri.text: Bound(b.expires_at, b.call_id, b.cseq) for b in held}
            assert found == self.network.alive(record)

    def teardown(self):
        if hasattr(self, "network"):
            self.network.fates.clear()
            for number in range(len(WHO)):
                self.register(number, 3600)
                self.fetch(number)
            self.the_bindings_are_those_of_the_model()
            self.link.close()


TestRegistration = RegistrationMachine.TestCase
TestRegistration.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
