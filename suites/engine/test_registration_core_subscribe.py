"""What the reference core makes of a SUBSCRIBE by hand, and of mutants of it."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from imsreg.registration.replies import reply
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.event import Event
from imsreg.sip.headers.name_addr import Contact, From, RecordRoute, To
from imsreg.sip.headers.via import Via

HERE = str(Path(__file__).parent)

if HERE not in sys.path:
    sys.path.insert(0, HERE)

from watcher import SERVICE_ROUTE, Watcher  # noqa: E402


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
