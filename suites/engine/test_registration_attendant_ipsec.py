"""The network side of one subscriber in mode ipsec, with packets by hand: what it takes, says, and where it says it."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.registration.attendant import Attendant, AttendantPolicy
from imsreg.registration.attendant_announcement import Announced, altered
from imsreg.registration.attendant_security import MAX_ARRIVALS
from imsreg.registration.core_messages import Av
from imsreg.registration.replies import Discarded
from imsreg.registration.ue import NoAgreement
from imsreg.secagree.associations import Name, Side
from imsreg.secagree.changes import Change
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, Endpoints, announce, offer
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import REG_AWAIT_AUTH
from imsreg.secagree.transforms import Transform
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.headers.via import Via
from imsreg.sip.message import parse

HOME = "ims.mnc001.mcc001.3gppnetwork.org"
CORE = Address("127.0.2.1", 5060)


class Net:
    """An attendant, its clock, and the way between it and a UE's registration."""

    def __init__(self, subscriber, **policy):
        self.now = 0.0
        self.called = 0
        self.attendant = Attendant(
            subscriber,
            AttendantPolicy(home_domain=HOME, **{"security": "ipsec", **policy}),
            Random(3),
            lambda: self.now,
            call=self._call,
        )
        self.flows = []
        """Where each response went."""

    def _call(self, function):
        self.called += 1
        return function()

    @property
    def phases(self):
        return [live.phase for live in self.attendant.security.live]

    def arrive(self, draft, flow):
        """The request as it arrives at the other end of the UE's flow."""
        here = Flow(flow.transport, flow.remote, flow.local, 7 if flow.reliable else 0, flow.association)
        request = parse(draft.to_bytes())
        self.attendant.arrive(request, here, here)
        return request

    def say(self, request, draft):
        """Send a response, as the simulated core does."""
        response = draft.to_message()
        self.flows.append(self.attendant.respond(request, response))
        self.attendant.note(request, response)
        return response

    def ask(self, ue, draft, flow=None):
        """A request of the UE and the response of a conformant core."""
        request = self.arrive(draft, flow or ue.flow_for(draft))
        return request, self.say(request, self.attendant.attend(request)[0])

    def statuses(self, ue, draft):
        """Let the UE go on until it is satisfied."""
        statuses = []
        while draft is not None:
            request, response = self.ask(ue, draft)
            statuses.append(response.status)
            draft = ue.next_request(request, response, self.now)
        return statuses

    def changes(self):
        """What a link would be told to do, and the sets it would do it with."""
        told = list(self.attendant.sa_changes)
        self.attendant.sa_changes.clear()
        return [(change.change, change.sas.p_cscf) for change in told]


@pytest.fixture
def new_net(subscribers):
    def make(name="sub01", **policy):
        return Net(subscribers[name], **policy)

    return make


@pytest.fixture
def net(new_net):
    return new_net()


@pytest.fixture
def new_secured_ue(new_ue):
    def make(**options):
        return new_ue(
            **{"security": "ipsec", "p_cscf": CORE, "sa_changes": deque(), "offered": CURRENT_TRANSFORMS, **options}
        )

    return make


@pytest.fixture
def ue(new_secured_ue):
    return new_secured_ue()


# As a conformant P-CSCF.


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_sets_come_and_go_with_the_registration(net, new_secured_ue, transport):
    ue = new_secured_ue(transport=transport)
    assert net.statuses(ue, ue.initial_register()) == [401, 200]
    (live,) = net.attendant.security.live
    sas = live.sas
    assert (live.phase, live.expires_at) == (Phase.ESTABLISHED, 600_030.0)
    assert net.changes() == [(Change.INSTALL, sas.p_cscf)]
    down = sas.named(Name.DL2 if transport == "UDP" else Name.DL1)
    assert net.flows[0].association is None
    assert (net.flows[1].association, net.flows[1].local) == (down.label, down.source)
    net.now = 100.0
    assert net.statuses(ue, ue.refresh()) == [200]
    assert net.statuses(ue, ue.deregister()) == [200]
    assert [flow.association for flow in net.flows[1:]] == [down.label] * 3
    assert net.changes() == [(Change.REMOVE, sas.p_cscf)]
    assert (net.phases, net.attendant.security.next_deadline()) == ([], None)


