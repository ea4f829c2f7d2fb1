"""The reference core tells a UE of its registration: SUBSCRIBE at Gm, NOTIFY back, and what changes in between."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from imsreg.net.memory import MemoryLink
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.p_cscf_users import RegisteredUes
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.name_addr import Contact, From, RecordRoute, To
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.reginfo import parse_reginfo

CORES = {"IPv4": Address("127.0.3.1", 5060), "IPv6": Address("2001:db8::3", 5060)}
HOSTS = {"IPv4": "127.0.2.1", "IPv6": "2001:db8::2"}
EVERY_WAY = [
    pytest.param(security, transport, family, id=f"{security}-{transport}-{family}")
    for security in ("none", "headers", "ipsec")
    for transport in ("UDP", "TCP")
    for family in ("IPv4", "IPv6")
]
SERVICE_ROUTE = "<sip:orig@scscf.ims.mnc001.mcc001.3gppnetwork.org:5060;lr>"


class Net:
    """A reference core, reference UEs that watch their registrations, and what each UE was told."""

    def __init__(self, subscribers, *, security="none", hooks=None, **policy):
        self.link = MemoryLink()
        self.subscribers, self.security = subscribers, security
        home = subscribers["sub01"].home_domain
        self.core = ReferenceCore(
            CorePolicy(home_domain=home, security=security, **policy),
            subscribers.values(),
            Random(1),
            Seams(hooks or {}),
        )
        far = self.link.far_end()
        for address in CORES.values():
            far.attach(self.core, address, ("UDP", "TCP"))

    def ue(self, name="sub01", *, transport="UDP", family="IPv4", seed=2, **policy):
        ue = ReferenceUe(self.subscribers[name], UePolicy(security=self.security, **policy), Random(seed))
        local = self.link.attach(ue, Address(HOSTS[family], 0), ("UDP", "TCP"))
        ue.told = told = []
        ue.seams = Seams({"ue.response": lambda draft, request: told.append(request) or draft})
        ue.switch_on(Way(local, CORES[family], transport))
        return ue

    def tell(self, do, seconds=1.0):
        self.link.call(lambda: do(self.link.now()))
        self.link.advance(seconds)

    @property
    def watchers(self):
        return self.core._s_cscf._notifier._watchers


def documents(ue):
    return [parse_reginfo(each.body) for each in ue.told]


def states(ue):
    return [str(each.get(SubscriptionState)).partition(";expires")[0] for each in ue.told]


def events(document, place=0):
    return [each.event for each in document.registrations[place].contacts]


@pytest.mark.parametrize(("security", "transport", "family"), EVERY_WAY)
def test_a_ue_is_told_from_its_registration_to_its_end(subscribers, security, transport, family):
    net = Net(subscribers, security=security)
    ue = net.ue(transport=transport, family=family)
    net.tell(ue.register)
    sub = subscribers["sub01"]
    assert set(ue.reg_event.subscription.active) >= {each for each in sub.impus if each not in sub.barred}
    net.tell(ue.register)
    assert [(each.version, each.state) for each in documents(ue)] == [(0, "full"), (1, "partial")]
    assert [events(each) for each in documents(ue)] == [["registered"], ["refreshed"]]
    net.tell(ue.deregister)
    assert ue.phase is UePhase.UNREGISTERED
    # With its associations goes the way to the UE (TS 33.203 7.4.1a).
    last = [] if security == "ipsec" else ["terminated;reason=noresource"]
    assert states(ue) == ["active", "active", *last]
    assert net.watchers == []
    assert not any(document.defects for document in documents(ue))


@pytest.mark.parametrize(("security", "transport", "family"), EVERY_WAY)
def test_a_subscription_lasts_for_weeks(subscribers, security, transport, family):
    net = Net(subscribers, security=security)
    ue = net.ue(transport=transport, family=family)
    net.tell(ue.register)
    for _ in range(3):
        net.link.advance(600_000)
    assert len(net.watchers) == 1
    assert len({each.value("Call-ID") for each in ue.told}) == 1
    assert [each.version for each in documents(ue)] == list(range(len(ue.told)))
    assert states(ue) == ["active"] * len(ue.told)
    assert ue.reg_event.subscription.active


@pytest.mark.parametrize("security", ["none", "headers", "ipsec"])
def test_another_ue_of_the_user_is_seen(subscribers, security):
    net = Net(subscribers, security=security)
    one = net.ue()
    net.tell(one.register)
    other = net.ue(family="IPv6", seed=3)
    net.tell(other.register)
    came = documents(one)[-1]
    assert (came.state, events(came)) == ("partial", ["registered"])
    assert len(documents(other)[0].registrations[0].contacts) == 2
    net.tell(other.deregister)
    went = documents(one)[-1]
    assert (went.version, events(went)) == (2, ["unregistered"])
    assert {each.state for each in went.registrations} == {"active"}
    assert states(one)[-1] == "active"
    assert went.registrations[0].contacts[0].id == came.registrations[0].contacts[0].id
    assert one.reg_event.subscription.active


@pytest.mark.parametrize("security", ["none", "ipsec"])
def test_a_ue_that_is_gone_runs_out_and_is_forgotten(subscribers, security):
    net = Net(subscribers, security=security, max_expires=600)
    one = net.ue()
    net.tell(one.register)
    other = net.ue(family="IPv6", seed=3)
    net.tell(other.register)
    net.link.detach(other)
    one.told.clear()
    net.link.advance(650.0)
    gone = [each for each in documents(one) if "expired" in events(each)]
    assert len(gone) == 1
    assert gone[0].registrations[0].contacts[0].state == "terminated"
    assert len(net.watchers) == 1


def test_everything_runs_out(subscribers):
    net = Net(subscribers, max_expires=600)
    ue = net.ue()
    net.tell(ue.register)
    net.link.detach(ue)
    net.link.advance(2000.0)
    assert net.watchers == []
    assert net.core.next_deadline() is None


# By hand, over UDP in mode none.


class Watcher:
    """A UE at Gm that subscribes by hand and keeps what it is told; it answers NOTIFY with `status`, None: not."""

    def __init__(self, gm, ue, *, register=True):
        self.gm, self.ue = gm, ue
        self.told, self.status, self.cseq = [], 200, 0
        self.tag = self.route = None
        self.target = ue.default_identity
        if register:
            gm.register(ue)

    def draft(self, **headers):
        self.cseq += 1
        impu, flow = self.ue.default_identity, self.gm.flow
        tag = "" if self.tag is None else f";tag={self.tag}"
        fields = {
            "Via": f"SIP/2.0/{flow.transport} {flow.remote};branch=z9hG4bKs{id(self)}{self.cseq};rport",
            "Max-Forwards": "70",
            "Route": self.route or f"<sip:{flow.local};lr>, {SERVICE_ROUTE}",
            "From": f"<{impu}>;tag=ue",
            "To": f"<{impu}>{tag}",
            "Call-ID": f"s{flow.remote.port}",
            "CSeq": f"{self.cseq} SUBSCRIBE",
            "Contact": f"<sip:me@{flow.remote}>",
            "Event": "reg",
            "Expires": "600000",
            "Accept": "application/reginfo+xml",
        }
        fields |= {name.replace("_", "-"): value for name, value in headers.items() if name != "uri"}
        draft = Draft.request("SUBSCRIBE", headers.get("uri", self.target if self.tag else impu))
        for name, value in fields.items():
            if value is not None:
                draft.add(name, value)
        return draft

    def take(self, messages):
        """Keep and answer every NOTIFY; the rest."""
        rest = []
        while messages:
            message, *messages = messages
            if not isinstance(message, Request):
                rest.append(message)
                continue
            self.told.append(message)
            if self.status is not None:
                messages += self.gm.send(reply(message, self.status))
        return rest

    def subscribe(self, **headers):
        """The response to a SUBSCRIBE; NOTIFY has been answered."""
        (response,) = self.take(self.gm.send(self.draft(**headers)))
        if response.status == 200:
            self.tag = response.get(To).tag
            self.route = response.value("Record-Route") or self.route
            self.target = response.get(Contact).uri.text
        return response

    def register(self, draft):
        """A whole REGISTER exchange, with what follows from it."""
        while draft is not None:
            request = parse(draft.to_bytes())
            (response,) = self.take(self.gm.send(request))
            draft = self.ue.next_request(request, response, self.gm.now)
        return response

    @property
    def documents(self):
        return [parse_reginfo(each.body) for each in self.told]

    @property
    def states(self):
        return [each.value("Subscription-State") for each in self.told]


@pytest.fixture
def watcher(gm, new_ue):
    return Watcher(gm, new_ue())


def test_the_200_begins_a_dialog_and_notify_belongs_to_it(watcher, subscribers):
    response = watcher.subscribe()
    (notify,) = watcher.told
    assert (response.status, response.value("Expires")) == (200, "600000")
    assert response.get(To).tag == notify.get(From).tag is not None
    assert notify.get(To).tag == "ue"
    assert notify.value("Call-ID") == response.value("Call-ID")
    assert notify.request_uri == "sip:me@127.0.3.1:5060"
    assert notify.get(Contact).uri.text == response.get(Contact).uri.text
    assert response.get(RecordRoute).loose
    assert response.get(RecordRoute).uri.text == notify.get(RecordRoute).uri.text
    assert (notify.get(RecordRoute).uri.host, notify.get(RecordRoute).uri.port) == ("127.0.2.1", 5060)
    assert notify.field("Route") is None
    assert (notify.get(Event).package, watcher.states) == ("reg", ["active;expires=600000"])
    own, home = notify.get_all(Via)
    assert ((own.transport, own.host, own.port), home.host) == (("UDP", "127.0.2.1", 5060), "192.0.2.2")
    sub, (document,) = subscribers["sub01"], watcher.documents
    assert [each.aor for each in document.registrations] == [each for each in sub.impus if each not in sub.barred]
    assert (document.version, document.state, document.defects) == (0, "full", ())


def test_the_home_network_gets_an_asserted_identity_and_nothing_that_a_ue_may_not_say(new_gm, new_ue):
    passed = []
    gm = new_gm(hooks={"p-cscf.request": lambda draft, request: passed.append(draft.to_message()) or draft})
    watcher = Watcher(gm, new_ue())
    said = {
        "P_Preferred_Identity": "<tel:+15550100001>",
        "P_Asserted_Identity": "<sip:x@y>",
        "P_Charging_Vector": "a=b",
    }
    assert watcher.subscribe(**said).status == 200
    request = passed[-1]
    assert request.value("P-Asserted-Identity") == "<tel:+15550100001>"
    assert request.field("P-Preferred-Identity") is None
    assert request.value("P-Charging-Vector").startswith("icid-value=")
    assert request.values("Route") == (SERVICE_ROUTE,)
    assert request.value("Max-Forwards") == "69"
    assert len(request.values("Record-Route")) == 1
    assert len(request.values("Via")) == 2
    watcher.subscribe(P_Preferred_Identity="<sip:somebody@else>")
    assert passed[-1].value("P-Asserted-Identity") == f"<{watcher.ue.default_identity}>"
    assert passed[-1].field("Route") is passed[-1].field("Record-Route") is None


def test_a_refresh_is_told_everything_again(watcher):
    watcher.subscribe()
    watcher.gm.now += 100
    again = watcher.subscribe(Expires="1000", Contact="<sip:me@127.0.3.1:5070>")
    assert (again.status, again.value("Expires")) == (200, "1000")
    assert watcher.told[-1].request_uri == "sip:me@127.0.3.1:5070"
    assert watcher.gm.packets[-1].flow.remote.port == 5070
    assert watcher.states[-1] == "active;expires=1000"
    assert [(each.version, each.state) for each in watcher.documents] == [(0, "full"), (1, "full")]


def test_unsubscribing_and_fetching_get_a_last_notify(watcher):
    assert watcher.subscribe(Expires="0").value("Expires") == "0"
    watcher.tag = watcher.route = None
    watcher.subscribe(Call_ID="other")
    assert watcher.subscribe(Call_ID="other", Expires="0").status == 200
    assert watcher.states == ["terminated;reason=timeout", "active;expires=600000", "terminated;reason=timeout"]
    assert {each.state for each in watcher.documents} == {"full"}
    assert watcher.subscribe(Call_ID="other").status == 481
    watcher.register(watcher.ue.refresh())
    assert len(watcher.told) == 3


def test_a_subscription_that_nobody_refreshes_ends(watcher):
    watcher.subscribe(Expires="100")
    watcher.take(watcher.gm.advance(99.0))
    assert len(watcher.told) == 1
    watcher.take(watcher.gm.advance(2.0))
    assert watcher.states == ["active;expires=100", "terminated;reason=timeout"]
    assert watcher.subscribe().status == 481


@pytest.mark.parametrize(("headers", "granted"), [({"Expires": None}, "3761"), ({"Expires": "4294967295"}, "600000")])
def test_what_a_subscription_lasts(watcher, headers, granted):
    assert watcher.subscribe(**headers).value("Expires") == granted


def test_an_operator_may_grant_less(new_gm, new_ue):
    watcher = Watcher(new_gm(subscription=300), new_ue())
    assert watcher.subscribe().value("Expires") == "300"
    assert watcher.states == ["active;expires=300"]


def test_the_id_of_the_event_comes_back(watcher):
    watcher.subscribe(Event="reg;id=7")
    assert watcher.told[0].value("Event") == "reg;id=7"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Event": "presence"}, 489),
        ({"Event": None}, 489),
        ({"Event": "reg.winfo"}, 489),
        ({"Event": ";"}, 400),
        ({"Accept": "application/pidf+xml"}, 406),
        ({"Contact": None}, 400),
        ({"Contact": "<sip:open"}, 400),
        ({"uri": "sip:nobody@ims.mnc001.mcc001.3gppnetwork.org"}, 480),
        ({"To": "<sip:+15550100001@ims.mnc001.mcc001.3gppnetwork.org>;tag=nobody"}, 400),
        ({"Require": "nonsense"}, 420),
        ({"Max_Forwards": "0"}, 483),
        ({"From": "<sip:somebody@else>;tag=1"}, 403),
        ({"From": "<sip:open;tag=1"}, 403),
        ({"Route": None}, 400),
        ({"Route": "<sip:127.0.2.1;lr>"}, 400),
        ({"Route": "<sip:127.0.2.1;lr>, <sip:127.0.3.9;lr>"}, 400),
        ({"Route": f"<sip:127.0.2.1;lr>, {SERVICE_ROUTE}, <sip:127.0.3.9;lr>"}, 400),
        ({"Route": f"<sip:127.0.3.9;lr>, {SERVICE_ROUTE}"}, 400),
        ({"Route": "<sip:open"}, 400),
    ],
)
def test_what_is_refused(watcher, headers, status):
    response = watcher.subscribe(**headers)
    assert response.status == status
    assert response.value("Allow-Events") == ("reg" if status == 489 else None)
    assert watcher.told == []


def test_a_preloaded_route_may_leave_the_p_cscf_out_and_stand_in_one_field(watcher):
    assert watcher.subscribe(Route=SERVICE_ROUTE).status == 200


def test_a_dialog_that_is_not_there(watcher):
    to = "<sip:+15550100001@ims.mnc001.mcc001.3gppnetwork.org>;tag=nobody"
    assert watcher.subscribe(To=to, Route="<sip:127.0.2.1;lr>").status == 481


def test_a_cseq_that_is_not_higher_is_refused(watcher):
    watcher.subscribe(CSeq="10 SUBSCRIBE")
    assert watcher.subscribe(CSeq="10 SUBSCRIBE").status == 500
    assert watcher.subscribe(CSeq="11 SUBSCRIBE").status == 200


def test_who_is_not_registered_may_not_subscribe(gm, new_ue):
    watcher = Watcher(gm, new_ue(), register=False)
    assert watcher.subscribe().status == 403
    watcher.register(watcher.ue.initial_register())
    assert watcher.subscribe().status == 200
    watcher.tag = watcher.route = None
    watcher.register(watcher.ue.deregister())
    assert watcher.subscribe().status == 403


def test_a_registration_that_has_run_out_is_none(new_gm, new_ue):
    watcher = Watcher(new_gm(max_expires=600), new_ue())
    watcher.gm.advance(601.0)
    assert watcher.subscribe().status == 403


def test_nobody_watches_anybody_else(new_gm, new_ue, subscribers):
    gm = new_gm()
    one = Watcher(gm, new_ue())
    two = Watcher(gm, new_ue("sub02", seed=5))
    asked = subscribers["sub01"].registration_impu
    assert two.subscribe(uri=asked, To=f"<{asked}>").status == 403
    assert one.subscribe().status == 200
    # Not in a dialog of his either, though one has seen its tags.
    own, sender = two.ue.default_identity, f"<{one.ue.default_identity}>"
    two.tag, two.route, two.target, two.cseq = one.tag, one.route, one.target, 50
    taken = two.subscribe(From=f"{sender};tag=ue", To=f"{sender};tag={one.tag}", P_Preferred_Identity=f"<{own}>")
    assert taken.status == 403
    assert two.told == []


def test_from_another_host_nobody_speaks_for_a_user(gm, new_ue):
    watcher = Watcher(gm, new_ue())
    gm.flow = Flow("UDP", gm.flow.local, Address("127.0.3.9", 5060))
    assert watcher.subscribe().status == 403


def test_notify_reaches_nobody_but_who_has_subscribed(watcher):
    """A Contact elsewhere would make others targets: NOTIFY goes where the SUBSCRIBE came from."""
    watcher.subscribe(Contact="<sip:victim@203.0.113.9:9>")
    assert watcher.gm.packets[-1].flow == watcher.gm.flow
    assert watcher.told[0].request_uri == "sip:victim@203.0.113.9:9"
    watcher.subscribe(Contact="<sip:me@ue.example>")
    assert watcher.gm.packets[-1].flow == watcher.gm.flow


def test_who_shares_an_identity_watches_his_own_registration(new_gm, new_ue, subscribers):
    shared = subscribers["sub01"].impus[0]
    sub = dataclasses.replace(subscribers["sub02"], impus=(*subscribers["sub02"].impus[:2], shared))
    gm = new_gm(extra=(sub,))
    watcher = Watcher(gm, new_ue(subscriber=sub, seed=5))
    assert watcher.subscribe(uri=shared, To=f"<{shared}>").status == 200
    assert [each.aor for each in watcher.documents[0].registrations] == list(sub.impus)


def test_a_request_uri_that_cannot_be_read(watcher):
    assert watcher.subscribe(uri="sip:[::").status == 400


# Mutants.


def test_a_mutant_that_follows_any_route(new_gm, new_ue):
    gm = new_gm(hooks={"p-cscf.route-checked": lambda right, request: True})
    watcher = Watcher(gm, new_ue())
    (request,) = gm.send(watcher.draft(Route="<sip:127.0.2.1;lr>, <sip:127.0.3.9:5070;lr>"))
    assert gm.packets[-1].flow == Flow("UDP", gm.flow.local, Address("127.0.3.9", 5070))
    assert request.values("Route") == ("<sip:127.0.3.9:5070;lr>",)
    (response,) = gm.send(reply(request, 404))
    assert (response.status, gm.packets[-1].flow) == (404, gm.flow)
    assert watcher.subscribe(Route="<sip:127.0.2.1;lr>, <sip:elsewhere.example;lr>").status == 404


def test_a_mutant_that_leaves_itself_in_the_route(new_gm, new_ue):
    gm = new_gm(hooks={"p-cscf.request": lambda draft, request: draft.prepend("Route", "<sip:127.0.2.1;lr>")})
    assert Watcher(gm, new_ue()).subscribe().status == 482


def test_a_mutant_that_tells_nothing(new_gm, new_ue):
    watcher = Watcher(new_gm(hooks={"s-cscf.notified": lambda due, why: False}), new_ue())
    assert watcher.subscribe().status == 200
    assert watcher.subscribe(Expires="0").status == 200
    assert watcher.told == []
    assert watcher.subscribe().status == 481


def test_a_mutant_that_tells_first(new_gm, new_ue):
    gm = new_gm(hooks={"s-cscf.notified-first": lambda late, request: True})
    notify, response = gm.send(Watcher(gm, new_ue()).draft())
    assert (notify.method, response.status) == ("NOTIFY", 200)


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
