"""The reference UE with associations, against a P-CSCF that the test plays packet by packet (TS 33.203 7.1, 7.4)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import encode
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import Kind, UePhase, UePolicy
from imsreg.secagree.associations import Name
from imsreg.secagree.changes import Change
from imsreg.secagree.flows import flow_on
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, Endpoints, announce
from imsreg.secagree.phases import Phase
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.headers.via import Via
from imsreg.sip.message import parse
from imsreg.sip.reginfo_model import MEDIA_TYPE

UE = Address("127.0.3.1", 5060)
P_CSCF = Address("127.0.2.1", 5060)
TRANSPORTS = pytest.mark.parametrize("transport", ["UDP", "TCP"])
TERMINATED = """<?xml version="1.0"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="{version}" state="full">
<registration aor="{aor}" id="a" state="{state}">
<contact id="c" state="{state}" event="{event}"><uri>{uri}</uri></contact></registration></reginfo>"""


class Air:
    """The way to a reference UE in mode ipsec. `sets` are those that it has installed, `gone` those removed since."""

    def __init__(self, subscriber, *, transport="UDP", hooks=None, reg_event=False):
        self.transport = transport
        self.ue = ReferenceUe(
            subscriber, UePolicy(security="ipsec", reg_event=reg_event), Random(1), Seams(hooks or {})
        )
        self.centre = AuthenticationCentre(
            subscriber.algorithm, sqn=subscriber.sqn, amf=subscriber.amf, res_length=subscriber.res_length
        )
        self.random = Random(9)
        self.p_cscf = Endpoints.draw(self.random)
        self.now = 0.0
        self.sent = []
        self.sets = []
        self.gone = []
        self._rands = itertools.count(1)
        self._connections = itertools.count(1)
        self._numbers = {}
        self.ue.switch_on(Way(UE, P_CSCF, transport))

    # What the UE sends.

    def collect(self):
        changes = list(self.ue.sa_changes)
        self.ue.sa_changes.clear()
        self.sets += [each.sas for each in changes if each.change is Change.INSTALL]
        while self.ue.outbox:
            packet = self.ue.outbox.popleft()
            self.sent.append((packet.flow, parse(packet.data, stream=packet.flow.reliable)))
        for each in changes:
            if each.change is Change.REMOVE:
                self.sets.remove(each.sas)
                self.gone.append(each.sas)

    def take(self, method=None):
        """The oldest message that the UE has sent: a request of this method, a response for None; and its flow."""
        self.collect()
        flow, message = self.sent.pop(0)
        assert getattr(message, "method", None) == method
        return message, flow

    def quiet(self):
        self.collect()
        return not self.sent

    # What the network sends.

    def back(self, flow, sas=None):
        """The flow on which a response to a request of the UE comes, with another set if that is wanted."""
        if sas is None and flow.association is None:
            return replace(flow, connection=self.number(flow))
        sas = sas or next(s for s in (*self.sets, *self.gone) if flow.association in labels(s))
        return self.on(sas, Name.DL2 if flow.transport == "UDP" else Name.DL1)

    def on(self, sas, name):
        """A flow on which the UE receives on an association."""
        each = sas.named(name)
        flow = flow_on(each, self.transport)
        came = Flow(flow.transport, flow.remote, flow.local, association=flow.association)
        return replace(came, connection=self.number(came))

    def number(self, flow):
        if self.transport == "UDP":
            return 0
        return self._numbers.setdefault((flow.local, flow.remote), next(self._connections))

    def send(self, message, flow):
        octets = message if isinstance(message, bytes) else message.to_bytes()
        self.ue.receive(Packet(flow, octets), self.now)
        self.advance(0.0)

    def answer(self, taken, status, *fields, flow=None):
        request, came_on = taken
        response = reply(request, status)
        for name, value in fields:
            response.add(name, value)
        self.send(response, flow or self.back(came_on))

    def challenge(self, taken, *, flow=None, server=None, mac_wrong=False):
        vector = self.centre.vector(next(self._rands).to_bytes(16))
        autn = bytes((*vector.autn[:15], vector.autn[15] ^ mac_wrong))
        value = f'Digest realm="r", nonce="{encode(vector.rand, autn)}", algorithm=AKAv1-MD5, qop="auth"'
        entries = announce(self.p_cscf, CURRENT_TRANSFORMS) if server is None else server
        fields = [("Security-Server", each) for each in entries]
        self.answer(taken, 401, ("WWW-Authenticate", value), *fields, flow=flow)

    def accept(self, taken, *, expires=3600, flow=None):
        self.answer(taken, 200, ("Contact", f"{taken[0].value('Contact')};expires={expires}"), flow=flow)

    def register(self):
        self.ue.register(self.now)
        return self.take("REGISTER")

    def registered(self):
        self.challenge(self.register())
        answer = self.take("REGISTER")
        self.accept(answer)
        assert self.ue.phase is UePhase.REGISTERED
        return answer

    def reauthenticated(self):
        """A refresh that is challenged and answered."""
        self.p_cscf = self.p_cscf.renewed(self.random)
        self.challenge(self.register())
        self.accept(self.take("REGISTER"))

    def advance(self, seconds):
        end = self.now + seconds
        while (due := self.ue.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.ue.on_time(self.now)
        self.now = end

    @property
    def phases(self):
        return [live.phase for live in self.ue.registration.associations.sets.live]


def labels(sas):
    return [each.label for each in sas.associations]


def request(method, number=1, **fields):
    draft = Draft.request(method, "sip:ue@127.0.3.1").add("Via", f"SIP/2.0/UDP 127.0.2.1:9;branch=z9hG4bK{number}x")
    draft.add("From", "<sip:a@h>;tag=1").add("To", "<sip:b@h>").add("Call-ID", f"c{number}").add("CSeq", f"1 {method}")
    for name, value in fields.items():
        draft.add(name.replace("_", "-"), value)
    return draft


@pytest.fixture
def new_air(subscribers):
    return lambda **options: Air(subscribers["sub01"], **options)


@pytest.fixture
def air(new_air):
    return new_air()


@TRANSPORTS
def test_it_registers_refreshes_and_leaves_nothing_behind(new_air, transport):
    air = new_air(transport=transport)
    first = air.register()
    assert first[1] == Flow(transport, UE, P_CSCF)
    air.challenge(first)
    answer = air.take("REGISTER")
    (sas,) = air.sets
    assert answer[1] == flow_on(sas.named(Name.UL1), transport)
    air.accept(answer)
    assert air.ue.phase is UePhase.REGISTERED

    refresh = air.register()
    assert refresh[1] == answer[1]
    air.accept(refresh)
    assert air.sets == [sas]

    air.reauthenticated()
    assert air.ue.phase is UePhase.REGISTERED
    old, new = air.sets
    assert old == sas
    again = air.register()
    assert again[1] == flow_on(new.named(Name.UL1), transport)
    air.accept(again)
    air.collect()
    assert (air.sets, air.gone) == ([new], [old])

    air.ue.deregister(air.now)
    last = air.take("REGISTER")
    assert last[1] == again[1]
    air.accept(last, expires=0)
    air.collect()
    assert air.ue.phase is UePhase.UNREGISTERED
    assert not air.sets
    assert not air.phases
    air.advance(10_000)
    assert air.quiet()


@TRANSPORTS
def test_its_subscription_is_protected(new_air, transport):
    air = new_air(transport=transport, reg_event=True)
    air.registered()
    (sas,) = air.sets
    taken = air.take("SUBSCRIBE")
    subscribe, flow = taken
    assert flow == flow_on(sas.named(Name.UL1), transport)
    assert (subscribe.get(Via).host, subscribe.get(Via).port) == (UE.host, sas.ue.port_s)
    assert "rport" not in subscribe.value("Via")
    assert subscribe.get(Contact).uri.port == sas.ue.port_s
    tail = ";transport=tcp" if transport == "TCP" else ""
    assert subscribe.values("Route")[0] == f"<sip:{P_CSCF.host}:{sas.p_cscf.port_s}{tail};lr>"
    assert subscribe.values("Security-Verify") == tuple(announce(air.p_cscf, CURRENT_TRANSFORMS))
    assert subscribe.option_tags("Require") == subscribe.option_tags("Proxy-Require") == ("sec-agree",)
    air.answer(taken, 200, ("Expires", "3600"), ("Contact", f"<sip:{P_CSCF}>"))
    air.send(notify(taken, air.ue, "active", "registered"), air.on(sas, Name.DL2))
    response, flow = air.take()
    assert response.status == 200
    if transport == "UDP":
        assert flow == flow_on(sas.named(Name.UL1), "UDP")
    else:
        assert flow == replace(air.on(sas, Name.DL2), association=sas.named(Name.UL2).label)


@TRANSPORTS
def test_a_network_that_ends_the_registration_takes_the_sets_with_it(new_air, transport):
    air = new_air(transport=transport, reg_event=True)
    air.registered()
    (sas,) = air.sets
    taken = air.take("SUBSCRIBE")
    air.answer(taken, 200, ("Expires", "3600"), ("Contact", f"<sip:{P_CSCF}>"))
    air.send(notify(taken, air.ue, "active", "registered", 0), air.on(sas, Name.DL2))
    air.take()
    air.send(notify(taken, air.ue, "terminated", "rejected", 1), air.on(sas, Name.DL2))
    response, flow = air.take()
    assert response.status == 200
    assert flow.association in labels(sas)
    assert air.ue.phase is UePhase.FAILED
    assert (air.sets, air.gone) == ([], [sas])


def notify(subscribed, ue, state, event, version=0):
    asked, _ = subscribed
    uri = Contact.parse(ue.registration.contact).uri.text
    body = TERMINATED.format(version=version, aor=ue.registration.identity.impu, state=state, event=event, uri=uri)
    draft = Draft.request("NOTIFY", uri).add("Via", f"SIP/2.0/UDP 127.0.2.1:9;branch=z9hG4bKn{version}")
    draft.add("From", reply(asked, 200).value("To")).add("To", asked.value("From"))
    draft.add("Call-ID", asked.value("Call-ID")).add("CSeq", f"{version + 1} NOTIFY").add("Max-Forwards", "70")
    draft.add("Contact", f"<sip:{P_CSCF}>").add("Event", "reg").add("Subscription-State", "active;expires=3600")
    draft.add("Content-Type", MEDIA_TYPE)
    draft.body = body.encode()
    return draft


# What it does not take.


@TRANSPORTS
def test_a_response_in_the_clear_to_what_was_protected_is_nobodys(new_air, transport):
    air = new_air(transport=transport)
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.accept(answer, flow=replace(Flow(transport, UE, P_CSCF), connection=7 if transport == "TCP" else 0))
    assert air.ue.phase is UePhase.REGISTERING
    air.accept(answer)
    assert air.ue.phase is UePhase.REGISTERED


def test_over_udp_nothing_is_taken_at_the_client_port(air):
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.collect()
    (sas,) = air.sets
    air.accept(answer, flow=air.on(sas, Name.DL1))
    assert air.ue.phase is UePhase.REGISTERING


@TRANSPORTS
@pytest.mark.parametrize("protected", [False, True])
def test_the_challenge_is_taken_only_where_the_register_went(new_air, transport, protected):
    air = new_air(transport=transport)
    air.registered()
    (sas,) = air.sets
    air.p_cscf = air.p_cscf.renewed(air.random)
    refresh = air.register()
    air.challenge(refresh, flow=None if protected else replace(Flow(transport, UE, P_CSCF), connection=7))
    assert air.quiet() is not protected
    assert len(air.sets) == 1 + protected
    assert sas in air.sets


@TRANSPORTS
def test_requests_in_the_clear_or_on_a_temporary_set_are_dropped(new_air, transport):
    air = new_air(transport=transport)
    clear = replace(Flow(transport, UE, P_CSCF), connection=7 if transport == "TCP" else 0)
    air.send(request("OPTIONS", 1), clear)
    air.challenge(air.register())
    answer = air.take("REGISTER")
    (sas,) = air.sets
    air.send(request("OPTIONS", 2), clear)
    air.send(request("OPTIONS", 3, Max_Forwards="70"), air.on(sas, Name.DL2))
    assert air.quiet()
    air.accept(answer)
    air.send(request("OPTIONS", 4), clear)
    assert air.quiet()
    # Sent again after the 200 it is at its place, and no repetition of anything.
    air.send(request("OPTIONS", 3, Max_Forwards="70"), air.on(sas, Name.DL2))
    assert air.take()[0].status == 200


def test_what_names_no_association_that_lives_is_dropped(air):
    air.registered()
    (sas,) = air.sets
    air.ue.deregister(air.now)
    air.accept(air.take("REGISTER"), expires=0)
    air.send(request("OPTIONS"), air.on(sas, Name.DL2))
    assert air.quiet()


def test_a_response_on_the_wrong_set_is_dropped(air):
    air.registered()
    (old,) = air.sets
    air.p_cscf = air.p_cscf.renewed(air.random)
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.accept(answer, flow=air.on(old, Name.DL2))
    assert air.phases == [Phase.ESTABLISHED, Phase.TEMPORARY]
    air.accept(answer)
    assert air.phases == [Phase.OLD, Phase.ESTABLISHED]


@TRANSPORTS
def test_that_an_answer_is_wrong_is_said_on_the_established_set(new_air, transport):
    """TS 33.203 7.4.1a: where the first REGISTER was protected, the failure comes on the set of that."""
    air = new_air(transport=transport)
    air.registered()
    (old,) = air.sets
    air.p_cscf = air.p_cscf.renewed(air.random)
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.answer(answer, 403, flow=air.on(old, Name.DL2 if transport == "UDP" else Name.DL1))
    assert air.ue.phase is UePhase.FAILED
    air.collect()
    assert air.sets == [old]


@TRANSPORTS
@pytest.mark.parametrize("octets", [b"\x00" * 40, b"REGISTER\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"])
def test_octets_that_are_no_message_do_no_harm_on_any_way(new_air, transport, octets):
    air = new_air(transport=transport)
    air.registered()
    (sas,) = air.sets
    clear = replace(Flow(transport, UE, P_CSCF), connection=8 if transport == "TCP" else 0)
    # Over TCP what follows on a connection is lost with its framing: its own connection stays sound.
    own = () if transport == "TCP" else (air.on(sas, Name.DL1),)
    for flow in (*own, air.on(sas, Name.DL2), clear):
        air.send(octets, flow)
    air.sent.clear()
    air.accept(air.register())
    assert air.ue.phase is UePhase.REGISTERED


# Sets that come and go.


def test_an_old_set_serves_until_something_comes_on_the_new_one(air):
    air.registered()
    (old,) = air.sets
    air.reauthenticated()
    old, new = air.sets
    air.send(request("OPTIONS", 1, Max_Forwards="70"), air.on(old, Name.DL2))
    assert air.take()[1] == flow_on(old.named(Name.UL1), "UDP")
    air.send(request("OPTIONS", 2, Max_Forwards="70"), air.on(new, Name.DL2))
    assert air.take()[1] == flow_on(new.named(Name.UL1), "UDP")
    assert air.sets == [new]


def test_a_pending_transaction_keeps_the_old_set(new_air):
    air = new_air(reg_event=True)
    air.registered()
    subscribe = air.take("SUBSCRIBE")
    (old,) = air.sets
    air.reauthenticated()
    old, new = air.sets
    air.accept(air.register())
    air.collect()
    assert air.sets == [old, new]
    assert air.phases == [Phase.RETIRING, Phase.ESTABLISHED]
    air.answer(subscribe, 200, ("Expires", "3600"), flow=air.on(old, Name.DL2))
    air.collect()
    assert air.sets == [new]


def test_an_answer_that_dies_in_silence_is_followed_by_a_registration_in_the_clear(air):
    air.challenge(air.register())
    answer, _ = air.take("REGISTER")
    air.advance(128.0)
    assert air.ue.phase is UePhase.WAITING
    air.sent.clear()
    air.collect()
    air.sent.clear()
    air.advance(60.0)
    first, flow = air.take("REGISTER")
    assert flow == Flow("UDP", UE, P_CSCF)
    assert first.value("Call-ID") != answer.value("Call-ID")
    assert not air.sets


def test_without_a_usable_entry_it_begins_again(air):
    first = air.register()
    air.challenge(first, server=["tls; q=0.1"])
    again, flow = air.take("REGISTER")
    assert flow == Flow("UDP", UE, P_CSCF)
    assert again.value("Call-ID") != first[0].value("Call-ID")
    assert not air.sets


def test_a_set_that_cannot_be_had_is_a_failure_of_the_transport(air):
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.ue.fail(TransportFailure(answer[1], "denied", "no room"), air.now)
    assert air.ue.phase is UePhase.WAITING


def test_a_deregistration_that_nobody_answers_takes_the_sets_all_the_same(air):
    air.registered()
    air.ue.deregister(air.now)
    air.advance(128.0)
    air.collect()
    assert air.ue.phase is UePhase.UNREGISTERED
    assert not air.sets


def test_switched_off_it_has_no_sets(air):
    air.registered()
    air.reauthenticated()
    assert len(air.sets) == 2
    air.ue.switch_off()
    air.collect()
    assert not air.sets
    assert len(air.gone) == 2
    assert air.ue.next_deadline() is None


# Seams.


def hook_of(names, change):
    return dict.fromkeys(names, change)


def test_a_mutant_can_send_on_another_association_or_in_the_clear(new_air):
    def astray(flow, *, kind, sets, clear):
        if kind is Kind.REFRESH:
            return clear
        if kind is Kind.ANSWER:
            return flow_on(sets.in_phase(Phase.TEMPORARY).sas.named(Name.UL2), "UDP")
        return flow

    air = new_air(hooks={"ue.flow": astray})
    air.challenge(air.register())
    answer = air.take("REGISTER")
    (sas,) = air.sets
    assert answer[1] == flow_on(sas.named(Name.UL2), "UDP")
    air.accept(answer)
    refresh = air.register()
    assert refresh[1] == Flow("UDP", UE, P_CSCF)
    assert refresh[0].get(Contact).uri.port == sas.ue.port_s
    air.accept(refresh, flow=refresh[1])
    assert air.ue.phase is UePhase.REGISTERED
    assert air.ue.seams.firings == 2


@TRANSPORTS
def test_a_mutant_can_take_what_comes_in_the_clear(new_air, transport):
    air = new_air(transport=transport, hooks={"ue.clear": lambda taken, *, message: True})
    clear = replace(Flow(transport, UE, P_CSCF), connection=7 if transport == "TCP" else 0)
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.accept(answer, flow=clear)
    assert air.ue.phase is UePhase.REGISTERED
    air.send(request("OPTIONS", 1, Max_Forwards="70"), clear)
    assert air.take()[0].status == 200
    assert air.ue.seams.firings == 2


def test_a_mutant_can_take_what_comes_on_a_wrong_association(new_air):
    air = new_air(hooks={"ue.discard": lambda dropped, *, flow: False})
    air.challenge(air.register())
    answer = air.take("REGISTER")
    (sas,) = air.sets
    air.send(request("OPTIONS", 1, Max_Forwards="70"), air.on(sas, Name.DL2))
    assert air.take()[0].status == 200
    air.accept(answer)
    air.p_cscf = air.p_cscf.renewed(air.random)
    air.challenge(air.register())
    answer = air.take("REGISTER")
    air.accept(answer, flow=air.on(sas, Name.DL2))
    assert air.phases == [Phase.OLD, Phase.ESTABLISHED]