def test_a_refresh_is_challenged_where_the_policy_wants_it(new_net, ue):
    net = new_net(reauthenticate=True)
    assert net.statuses(ue, ue.initial_register()) == [401, 200]
    assert net.statuses(ue, ue.refresh()) == [401, 200]
    assert net.phases == [Phase.OLD, Phase.ESTABLISHED]
    assert [change for change, _ in net.changes()] == [Change.INSTALL, Change.INSTALL]


def test_a_right_response_in_the_clear_is_challenged_again(net, ue):
    """TS 24.229 5.4.1.1: it is no answer to a challenge that has been given to nobody but the holder of a set."""
    request = net.arrive(ue.initial_register(), ue.flow_for(ue.initial_register()))
    response = net.say(request, net.attendant.challenge(request, security_server=False))
    insisting = ue.next_request
    with pytest.raises(NoAgreement):
        insisting(request, response, net.now)
    answer = ue.answer(response)
    clear = Flow("UDP", Address("127.0.3.1", 5060), CORE)
    assert net.ask(ue, answer, clear)[1].status == 401


@pytest.mark.parametrize("wrong", ["in the clear", "on the old set"])
def test_an_answer_elsewhere_is_discarded(new_net, ue, wrong):
    net = new_net(reauthenticate=True)
    first = ue.initial_register()
    clear = ue.flow_for(first)
    assert net.statuses(ue, first) == [401, 200]
    refresh = ue.refresh()
    established = ue.flow_for(refresh)
    request, response = net.ask(ue, refresh)
    answer = ue.next_request(request, response, net.now)
    with pytest.raises(Discarded):
        net.arrive(answer, clear if wrong == "in the clear" else established)
    assert net.ask(ue, answer)[1].status == 200


def test_a_changed_list_is_494_on_the_new_set_which_goes(net, ue):
    request, response = net.ask(ue, ue.initial_register())
    answer = ue.next_request(request, response, net.now)
    flow = ue.flow_for(answer)
    answer.set("Security-Verify", answer.values("Security-Verify")[0])
    assert net.ask(ue, answer, flow)[1].status == 494
    assert (net.flows[-1].association.split()[0], net.phases) == ("DL2", [])
    assert [change for change, _ in net.changes()] == [Change.INSTALL, Change.REMOVE]


@pytest.mark.parametrize("method", ["SUBSCRIBE", "OPTIONS", "PUBLISH"])
def test_in_the_clear_nothing_but_register_is_served(net, ue, method):
    net.statuses(ue, ue.initial_register())
    request = Draft.request(method, ue.default_identity)
    for name, value in {
        "Via": "SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bKx",
        "From": f"<{ue.default_identity}>;tag=1",
        "To": f"<{ue.default_identity}>",
        "Call-ID": "x",
        "CSeq": f"1 {method}",
        "Event": "reg",
    }.items():
        request.add(name, value)
    assert net.ask(ue, request, Flow("UDP", Address("127.0.3.1", 5060), CORE))[1].status == 403


def test_a_temporary_set_ends_with_the_time_that_is_waited_for_the_answer(net, ue):
    net.ask(ue, ue.initial_register())
    assert net.attendant.security.next_deadline() == REG_AWAIT_AUTH
    net.attendant.security.on_time(REG_AWAIT_AUTH)
    assert net.phases == []
    assert [change for change, _ in net.changes()] == [Change.INSTALL, Change.REMOVE]


def test_an_address_that_is_not_in_via_is_refused_on_an_association(net, ue):
    net.statuses(ue, ue.initial_register())
    refresh = ue.refresh()
    flow = ue.flow_for(refresh)
    refresh.set("Via", refresh.value("Via").replace("127.0.3.1", "127.0.3.2"))
    assert net.ask(ue, refresh, flow)[1].status == 403


