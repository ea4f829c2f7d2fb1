"""The simulated core on a link: simulated UEs register with it, tests answer them, and nobody disturbs anybody."""

from __future__ import annotations

from collections import deque
from ipaddress import ip_network
from random import Random

import pytest

from imsreg.identity.subscribers import load_subscribers
from imsreg.net.egress import EgressGate
from imsreg.net.memory import MemoryLink
from imsreg.net.resolve import has_ipv6
from imsreg.net.sockets import SocketLink
from imsreg.paths import data
from imsreg.registration.attendant import AttendantPolicy
from imsreg.registration.core_messages import Av
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.headers.name_addr import To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Response
from imsreg.sip.timers import RFC3261
from imsreg.tester.lane import MAX_ARRIVED
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.simulated_core import MAX_STRANGERS, SimulatedCore
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.transcript.transcript import Transcript

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
HOME = SUBSCRIBERS["sub01"].home_domain
HOSTS = {"IPv4": ("127.0.4.1", "127.0.4.2"), "IPv6": ("::1", "::1")}
WAYS = [("UDP", "IPv4"), ("TCP", "IPv4"), ("UDP", "IPv6"), ("TCP", "IPv6")]


class Bench:
    """A link with a simulated core and UEs on it."""

    def __init__(self, link, families=("IPv4", "IPv6"), **policy):
        self.link = link
        self.security = policy.get("security", "none")
        self.core = SimulatedCore(
            link,
            [Address(HOSTS[family][0], 0) for family in families],
            list(SUBSCRIBERS.values()),
            AttendantPolicy(home_domain=HOME, **policy),
            Random(5),
            RFC3261,
        )

    def lane(self, name="sub01"):
        transcript = Transcript(name, 0.0)
        lane = self.core.attend(SUBSCRIBERS[name], transcript.tap)
        return lane, transcript

    def ue(self, name="sub01", way=("UDP", "IPv4"), seed=1):
        transport, family = way
        options = UeOptions(
            transport=transport,
            dut=self.core.addresses[family],
            local=Address(HOSTS[family][1], 0),
            security=self.security,
        )
        return SimulatedUe(self.link, SUBSCRIBERS[name], options, Random(seed), lambda *_: None)

    def take(self, lane, method="REGISTER"):
        assert self.link.wait(lambda: lane.waiting(method), 5)
        return lane.take(method)

    def send(self, ue, data):
        """Octets that need not be a message, on the UE's way to the core; all that they lead to has happened then."""
        self.link.call(lambda: ue.send_raw(data))
        if isinstance(self.link, MemoryLink):
            self.link.advance(0)


@pytest.fixture
def bench():
    link = MemoryLink()
    yield Bench(link)
    link.close()


@pytest.fixture(params=["memory", "sockets"])
def either(request):
    families = ("IPv4", "IPv6") if request.param == "memory" or has_ipv6() else ("IPv4",)
    link = (
        MemoryLink()
        if request.param == "memory"
        else SocketLink(EgressGate([ip_network("127.0.0.0/8"), ip_network("::1")]))
    )
    yield Bench(link, families)
    link.close()


def labels(transcript):
    return [entry.label for entry in transcript.entries]


def subscribe(ue, lane):
    """A SUBSCRIBE of a UE that has registered."""
    return (
        Draft.request("SUBSCRIBE", ue.impu)
        .add("Via", f"SIP/2.0/{ue.options.transport} {ue.address};branch=z9hG4bKsub;rport")
        .add("From", f"<{ue.impu}>;tag=u")
        .add("To", f"<{ue.impu}>")
        .add("Call-ID", "subscription")
        .add("CSeq", "1 SUBSCRIBE")
        .add("Contact", ue.contact)
        .add("Event", "reg")
    )


def deafened(ue):
    """From now on it answers nothing. What it would have heard, as it comes."""
    heard = []
    ue.receive = lambda packet, now: heard.append(packet)
    return heard


