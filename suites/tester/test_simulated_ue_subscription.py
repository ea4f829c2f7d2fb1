"""The simulated UE as subscriber: what it writes, and what it answers, toward a notifier that does as it is told."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from imsreg.identity.subscribers import load_subscribers
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.replies import reply
from imsreg.registration.ue import Registration
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.message import Request, parse
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions
from imsreg.transcript.transcript import Transcript

SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
CORE = Address("127.0.2.1", 5060)
DEFAULT = "sip:first@ims.example"
SERVICE_ROUTE = "<sip:orig@scscf.ims.example;lr>"
RECORD_ROUTE = f"<sip:{CORE};lr>"


class Notifier:
    """A core that answers with `responses`, one after the other, and sends what it is told."""

    def __init__(self):
        self.outbox = deque()
        self.responses = []
        self.heard = []
        self.flow = None

    def receive(self, packet, now):
        message = parse(packet.data)
        self.heard.append(message)
        self.flow = packet.flow
        if isinstance(message, Request) and self.responses:
            for draft in self.responses.pop(0)(message):
                self.outbox.append(Packet(packet.flow, draft.to_bytes()))

    def fail(self, failure, now):
        """It cares for none."""

    def on_time(self, now):
        """It sets no timer."""

    def next_deadline(self):
        return None


class Bench:
    """A UE that is registered, as it believes, and its notifier."""

    def __init__(self, transport="UDP"):
        self.link = MemoryLink()
        self.core = Notifier()
        self.link.attach(self.core, CORE, ("UDP", "TCP"))
        self.transcript = Transcript("test", 0.0)
        options = UeOptions(transport, CORE, Address("127.0.3.1", 0))
        self.ue = SimulatedUe(self.link, SUBSCRIBERS["sub01"], options, Random(1), self.transcript.tap)
        associated = (f"<{DEFAULT}>", "<tel:+15550100>")
        self.ue.registration.current = Registration(3600.0, associated, (SERVICE_ROUTE,))

    def subscribe(self, *answers, **options):
        """A SUBSCRIBE, to which the core does what `answers` say; the request."""
        self.core.responses = [lambda request: [answer(request) for answer in answers]]
        self.sent = self.ue.send(self.ue.subscribe(**options))
        self.link.advance(0.0)
        return self.sent.request

    def told(self, notify):
        """The response to a NOTIFY that the core sends."""
        self.core.outbox.append(Packet(Flow("UDP", CORE, self.ue.address), notify.to_bytes()))
        self.link.advance(0.0)
        return self.core.heard[-1]

    def state(self):
        subscription = self.ue.subscriptions.latest
        return subscription.lives, [notice.state for notice in subscription.notices]


@pytest.fixture
def bench():
    return Bench()


def ok(request, *, expires=None, tag="core"):
    response = reply(request, 200)
    if ";tag=" not in (request.value("To") or ""):
        response.set("To", f"{request.value('To')};tag={tag}")
    response.add("Record-Route", RECORD_ROUTE).add("Contact", "<sip:scscf.ims.example>")
    return response.add("Expires", request.value("Expires") if expires is None else expires)


def notify(request, cseq=1, *, state="active;expires=600", tag="core", to=None):
    return (
        Draft.request("NOTIFY", "sip:ue@127.0.3.1")
        .add("Via", f"SIP/2.0/UDP {CORE};branch=z9hG4bKn{cseq}{tag}")
        .add("Max-Forwards", "70")
        .add("Record-Route", RECORD_ROUTE)
        .add("From", f"{request.value('To')};tag={tag}")
        .add("To", to or request.value("From"))
        .add("Call-ID", request.value("Call-ID"))
        .add("CSeq", f"{cseq} NOTIFY")
        .add("Contact", "<sip:scscf.ims.example>")
        .add("Event", "reg")
        .add("Subscription-State", state)
    )


# What it writes.


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_the_first_subscribe_is_that_of_a_conformant_ue(transport):
    bench = Bench(transport)
    request = bench.subscribe()
    parameter = ";transport=tcp" if transport == "TCP" else ""
    assert request.start_line == f"SUBSCRIBE {DEFAULT} SIP/2.0"
    assert request.values("Route") == (f"<sip:{CORE}{parameter};lr>", SERVICE_ROUTE)
    assert request.value("To") == f"<{DEFAULT}>"
    assert request.value("From").startswith(f"<{DEFAULT}>;tag=")
    assert request.value("Contact") == bench.ue.contact
    fixed = {"Event": "reg", "Expires": "600000", "Accept": "application/reginfo+xml", "Max-Forwards": "70"}
    assert {name: request.value(name) for name in fixed} == fixed
    assert request.field("Require") is None


def test_another_identity_is_asked_for_in_the_own_name(bench):
    request = bench.subscribe(identity="sip:somebody@ims.example")
    assert request.start_line.startswith("SUBSCRIBE sip:somebody@ims.example ")
    assert request.value("To") == "<sip:somebody@ims.example>"
    assert request.value("From").startswith(f"<{DEFAULT}>")


def test_a_refresh_goes_the_way_of_the_dialog(bench):
    first = bench.subscribe(ok)
    bench.core.responses = [lambda request: [ok(request)]]
    assert bench.ue.exchange(bench.ue.resubscribe(expires=300)).status == 200
    refresh = bench.core.heard[-1]
    assert refresh.start_line == "SUBSCRIBE sip:scscf.ims.example SIP/2.0"
    assert refresh.values("Route") == (RECORD_ROUTE,)
    assert refresh.value("To") == f"<{DEFAULT}>;tag=core"
    assert (refresh.value("From"), refresh.value("Call-ID")) == (first.value("From"), first.value("Call-ID"))
    assert int(refresh.value("CSeq").split()[0]) == int(first.value("CSeq").split()[0]) + 1
    assert refresh.value("Expires") == "300"


def test_the_last_subscription_is_the_one_that_is_refreshed(bench):
    first, second = bench.subscribe(ok), bench.subscribe(ok)
    assert first.value("Call-ID") != second.value("Call-ID")
    assert bench.ue.resubscribe().value("Call-ID") == second.value("Call-ID")


@pytest.mark.parametrize("status", [403, 489, 503])
def test_without_a_subscription_there_is_nothing_to_refresh(bench, status):
    bench.subscribe(lambda request: reply(request, status))
    assert bench.state() == (False, [])
    with pytest.raises(ScenarioStopped, match="there is no subscription") as stopped:
        bench.ue.resubscribe()
    assert stopped.value.kind == "precondition"


def test_a_subscribe_is_no_registration(bench):
    """Neither its response nor its Contact say anything of bindings; the answer to a challenge repeats a REGISTER."""
    ue = bench.ue
    ue.may_be_bound = True
    bench.subscribe(ok)
    ue.settle(bench.sent, bench.sent.final)
    assert ue.may_be_bound
    assert ue.registration.current.service_route == (SERVICE_ROUTE,)


# What it answers.


def test_a_notify_of_its_dialog_is_answered_200_and_kept(bench):
    request = bench.subscribe(ok)
    assert bench.told(notify(request, 1)).status == 200
    assert bench.told(notify(request, 2, state="pending")).status == 200
    assert bench.state() == (True, ["active", "pending"])
    latest = bench.ue.subscriptions.latest
    assert [latest.take(None).value("CSeq") for _ in range(2)] == ["1 NOTIFY", "2 NOTIFY"]
    assert latest.take(None) is None


def test_a_notify_may_come_before_the_200(bench):
    request = bench.subscribe(notify, ok)
    assert bench.state() == (True, ["active"])
    assert bench.told(notify(request, 2)).status == 200


def test_a_repeated_notify_is_answered_again_and_counts_once(bench):
    request = bench.subscribe(ok)
    assert [bench.told(notify(request)).status for _ in range(2)] == [200, 200]
    assert bench.state() == (True, ["active"])


def test_a_notify_behind_its_time_is_answered_500(bench):
    request = bench.subscribe(ok)
    assert bench.told(notify(request, 5)).status == 200
    assert bench.told(notify(request, 4)).status == 500
    assert bench.state() == (True, ["active"])


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n.set("Call-ID", "other"),
        lambda n: n.set("To", f"<{DEFAULT}>;tag=other"),
        lambda n: n.set("From", f"<{DEFAULT}>;tag=other"),
        lambda n: n.set("From", f"<{DEFAULT}>"),
        lambda n: n.set("To", "<<"),
        lambda n: n.remove("To"),
    ],
)
def test_a_notify_of_no_dialog_is_answered_481(bench, change):
    request = bench.subscribe(ok)
    assert bench.told(change(notify(request))).status == 481
    assert bench.state() == (True, [])


def test_a_ue_that_has_not_subscribed_answers_481(bench):
    request = bench.ue.subscribe().to_message()
    fresh = Bench()
    assert fresh.told(notify(request)).status == 481
    assert not fresh.ue.subscribed


def test_the_last_notify_ends_the_subscription(bench):
    request = bench.subscribe(ok)
    assert bench.ue.subscribed
    assert bench.told(notify(request, 1, state="TERMINATED;reason=noresource")).status == 200
    assert not bench.ue.subscribed
    assert bench.told(notify(request, 2)).status == 481
    assert bench.state() == (False, ["terminated"])


@pytest.mark.parametrize(("status", "lives"), [(481, False), (404, False), (503, True), (403, True)])
def test_some_refusals_of_a_refresh_end_the_subscription(bench, status, lives):
    bench.subscribe(ok)
    bench.core.responses = [lambda request: [reply(request, status)]]
    bench.ue.exchange(bench.ue.resubscribe())
    assert bench.ue.subscribed is lives


@pytest.mark.parametrize("value", ["", ";", "active;expires=x", "\xff"])
def test_a_state_that_cannot_be_read_is_none(bench, value):
    request = bench.subscribe(ok)
    assert bench.told(notify(request, state=value)).status == 200
    assert bench.state()[0]


def test_a_state_is_waited_for_and_others_are_passed_over(bench):
    request = bench.subscribe(ok)
    for number, state in enumerate(("active", "active", "terminated"), start=1):
        bench.told(notify(request, number, state=state))
    latest = bench.ue.subscriptions.latest
    assert latest.waiting("terminated")
    assert not latest.waiting("pending")
    assert latest.take("terminated").value("CSeq") == "3 NOTIFY"
    assert not latest.waiting(None)


def test_via_of_a_notify_comes_back_with_what_it_asks_for(bench):
    request = bench.subscribe(ok)
    draft = notify(request).set("Via", "SIP/2.0/UDP core.example;branch=z9hG4bKv;rport")
    via = bench.told(draft).value("Via")
    assert f";received={CORE.host}" in via
    assert f";rport={CORE.port}" in via


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("CSeq", "99999999999999999999 NOTIFY", 500),
        ("CSeq", "one NOTIFY", 500),
        ("Contact", "<sip:\udcff@>;;", 200),
        ("Contact", "*", 200),
        ("Record-Route", "<<>>, <sip:core.example;lr>", 200),
        ("Subscription-State", "\udcff\udc80;expires=" + "9" * 400, 200),
        ("Event", "\udcff", 200),
        ("Via", ";;;", None),
    ],
)
def test_whatever_stands_in_a_notify_the_ue_goes_on(bench, name, value, status):
    request = bench.subscribe(ok)
    before = len(bench.core.heard)
    bench.told(notify(request).set(name, value))
    answers = [message.status for message in bench.core.heard[before:]]
    assert answers == ([status] if status is not None else answers[:1])
    assert bench.told(notify(request, 7)).status == 200
    assert bench.ue.resubscribe().value("Call-ID") == request.value("Call-ID")


def test_a_flood_of_notifies_is_answered_and_not_kept(bench, monkeypatch):
    monkeypatch.setattr("imsreg.tester.ue_subscriptions.MAX_NOTIFIES", 3)
    request = bench.subscribe(ok)
    assert {bench.told(notify(request, number)).status for number in range(1, 6)} == {200}
    assert bench.told(notify(request, 6, state="terminated")).status == 200
    assert bench.state() == (False, ["active"] * 3)