def test_a_subscriber_with_a_password_gets_no_associations(new_net, ue, subscribers):
    fixed = next(each for each in subscribers.values() if each.password is not None)
    net = new_net(fixed.name)
    first = ue.initial_register()
    flow = ue.flow_for(first)
    first.set("To", f"<{fixed.registration_impu}>").set("From", f"<{fixed.registration_impu}>;tag=1")
    first.remove("Authorization")
    _, response = net.ask(ue, first, flow)
    assert (response.status, response.values("Security-Server"), net.phases) == (401, (), [])


def test_the_end_of_the_registration_by_the_network_is_that_of_the_sets(net, ue):
    net.statuses(ue, ue.initial_register())
    subscribe = Draft.request("SUBSCRIBE", ue.default_identity)
    (live,) = net.attendant.security.live
    for name, value in {
        "Via": f"SIP/2.0/UDP 127.0.3.1:{live.sas.ue.port_s};branch=z9hG4bKsub",
        "From": f"<{ue.default_identity}>;tag=1",
        "To": f"<{ue.default_identity}>",
        "Call-ID": "x",
        "CSeq": "1 SUBSCRIBE",
        "Event": "reg",
        "Contact": ue.contact,
    }.items():
        subscribe.add(name, value)
    ul1 = live.sas.named(Name.UL1)
    assert net.ask(ue, subscribe, Flow("UDP", ul1.source, ul1.destination, association=ul1.label))[1].status == 200
    told = net.attendant.notify().to_message()
    assert told.value("Via").startswith(f"SIP/2.0/UDP 127.0.2.1:{live.sas.p_cscf.port_s};")
    flow = net.attendant.request_flow()
    assert flow.association == live.sas.named(Name.DL2).label
    net.attendant.note_sent(told)
    assert net.phases == [Phase.ESTABLISHED]
    ended = net.attendant.notify(state="terminated", event="rejected").to_message()
    pending = net.attendant.security.opened(flow)
    net.attendant.note_sent(ended)
    assert net.phases == [Phase.RETIRING]
    net.attendant.security.closed(pending)
    assert (net.phases, net.attendant.request_flow()) == ([], None)


def test_forget_takes_the_sets_out(net, ue):
    net.statuses(ue, ue.initial_register())
    net.changes()
    net.attendant.forget()
    assert [change for change, _ in net.changes()] == [Change.REMOVE]
    assert (net.phases, net.attendant.flow, net.attendant.clear_flow) == ([], None, None)


def test_modes_without_associations_have_none(new_net, new_ue):
    for mode in ("none", "headers"):
        net = new_net(security=mode)
        assert net.attendant.security is None
        ue = new_ue(security=mode)
        request = parse(ue.initial_register().to_bytes())
        flow = Flow("UDP", CORE, Address("127.0.3.1", 5060))
        net.attendant.arrive(request, flow, flow)
        assert net.attendant.respond(request, net.attendant.challenge(request).to_message()) is None
        assert (net.attendant.request_flow(), net.attendant.sa_changes, net.called) == (flow, deque(), 0)


# As a test wants it.


def test_a_challenge_that_is_never_sent_changes_nothing_at_the_link(net, ue):
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    net.attendant.challenge(request)
    assert net.called == 1  # what touches the table is left to the link's thread
    assert net.changes() == []
    draft = net.attendant.challenge(request)
    assert net.changes() == []
    net.say(request, draft)
    (live,) = net.attendant.security.live
    assert net.changes() == [(Change.INSTALL, live.sas.p_cscf)]
    spi = SecurityServer.parse(draft.values("Security-Server")[0]).spi_s
    assert spi == live.sas.p_cscf.spi_s


def test_values_of_a_test_make_the_set_of_the_entry_that_the_ue_takes(net, ue):
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    own = Endpoints(1001, 1002, 30001, 30002)
    values = ["tls; q=0.9", *announce(own, [Transform("aes-gmac", "null"), CURRENT_TRANSFORMS[0]])]
    response = net.say(request, net.attendant.challenge(request, security_server=values))
    assert response.values("Security-Server") == tuple(values)
    (live,) = net.attendant.security.live
    assert (live.sas.p_cscf, live.sas.keys.transform.alg) == (own, "aes-gmac")
    assert net.ask(ue, ue.next_request(request, response, net.now))[1].status == 200
    assert net.phases == [Phase.ESTABLISHED]


