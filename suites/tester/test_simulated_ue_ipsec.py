"""The simulated UE with associations, on the in-memory link toward the reference core: right, and wrong on purpose."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import encode
from imsreg.identity.subscribers import load_subscribers
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.credentials import ResChoice
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way as UeWay
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Direction, Fate, Fault
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, LEGACY_TRANSFORMS, Endpoints, announce
from imsreg.secagree.phases import Phase
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.timers import RFC3261
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.tester.ue_associations import SetView
from imsreg.tester.way import Way
from imsreg.transcript.transcript import Transcript

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
CORES = {"IPv4": Address("127.0.2.1", 5060), "IPv6": Address("2001:db8::3", 5060)}
UES = {"IPv4": "127.0.3.1", "IPv6": "2001:db8::2"}
WAYS = pytest.mark.parametrize(("transport", "family"), [(t, f) for t in ("UDP", "TCP") for f in ("IPv4", "IPv6")])


class Bench:
    """A reference core at the far end of a network, and what passes at this end."""

    def __init__(self, *, hooks=None, **policy):
        self.link = MemoryLink()
        home = SUBSCRIBERS["sub01"].home_domain
        self.core = ReferenceCore(
            CorePolicy(home_domain=home, security="ipsec", **policy),
            SUBSCRIBERS.values(),
            Random(1),
            Seams(hooks or {}),
        )
        far = self.link.far_end()
        for address in CORES.values():
            far.attach(self.core, address, ("UDP", "TCP"))
        self.events = []
        self.link.observe(self.events.append)
        self.transcript = Transcript("test", 0.0)
        self.made = []

    def ue(self, name="sub01", *, transport="UDP", family="IPv4", **options):
        chosen = UeOptions(transport, CORES[family], Address(UES[family], 0), security="ipsec", **options)
        return SimulatedUe(
            self.link, SUBSCRIBERS[name], chosen, Random(name), self.transcript.tap, new_set=self.made.append
        )

    def came(self):
        """What came, each message with the name of the association that it came on."""
        flows = [(entry.flow, entry.raw) for entry in self.transcript.entries if not entry.sent]
        return [((flow.association or "clear").split()[0], raw.split(b" ")[1].decode()) for flow, raw in flows]

    def fates(self, direction=Direction.IN):
        return [event.fate for event in self.events if event.direction is direction]

    def silent(self, sent):
        """Whether nothing ever answers a request."""
        return not self.link.wait(lambda: sent.final is not None, RFC3261.timer_f)


@pytest.fixture
def bench():
    return Bench()


def answered(ue, **choice):
    """The UE's answer to the challenge that its first REGISTER gets, not sent yet."""
    sent = ue.send(ue.registration.initial_register())
    return ue.answer(ue.wait(sent), **choice)


# A conformant UE.


@WAYS
def test_it_registers_refreshes_and_leaves(transport, family):
    bench = Bench()
    ue = bench.ue(transport=transport, family=family)
    assert ue.register().status == 200
    assert len(bench.made) == 1
    assert [each.phase for each in ue.sets] == [Phase.ESTABLISHED]
    assert bench.core.bindings(ue.impu, 0.0) == (ue.contact,)
    assert ue.complete(ue.registration.refresh()).status == 200
    assert ue.complete(ue.registration.deregister()).status == 200
    assert not ue.sets
    down = "DL2" if transport == "UDP" else "DL1"
    assert bench.came() == [("clear", "401"), (down, "200"), (down, "200"), (down, "200")]
    assert {*bench.fates(), *bench.fates(Direction.OUT)} == {Fate.OK}
    assert not bench.core.bindings(ue.impu, 0.0)
    ue.power_off()


@pytest.mark.parametrize("offered", [LEGACY_TRANSFORMS, CURRENT_TRANSFORMS])
@pytest.mark.parametrize("release", [12, 14])
def test_they_agree_on_what_both_know(offered, release):
    bench = Bench(release=release)
    ue = bench.ue(offered=offered)
    assert ue.register().status == 200
    assert ue.sets[0].transform in offered


def test_a_set_can_be_read_without_its_keys(bench):
    ue = bench.ue()
    ue.register()
    (sas,) = bench.made
    assert ue.sets == (SetView(Phase.ESTABLISHED, sas.ue, sas.p_cscf, sas.keys.transform, sas.associations),)
    assert "key" not in repr(ue.sets).lower()
    assert "secret" not in repr(ue.sets)


@WAYS
def test_a_re_authentication_has_two_sets_until_the_next_message(transport, family):
    bench = Bench(reauthenticate=True)
    ue = bench.ue(transport=transport, family=family)
    ue.register()
    assert ue.complete(ue.registration.refresh()).status == 200
    old, new = ue.sets
    assert (old.phase, new.phase) == (Phase.OLD, Phase.ESTABLISHED)
    assert (old.ue.port_s, old.p_cscf.port_s) == (new.ue.port_s, new.p_cscf.port_s)
    assert old.ue.port_c != new.ue.port_c
    assert ue.complete(ue.registration.fetch()).status == 200
    assert [each.phase for each in ue.sets][-1] is Phase.ESTABLISHED
    assert ue.complete(ue.registration.deregister()).status == 200
    assert not ue.sets
    assert {*bench.fates(), *bench.fates(Direction.OUT)} == {Fate.OK}


