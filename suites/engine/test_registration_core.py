"""The reference core as one node: whole registrations, every transport, and whatever a hostile peer sends."""

from __future__ import annotations

import re
from collections import Counter, deque
from random import Random

import pytest

from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.net.memory import MemoryLink
from imsreg.registration.core import P_CSCF_MW, S_CSCF_MW, CorePolicy
from imsreg.registration.credentials import ResChoice
from imsreg.registration.replies import reply
from imsreg.registration.s_cscf import SCscf
from imsreg.registration.seams import SEAMS, Seams
from imsreg.registration.ue_dialog import Dialog, SubscribeParts, subscribe
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import MAX_MESSAGE, parse
from imsreg.sip.mutation import mutate

IPV4, IPV6 = Address("127.0.2.1", 5060), Address("::1", 5060)
STRANGER = Address("127.0.9.9", 5060)
IN_MODE_IPSEC = {
    *("p-cscf.discard", "p-cscf.source", "p-cscf.integrity", "p-cscf.chosen", "p-cscf.room", "p-cscf.endpoints"),
    *("p-cscf.keys", "p-cscf.set", "p-cscf.reply-flow", "p-cscf.lifetime", "p-cscf.remove"),
    *("p-cscf.esp-sent", "p-cscf.esp-received", "s-cscf.known"),
}
"""Seams of the core that nothing passes in the other modes."""
WITH_A_PASSWORD = {"s-cscf.counted"}
"""Seams of the core that only SIP digest passes."""


def statuses(responses):
    return [r.status for r in responses]