# Answered by a test.


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_test_answers_every_step_of_a_registration(either, way):
    if way[1] not in either.core.addresses:
        pytest.skip("this host has no IPv6")
    lane, transcript = either.lane()
    ue = either.ue(way=way)
    first = ue.send(ue.registration.initial_register())
    arrived = either.take(lane)
    assert (arrived.request.raw, arrived.answered, lane.take()) == (first.raw, False, None)
    lane.respond(arrived, lane.attendant.challenge(arrived.request))
    second = ue.send(ue.answer(ue.wait(first)))
    arrived = either.take(lane)
    lane.respond(arrived, lane.attendant.ok(arrived.request))
    accepted = ue.wait(second)
    assert accepted.status == 200
    assert (lane.attendant.registered, lane.attendant.may_be_bound) == (True, True)
    assert labels(transcript) == ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"]
    assert [entry.sent for entry in transcript.entries] == [False, True, False, True]
    if way[0] == "UDP":
        assert accepted.get(Via).rport == ue.address.port
        assert (either.core.octets_in, either.core.octets_out) == (
            sum(len(e.raw) for e in transcript.entries if not e.sent),
            sum(len(e.raw) for e in transcript.entries if e.sent),
        )


def test_a_test_may_answer_twice_wrongly_or_not_at_all(bench):
    lane, transcript = bench.lane()
    ue = bench.ue()
    sent = ue.send(ue.registration.initial_register())
    arrived = bench.take(lane)
    bench.link.advance(1.6)
    assert labels(transcript) == ["REGISTER"] * 3  # repeated, and the test has it once
    assert lane.take() is None
    lane.respond(arrived, lane.attendant.response(arrived.request, 100))
    assert not arrived.answered
    lane.respond(arrived, b"SIP/2.0 2oo OK\r\n\r\n")
    assert arrived.answered
    lane.respond(arrived, lane.attendant.response(arrived.request, 503))
    lane.respond(arrived, lane.attendant.response(arrived.request, 503))
    bench.link.advance(0)
    assert ue.wait(sent).status == 503
    assert labels(transcript)[3:] == ["100 Trying", "unreadable", "503 Service Unavailable", "503 Service Unavailable"]
    assert not lane.attendant.may_be_bound


def test_requests_wait_for_their_method(bench):
    lane, _ = bench.lane()
    ue = bench.ue()
    one, options = ue.registration.initial_register(), ue.registration.initial_register()
    options.start_line = f"OPTIONS sip:{HOME} SIP/2.0"
    options.set("CSeq", "1 OPTIONS")
    ue.send(one)
    ue.send(options)
    bench.link.advance(0)
    assert lane.take("OPTIONS").request.method == "OPTIONS"
    assert (lane.waiting("OPTIONS"), lane.waiting("REGISTER"), lane.waiting()) == (False, True, True)
    assert lane.take().request.method == "REGISTER"
    assert not lane.waiting()


@pytest.mark.parametrize("way", WAYS[:2], ids=" ".join)
def test_a_notify_goes_out_on_the_flow_of_the_ue(either, way):
    lane, transcript = either.lane()
    ue = either.ue(way=way)
    lane.attend()
    ue.register()
    lane.automatic = False
    heard = deafened(ue)
    ue.send(subscribe(ue, lane))
    arrived = either.take(lane, "SUBSCRIBE")
    lane.respond(arrived, lane.attendant.accept_subscription(arrived.request))
    sent = lane.send(lane.attendant.notify())
    count = len(transcript.entries)
    assert either.link.wait(lambda: any(packet.data.startswith(b"NOTIFY") for packet in heard), 5)
    assert (sent.request.method, sent.done, sent.times != []) == ("NOTIFY", False, True)
    flow = transcript.entries[-1].flow
    assert (flow.remote.host, flow.connection) == (ue.address.host, lane.attendant.flow.connection)
    answer = Draft.response(200)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        answer.add(name, sent.request.value(name))
    either.link.call(lambda: ue.send_raw(answer.to_bytes()))
    assert either.link.wait(lambda: sent.done, 5)
    assert sent.final.status == 200
    assert labels(transcript)[count:] == ["200 OK"]