def test_a_wrong_response_is_refused_on_the_new_set(bench):
    ue = bench.ue()
    sent = ue.send(answered(ue, res=ResChoice.WRONG))
    response = ue.wait(sent)
    assert response.status == 403
    assert bench.came()[-1] == ("DL2", "403")
    ue.settle(sent, response)
    assert not ue.sets


def test_a_wrong_response_in_a_re_authentication_leaves_what_there_was():
    bench = Bench(reauthenticate=True)
    ue = bench.ue()
    ue.register()
    (before,) = bench.made
    sent = ue.send(ue.registration.refresh())
    wrong = ue.send(ue.answer(ue.wait(sent), res=ResChoice.WRONG))
    ue.settle(wrong, ue.wait(wrong))
    assert [each.associations for each in ue.sets] == [before.associations]
    assert ue.complete(ue.registration.refresh()).status == 200


def test_sequence_numbers_out_of_step_are_reported_in_the_clear(bench):
    ue = bench.ue()
    ue.advance_sqn()
    assert ue.register().status == 200
    assert bench.came() == [("clear", "401"), ("clear", "401"), ("DL2", "200")]
    assert len(bench.made) == 1


def test_an_unanswered_challenge_leaves_nothing_after_reg_await_auth(bench):
    ue = bench.ue()
    answered(ue)
    bench.link.advance(0.0)
    assert [each.phase for each in ue.sets] == [Phase.TEMPORARY]
    bench.link.advance(240.0)
    assert not ue.sets


def test_without_a_usable_entry_the_scenario_stops():
    def unknown(values, *, client):
        return [value.replace("alg=hmac-sha-1-96", "alg=hmac-sha-9") for value in values[:1]]

    ue = Bench(hooks={"p-cscf.security-server": unknown}).ue()
    with pytest.raises(ScenarioStopped, match="there is no agreement: entry 1: its algorithms are not supported"):
        ue.register()


def test_two_ues_do_not_disturb_each_other(bench):
    one, other = bench.ue(), bench.ue("sub02")
    assert one.register().status == other.register().status == 200
    assert one.complete(one.registration.deregister()).status == 200
    assert other.complete(other.registration.refresh()).status == 200


def test_octets_that_repeat_go_the_same_way(bench):
    ue = bench.ue()
    sent = ue.send(answered(ue))
    assert ue.wait(sent).status == 200
    ue.repeat(sent)
    bench.link.advance(0.0)
    assert bench.came()[-2:] == [("DL2", "200"), ("DL2", "200")]


# Wrong on purpose.


@pytest.mark.parametrize("place", ["clear", "UL2 of the temporary set", Way(Name.UL2, Phase.TEMPORARY)])
def test_an_answer_at_the_wrong_place_gets_none(bench, place):
    ue = bench.ue()
    sent = ue.send(answered(ue), on=place)
    assert bench.silent(sent)
    assert bench.core.bindings(ue.impu, bench.link.now()) == ()


def test_a_refresh_in_the_clear_is_challenged(bench):
    ue = bench.ue()
    ue.register()
    draft = ue.for_the_clear(ue.registration.refresh())
    assert ue.wait(ue.send(draft, on="clear")).status == 401
    assert bench.came()[-1] == ("clear", "401")
    assert Fate.CLEAR not in bench.fates()


def test_without_its_via_the_answer_comes_to_nobody(bench):
    ue = bench.ue()
    ue.register()
    assert bench.silent(ue.send(ue.registration.refresh(), on="clear"))
    assert Fate.CLEAR in bench.fates()


def test_another_request_may_be_sent_in_the_clear(bench):
    ue = bench.ue()
    draft = Draft.request("OPTIONS", f"sip:{ue.home_domain}")
    draft.add("Via", f"SIP/2.0/UDP {ue.address};branch=z9hG4bKo;rport").add("Max-Forwards", "70")
    draft.add("From", f"<{ue.impu}>;tag=1").add("To", f"<{ue.impu}>").add("Call-ID", "o").add("CSeq", "1 OPTIONS")
    sent = ue.send(draft)
    assert sent.flow.association is None
    ue.register()
    assert ue.send(draft.set("Call-ID", "p")).flow.association.startswith("UL1")


def test_the_words_for_a_place(bench):
    ue = bench.ue()
    draft = ue.registration.initial_register()
    with pytest.raises(ScenarioStopped, match="there is no temporary set"):
        ue.send(draft, on="UL1 of the temporary set")
    with pytest.raises(ValueError, match="sends on UL1 and UL2, not on DL2"):
        ue.send(draft, on="DL2 of the temporary set")
    with pytest.raises(ValueError, match="UL1 of the temporary set"):
        ue.send(draft, on="somewhere")
    assert ue.last is None