UNUSABLE = (
    Announced.UNKNOWN_ALG,
    Announced.SPI_OF_UE,
    Announced.NO_SPI,
    Announced.NO_PORT,
    Announced.STANDARD_PORT,
)


@pytest.mark.parametrize("announced", Announced)
def test_an_unusual_list_is_followed_where_a_ue_can(net, ue, announced):
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    response = net.say(request, net.attendant.challenge(request, security_server=announced))
    assert response.status == 401
    if announced in UNUSABLE:
        assert net.phases == []
        with pytest.raises(NoAgreement):
            ue.next_request(request, response, net.now)
    else:
        assert net.phases == [Phase.TEMPORARY]
        assert net.ask(ue, ue.next_request(request, response, net.now))[1].status == 200


@pytest.mark.parametrize("by", ["the attendant", "hand"])
def test_a_list_that_is_changed_before_it_is_sent_makes_its_own_set(net, ue, by):
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    draft = net.attendant.challenge(request, security_server=by == "the attendant")
    assert bool(draft.values("Security-Server")) is (by == "the attendant")
    own = Endpoints(1001, 1002, 30001, 30002)
    draft.remove("Security-Server").add("Security-Server", ", ".join(announce(own, CURRENT_TRANSFORMS[3:])))
    draft.set("WWW-Authenticate", draft.value("WWW-Authenticate").replace('qop="auth", ', ""))
    response = net.say(request, draft)
    (live,) = net.attendant.security.live
    assert (live.sas.p_cscf, live.sas.keys.transform.ealg) == (own, "aes-gcm")
    assert net.changes() == [(Change.INSTALL, own)]
    assert net.ask(ue, ue.next_request(request, response, net.now))[1].status == 200
    assert net.phases == [Phase.ESTABLISHED]


def test_a_list_that_is_taken_out_before_it_is_sent_leaves_no_set(net, ue):
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    net.say(request, net.attendant.challenge(request).remove("Security-Server"))
    assert (net.phases, net.changes()) == ([], [])


def test_an_unusual_list_in_mode_headers_is_what_the_answer_is_compared_with(new_net, new_ue):
    net, ue = new_net(security="headers"), new_ue(security="headers")
    request = parse(ue.initial_register().to_bytes())
    draft = net.attendant.challenge(request, security_server=Announced.UNKNOWN_PARAMETER)
    assert all("example=1" in value for value in draft.values("Security-Server"))
    answer = parse(ue.next_request(request, draft.to_message(), 0.0).to_bytes())
    assert net.attendant.attend(answer)[0].to_message().status == 200
    assert "example" not in (net.attendant.challenge(answer).value("Security-Server") or "")


def test_what_each_word_makes_of_a_list():
    p_cscf, ue = Endpoints(2001, 2002, 30001, 30002), Endpoints(1001, 1002, 40001, 40002)
    values = announce(p_cscf, CURRENT_TRANSFORMS)
    client = [SecurityClient.parse(value) for value in offer(ue, CURRENT_TRANSFORMS)]
    made = {word: [SecurityServer.parse(value) for value in altered(values, word, client)] for word in Announced}
    as_it_was = [SecurityServer.parse(value) for value in values]
    assert {each.alg for each in made[Announced.UNKNOWN_ALG]} == {"hmac-example-96"}
    assert {(each.spi_c, each.spi_s) for each in made[Announced.SPI_OF_UE]} == {ue.spis}
    assert {(each.spi_c, each.spi_s, each.port_s) for each in made[Announced.NO_SPI]} == {(None, None, 30002)}
    assert {(each.port_c, each.port_s, each.spi_s) for each in made[Announced.NO_PORT]} == {(None, None, 2002)}
    assert {each.port_s for each in made[Announced.STANDARD_PORT]} == {5060}
    assert {each.q for each in made[Announced.WITHOUT_Q]} == {None}
    unknown, *rest = made[Announced.UNKNOWN_FIRST]
    assert (unknown.mechanism, rest) == ("example-mechanism", as_it_was)
    assert unknown.q > max(each.q for each in rest)
    assert {each.params.get("example") for each in made[Announced.UNKNOWN_PARAMETER]} == {"1"}
    assert [each.ealg for each in made[Announced.BARE_NULL]] == ["aes-cbc", None, None, "aes-gcm"]
    for word in ("only-hmac-sha-1", "only-aes-cbc", "only-aes-gmac", "only-aes-gcm"):
        (only,) = made[Announced(word)]
        assert only in as_it_was
        assert (word.removeprefix("only-") in (only.ealg, only.alg)) or only.ealg == "null"