def test_a_notify_without_an_answer_is_repeated_and_ends_the_subscription(bench):
    lane, transcript = bench.lane()
    ue = bench.ue()
    with pytest.raises(ScenarioStopped, match="no flow"):
        lane.send(b"NOTIFY sip:a@b SIP/2.0\r\n\r\n")
    lane.attend()
    ue.register()
    deafened(ue)
    ue.send(subscribe(ue, lane))
    bench.link.advance(0)
    assert lane.attendant.subscription is not None
    bench.link.advance(40)
    assert lane.attendant.subscription is None
    assert labels(transcript).count("NOTIFY") == 11  # RFC 3261 17.1.2.2: at 0, 0.5, 1.5, 3.5, 7.5 and every 4 s


# Answered by the core.


@pytest.mark.parametrize("security", ["none", "headers"])
def test_who_is_not_attended_is_served_unrecorded(security):
    link = MemoryLink()
    bench = Bench(link, security=security)
    _, transcript = bench.lane("sub01")
    ue = bench.ue("sub02")
    assert ue.register().status == 200
    assert ue.complete(ue.registration.refresh()).status == 200
    assert ue.complete(ue.registration.deregister()).status == 200
    assert transcript.entries == []
    assert [piece.raw[:8] for piece in bench.core.overheard] == [b"REGISTER"] * 6
    link.close()


def test_a_lane_answers_by_itself_when_it_is_told_to(bench):
    lane, transcript = bench.lane()
    ue = bench.ue()
    sent = ue.send(ue.registration.initial_register())
    bench.link.advance(0)
    assert not sent.done
    lane.attend()
    bench.link.advance(0)
    assert sent.final.status == 401
    assert ue.register().status == 200
    assert labels(transcript).count("200 OK") == 1


def test_a_dismissed_lane_is_recorded_no_more_and_nothing_stays_unanswered(bench):
    lane, transcript = bench.lane()
    ue = bench.ue()
    sent = ue.send(ue.registration.initial_register())
    bench.link.advance(0)
    bench.core.dismiss(lane)
    assert ue.wait(sent).status == 401
    before = len(transcript.entries)
    assert ue.complete(ue.answer(sent.final)).status == 200
    assert len(transcript.entries) == before
    assert lane.attendant.registered
    again, _ = bench.lane()
    assert again.attendant is lane.attendant
    assert not again.attendant.registered
    bench.core.dismiss(lane)  # an old lane has no say any more
    ue.send(ue.registration.refresh())
    bench.link.advance(0)
    assert again.waiting("REGISTER")


def test_the_sqn_goes_on_from_test_to_test(bench):
    ue = bench.ue()
    for _ in range(3):
        lane, transcript = bench.lane()
        lane.attend()
        assert ue.register().status == 200
        assert labels(transcript).count("401 Unauthorized") == 1  # no synchronisation failure
        bench.core.dismiss(lane)


# Two at a time.


@pytest.mark.parametrize("way", WAYS[:2], ids=" ".join)
def test_two_ues_on_two_lanes_do_not_disturb_each_other(either, way):
    lanes = {name: either.lane(name) for name in ("sub01", "sub02")}
    ues = {name: either.ue(name, way, seed) for seed, name in enumerate(lanes)}
    sent = {name: ue.send(ue.registration.initial_register()) for name, ue in ues.items()}
    arrived = {name: either.take(lane) for name, (lane, _) in lanes.items()}
    for name in reversed(lanes):  # the other way round
        lane = lanes[name][0]
        av = Av.SQN_TOO_OLD if name == "sub01" else Av.RIGHT
        lane.respond(arrived[name], lane.attendant.challenge(arrived[name].request, av=av))
    for name, ue in ues.items():
        lane, transcript = lanes[name]
        lane.attend()
        assert ue.complete(ue.answer(ue.wait(sent[name]))).status == 200
        assert all(ue.impu in (entry.message.value("To") or "") for entry in transcript.entries)
        assert labels(transcript).count("401 Unauthorized") == (2 if name == "sub01" else 1)
        assert (lane.attendant.last_auts is not None) == (name == "sub01")


def test_the_private_identity_says_whose_a_register_is(bench):
    lane, transcript = bench.lane("sub01")
    ue = bench.ue("sub02")
    ue.send(ue.registration.initial_register().set("To", f"<{SUBSCRIBERS['sub01'].registration_impu}>"))
    bench.link.advance(0)
    assert ue.last.final.status == 403
    assert (lane.arrived, transcript.entries) == ([], [])