@pytest.mark.parametrize("security", ["none", "headers"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(("core", "ue"), [(IPV4, Address("127.0.3.1", 5060)), (IPV6, Address("2001:db8::1", 5062))])
def test_a_registration_from_beginning_to_end(new_gm, new_ue, core, ue, transport, security):
    flow = Flow(transport, core, ue, connection=3 if transport == "TCP" else 0)
    gm = new_gm(flow=flow, security=security)
    phone = new_ue(address=ue, transport=transport, security=security)
    assert gm.register(phone).status == 200
    gm.now = 1000.0
    assert [c.expires for c in gm.complete(phone, phone.fetch()).get_all(Contact)] == [599_000]
    assert gm.complete(phone, phone.refresh()).get(Contact).expires == 600_000
    assert gm.complete(phone, phone.deregister()).get_all(Contact) == ()
    assert {p.flow for p in gm.packets} == {flow}


def test_a_legacy_offer_has_nothing_in_common_with_release_14_but_has_with_13(new_gm, new_ue):
    for release in (13, 14):
        gm = new_gm(security="headers", release=release)
        first = gm.exchange(new_ue(security="headers").initial_register())
        assert first.status == 401
        assert len(first.values("Security-Server")) == (6 if release < 14 else 4)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_over_tcp_requests_may_come_in_pieces_and_together(new_gm, new_ue, chunk):
    flow = Flow("TCP", IPV4, Address("127.0.3.1", 40000), 3)
    gm = new_gm(flow=flow)
    drafts = [new_ue(f"sub{n:02d}", transport="TCP", seed=n).initial_register() for n in range(1, 6)]
    stream = b"\r\n\r\n".join(d.to_bytes() for d in drafts)
    responses = []
    for at in range(0, len(stream), chunk):
        gm.core.receive(Packet(flow, stream[at : at + chunk]), 0.0)
        responses += [p for p in gm.core.outbox if p.data != b"\r\n"]
        gm.core.outbox.clear()
    assert statuses(parse(p.data, stream=True) for p in responses) == [401] * 5


@pytest.mark.parametrize("mutation", ["compact-names", "recase-names"])
def test_other_forms_of_the_names_register(gm, new_ue, mutation):
    ue = new_ue()
    first = gm.exchange(mutate(ue.initial_register(), mutation))
    assert gm.exchange(mutate(ue.answer(first), mutation)).status == 200


def test_folded_fields_register(gm, new_ue):
    ue = new_ue()

    def folded(draft):
        for name in ("Via", "From", "To", "CSeq", "Contact", "Authorization", "Expires"):
            draft = Draft.of(parse(mutate(draft, "fold-header", header=name)))
        return draft.to_bytes()

    assert gm.exchange(folded(ue.answer(gm.exchange(folded(ue.initial_register()))))).status == 200


def test_several_via_values_come_back_in_order(gm, new_ue):
    draft = new_ue().initial_register()
    draft.set("Via", f"{draft.value('Via')}, SIP/2.0/TCP lower.example;branch=z9hG4bKx;X=Y").add(
        "Via", "SIP/2.0/UDP last"
    )
    response = gm.exchange(draft)
    assert response.values("Via")[1:] == ("SIP/2.0/TCP lower.example;branch=z9hG4bKx;X=Y", "SIP/2.0/UDP last")
    assert (response.get(Via).received, response.get(Via).rport) == ("127.0.3.1", 5060)


def test_a_repeated_datagram_gets_the_same_octets_until_timer_j(gm, new_ue):
    draft = new_ue().initial_register()
    first = gm.exchange(draft)
    gm.advance(127.9)
    assert gm.exchange(draft).raw == first.raw
    gm.advance(0.2)
    assert gm.exchange(draft).raw != first.raw


def test_keys_never_leave_at_gm(new_gm, new_ue):
    seen = []
    hooks = {"hss.vector": lambda vector, **context: seen.append(vector) or vector}
    gm = new_gm(hooks=hooks, security="headers")
    gm.register(new_ue(security="headers"))
    sent = b"".join(p.data for p in gm.packets).lower()
    assert seen
    for vector in seen:
        for secret in (vector.ck, vector.ik, vector.xres):
            assert secret.reveal().hex().encode() not in sent
    assert not re.search(rb"[ci]k *=", sent)


def test_the_same_seed_gives_the_same_octets(new_gm, new_ue):
    runs = []
    for _ in range(2):
        gm = new_gm(random=Random(3), security="headers")
        gm.register(new_ue(security="headers"))
        runs.append(b"".join(p.data for p in gm.packets))
    assert runs[0] == runs[1]


def test_the_policy_reaches_every_element(new_gm, new_ue):
    gm = new_gm(min_expires=1800, max_expires=2000, default_expires=1900, server_data=b"x", sec_agree_required=True)
    assert gm.register(new_ue(), expires=60).get(Contact).expires == 1800
    assert gm.register(new_ue(seed=2), expires=9999).get(Contact).expires == 2000
    gm = new_gm(security="headers", sec_agree_required=True)
    assert gm.exchange(new_ue().initial_register()).status == 421


def test_a_silent_s_cscf_is_504_and_the_next_request_is_served(gm, new_ue, monkeypatch):
    with monkeypatch.context() as silent:
        silent.setattr(SCscf, "receive", lambda self, packet, now: None)
        assert gm.send(new_ue().initial_register()) == []
        assert statuses(gm.advance(32.0)) == [504]
    assert gm.register(new_ue(seed=2)).status == 200


def test_a_lost_response_changes_nothing(gm, new_ue):
    ue = new_ue()
    first = gm.exchange(ue.initial_register())
    gm.core.fail(TransportFailure(gm.flow, "unreachable", "ICMP port unreachable"), gm.now)
    assert gm.exchange(ue.answer(first)).status == 200


def test_mw_is_inside_the_node(gm, new_ue):
    """No host has these addresses, and a packet that claims one at Gm is that of a UE."""
    assert all(a.host.startswith("192.0.2.") for a in (P_CSCF_MW, S_CSCF_MW))
    gm.register(new_ue())
    assert not any({p.flow.local, p.flow.remote} & {P_CSCF_MW, S_CSCF_MW} for p in gm.packets)


def _subscribe(gm, ue):
    """The SUBSCRIBE of a UE that is registered."""
    impu, here = ue.default_identity, gm.flow.remote
    dialog = Dialog(identity=impu, call_id="watch", local_tag="1", target=impu)
    route = [f"<sip:{gm.flow.local};lr>", *ue.current.service_route]
    return subscribe(dialog, SubscribeParts("z9hG4bKwatch", "UDP", here, ue.contact, 600, route, (), sec_agree=False))


def test_every_seam_is_called_and_the_conformant_reference_changes_nothing(new_gm, new_ue):
    called = Counter()

    def watch(name):
        def hook(value, **context):
            called[name] += 1
            return value

        return hook

    elsewhere = IN_MODE_IPSEC | WITH_A_PASSWORD
    of_the_core = [name for name in SEAMS if not name.startswith("ue.") and name not in elsewhere]
    hooks = {name: watch(name) for name in of_the_core}
    gm = new_gm(hooks=hooks, security="headers")
    ahead = SqnArray([split(join(900, ind))[0] for ind in range(SLOTS)])
    ue = new_ue(security="headers", sqn=ahead, offered=CURRENT_TRANSFORMS)
    gm.register(ue)
    notify = gm.send(_subscribe(gm, ue))[-1]
    gm.send(reply(notify, 481))
    gm.complete(ue, ue.remove_all())
    gm.exchange(ue.answer(gm.exchange(ue.initial_register()), res=ResChoice.WRONG))
    assert set(of_the_core) == set(called)
    assert gm.core.seams.firings == 0


def test_a_seam_counts_changes_only():
    seams = Seams({"s-cscf.listed": lambda value, **c: list(value), "s-cscf.granted": lambda value, **c: 5})
    assert seams("s-cscf.listed", [1, 2]) == [1, 2]
    assert seams.firings == 0
    assert seams("s-cscf.granted", 5) == 5
    assert seams.firings == 0
    assert seams("s-cscf.granted", 6) == 5
    assert seams.firings == 1
    edited = Seams({"s-cscf.response": lambda draft, **c: draft.set("X", "y")})
    edited("s-cscf.response", Draft.response(200))
    assert edited.firings == 1
    with pytest.raises(ValueError, match="nowhere"):
        Seams({"nowhere": lambda value: value})


# Hostile peers.


class Prober:
    """A node that sends what the test gives it and keeps what comes back."""

    def __init__(self, link, address, core):
        self.outbox = deque()
        self.received = []
        self.failures = 0
        self.link, self.core, self.address = link, core, address
        link.attach(self, address, ("UDP", "TCP"))

    def receive(self, packet, now):
        self.received.append(packet)

    def fail(self, failure, now):
        self.failures += 1

    def on_time(self, now):
        raise AssertionError("there is no timer")

    def next_deadline(self):
        return None

    def send(self, octets, transport="UDP"):
        """Send, and let everything arrive that this brings about, within one second."""
        self.received.clear()
        self.outbox.append(Packet(Flow(transport, self.address, self.core), octets))
        self.link.advance(1.0)
        return [p.data for p in self.received]

    def exchange(self, draft):
        (octets,) = self.send(draft.to_bytes())
        return parse(octets)


def mutated(random, octets):
    """One to four random changes: octets replaced, cut, doubled, put in; lines repeated and left out."""
    data = bytearray(octets)
    pieces = [
        *(b'"', b"\\", b"<", b">", b",", b";", b"=", b":", b"*", b"\0", b"\xff", b"%00", b"\r\n", b"\r\n ", b"\n\n"),
        *(b"\r\n\r\n", b"9" * 30, b"Content-Length: 70000\r\n", b"l: 5\r\n", b"Via: \r\n", b"Contact: *\r\n", b"tag="),
    ]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        kind = random.randrange(7)
        lines = bytes(data).split(b"\r\n")
        if kind == 0 and at < len(data):
            data[at] = random.randrange(256)
        elif kind == 1:
            del data[at : at + random.randint(1, 40)]
        elif kind == 2:
            data[at:at] = random.choice(pieces)
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            start = random.randrange(len(data) + 1)
            data[at : at + 5] = data[start : start + random.randint(1, 200)]
        elif kind == 5:
            lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
            data = bytearray(b"\r\n".join(lines))
        else:
            del lines[random.randrange(len(lines))]
            data = bytearray(b"\r\n".join(lines))
    return bytes(data)


def state_size(core):
    """What the core keeps for anybody, in things."""
    p, s = core._p_cscf, core._s_cscf
    endpoints = (p._gm, p._mw, s._endpoint)
    return {
        "relays": len(p._relays),
        "clients": sum(len(e._clients) for e in endpoints),
        "servers": max(len(e._servers) for e in endpoints),
        "timers": max(len(e._agenda._heap) for e in endpoints),
        "challenges": len(s._open),
        "records": len(s._registrar.location._bindings),
        "outbox": len(core.outbox) + len(p.outbox) + len(s.outbox),
    }


@pytest.mark.parametrize("security", ["none", "headers"])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_comes_in_raises_or_stays_or_silences_the_core(new_gm, new_ue, security, seed):
    random = Random(seed)
    core = new_gm(security=security).core
    link = MemoryLink()
    link.attach(core, IPV4, ("UDP", "TCP"))
    prober, good = Prober(link, STRANGER, IPV4), Prober(link, Address("127.0.3.1", 5060), IPV4)
    hostile = new_ue("sub02", address=STRANGER, security=security)
    honest = new_ue("sub01", security=security)
    met = Counter()
    for turn in range(250):
        build = random.choice((hostile.initial_register, hostile.refresh, hostile.fetch, hostile.remove_all))
        octets = build().to_bytes()
        if random.random() < 0.5:
            answer = prober.send(octets)
            if answer and parse(answer[-1]).status == 401:
                octets = hostile.answer(parse(answer[-1])).to_bytes()
        for data in prober.send(mutated(random, octets), random.choice(("UDP", "UDP", "UDP", "TCP"))):
            met[parse(data).status if data.startswith(b"SIP/2.0 ") else data] += 1
        if turn % 50 == 49:
            draft = honest.initial_register()
            assert good.exchange(honest.answer(good.exchange(draft))).status == 200
    assert met[400] > 20
    assert met[401] > 20
    size = state_size(core)
    assert size["relays"] == size["clients"] == size["outbox"] == 0
    assert size["servers"] <= 1024
    assert size["timers"] <= 3000
    assert size["challenges"] <= 2
    assert size["records"] <= 2


@pytest.mark.parametrize(
    "octets",
    [
        b"Content-Length: 70000\r\n",
        b"Content-Length: 5000\r\n",
        b"l: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 0\r\nContent-Length: 0\r\n",
        b"Content-Length: -1\r\n",
        b"Via: \r\n",
        b"Via: ,,,\r\n",
        b"\r\n",
        b"x\r\n",
        b": \r\n",
    ],
)
def test_one_datagram_silences_nobody(gm, new_ue, octets):
    """What is divided wrongly at Mw would take the next requests of everybody with it."""
    raw = new_ue("sub02").initial_register().remove("Content-Length").to_bytes()
    start, rest = raw.split(b"\r\n", 1)
    datagrams = (start + b"\r\n" + octets + rest, raw.removesuffix(b"\r\n") + octets, raw + octets)
    for seed, datagram in enumerate(datagrams, 2):
        gm.send(datagram)
        assert gm.register(new_ue(seed=seed)).status == 200


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("Via", "SIP/2.0/UDP a.example;branch=z9hG4bK" + "x" * 7000, 8),
        ("Via", "SIP/2.0/UDP a;branch=b", 235),
        ("Contact", "<sip:a@h>," * 800, 8),
        ("Contact", "<sip:%d@h>", 200),
        ("Require", "x" * 8000, 7),
        ("Proxy-Require", ",".join(f"t{n}" for n in range(1500)), 6),
        ("Authorization", 'Digest username="x", ' + ",".join(f"p{n}=1" for n in range(1000)), 7),
        ("Path", "<sip:p;lr>," * 700, 8),
        ("To", "<sip:a@b>;" + ";".join(f"p{n}" for n in range(1500)), 1),
        ("X", '"' * 8000, 8),
        ("X", "\\" * 8000, 8),
        ("X", "", 240),
        ("Security-Client", "ipsec-3gpp;alg=x," * 450, 8),
    ],
)
def test_a_large_request_is_answered_and_leaves_nothing(gm, new_ue, name, value, count):
    ue = new_ue("sub02", seed=2)
    first = gm.exchange(ue.initial_register())
    draft = ue.answer(first)
    if name == "To":
        draft.remove("To")
    for number in range(count):
        draft.add(name, value.replace("%d", str(number)))
    octets = draft.to_bytes()
    assert len(octets) < MAX_MESSAGE
    (response,) = gm.send(octets)
    assert response.status >= 200
    assert response.get(To).tag
    assert len(gm.packets[-1].data) <= MAX_MESSAGE
    assert state_size(gm.core)["relays"] == 0
    assert gm.register(new_ue()).status == 200


def test_a_flood_of_strangers_keeps_the_memory_bounded(new_gm, new_ue):
    gm = new_gm(security="headers")
    ue = new_ue("sub02", security="headers")
    for number in range(1200):
        gm.now += 0.001
        gm.core.on_time(gm.now)
        draft = ue.initial_register()
        if number % 2:
            draft.set("Authorization", draft.value("Authorization").replace("username=", f'x="{number}", username='))
        gm.send(draft)
        gm.packets.clear()
    size = state_size(gm.core)
    assert size["servers"] <= 1024
    assert size["challenges"] == 1
    assert size["records"] == size["relays"] == 0
    assert gm.register(new_ue(security="headers")).status == 200


def test_a_core_policy_is_those_of_its_elements():
    policy = CorePolicy(home_domain="home.example", security="headers", min_expires=1, server_data=b"x")
    assert (policy.security, policy.min_expires, policy.server_data) == ("headers", 1, b"x")
    assert (policy.release, policy.max_expires, policy.default_expires) == (14, 600_000, 3600)
