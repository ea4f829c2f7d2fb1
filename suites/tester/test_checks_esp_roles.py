"""The checks on associations against the reference roles over ESP: right, wrong at a seam, and provoked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from imsreg.identity.subscribers import load_subscribers
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.attendant import AttendantPolicy
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.credentials import ResChoice
from imsreg.registration.seams import Seams
from imsreg.registration.ue_policy import UePolicy
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Fault
from imsreg.secagree.keys import EspKeys
from imsreg.secagree.phases import Phase
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Flow
from imsreg.sip.timers import RFC3261
from imsreg.tester.mutants import Mutant
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.reference_ues import ReferenceUes
from imsreg.tester.simulated_core import SimulatedCore
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.tester.way import Way
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Observed
from imsreg.verdict.roles import Role, judges
from imsreg.verdict.view import View

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
HOME = SUBSCRIBERS["sub01"].home_domain
CORES = {"IPv4": Address("127.0.2.1", 5060), "IPv6": Address("2001:db8::3", 5060)}
UES = {"IPv4": "127.0.3.1", "IPv6": "2001:db8::2"}
WAYS = [("UDP", "IPv4"), ("TCP", "IPv4"), ("UDP", "IPv6"), ("TCP", "IPv6")]
ICS = {"security": "ipsec", "transports": ("udp", "tcp"), "families": ("ipv4", "ipv6"), "reg-event": True}
CATALOGUE = Catalogue.load()


class Judged:
    """A transcript, and who wrote it."""

    def __init__(self, role: Role) -> None:
        self.transcript = Transcript("roles", 0.0, start=0.0)
        known = {s.impi: s for s in SUBSCRIBERS.values()}
        self.role = role
        self.facts = Facts(home_domain=HOME, security="ipsec", release=14, subscribers=known, role=role)

    def kinds(self, row):
        view = View(self.transcript, self.facts)
        return {type(outcome) for check in checks_of(row) for outcome in check(view)}

    def broken(self):
        """Every row that this side breaks."""
        rows = (r for r in CATALOGUE if judges(self.role, r) and r.condition.holds(ICS))
        return [row.id for row in rows if Breach in self.kinds(row.id)]


class Core(Judged):
    """The reference core under test, and simulated UEs."""

    def __init__(self, *, hooks=None, **policy):
        super().__init__("core")
        self.link = MemoryLink()
        chosen = CorePolicy(home_domain=HOME, security="ipsec", **policy)
        self.core = ReferenceCore(chosen, SUBSCRIBERS.values(), Random(1), Seams(hooks or {}))
        far = self.link.far_end()
        for address in CORES.values():
            far.attach(self.core, address, ("UDP", "TCP"))
        self.link.observe(self.transcript.record_esp)

    def ue(self, name="sub01", *, transport="UDP", family="IPv4", **options):
        chosen = UeOptions(transport, CORES[family], Address(UES[family], 0), security="ipsec", **options)
        return SimulatedUe(self.link, SUBSCRIBERS[name], chosen, Random(name), self.transcript.tap)

    def passes(self, seconds=5.0):
        self.transcript.note(f"{seconds:g} s pass", self.link.now(), kind="clock")
        self.link.advance(seconds)
        return self


def life(core, ue):
    """From the first REGISTER to the last."""
    assert ue.register().status == 200
    ue.complete(ue.registration.refresh())
    ue.complete(ue.registration.fetch())
    ue.complete(ue.registration.deregister())
    return core.passes()


@pytest.mark.parametrize("reauthenticate", [False, True])
@pytest.mark.parametrize(("transport", "family"), WAYS)
def test_a_right_core_breaks_nothing(transport, family, reauthenticate):
    core = Core(reauthenticate=reauthenticate)
    life(core, core.ue(transport=transport, family=family))
    assert core.broken() == []
    rows = ["33.203-7.1-02", "33.203-7.1-03", "33.203-7.1-04", "33.203-7.1-05", "33.203-7.4.2a-01", "33.203-7.4.2a-02"]
    for row in (*rows, "33.203-I-01", "33.203-6.2-01", *(["33.203-7.4.0-01"] if reauthenticate else [])):
        assert core.kinds(row) == {Held}, row


def clear(flow, **context):
    """To where the first REGISTER came from."""
    return Flow("UDP", CORES["IPv4"], Address(UES["IPv4"], flow.remote.port))


def between_server_ports(flow, *, arrival, **context):
    if flow.association is None:
        return flow
    sas = arrival.held.live.sas
    dl1 = sas.named(Name.DL1)
    return Flow("UDP", dl1.source, dl1.destination, association=dl1.label)


def other_keys(keys):
    return EspKeys(keys.transform, Secret(bytes(20)), keys.encryption, keys.salt)


CORE_DEFECTS = [
    ("33.203-7.1-02", "p-cscf.endpoints", lambda ends, before: replace(ends, port_s=5061)),
    ("33.203-7.4.0-01", "p-cscf.endpoints", lambda ends, before: replace(ends, port_s=ends.port_s % 50000 + 1024)),
    ("33.203-7.4.0-01", "p-cscf.endpoints", lambda ends, before: replace(ends, port_c=(before or ends).port_c)),
    ("33.203-7.1-03", "p-cscf.reply-flow", between_server_ports),
]


@pytest.mark.parametrize(("row", "seam", "hook"), CORE_DEFECTS)
def test_a_wrong_core(row, seam, hook):
    core = Core(hooks={seam: hook}, reauthenticate=True)
    with suppress(ScenarioStopped):  # not everything wrong can be gone along with
        life(core, core.ue())
    assert core.broken() == [row]


def test_a_core_that_answers_in_the_clear():
    core = Core(hooks={"p-cscf.reply-flow": lambda flow, **_: Flow("UDP", CORES["IPv4"], core.clear)})
    ue = core.ue()
    core.clear = ue.address
    assert ue.register().status == 200
    assert core.broken() == ["33.203-7.4.2a-02"]


def test_a_core_that_sends_to_a_protected_port_in_the_clear():
    def leak(flow, *, status, **_):
        return flow if flow.association is None else Flow("UDP", CORES["IPv4"], flow.remote)

    core = Core(hooks={"p-cscf.reply-flow": leak})
    ue = core.ue()
    ue.send(ue.answer(ue.wait(ue.send(ue.registration.initial_register()))))
    assert core.passes().broken() == ["33.203-7.1-04"]


def test_a_core_with_other_keys_is_never_heard():
    core = Core(hooks={"p-cscf.keys": other_keys})
    ue = core.ue()
    ue.send(ue.answer(ue.wait(ue.send(ue.registration.initial_register()))))
    assert core.passes(40).broken() == []


@pytest.mark.parametrize("place", ["clear", "UL2 of the temporary set"])
@pytest.mark.parametrize("wrong", [False, True])
def test_an_answer_elsewhere(place, wrong):
    hooks = {"p-cscf.discard": lambda dropped, **_: False} if wrong else {}
    core = Core(hooks=hooks)
    ue = core.ue()
    draft = ue.answer(ue.wait(ue.send(ue.registration.initial_register())))
    ue.send(ue.for_the_clear(draft) if place == "clear" else draft, on=place)
    core.passes(40)
    rows = core.broken()
    assert rows == [] if not wrong else "33.203-7.4.2a-04" in rows or core.kinds("33.203-7.4.2a-04") == {Held}


@pytest.mark.parametrize("fault", [Fault.BAD_ICV, Fault.REPLAY, Fault.WRONG_SPI, Fault.WRONG_PORT, Fault.CLEAR])
def test_a_right_core_answers_nothing_spoiled(fault):
    core = Core()
    ue = core.ue()
    ue.register()
    ue.inject(fault, ue.registration.refresh().to_bytes(), "UL1 of the established set")
    row = "33.203-6.3-01" if fault is Fault.REPLAY else "33.203-6.3-02"
    assert core.passes().broken() == []
    assert core.kinds(row) == {Held}


def test_a_core_that_answers_a_request_twice():
    core = Core()
    ue = core.ue()
    ue.register()
    ue.inject(Fault.REPLAY, b"", "UL1 of the established set")
    last = core.transcript.entries[-1]
    core.transcript.record(False, last.flow, last.raw, core.link.now())
    assert core.passes().broken() == ["33.203-6.3-01"]


@pytest.mark.parametrize("reauthenticate", [False, True])
def test_a_wrong_response(reauthenticate):
    core = Core(reauthenticate=reauthenticate)
    ue = core.ue()
    if reauthenticate:
        ue.register()
    first = ue.registration.refresh() if reauthenticate else ue.registration.initial_register()
    wrong = ue.send(ue.answer(ue.wait(ue.send(first)), res=ResChoice.WRONG))
    ue.settle(wrong, ue.wait(wrong))
    assert core.broken() == []
    assert core.kinds("33.203-7.4.2a-03") == {Held}


@pytest.mark.parametrize("lets_go", [True, False])
def test_a_released_set(lets_go):
    hooks = {} if lets_go else {"p-cscf.remove": lambda remove, sas: False}
    core = Core(hooks=hooks)
    ue = core.ue(keeps_sets=True)
    ue.register()
    ue.complete(ue.registration.deregister())
    ue.send(ue.registration.initial_register(), on="UL1 of the deleted set")
    assert core.passes().broken() == []
    assert core.kinds("33.203-7.4.2a-07") <= {Held, Observed}


def mutant(hooks):
    """A reference UE with this hook at its seam."""
    ((seam, hook),) = hooks.items()
    return Mutant("m", "", "mutant", ("robustness-01",), "", seam, lambda: hook, {}, side="ue")


class Ue(Judged):
    """The reference UE under test, and a simulated core."""

    def __init__(self, *, hooks=None, way=("UDP", "IPv4"), **policy):
        super().__init__("ue")
        self.link = MemoryLink()
        addresses = [CORES["IPv4"], CORES["IPv6"]]
        attendant = AttendantPolicy(home_domain=HOME, security="ipsec", **policy)
        self.core = SimulatedCore(self.link, addresses, list(SUBSCRIBERS.values()), attendant, Random(5), RFC3261)
        policy = UePolicy(security="ipsec", reg_event=True)
        self.ues = ReferenceUes(self.link.far_end(), policy, Random(1), mutant(hooks) if hooks else None)
        self.way = way
        self.lane = self.core.attend(SUBSCRIBERS["sub01"], self.transcript.tap, self.transcript.record_esp)

    def tell(self, action):
        transport, family = self.way
        self.transcript.note(f"the UE is told to {action}", self.link.now())
        self.ues.act(action, SUBSCRIBERS["sub01"], self.core.addresses[family], transport)
        self.link.advance(0.01)

    def passes(self, seconds):
        self.transcript.note(f"{seconds:g} s pass", self.link.now(), kind="clock")
        self.link.advance(seconds)
        return self

    def take(self, method="REGISTER"):
        assert self.link.wait(lambda: self.lane.waiting(method), 5)
        return self.lane.take(method)


def course(ue, seconds=600_000):
    """From the first REGISTER to the last, with one refresh where there is time for it."""
    ue.lane.attend()
    ue.tell("register")
    ue.passes(seconds)
    ue.tell("deregister")
    return ue.passes(5)


@pytest.mark.parametrize("reauthenticate", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_right_ue_breaks_nothing(way, reauthenticate):
    ue = course(Ue(way=way, reauthenticate=reauthenticate))
    assert ue.broken() == []
    rows = ["33.203-7.1-03", "33.203-7.1-04", "33.203-7.1-07", "33.203-7.1-08", "33.203-7.4.1a-01", "33.203-7.4.1a-02"]
    more = ["24.229-5.1.1.2.2-05", "24.229-5.1.1.4.1-03", "24.229-5.1.1.6-03", "33.203-I-01"]
    for row in (*rows, *more):
        assert ue.kinds(row) == {Held}, row


def in_the_clear(flow, *, kind, sets, clear):
    """But for the initial registration."""
    return clear if flow.association is not None else flow


def spi_in_use(ends, before):
    """The server's SPI of the set before, as the client's."""
    return replace(ends, spi_c=before.spi_s) if before else ends


UE_DEFECTS = [
    ("33.203-7.1-07", "ue.endpoints", lambda ends, before: replace(ends, port_c=5061), 40),
    ("33.203-7.1-08", "ue.endpoints", spi_in_use, 599_500),
    ("33.203-7.4.1a-01", "ue.flow", in_the_clear, 40),
    ("33.203-I-01", "ue.keys", lambda keys, transform: other_keys(keys), 40),
]


@pytest.mark.parametrize(("row", "seam", "hook", "seconds"), UE_DEFECTS)
def test_a_wrong_ue(row, seam, hook, seconds):
    ue = Ue(hooks={seam: hook}, reauthenticate=True)
    course(ue, seconds)
    assert row in ue.broken()


def test_a_ue_that_ignores_encryption():
    def plain(keys, transform):
        return EspKeys(Transform(keys.transform.alg, "null"), keys.integrity, Secret(b""), Secret(b""))

    ue = course(Ue(hooks={"ue.keys": plain}), 40)
    assert ue.broken() == ["33.203-I-01"]


@pytest.mark.parametrize("takes", [False, True])
@pytest.mark.parametrize("place", ["clear", Way(Name.DL1, Phase.TEMPORARY)])
def test_a_200_at_the_wrong_place(place, takes):
    clear = {"ue.clear": lambda taken, message: True}
    ue = Ue(hooks=(clear if place == "clear" else {"ue.discard": lambda dropped, flow: False}) if takes else {})
    ue.tell("register")
    arrived = ue.take()
    ue.lane.respond(arrived, ue.lane.attendant.challenge(arrived.request))
    arrived = ue.take()
    ue.lane.respond(arrived, ue.lane.attendant.ok(arrived.request), on=place)
    ue.passes(5)
    broken = ue.broken()
    if place == "clear":
        assert broken == (["33.203-7.4.1a-04"] if takes else [])
    else:
        assert broken == []


def test_no_usable_agreement():
    ue = Ue()
    ue.tell("register")
    arrived = ue.take()
    unusable = ["ipsec-3gpp; q=0.5; alg=hmac-sha-9; spi-c=300; spi-s=301; port-c=7000; port-s=7001"]
    ue.lane.respond(arrived, ue.lane.attendant.challenge(arrived.request, security_server=unusable))
    ue.passes(40)
    assert ue.broken() == []
    assert ue.kinds("33.203-7.3.2.2-01") == {Held}
    assert ue.kinds("24.229-5.1.1.5.1-09") <= {Held, Observed}