def test_what_goes_out_is_recorded_where_it_was_written(bench):
    """Also if it names nobody, and both UEs are at one address, as those of a load generator are."""
    (one, log_one), (two, log_two) = bench.lane("sub01"), bench.lane("sub02")
    first, second = bench.ue("sub01"), bench.ue("sub02", seed=2)
    flow = Flow("UDP", bench.core.addresses["IPv4"], first.address)
    packets = [Packet(flow, ue.registration.initial_register().to_bytes()) for ue in (first, second)]
    for packet in packets:
        bench.core.receive(packet, 0.0)
    one.respond(one.take(), b"first")
    two.respond(two.take(), b"second")
    bench.core.receive(packets[1], 1.0)  # repeated, so that its response is
    assert [e.raw for e in log_one.entries if e.sent] == [b"first"]
    assert [e.raw for e in log_two.entries if e.sent] == [b"second"] * 2
    nameless = b"NOTIFY sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.4.1;branch=z9hG4bKn\r\nCSeq: 1 NOTIFY\r\n\r\n"
    one.send(nameless)
    assert log_one.entries[-1].raw == nameless


def test_a_repeated_request_of_the_core_stays_on_its_lane(bench):
    (one, log_one), (_, log_two) = bench.lane("sub01"), bench.lane("sub02")
    first, second = bench.ue("sub01"), bench.ue("sub02", seed=2)
    one.attend()
    first.register()
    deafened(first)
    first.send(subscribe(first, one))
    second.send(second.registration.initial_register())
    bench.link.advance(0)
    second.power_off()
    bench.link.advance(5)
    assert labels(log_one).count("NOTIFY") == 4  # at 0, 0.5, 1.5, 3.5 s
    assert labels(log_two) == ["REGISTER"]


def test_what_names_nobody_goes_where_its_sender_was_heard(bench):
    (one, log_one), (two, log_two) = bench.lane("sub01"), bench.lane("sub02")
    first, second = bench.ue("sub01"), bench.ue("sub02", seed=2)
    bench.send(second, b"nonsense")
    assert [t.entries for t in (log_one, log_two)] == [[], []]  # whose it is cannot be known
    for ue in (first, second):
        ue.send(ue.registration.initial_register())
    bench.link.advance(0)
    bench.send(second, b"nonsense")
    bench.send(first, b"\r\n\r\n")
    assert labels(log_one)[1:] == ["keep-alive"]
    assert labels(log_two)[1:] == ["unreadable"]
    assert one.attendant.flow.remote == first.address
    assert two.attendant.flow.remote == second.address


def test_a_register_that_names_nobody_goes_to_the_only_lane(bench):
    lane, transcript = bench.lane()
    ue = bench.ue()
    broken = ue.registration.initial_register()
    for name in ("To", "From", "Authorization"):
        broken.set(name, "<sip:")
    ue.send(broken)
    bench.link.advance(0)
    assert lane.waiting("REGISTER")
    other = bench.ue("sub02", ("UDP", "IPv6"))
    broken.set("Via", f"SIP/2.0/UDP {other.address};branch=z9hG4bKelsewhere;rport")
    other.send(broken)
    bench.link.advance(0)
    assert other.last.final.status == 403
    assert len(transcript.entries) == 1
    assert [stranger.flow.remote for stranger in bench.core.strangers] == [other.address]


# Hostile.


def test_a_stranger_is_refused_and_kept(bench):
    bench.lane()
    bench.ue().send(bench.ue().registration.initial_register())
    ue = bench.ue("sub02", ("UDP", "IPv6"))
    draft = ue.registration.initial_register()
    for name in ("From", "To"):
        draft.set(name, "<sip:nobody@elsewhere.example>;tag=1")
    draft.remove("Authorization")
    for number in range(MAX_STRANGERS + 5):
        draft.set("Via", f"SIP/2.0/UDP {ue.address};branch=z9hG4bK{number};rport")
        assert ue.exchange(draft).status == 403
    assert len(bench.core.strangers) == len(bench.core.overheard) == MAX_STRANGERS
    assert bench.core.strangers[-1].answered
    watch = bench.core.watch(SUBSCRIBERS["sub01"])
    assert (watch.octets, len(watch.strangers)) == (bench.core.octets_in, MAX_STRANGERS)


