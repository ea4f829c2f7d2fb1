"""The simulated core with security associations: reference UEs register with it over ESP on the in-memory link."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from imsreg.errors import InputError
from imsreg.identity.subscribers import load_subscribers
from imsreg.net.ipsec.backend import BackendError
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.attendant import AttendantPolicy
from imsreg.registration.attendant_announcement import Announced
from imsreg.registration.core_messages import Av
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Direction, Fate, Fault
from imsreg.secagree.negotiation import Endpoints, announce
from imsreg.secagree.phases import Phase
from imsreg.secagree.transforms import ALL_TRANSFORMS, CURRENT_TRANSFORMS
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.headers.security import SecurityServer
from imsreg.sip.headers.via import Via
from imsreg.sip.timers import RFC3261
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.reference_ues import ReferenceUes
from imsreg.tester.simulated_core import SimulatedCore
from imsreg.tester.way import Way
from imsreg.transcript.transcript import Transcript

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
HOME = SUBSCRIBERS["sub01"].home_domain
WAYS = [("UDP", "IPv4"), ("TCP", "IPv4"), ("UDP", "IPv6"), ("TCP", "IPv6")]
DL2_NEW = Way(Name.DL2, Phase.TEMPORARY)
DL2 = Way(Name.DL2, Phase.ESTABLISHED)


class Bench:
    """A link with a simulated core at one end and reference UEs at the other."""

    def __init__(self, link, *, reg_event=False, **policy):
        self.link = link
        self.core = SimulatedCore(
            link,
            [Address("127.0.3.1", 5060), Address("::1", 5060)],
            list(SUBSCRIBERS.values()),
            AttendantPolicy(home_domain=HOME, security="ipsec", **policy),
            Random(5),
            RFC3261,
        )
        ue_policy = UePolicy(security="ipsec", reg_event=reg_event, release=policy.get("release", 14))
        self.ues = ReferenceUes(link.far_end(), ue_policy, Random(1), None)
        self.way = ("UDP", "IPv4")

    def lane(self, name="sub01"):
        transcript = Transcript(name, 0.0, start=0.0)
        return self.core.attend(SUBSCRIBERS[name], transcript.tap, transcript.record_esp), transcript

    def tell(self, action, name="sub01"):
        transport, family = self.way
        self.ues.act(action, SUBSCRIBERS[name], self.core.addresses[family], transport)
        self.link.advance(0.01)  # packets take no time, and all is done before the first timer

    def take(self, lane, method="REGISTER"):
        assert self.link.wait(lambda: lane.waiting(method), 5)
        return lane.take(method)

    def answer(self, lane, response, method="REGISTER", **where):
        """Take the next request and answer it with what `response` makes of it; the request."""
        arrived = self.take(lane, method)
        lane.respond(arrived, response(arrived.request), **where)
        self.link.advance(0.01)
        return arrived

    def registered(self, name="sub01"):
        """A lane whose UE has registered by itself, the core no longer answering."""
        lane, transcript = self.lane(name)
        lane.attend()
        self.tell("register", name)
        assert self.ues.phase(name) is UePhase.REGISTERED
        while lane.take() is not None:
            pass
        lane.automatic = False
        return lane, transcript


@pytest.fixture
def bench():
    link = MemoryLink()
    yield Bench(link)
    link.close()


@pytest.fixture
def new_bench():
    links = []

    def make(way=("UDP", "IPv4"), **options):
        links.append(MemoryLink())
        made = Bench(links[-1], **options)
        made.way = way
        return made

    yield make
    for link in links:
        link.close()


def names(transcript):
    """Label and association of every message, "-" in the clear."""
    return [f"{e.label.split()[0]} {(e.flow.association or '-').split()[0]}" for e in transcript.entries]


def spis(transcript):
    """The SPI that each message travels under, None in the clear."""
    return [e.flow.association and int(e.flow.association.split()[-1]) for e in transcript.entries]


def fates(transcript, direction=Direction.IN):
    return [entry.event.fate for entry in transcript.esp if entry.event.direction is direction]


def phases(lane):
    return [live.phase for live in lane.sets]


# By itself it is a conformant P-CSCF.


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_ue_registers_refreshes_and_leaves_over_esp(new_bench, way):
    bench = new_bench(way)
    lane, transcript = bench.lane()
    lane.attend()
    bench.tell("register")
    assert bench.ues.phase("sub01") is UePhase.REGISTERED
    assert phases(lane) == [Phase.ESTABLISHED]
    bench.link.advance(600_000)
    assert bench.ues.phase("sub01") is UePhase.REGISTERED
    bench.tell("deregister")
    assert bench.ues.phase("sub01") is UePhase.UNREGISTERED
    assert (phases(lane), lane.attendant.registered) == ([], False)
    down = "DL2" if way[0] == "UDP" else "DL1"
    pair = ["REGISTER UL1", f"200 {down}"]
    assert names(transcript) == ["REGISTER -", "401 -", *pair, *pair, *pair]
    assert len({spi for spi in spis(transcript) if spi}) == 2
    assert set(fates(transcript, Direction.OUT)) == {Fate.OK}
    assert Fate.BAD_ICV not in fates(transcript)
    bench.link.advance(RFC3261.timer_f)
    assert bench.core.next_deadline() is None


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_refresh_that_is_challenged_changes_the_set(new_bench, way):
    bench = new_bench(way, reauthenticate=True)
    lane, transcript = bench.lane()
    lane.attend()
    bench.tell("register")
    (before,) = lane.sets
    bench.link.advance(600_000)
    down = "DL2" if way[0] == "UDP" else "DL1"
    assert names(transcript)[4:] == ["REGISTER UL1", f"401 {down}", "REGISTER UL1", f"200 {down}"]
    old, new = before.sas, lane.sets[-1].sas
    # SM6 on the set of before, SM7 and SM12 on the new one (TS 33.203 7.4); server ports stay, client ports do not.
    assert [spi in old.spis for spi in spis(transcript)[4:]] == [True, True, False, False]
    assert (old.p_cscf.port_s, old.ue.port_s) == (new.p_cscf.port_s, new.ue.port_s)
    assert old.p_cscf.port_c != new.p_cscf.port_c
    assert phases(lane) == [Phase.OLD, Phase.ESTABLISHED]
    bench.tell("deregister")
    assert bench.ues.phase("sub01") is UePhase.UNREGISTERED
    assert phases(lane) == []
    assert set(fates(transcript, Direction.OUT)) <= {Fate.OK, Fate.NO_ASSOCIATION}  # the last is a FIN of TCP


@pytest.mark.parametrize("way", WAYS[:2], ids=" ".join)
def test_a_notify_travels_from_client_port_to_server_port(new_bench, way):
    bench = new_bench(way, reg_event=True)
    lane, transcript = bench.lane()
    lane.attend()
    bench.tell("register")
    up, down = ("UL1", "DL2") if way[0] == "UDP" else ("UL2", "DL1")
    assert names(transcript)[4:] == ["SUBSCRIBE UL1", f"200 {down}", "NOTIFY DL2", f"200 {up}"]
    notify, sas = transcript.entries[6], lane.sets[0].sas
    assert (notify.flow.local.port, notify.flow.remote.port) == (sas.p_cscf.port_c, sas.ue.port_s)
    via = notify.message.get(Via)
    assert (via.host, via.port) == (sas.p_cscf_host, sas.p_cscf.port_s)  # where the UE's responses come
    assert all(live.pending == 0 for live in lane.sets)


@pytest.mark.parametrize("event", ["deactivated", "rejected"])
def test_the_sets_go_with_a_registration_that_the_network_ends(new_bench, event):
    bench = new_bench(reg_event=True)
    lane, _ = bench.registered()
    sent = lane.send(lane.attendant.notify(state="terminated", event=event))
    assert phases(lane) == [Phase.RETIRING]
    assert bench.link.wait(lambda: sent.done, 5)
    assert sent.final.status == 200
    assert phases(lane) == []
    if event == "deactivated":  # the UE registers anew, with nothing left of before (TS 24.229 5.1.1.7)
        arrived = bench.take(lane)
        assert arrived.flow.association is None


def test_a_ue_that_has_forgotten_everything_gets_a_new_set_and_the_old_one_goes(new_bench):
    bench = new_bench(reg_event=True)
    lane, transcript = bench.registered()
    (before,) = lane.sets
    bench.tell("reset")
    bench.tell("register")
    count = len(transcript.entries)
    bench.answer(lane, lane.attendant.challenge)
    assert names(transcript)[count - 1 :] == ["REGISTER -", "401 -", "REGISTER UL1"]
    assert phases(lane) == [Phase.ESTABLISHED, Phase.TEMPORARY]
    assert lane.sets[0] is before
    bench.answer(lane, lane.attendant.ok)
    (after,) = lane.sets
    assert (after.phase, after is before) == (Phase.ESTABLISHED, False)
    bench.answer(lane, lane.attendant.accept_subscription, "SUBSCRIBE")
    sent = lane.send(lane.attendant.notify())
    bench.link.advance(0.01)
    assert sent.final.status == 200
    assert spis(transcript)[-2:] == [after.sas.ue.spi_s, after.sas.p_cscf.spi_s]


@pytest.mark.parametrize("what", ["200", "401"])
def test_a_response_that_is_lost_is_repeated_where_it_was_sent(what):
    lost = []

    def impair(packet):
        # ESP hides it, so that the first one downwards is the one: 401 in the clear, 200 on the set.
        downwards = packet.flow.local.host == "127.0.3.1"
        wanted = downwards and (packet.flow.association is None) is (what == "401")
        if wanted and not lost:
            lost.append(packet)
            return []
        return [packet]

    link = MemoryLink(impair=impair)
    bench = Bench(link)
    lane, transcript = bench.lane()
    lane.attend()
    bench.tell("register")
    assert bench.ues.phase("sub01") is UePhase.REGISTERING
    link.advance(5)
    assert bench.ues.phase("sub01") is UePhase.REGISTERED
    assert phases(lane) == [Phase.ESTABLISHED]
    labels = names(transcript)
    assert len(labels) == 6
    assert labels.count("REGISTER -" if what == "401" else "REGISTER UL1") == 2
    link.close()


@pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
def test_every_combination_carries_a_registration(new_bench, transform):
    bench = new_bench(release=14 if transform in CURRENT_TRANSFORMS else 13)
    lane, transcript = bench.lane()
    bench.tell("register")
    values = announce(Endpoints.draw(Random(7)), [transform])
    bench.answer(lane, lambda request: lane.attendant.challenge(request, security_server=values))
    lane.attend()
    bench.link.advance(0.01)
    assert bench.ues.phase("sub01") is UePhase.REGISTERED
    (live,) = lane.sets
    assert live.sas.keys.transform == transform
    assert fates(transcript) == [Fate.OK]


def test_two_ues_at_one_address_have_lanes_sets_and_records_of_their_own(bench):
    lanes = {name: bench.lane(name) for name in ("sub01", "sub02")}
    for name, (lane, _) in lanes.items():
        lane.attend()
        bench.tell("register", name)
    for name, (lane, transcript) in lanes.items():
        assert bench.ues.phase(name) is UePhase.REGISTERED
        assert names(transcript) == ["REGISTER -", "401 -", "REGISTER UL1", "200 DL2"]
        own = set(lane.sets[0].sas.spis)
        assert {entry.event.spi for entry in transcript.esp} <= own
        assert len(transcript.esp) == 2
    assert not bench.core.strangers


def test_who_is_not_attended_is_served_unrecorded(bench):
    _, transcript = bench.lane("sub01")
    for action in ("register", "deregister"):
        bench.tell(action, "sub02")
    assert bench.ues.phase("sub02") is UePhase.UNREGISTERED
    assert (transcript.entries, transcript.esp) == ([], [])


def test_lifetimes_end_at_the_core(bench):
    lane, _ = bench.registered()
    (live,) = lane.sets
    bench.tell("reset")
    bench.link.advance(RFC3261.timer_f)
    assert bench.core.next_deadline() == live.expires_at == pytest.approx(600_030, abs=1)
    bench.link.advance(600_000)
    assert lane.sets == ()


@pytest.mark.parametrize("end", ["dismiss", "attend again"])
def test_the_sets_go_with_the_lane(bench, end):
    lane, transcript = bench.registered()
    if end == "dismiss":
        bench.core.dismiss(lane)
    else:
        lane, transcript = bench.lane()
    bench.link.advance(0.01)
    assert lane.sets == ()
    count = len(transcript.entries)
    bench.tell("deregister")  # the UE does not know
    assert len(transcript.entries) == count
    if end == "attend again":
        assert fates(transcript) == [Fate.DELETED_SPI]


# What a P-CSCF drops.


def test_a_stranger_on_an_association_is_still_the_ue_that_has_it(bench):
    lane, _ = bench.registered()
    options = Draft.request("OPTIONS", f"sip:{HOME}")
    sas = lane.sets[0].sas
    for name, value in {
        "Via": f"SIP/2.0/UDP {sas.ue_host}:{sas.ue.port_s};branch=z9hG4bKx",
        "From": "<sip:somebody@example.com>;tag=1",
        "To": "<sip:somebody@example.com>",
        "Call-ID": "x",
        "CSeq": "1 OPTIONS",
    }.items():
        options.add(name, value)
    ul1 = sas.named(Name.UL1)
    flow = Flow("UDP", ul1.destination, ul1.source, association=ul1.label)
    bench.link.call(lambda: bench.core.receive(Packet(flow, options.to_bytes()), bench.link.now()))
    assert bench.take(lane, "OPTIONS").request.value("Call-ID") == "x"
    assert not bench.core.strangers


def test_an_answer_in_the_clear_is_dropped_and_said_to_be(bench):
    lane, transcript = bench.lane()
    bench.tell("register")
    bench.answer(lane, lane.attendant.challenge)
    answer = transcript.entries[-1]
    assert answer.flow.association is not None
    clear = transcript.entries[0].flow
    again = answer.raw.replace(b"branch=z9hG4bK", b"branch=z9hG4bKclear")
    bench.link.call(lambda: bench.core.receive(Packet(clear, again), bench.link.now()))
    bench.link.advance(0.01)
    (dropped,) = lane.dropped
    assert dropped.flow == clear
    assert transcript.entries[-1].raw == again  # it is in evidence, and nothing has answered it
    (told,) = bench.core.watch(SUBSCRIBERS["sub01"]).dropped
    assert told == (
        f"REGISTER from {clear.remote} over UDP is dropped, as a P-CSCF does: "
        "an answer comes on the set that its challenge has made"
    )


@pytest.mark.parametrize("method", ["SUBSCRIBE", "OPTIONS", "MESSAGE"])
def test_in_the_clear_nothing_but_register_passes(bench, method):
    lane, transcript = bench.registered()
    lane.attend()
    who = SUBSCRIBERS["sub01"].registration_impu
    request = Draft.request(method, who)
    for name, value in {
        "Via": "SIP/2.0/UDP 127.0.2.1:5060;branch=z9hG4bKx",
        "From": f"<{who}>;tag=1",
        "To": f"<{who}>",
        "Call-ID": "x",
        "CSeq": f"1 {method}",
        "Event": "reg",
    }.items():
        request.add(name, value)
    clear = transcript.entries[0].flow
    bench.link.call(lambda: bench.core.receive(Packet(clear, request.to_bytes()), bench.link.now()))
    assert names(transcript)[-2:] == [f"{method} -", "403 -"]


# A test may be another kind of P-CSCF.


def test_a_200_at_the_wrong_place_is_none_and_the_right_one_may_follow(bench):
    lane, transcript = bench.lane()
    bench.tell("register")
    bench.answer(lane, lane.attendant.challenge)
    arrived = bench.take(lane)
    ok = lane.attendant.ok(arrived.request)
    lane.respond(arrived, ok, on="clear")
    bench.link.advance(0.01)
    assert (arrived.answered, phases(lane)) == (False, [Phase.TEMPORARY])
    assert bench.ues.phase("sub01") is UePhase.REGISTERING
    assert names(transcript)[-1] == "200 -"
    lane.respond(arrived, ok, on=Way(Name.DL1, Phase.TEMPORARY))
    bench.link.advance(0.01)
    assert bench.ues.phase("sub01") is UePhase.REGISTERING
    assert names(transcript)[-1] == "200 DL1"
    lane.respond(arrived, ok)
    bench.link.advance(0.01)
    assert (arrived.answered, phases(lane)) == (True, [Phase.ESTABLISHED])
    assert bench.ues.phase("sub01") is UePhase.REGISTERED


def test_over_tcp_the_wrong_place_may_be_another_connection(new_bench):
    bench = new_bench(("TCP", "IPv4"))
    lane, transcript = bench.lane()
    bench.tell("register")
    bench.answer(lane, lane.attendant.challenge)
    arrived = bench.take(lane)
    ok = lane.attendant.ok(arrived.request)
    lane.respond(arrived, ok, on=DL2_NEW)
    bench.link.advance(0.01)
    assert names(transcript)[-1] == "200 DL2"
    assert transcript.entries[-1].flow.connection == 0
    lane.respond(arrived, ok, on=Way(Name.DL1, Phase.TEMPORARY))
    bench.link.advance(0.01)
    assert transcript.entries[-1].flow.connection == arrived.flow.connection
    assert bench.ues.phase("sub01") is UePhase.REGISTERED  # it is the right place after all
    assert phases(lane) == [Phase.TEMPORARY]


def test_a_request_goes_where_a_test_wants_it(new_bench):
    bench = new_bench(reg_event=True)
    lane, transcript = bench.registered()
    sent = lane.send(lane.attendant.notify(), on="clear")
    bench.link.advance(1)
    assert names(transcript)[-2:] == ["NOTIFY -", "NOTIFY -"]  # nobody answers, and it is repeated there
    assert not sent.done
    sent = lane.send(lane.attendant.notify(), on=DL2)
    bench.link.advance(0.01)
    assert sent.final.status == 200


@pytest.mark.parametrize(
    ("on", "why"),
    [
        (Way(Name.DL2, Phase.OLD), "there is no old set of associations"),
        ("clear", "nothing in the clear"),
    ],
)
def test_a_place_that_there_is_not_stops_the_scenario(bench, on, why):
    lane, _ = bench.registered()
    lane.attendant.clear_flow = None
    with pytest.raises(ScenarioStopped, match=why) as stopped:
        lane.send(b"NOTIFY sip:a@b SIP/2.0\r\n\r\n", on)
    assert stopped.value.kind == "precondition"


def test_the_network_does_not_send_on_the_ues_associations(bench):
    lane, _ = bench.registered()
    with pytest.raises(InputError, match="name DL1 or DL2"):
        lane.send(b"NOTIFY sip:a@b SIP/2.0\r\n\r\n", Way(Name.UL1, Phase.ESTABLISHED))


def test_without_an_established_set_there_is_no_request(bench):
    lane, _ = bench.lane()
    bench.tell("register")
    bench.answer(lane, lane.attendant.challenge)
    with pytest.raises(ScenarioStopped, match="no set of associations is established"):
        lane.send(b"NOTIFY sip:a@b SIP/2.0\r\n\r\n")


@pytest.mark.parametrize("fault", Fault)
def test_a_packet_that_is_wrong_on_purpose_reaches_nobody(bench, fault):
    lane, transcript = bench.lane()
    bench.tell("register")
    bench.answer(lane, lane.attendant.challenge)
    arrived = bench.take(lane)
    ok = lane.attendant.ok(arrived.request)
    if fault is Fault.REPLAY:
        with pytest.raises(ScenarioStopped, match="replay on DL2 of the temporary set") as stopped:
            lane.inject(fault, ok, on=DL2_NEW)
        assert stopped.value.kind == "tool"
        lane.respond(arrived, ok)
        bench.link.advance(0.01)
        record = lane.inject(fault, on=DL2)
    else:
        record = lane.inject(fault, ok, on=DL2_NEW)
        bench.link.advance(0.01)
        assert bench.ues.phase("sub01") is UePhase.REGISTERING
    assert record.injected is fault
    assert [entry.event.injected for entry in transcript.esp][-1] is fault
    assert len(transcript.entries) == (4 if fault is Fault.REPLAY else 3)  # it is no message of the core's


def test_a_set_may_be_kept_beyond_its_time_to_see_who_listens(new_bench):
    bench = new_bench(reauthenticate=True, reg_event=True)
    lane, transcript = bench.registered()
    lane.keeps = True
    first = lane.sets[0].sas
    lane.attend()
    bench.link.advance(1_200_000)  # two authentications later, after which the UE has used the newest set
    assert phases(lane) == [Phase.DELETED, Phase.DELETED, Phase.ESTABLISHED]
    assert lane.sets[0].sas is first
    before = lane.sets[1].sas
    records = len(transcript.esp)
    gone = lane.send(lane.attendant.notify(), on=Way(Name.DL2, Phase.DELETED))
    bench.link.advance(0.01)
    assert not gone.responses  # the UE has let go of it (TS 33.203 7.4.1a)
    assert [(e.event.fate, e.event.association.spi) for e in transcript.esp[records:]] == [(Fate.OK, before.ue.spi_s)]
    # What a UE would still send there is in evidence.
    ul1 = before.named(Name.UL1)
    flow = Flow("UDP", ul1.destination, ul1.source, association=ul1.label)
    raw = next(e.raw for e in transcript.entries if e.label == "SUBSCRIBE").replace(b"branch=z", b"branch=zx")
    bench.link.call(lambda: bench.core.receive(Packet(flow, raw), bench.link.now()))
    assert transcript.entries[-1].flow == flow
    assert [each.why for each in lane.dropped] == [f"{ul1.label} is no association that lives"]
    bench.core.dismiss(lane)
    assert (lane.sets, lane.keeps) == ((), False)
    bench.link.advance(0.01)
    with pytest.raises(BackendError):
        bench.link.inject(before.named(Name.DL2), Fault.BAD_ICV)


# Challenges that are not as they should be.


@pytest.mark.parametrize(
    "announced",
    [Announced.UNKNOWN_ALG, Announced.SPI_OF_UE, Announced.NO_SPI, Announced.NO_PORT, Announced.STANDARD_PORT],
)
def test_a_list_of_which_nothing_can_be_used_makes_no_set(bench, announced):
    lane, transcript = bench.lane()
    bench.tell("register")
    first = bench.answer(lane, lambda request: lane.attendant.challenge(request, security_server=announced))
    assert lane.sets == ()
    assert transcript.entries[1].message.fields("Security-Server")
    bench.link.advance(60)
    # The UE begins anew, in the clear and under another Call-ID (TS 24.229 5.1.1.5.1).
    assert names(transcript)[2] == "REGISTER -"
    assert transcript.entries[2].message.value("Call-ID") != first.request.value("Call-ID")


@pytest.mark.parametrize(
    "announced",
    [Announced.WITHOUT_Q, Announced.UNKNOWN_FIRST, Announced.UNKNOWN_PARAMETER, Announced.BARE_NULL],
)
def test_an_unusual_list_makes_the_set_that_the_ue_makes_of_it(bench, announced):
    lane, _ = bench.lane()
    bench.tell("register")
    bench.answer(lane, lambda request: lane.attendant.challenge(request, security_server=announced))
    lane.attend()
    bench.link.advance(0.01)
    assert bench.ues.phase("sub01") is UePhase.REGISTERED
    assert phases(lane) == [Phase.ESTABLISHED]


def test_a_list_of_a_test_makes_the_set_of_its_first_entry_that_the_ue_has(bench):
    lane, _ = bench.lane()
    bench.tell("register")

    def challenge(request):
        own = lane.attendant.challenge(request).values("Security-Server")
        last = SecurityServer.parse(own[-1]).with_param("q", "0.9").with_param("spi-s", "0000004711")
        return lane.attendant.challenge(request, security_server=["tls; q=1.0", str(last), own[0]])

    bench.answer(lane, challenge)
    (live,) = lane.sets
    assert (live.sas.p_cscf.spi_s, live.sas.keys.transform) == (4711, ("null", "aes-gcm"))
    lane.attend()
    bench.link.advance(0.01)
    assert bench.ues.phase("sub01") is UePhase.REGISTERED


def test_a_challenge_without_security_server(bench):
    lane, transcript = bench.lane()
    bench.tell("register")
    bench.answer(lane, lambda request: lane.attendant.challenge(request, security_server=False))
    assert lane.sets == ()
    assert not transcript.entries[1].message.fields("Security-Server")


@pytest.mark.parametrize("av", [Av.WRONG_MAC, Av.SQN_TOO_OLD])
@pytest.mark.parametrize("protected", [False, True])
def test_a_report_goes_where_the_authentication_began(bench, av, protected):
    lane, transcript = bench.registered() if protected else bench.lane()
    if protected:
        bench.link.advance(599_400)
        assert bench.ues.phase("sub01") is UePhase.REFRESHING
    else:
        bench.tell("register")
    count = len(transcript.entries)
    bench.answer(lane, lambda request: lane.attendant.challenge(request, av=av))
    report = bench.take(lane)
    assert (report.flow.association is not None) is protected
    lane.respond(report, lane.attendant.challenge(report.request))
    lane.attend()
    bench.link.advance(0.01)
    assert bench.ues.phase("sub01") is UePhase.REGISTERED
    down, up = ("DL2", "UL1") if protected else ("-", "-")
    assert names(transcript)[count:] == [f"401 {down}", f"REGISTER {up}", f"401 {down}", "REGISTER UL1", "200 DL2"]


@pytest.mark.parametrize("protected", [False, True])
def test_a_failure_is_told_where_ts_33_203_7_4_wants_it(bench, protected):
    lane, transcript = bench.registered() if protected else bench.lane()
    old = lane.sets[0].sas.spis if protected else ()
    if protected:
        bench.link.advance(599_400)
    else:
        bench.tell("register")
    bench.answer(lane, lane.attendant.challenge)
    new = lane.sets[-1].sas.spis
    bench.answer(lane, lambda request: lane.attendant.response(request, 403))
    assert names(transcript)[-1] == "403 DL2"
    assert spis(transcript)[-1] in (old if protected else new)
    assert phases(lane) == ([Phase.ESTABLISHED] if protected else [])
    assert bench.ues.phase("sub01") is not UePhase.REGISTERING


def test_a_ue_whose_offer_cannot_be_used_gets_494_in_place_of_the_challenge(bench):
    lane, transcript = bench.lane()
    bench.tell("register")
    raw = bench.take(lane).request.raw.replace(b" alg=", b" alg=x-").replace(b"branch=z9hG4bK", b"branch=z9hG4bKother")
    clear = transcript.entries[0].flow
    bench.link.call(lambda: bench.core.receive(Packet(clear, raw), bench.link.now()))
    offer = bench.take(lane)
    lane.respond(offer, lane.attendant.challenge(offer.request))
    assert names(transcript)[-1] == "494 -"
    assert transcript.entries[-1].message.fields("Security-Server")
    assert lane.sets == ()


# Whatever a UE does.


@pytest.mark.parametrize("seed", range(4))
def test_nothing_on_an_association_raises(new_bench, seed):
    bench = new_bench(reg_event=True)
    lane, transcript = bench.registered()
    lane.attend()
    random = Random(seed)
    sas = lane.sets[0].sas
    ways = [
        Flow("UDP", a.destination, a.source, association=a.label) for a in (sas.named(Name.UL1), sas.named(Name.UL2))
    ]
    ways += [replace(each, association=None) for each in ways]
    ways += [replace(ways[0], association="UL1 SPI 1"), replace(ways[0], association="?"), transcript.entries[0].flow]
    known = [entry.raw for entry in transcript.entries if not entry.sent]
    for _ in range(150):
        raw = bytearray(random.choice(known))
        for _ in range(random.randrange(4)):
            at = random.randrange(len(raw))
            raw[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
        packet = Packet(random.choice(ways), bytes(raw))
        bench.link.call(lambda packet=packet: bench.core.receive(packet, bench.link.now()))
        if random.random() < 0.1:
            bench.link.advance(random.choice([0.1, 40, 300]))
    bench.core.dismiss(lane)
    bench.link.advance(1000)
    assert lane.sets == ()