@pytest.mark.parametrize("fault", [Fault.BAD_ICV, Fault.REPLAY, Fault.WRONG_SPI, Fault.WRONG_PORT])
def test_a_packet_that_is_wrong_on_purpose_is_answered_by_nobody(bench, fault):
    ue = bench.ue()
    ue.register()
    before = bench.came()
    event = ue.inject(fault, ue.registration.refresh().to_bytes(), "UL1 of the established set")
    assert event.injected is fault
    bench.link.advance(10.0)
    if fault is not Fault.REPLAY:  # which is another packet of the registration again
        assert event in bench.events
    assert bench.came() == before


def test_what_cannot_be_injected_stops_the_scenario(bench):
    ue = bench.ue(keeps_sets=False)
    answered(ue)
    bench.link.advance(0.0)
    with pytest.raises(ScenarioStopped, match=r"nothing|sent"):
        ue.inject(Fault.REPLAY, b"", "UL1 of the temporary set")
    with pytest.raises(ValueError, match="association"):
        ue.inject(Fault.BAD_ICV, b"", "clear")


def test_a_kept_set_shows_whether_the_dut_has_let_go_of_its_own(bench):
    ue = bench.ue(keeps_sets=True)
    ue.register()
    ue.complete(ue.registration.deregister())
    (kept,) = ue.sets
    assert kept.phase is Phase.DELETED
    sent = ue.send(ue.registration.initial_register(), on="UL1 of the deleted set")
    assert bench.silent(sent)
    assert Fate.NO_ASSOCIATION not in bench.fates(Direction.OUT)
    ue.power_off()


def test_a_response_is_taken_wherever_it_comes():
    """Whether it belongs there is for the checks to say."""

    def in_the_clear(flow, **context):
        return type(flow)("UDP", CORES["IPv4"], ue.address)

    bench = Bench(hooks={"p-cscf.reply-flow": in_the_clear})
    ue = bench.ue()
    assert ue.register().status == 200
    assert bench.came()[-1] == ("clear", "200")


@pytest.mark.parametrize("keeps", [False, True])
def test_a_challenge_to_an_answer_is_answered_on_another_set_of_the_same_offer(keeps):
    link = MemoryLink()
    far = Challenger()
    link.far_end().attach(far, CORES["IPv4"], ("UDP",))
    options = UeOptions("UDP", CORES["IPv4"], Address(UES["IPv4"], 0), security="ipsec", keeps_sets=keeps)
    ue = SimulatedUe(link, SUBSCRIBERS["sub01"], options, Random(2), lambda *_: None)
    first = ue.answer(ue.wait(ue.send(ue.registration.initial_register())))
    again = ue.answer(far.challenge(first.to_message()))
    assert first.values("Security-Client") == again.values("Security-Client")
    assert [each.phase for each in ue.sets] == [Phase.TEMPORARY]
    sent = ue.send(again)
    link.advance(0.0)
    assert sent.stopped is None


class Challenger:
    """A network that challenges whatever comes, each time with other SPIs and ports."""

    def __init__(self):
        sub = SUBSCRIBERS["sub01"]
        self.centre = AuthenticationCentre(sub.algorithm, sqn=sub.sqn, amf=sub.amf, res_length=sub.res_length)
        self.random = Random(4)
        self.outbox = deque()

    def challenge(self, request: Request) -> Response:
        vector = self.centre.vector(self.random.randbytes(16))
        value = f'Digest realm="r", nonce="{encode(vector.rand, vector.autn)}", algorithm=AKAv1-MD5, qop="auth"'
        response = reply(request, 401).add("WWW-Authenticate", value)
        for entry in announce(Endpoints.draw(self.random), CURRENT_TRANSFORMS):
            response.add("Security-Server", entry)
        return response.to_message()

    def receive(self, packet, now):
        response = self.challenge(parse(packet.data))
        self.outbox.append(type(packet)(packet.flow, response.raw))

    def fail(self, failure, now):
        pass

    def on_time(self, now):
        pass

    def next_deadline(self):
        return None


# The reference UE on the same link.


@WAYS
@pytest.mark.parametrize("reauthenticate", [False, True])
def test_the_reference_ue_stays_registered_over_associations_and_leaves(transport, family, reauthenticate):
    bench = Bench(reauthenticate=reauthenticate, max_expires=3600)
    sub = SUBSCRIBERS["sub01"]
    ue = ReferenceUe(sub, UePolicy(security="ipsec", reg_event=False), Random(3))
    local = bench.link.attach(ue, Address(UES[family], 0), ("UDP", "TCP"))
    ue.switch_on(UeWay(local, CORES[family], transport))
    bench.link.call(lambda: ue.register(bench.link.now()))
    bench.link.advance(40_000)
    assert ue.phase is UePhase.REGISTERED
    assert len(bench.core.bindings(sub.registration_impu, bench.link.now())) == 1
    bench.link.call(lambda: ue.deregister(bench.link.now()))
    bench.link.advance(5)
    assert ue.phase is UePhase.UNREGISTERED
    assert not bench.core.bindings(sub.registration_impu, bench.link.now())
    assert {*bench.fates(Direction.OUT)} == {Fate.OK}
    # A connection may still be ending when its set is gone.
    assert {*bench.fates()} <= {Fate.OK} | ({Fate.DELETED_SPI} if transport == "TCP" else set())
