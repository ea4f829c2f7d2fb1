"""When the reference core notifies, what it remembers, and whatever a subscriber writes."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from imsreg.registration.p_cscf_users import RegisteredUes
from imsreg.registration.replies import reply
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.headers.name_addr import To
from imsreg.sip.message import Request, Response, parse

HERE = str(Path(__file__).parent)

if HERE not in sys.path:
    sys.path.insert(0, HERE)

from watcher import Watcher, events  # noqa: E402


@pytest.fixture
def watcher(gm, new_ue):
    return Watcher(gm, new_ue())


# What changes.


def test_a_contact_is_removed_with_a_star(watcher):
    watcher.subscribe()
    watcher.register(watcher.ue.remove_all())
    assert watcher.states[-1] == "terminated;reason=noresource"
    document = watcher.documents[-1]
    assert {each.state for each in document.registrations} == {"terminated"}
    assert events(document) == ["unregistered"]
    assert document.state == "full"


def test_a_fetch_changes_nothing(watcher):
    watcher.subscribe()
    watcher.register(watcher.ue.fetch())
    assert len(watcher.told) == 1


def test_notify_follows_the_200(watcher):
    watcher.subscribe()
    request = watcher.ue.refresh()
    kinds = []
    while request is not None:
        sent = parse(request.to_bytes())
        messages = watcher.gm.send(sent)
        kinds += [each.method if isinstance(each, Request) else each.status for each in messages]
        (response,) = watcher.take(messages)
        request = watcher.ue.next_request(sent, response, watcher.gm.now)
    assert kinds == [401, 200, "NOTIFY"]


def test_one_notify_waits_for_the_other(watcher):
    watcher.subscribe()
    watcher.status = None
    watcher.register(watcher.ue.refresh())
    watcher.register(watcher.ue.refresh())
    assert len(watcher.told) == 2
    watcher.status = 200
    watcher.take(watcher.gm.send(reply(watcher.told[-1], 200)))
    assert [each.version for each in watcher.documents] == [0, 1, 2]
    assert [each.value("CSeq") for each in watcher.told] == ["1 NOTIFY", "2 NOTIFY", "3 NOTIFY"]


def test_what_waits_is_bounded(watcher):
    watcher.subscribe()
    watcher.status = None
    for _ in range(20):
        watcher.register(watcher.ue.refresh())
    watcher.status = 200
    watcher.take(watcher.gm.send(reply(watcher.told[-1], 200)))
    assert len(watcher.told) < 12
    assert [each.version for each in watcher.documents] == list(range(len(watcher.told)))
    assert "full" in [each.state for each in watcher.documents[1:]]


@pytest.mark.parametrize(("status", "lives"), [(481, False), (489, False), (404, False), (500, True), (503, True)])
def test_some_responses_to_notify_end_the_subscription(watcher, status, lives):
    watcher.status = status
    watcher.subscribe()
    watcher.status = 200
    watcher.register(watcher.ue.refresh())
    assert len(watcher.told) == (2 if lives else 1)


def test_silence_to_notify_ends_the_subscription(watcher):
    watcher.status = None
    watcher.subscribe()
    watcher.gm.advance(200.0)
    watcher.status = 200
    assert watcher.subscribe().status == 481


def test_a_ue_that_cannot_be_reached_has_no_subscription(watcher):
    watcher.status = None
    watcher.subscribe()
    watcher.gm.core.fail(TransportFailure(watcher.gm.packets[-1].flow, "unreachable", "ICMP"), watcher.gm.now)
    watcher.status = 200
    assert watcher.subscribe().status == 481


def test_there_is_an_end_to_subscriptions(watcher):
    statuses = []
    for number in range(40):
        watcher.tag = watcher.route = None
        statuses.append(watcher.subscribe(Call_ID=f"c{number}").status)
    assert statuses == [200] * 32 + [503] * 8


def test_over_tcp_notify_goes_to_the_contact_or_back_where_the_subscribe_came_from(new_gm, new_ue):
    gm = new_gm(flow=Flow("TCP", Address("127.0.2.1", 5060), Address("127.0.3.1", 5060), 3))
    watcher = Watcher(gm, new_ue(transport="TCP"))
    watcher.subscribe(Contact="<sip:me@127.0.3.1:5066;transport=tcp>")
    assert gm.packets[-1].flow == Flow("TCP", gm.flow.local, Address("127.0.3.1", 5066))
    watcher.subscribe(Contact="<sip:me@elsewhere.example;transport=tcp>")
    assert gm.packets[-1].flow == gm.flow


# The P-CSCF's memory.


def ok(request, *fields):
    response = reply(request, 200)
    for name, value in fields:
        response.add(name, value)
    return response.to_message()


def test_a_200_without_associated_identities_stands_for_that_of_to(new_ue):
    users, ue = RegisteredUes(), new_ue()
    request = parse(ue.initial_register().to_bytes())
    users.registered(request, ok(request, ("Contact", f"{ue.contact};expires=60")), "127.0.3.1", None, 0.0)
    found = users.find(request, "127.0.3.1", None, 59.0)
    assert found.identities == (request.get(To).uri.text,)
    assert users.find(request, "127.0.3.1", None, 61.0) is None
    assert users.find(request, "127.0.3.2", None, 0.0) is None
    assert users.find(request, "127.0.3.1", "somebody", 0.0) is None


def test_an_expires_header_says_how_long_a_contact_lives_that_does_not(new_ue):
    users, ue = RegisteredUes(), new_ue()
    request = parse(ue.initial_register().to_bytes())
    users.registered(request, ok(request, ("Contact", ue.contact), ("Expires", "60")), "127.0.3.1", None, 0.0)
    assert users.find(request, "127.0.3.1", None, 59.0) is not None
    users.registered(request, ok(request, ("Contact", "<sip:127.0.3.8>;expires=60")), "127.0.3.1", None, 0.0)
    assert users.find(request, "127.0.3.1", None, 1.0) is None


def test_what_cannot_be_read_binds_nobody_and_proves_nothing(new_ue):
    users, ue = RegisteredUes(), new_ue()
    draft = ue.initial_register()
    bound = ("Contact", f"{ue.contact};expires=60")
    request = parse(draft.to_bytes())
    users.registered(request, ok(request, bound, ("P-Associated-URI", "<sip:open")), "127.0.3.1", None, 0.0)
    odd = parse(draft.clone().add("P-Preferred-Identity", "<sip:open").to_bytes())
    found = users.find(odd, "127.0.3.1", None, 1.0)
    assert found.identities == (request.get(To).uri.text,)
    assert found.asserted(odd) == found.identities[0]
    for name in ("From", "Contact"):
        assert users.find(parse(draft.clone().set(name, "<sip:open").to_bytes()), "127.0.3.1", None, 1.0) == (
            None if name == "From" else found
        )
    lost = parse(draft.clone().set("To", "<sip:open").to_bytes())
    users.registered(lost, ok(lost, ("Contact", "<sip:open"), ("Expires", "x")), "127.0.3.1", None, 2.0)
    assert users.find(request, "127.0.3.1", None, 3.0) == found


def test_a_notify_for_a_dialog_that_no_ue_has_begun_is_refused(gm):
    p_cscf = gm.core._p_cscf
    home = p_cscf._home
    notify = (
        Draft.request("NOTIFY", "sip:me@127.0.3.1:5060")
        .add("Via", f"SIP/2.0/TCP {home.remote};branch=z9hG4bKx")
        .add("Route", "<sip:nobody@127.0.2.1;lr>")
        .add("From", "<sip:a@b>;tag=1")
        .add("To", "<sip:a@b>;tag=2")
        .add("Call-ID", "x")
        .add("CSeq", "1 NOTIFY")
    )
    for route, status in (("<sip:nobody@127.0.2.1;lr>", 481), (None, 481), ("<sip:open", 400)):
        draft = notify.clone().remove("Route").set("Via", f"SIP/2.0/TCP {home.remote};branch=z9hG4bKx{status}{route}")
        p_cscf.receive(Packet(home, (draft.add("Route", route) if route else draft).to_bytes()), 0.0)
        response = parse(p_cscf.outbox.popleft().data, stream=True)
        assert isinstance(response, Response)
        assert response.status == status


def test_a_hop_too_many_does_not_reach_the_ue(new_gm, new_ue):
    gm = new_gm(hooks={"s-cscf.notify": lambda draft, **c: draft.set("Max-Forwards", "0")})
    watcher = Watcher(gm, new_ue())
    assert watcher.subscribe().status == 200
    assert watcher.told == []


# Whatever a subscriber writes.


def damaged(random, octets):
    """One to three random changes of a message: an octet replaced, some cut, a line doubled, a piece put in."""
    data = bytearray(octets)
    pieces = (
        b'"',
        b"<",
        b">",
        b",",
        b";",
        b"=",
        b"*",
        b"\0",
        b"\xff",
        b"\r\n",
        b";tag=",
        b"9" * 20,
        b"sip:[::",
        b"%00",
    )
    for _ in range(random.randint(1, 3)):
        at, kind = random.randrange(len(data)), random.randrange(4)
        if kind == 0:
            data[at] = random.randrange(256)
        elif kind == 1:
            del data[at : at + random.randint(1, 30)]
        elif kind == 2:
            lines = bytes(data).split(b"\r\n")
            lines.insert(random.randrange(len(lines)), random.choice(lines))
            data = bytearray(b"\r\n".join(lines))
        else:
            data[at:at] = random.choice(pieces)
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_subscriber_writes_the_core_goes_on(gm, new_ue, seed):
    random = Random(seed)
    hostile, good = Watcher(gm, new_ue()), Watcher(gm, new_ue("sub02", seed=5))
    assert hostile.subscribe().status == 200
    for number in range(150):
        inside = random.random() < 0.5
        draft = hostile.draft() if inside else hostile.draft(Call_ID=f"c{number}", Expires=str(random.randrange(90)))
        gm.core.receive(Packet(gm.flow, damaged(random, draft.to_bytes())), gm.now)
        while gm.core.outbox:
            octets = gm.core.outbox.popleft().data
            if octets.startswith(b"NOTIFY"):
                answer = reply(parse(octets), random.choice((200, 481, 500))).to_bytes()
                gm.core.receive(Packet(gm.flow, damaged(random, answer)), gm.now)
        gm.advance(random.randrange(20))
    good.register(good.ue.refresh())
    assert good.subscribe().status == 200
    assert len(good.told) == 1