def test_a_combination_that_the_ue_does_not_offer_is_not_left_alone():
    p_cscf, ue = Endpoints(2001, 2002, 30001, 30002), Endpoints(1001, 1002, 40001, 40002)
    values = announce(p_cscf, CURRENT_TRANSFORMS)
    client = [SecurityClient.parse(value) for value in offer(ue, CURRENT_TRANSFORMS[:2])]
    assert altered(values, Announced.ONLY_AES_GMAC, client) == values
    assert altered(values, Announced.ONLY_AES_CBC, client) == values[:1]


@pytest.mark.parametrize("in_the_clear", [False, True])
def test_an_options_to_the_contact(net, ue, in_the_clear):
    assert net.statuses(ue, ue.initial_register()) == [401, 200]
    request = parse(net.attendant.options(in_the_clear=in_the_clear).to_bytes())
    (live,) = net.attendant.security.live
    assert request.request_uri == f"sip:{ue.identity.contact_user}@{ue.contact_address.host}:{live.sas.ue.port_s}"
    via = request.get(Via)
    assert via.port == (CORE.port if in_the_clear else live.sas.p_cscf.port_s)
    assert request.value("CSeq") == "1 OPTIONS"


def test_a_test_that_accepts_early_establishes_the_set(net, ue):
    request, response = net.ask(ue, ue.initial_register())
    draft = ue.next_request(request, response, net.now)
    answer = net.arrive(draft, ue.flow_for(draft))
    net.say(answer, net.attendant.ok(answer, expires=60))
    (live,) = net.attendant.security.live
    assert (live.phase, live.expires_at) == (Phase.ESTABLISHED, 90.0)


def test_a_provisional_response_changes_nothing(net, ue):
    request, response = net.ask(ue, ue.initial_register())
    draft = ue.next_request(request, response, net.now)
    answer = net.arrive(draft, ue.flow_for(draft))
    net.say(answer, net.attendant.response(answer, 100))
    assert (net.flows[-1].association.split()[0], net.phases) == ("DL2", [Phase.TEMPORARY])


@pytest.mark.parametrize("av", [Av.WRONG_MAC, Av.SQN_TOO_OLD])
def test_a_vector_that_the_usim_refuses_leaves_no_set_for_its_report(net, new_secured_ue, av):
    ue = new_secured_ue(sqn=SqnArray())
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    response = net.say(request, net.attendant.challenge(request, av=av))
    report = ue.next_request(request, response, net.now)
    assert ue.flow_for(report).association is None
    request, response = net.ask(ue, report)
    if av is Av.SQN_TOO_OLD:
        assert response.status == 401
        assert net.ask(ue, ue.next_request(request, response, net.now))[1].status == 200
        assert net.phases == [Phase.ESTABLISHED]


def test_requests_are_forgotten_in_the_end(net, ue):
    first = ue.initial_register()
    flow = ue.flow_for(first)
    request = net.arrive(first, flow)
    for number in range(MAX_ARRIVALS):
        net.arrive(first.set("CSeq", f"{number + 10} REGISTER"), flow)
    assert net.attendant.respond(request, net.attendant.response(request, 500).to_message()) is None


def test_who_has_which_association(net, ue):
    net.statuses(ue, ue.initial_register())
    (live,) = net.attendant.security.live
    holds = net.attendant.security.holds
    assert all(holds(each.spi) for each in live.sas.inbound(Side.P_CSCF))
    assert not any(holds(each.spi) for each in live.sas.outbound(Side.P_CSCF))