def test_a_flood_fills_nothing(bench):
    lane, _ = bench.lane()
    ue = bench.ue()
    draft = ue.registration.initial_register()
    flow = Flow("UDP", bench.core.addresses["IPv4"], ue.address)
    for number in range(MAX_ARRIVED + 300):
        draft.set("Via", f"SIP/2.0/UDP {ue.address};branch=z9hG4bK{number};rport")
        bench.core.receive(Packet(flow, draft.to_bytes()), 0.0)
    assert (len(lane.arrived), lane.overflow) == (MAX_ARRIVED, 300)
    answers = [packet.data for packet in bench.core.outbox]
    assert len(answers) == 300
    assert all(answer.startswith(b"SIP/2.0 503 ") for answer in answers)


def test_a_flood_of_subscriptions_is_not_multiplied(bench):
    ue = bench.ue()
    ue.register()
    draft = subscribe(ue, None)
    flow = Flow("UDP", bench.core.addresses["IPv4"], ue.address)
    for number in range(500):
        draft.set("Via", f"SIP/2.0/UDP {ue.address};branch=z9hG4bK{number};rport")
        bench.core.receive(Packet(flow, draft.to_bytes()), 0.0)
    kinds = deque(packet.data[:6] for packet in bench.core.outbox)
    assert kinds.count(b"SIP/2.") == 500
    assert kinds.count(b"NOTIFY") == 256


def test_half_a_message_and_a_connection_that_says_nothing(bench):
    lane, transcript = bench.lane()
    ue = bench.ue(way=("TCP", "IPv4"))
    message = ue.registration.initial_register().to_bytes()
    bench.send(ue, message[:100])
    assert transcript.entries == []
    bench.send(ue, message[100:] + message[:50])
    assert lane.waiting("REGISTER")
    bench.send(ue, b"\r\n\r\n")
    ue.power_off()
    bench.link.advance(0)
    assert labels(transcript) == ["REGISTER", "unreadable"]
    assert bench.ue().register  # the core lives
    assert not bench.core.silent_connections
    quiet = bench.ue("sub02", ("TCP", "IPv4"))
    bench.send(quiet, b"")
    quiet.power_off()
    bench.link.advance(0)
    assert [peer.host for peer in bench.core.silent_connections] == [HOSTS["IPv4"][1]]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_a_ue_writes_raises(bench, seed):
    """Registrations with octets changed at random, in every state, answered automatically and by the lane."""
    random = Random(seed)
    lane, _ = bench.lane()
    lane.attend()
    ue = bench.ue()
    ue.register()
    originals = [
        subscribe(ue, None).to_bytes(),
        ue.registration.initial_register().to_bytes(),
        ue.registration.refresh().to_bytes(),
        ue.registration.remove_all().to_bytes(),
    ]
    flow = Flow("UDP", bench.core.addresses["IPv4"], ue.address)
    for number in range(400):
        octets = bytearray(random.choice(originals).replace(b"z9hG4bK", b"z9hG4bK%d" % number))
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(octets))
            octets[at : at + random.choice((0, 1, 1, 9))] = random.choice(
                (b"", b"\xff", b'"', b"<", b";", b"\r\n", b"9")
            )
        bench.core.receive(Packet(flow, bytes(octets)), bench.link.now())
        bench.core.outbox.clear()
    bench.link.advance(200)
    assert ue.register().status == 200


def test_every_response_to_a_request_is_one(bench):
    """Also where the request is as wrong as it can be and still be one."""
    lane, _ = bench.lane()
    lane.attend()
    ue = bench.ue()
    ue.send(b"REGISTER x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.4.2;branch=z9hG4bK1;rport\r\nCSeq: x REGISTER\r\n\r\n")
    bench.link.advance(0)
    response = ue.last.final
    assert isinstance(response, Response)
    assert response.status == 400
    assert response.get(To) is None
