"""The reg event over associations: SUBSCRIBE on the established set, and NOTIFY to the UE (TS 33.203 7.1, 7.4)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from gm_phone import V4, V6, Phone, new_core  # noqa: E402

from imsreg.registration.replies import reply  # noqa: E402
from imsreg.secagree.associations import Name  # noqa: E402
from imsreg.sip.flow import Flow, TransportFailure  # noqa: E402
from imsreg.sip.headers.name_addr import To  # noqa: E402
from imsreg.sip.headers.via import Via  # noqa: E402
from imsreg.sip.message import Request  # noqa: E402


@pytest.fixture
def new_phone(subscribers):
    """Makes a phone at a core of its own: `new_phone(transport=..., hosts=..., core=..., hooks=..., seed=...)`."""

    def make(*, transport="UDP", hosts=V4, core=None, hooks=None, seed=1, name="sub01", **policy):
        core = core or new_core(subscribers, hooks, **policy)
        return Phone(core, subscribers[name], transport=transport, hosts=hosts, seed=seed)

    return make


@pytest.fixture
def phone(new_phone):
    return new_phone()


def to_ue(phone, sas):
    """Where the core asks the UE for something."""
    each = sas.named(Name.DL2)
    return Flow(phone.transport, each.source, each.destination, 0, each.label)


def answer_flow(phone, sas):
    """Where the answer of the UE to a NOTIFY arrives."""
    if phone.transport == "UDP":
        return phone.on(sas)
    back = sas.named(Name.UL2)
    return Flow("TCP", back.destination, back.source, 9, back.label)


def subscribed(phone, sas):
    """A subscription, whose NOTIFY has not been answered; the 200 and the NOTIFY."""
    ok, notify = phone.send(phone.subscribe(sas), phone.on(sas))
    assert ok.status == 200
    assert notify.method == "NOTIFY"
    assert phone.went == [phone.back(sas), to_ue(phone, sas)]
    return ok, notify


@pytest.mark.parametrize("hosts", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_subscribe_and_notify_go_on_the_established_set(new_phone, transport, hosts):
    phone = new_phone(transport=transport, hosts=hosts)
    sas = phone.registered()
    ok, notify = subscribed(phone, sas)
    own = sas.named(Name.UL1).destination
    assert (notify.get(Via).host, notify.get(Via).port) == (own.host, own.port)
    assert f"@{own}" in ok.value("Record-Route")
    assert phone.send(reply(notify, 200), answer_flow(phone, sas)) == []
    assert [watcher.pending for watcher in phone.core._s_cscf._notifier._watchers] == [None]
    phone.renew()
    phone.send(phone.register(Expires="0"), phone.on(sas))
    assert phone.installed == []
    assert phone.core._s_cscf._notifier._watchers == []


def test_in_the_clear_nobody_subscribes(phone):
    sas = phone.registered()
    assert [each.status for each in phone.send(phone.subscribe(sas), phone.clear)] == [403]


def test_what_was_agreed_is_said_again(phone):
    sas = phone.registered()
    for said in (None, phone.server[0]):
        (response,) = phone.send(phone.subscribe(sas, Security_Verify=said), phone.on(sas))
        assert response.status == 494
        assert response.field("Security-Server") is not None


def test_the_agreement_stays_at_the_p_cscf(new_phone):
    passed = []
    phone = new_phone(hooks={"p-cscf.request": lambda draft, request: passed.append(draft.to_message()) or draft})
    sas = phone.registered()
    subscribed(phone, sas)
    request = passed[-1]
    assert request.method == "SUBSCRIBE"
    for name in ("Security-Verify", "Require", "Proxy-Require"):
        assert request.field(name) is None
    assert request.value("P-Asserted-Identity") == f"<{phone.subscriber.default_impu}>"


def test_whose_association_it_is_says_who_asks(new_phone, subscribers):
    one = new_phone()
    other = new_phone(core=one.core, hosts=(V4[0], "127.0.3.7"), seed=2, name="sub02")
    one.registered()
    theirs = other.registered()
    victim = one.subscriber.impus[0]
    draft = other.subscribe(theirs, From=f"<{victim}>;tag=1", To=f"<{victim}>", P_Preferred_Identity=f"<{victim}>")
    draft.start_line = f"SUBSCRIBE {victim} SIP/2.0"
    assert [each.status for each in other.send(draft, other.on(theirs))] == [403]


def test_a_response_in_the_clear_is_none(phone):
    sas = phone.registered()
    ok, notify = subscribed(phone, sas)
    phone.send(reply(notify, 200), phone.clear)
    phone.advance(40.0)
    phone.renew()
    again = phone.subscribe(sas, tag=ok.get(To).tag, route=ok.value("Record-Route"))
    assert [each.status for each in phone.send(again, phone.on(sas))] == [481]


def test_a_ue_that_cannot_be_reached_has_no_subscription(phone):
    sas = phone.registered()
    ok, _ = subscribed(phone, sas)
    phone.core.fail(TransportFailure(to_ue(phone, sas), "unreachable", "ICMP"), phone.now)
    again = phone.subscribe(sas, tag=ok.get(To).tag, route=ok.value("Record-Route"))
    assert [each.status for each in phone.send(again, phone.on(sas))] == [481]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_notify_follows_the_ue_to_a_new_set(new_phone, transport):
    phone = new_phone(transport=transport, reauthenticate=True)
    old = phone.registered()
    _, notify = subscribed(phone, old)
    phone.send(reply(notify, 200), answer_flow(phone, old))
    phone.renew()
    new = phone.challenged(phone.on(old))
    ok, notify = phone.send(phone.register(), phone.on(new))
    assert (ok.status, notify.method) == (200, "NOTIFY")
    # The P-CSCF has heard nothing on the new set since the 200 (TS 33.203 7.4.2a).
    assert phone.went == [phone.back(new), to_ue(phone, old)]
    phone.send(reply(notify, 200), answer_flow(phone, old))
    refresh = phone.subscribe(new, Call_ID="another")
    assert [getattr(each, "status", None) for each in phone.send(refresh, phone.on(new))] == [200, None]
    assert phone.went == [phone.back(new), to_ue(phone, new)]


def test_after_the_last_registration_nothing_reaches_the_ue(phone):
    """The sets go with the 200, and with them the way of the NOTIFY that says so (TS 33.203 7.4.2a)."""
    sas = phone.registered()
    _, notify = subscribed(phone, sas)
    phone.send(reply(notify, 200), phone.on(sas))
    phone.renew()
    came = phone.send(phone.register(Expires="0"), phone.on(sas))
    assert [each.status for each in came if not isinstance(each, Request)] == [200]
    assert len(came) == 1
    assert phone.core._s_cscf._notifier._watchers == []
    assert phone.installed == []


def test_a_mutant_may_send_notify_elsewhere(new_phone):
    where = []
    phone = new_phone(hooks={"p-cscf.to-ue": lambda flow, request: where[0] if where else flow})
    sas = phone.registered()
    where.append(phone.clear)
    phone.send(phone.subscribe(sas), phone.on(sas))
    assert phone.went == [phone.back(sas), phone.clear]
