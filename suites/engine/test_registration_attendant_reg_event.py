"""The reg event from the notifier's side: SUBSCRIBE, NOTIFY in its dialog, and the documents (RFC 6665, RFC 3680)."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.registration.attendant import Attendant, AttendantPolicy
from imsreg.registration.core_messages import CannotWrite
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.message import parse
from imsreg.sip.reginfo import parse_reginfo

HOME = "ims.mnc001.mcc001.3gppnetwork.org"
CONTACT = "sip:001010000000001@127.0.3.1:5060"
FLOW = Flow("UDP", Address("127.0.4.1", 5060), Address("127.0.3.1", 5060))


class Net:
    """An attendant with a UE that has registered, and its clock."""

    def __init__(self, subscriber, ue):
        self.now = 0.0
        self.ue = ue
        self.attendant = Attendant(subscriber, AttendantPolicy(home_domain=HOME), Random(3), lambda: self.now)
        self.attendant.flow = FLOW
        self.impu = subscriber.registration_impu

    def attend(self, draft):
        return [each.to_message() for each in self.attendant.attend(parse(draft.to_bytes()))]

    def complete(self, draft):
        """What the network sends in the end, until the UE is satisfied."""
        while draft is not None:
            request = parse(draft.to_bytes())
            messages = self.attend(draft)
            self.attendant.note(request, messages[0])
            draft = self.ue.next_request(request, messages[0], self.now)
        return messages

    def subscribe(
        self, *, to_tag=None, expires="600000", cseq=1, event="reg", uri=None, call_id="s", to=None, require=None
    ):
        draft = (
            Draft.request("SUBSCRIBE", uri or self.impu)
            .add("Via", f"SIP/2.0/UDP 127.0.3.1;branch=z9hG4bKs{cseq}")
            .add("From", f"<{self.impu}>;tag=ue")
            .add("To", f"<{to or self.impu}>" + (f";tag={to_tag}" if to_tag else ""))
            .add("Call-ID", call_id)
            .add("CSeq", f"{cseq} SUBSCRIBE")
            .add("Contact", f"<{CONTACT}>")
        )
        for name, value in (("Event", event), ("Expires", expires), ("Require", require)):
            if value is not None:
                draft.add(name, value)
        return draft


@pytest.fixture
def net(subscribers, new_ue):
    made = Net(subscribers["sub01"], new_ue())
    assert made.complete(made.ue.initial_register())[0].status == 200
    return made


@pytest.fixture
def tag(net):
    """Our tag in the dialog of an accepted subscription."""
    return net.attend(net.subscribe())[0].get(To).tag


def document_of(notify):
    document = parse_reginfo(notify.body)
    assert document.defects == ()
    return document


def test_a_subscription_is_accepted_and_told_the_full_state_at_once(net):
    ok, notify = net.attend(net.subscribe())
    assert (ok.status, ok.value("Expires")) == (200, "600000")
    assert ok.get(Contact).uri.text == "sip:127.0.4.1:5060"
    assert (notify.method, notify.request_uri, notify.value("Event")) == ("NOTIFY", CONTACT, "reg")
    assert (notify.get(From).tag, notify.get(To).tag) == (ok.get(To).tag, "ue")
    assert notify.value("Call-ID") == "s"
    assert notify.field("Route") is None
    assert notify.value("Subscription-State") == "active;expires=600000"
    assert notify.value("Content-Type") == "application/reginfo+xml"
    document = document_of(notify)
    assert (document.version, document.state) == (0, "full")
    who = net.attendant.subscriber
    assert [each.aor for each in document.registrations] == [i for i in who.impus if i not in who.barred]
    for each in document.registrations:
        (contact,) = each.contacts
        assert (each.state, contact.state, contact.event, contact.uri) == ("active", "active", "registered", CONTACT)
        assert contact.expires == 600_000


def test_documents_count_up_and_keep_their_identifiers(net, tag):
    first, second = (net.attendant.notify().to_message() for _ in range(2))
    assert [m.get(CSeq).number for m in (first, second)] == [2, 3]
    one, two = document_of(first), document_of(second)
    assert (one.version, two.version) == (1, 2)
    assert one.registrations == two.registrations


def test_a_refresh_stays_in_its_dialog_and_ends_where_it_says(net, tag):
    net.now = 1000
    ok, notify = net.attend(net.subscribe(to_tag=tag, cseq=2, expires="100", uri="sip:127.0.4.1:5060"))
    assert (ok.status, ok.get(To).tag, notify.get(CSeq).number) == (200, tag, 2)
    assert notify.get(SubscriptionState).expires == 100
    net.now = 1100
    assert net.attendant.subscription is None
    assert net.attend(net.subscribe(to_tag=tag, cseq=3))[0].status == 481


def test_without_expires_the_default_of_the_package_holds(net):
    assert net.attend(net.subscribe(expires=None))[0].value("Expires") == "3761"
    assert net.attend(net.subscribe(expires="soon", call_id="t"))[0].value("Expires") == "3761"


def test_expires_zero_ends_it_with_a_last_notify(net, tag):
    ok, notify = net.attend(net.subscribe(to_tag=tag, cseq=2, expires="0"))
    assert (ok.value("Expires"), notify.value("Subscription-State")) == ("0", "terminated;reason=timeout")
    assert document_of(notify).registrations[0].state == "active"
    assert net.attendant.subscription is None


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"event": "presence"}, 489),
        ({"event": None}, 489),
        ({"event": ";"}, 400),
        ({"to_tag": "elsewhere"}, 481),
        ({"to": "sip:stranger@elsewhere.example"}, 403),
        ({"require": "teleportation"}, 420),
    ],
)
def test_what_is_no_subscription_of_this_ue(net, options, status):
    (response,) = net.attend(net.subscribe(**options))
    assert response.status == status
    assert (response.value("Allow-Events") == "reg") == (status == 489)


def test_a_dialog_is_known_by_its_tags(net, tag):
    (response,) = net.attend(net.subscribe(to_tag="elsewhere", cseq=2))
    assert response.status == 481
    other = net.subscribe(to_tag=tag, cseq=3).set("From", f"<{net.impu}>;tag=another")
    assert [m.status for m in net.attend(other)] == [481]


def test_nobody_subscribes_who_is_not_registered(subscribers, new_ue):
    net = Net(subscribers["sub01"], new_ue())
    assert [m.status for m in net.attend(net.subscribe())] == [403]


def test_another_contact_is_told_and_a_refresh_is_not(net, tag):
    assert len(net.complete(net.ue.refresh())) == 1
    challenge, *_ = net.attend(net.ue.refresh())
    other = net.ue.answer(challenge).set("Contact", "<sip:second@127.0.3.2:5062>;q=0.5;+g.3gpp.smsip")
    _, notify = net.attend(other)
    contacts = document_of(notify).registrations[0].contacts
    assert [contact.uri for contact in contacts] == [CONTACT, "sip:second@127.0.3.2:5062"]
    assert contacts[1].q == 0.5
    assert str(contacts[1].unknown_params) == ";+g.3gpp.smsip"
    assert contacts[0].id != contacts[1].id


def test_a_contact_that_has_gone_is_told_beside_those_that_stay(net, tag):
    challenge, *_ = net.attend(net.ue.refresh())
    net.attend(net.ue.answer(challenge).set("Contact", "<sip:second@127.0.3.2:5062>"))
    _, notify = net.complete(net.ue.deregister())
    assert notify.get(SubscriptionState).state == "active"
    document = document_of(notify)
    assert document.version == 2
    for each in document.registrations:
        told = [(contact.uri, contact.state, contact.event) for contact in each.contacts]
        assert each.state == "active"
        assert told == [
            ("sip:second@127.0.3.2:5062", "active", "registered"),
            (CONTACT, "terminated", "unregistered"),
        ]


def test_the_end_of_the_registration_is_the_end_of_the_subscription(net, tag):
    ok, notify = net.complete(net.ue.deregister())
    assert ok.status == 200
    assert notify.get(SubscriptionState).state == "terminated"
    for each in document_of(notify).registrations:
        (contact,) = each.contacts
        assert (each.state, contact.state, contact.event) == ("terminated", "terminated", "unregistered")
        assert contact.expires is None
    assert net.attendant.subscription is None


@pytest.mark.parametrize("event", ["rejected", "deactivated"])
def test_the_network_may_end_the_registration(net, tag, event):
    notify = net.attendant.notify(state="terminated", event=event).to_message()
    (contact,) = document_of(notify).registrations[0].contacts
    assert (contact.event, contact.uri) == (event, CONTACT)
    assert not net.attendant.registered
    assert net.attendant.may_be_bound  # the UE may not have understood


def test_every_part_of_a_notify_is_as_it_was_asked_for(net, tag):
    write = net.attendant.notify
    short = document_of(write(event="shortened", expires=60).to_message()).registrations[0].contacts[0]
    assert (short.event, short.expires) == ("shortened", 60)
    later = write(state="terminated", event="probation", retry_after=30, subscription="active;expires=9").to_message()
    assert later.value("Subscription-State") == "active;expires=9"
    assert document_of(later).registrations[0].contacts[0].retry_after == 30
    partial = document_of(write(document="partial", version=77, state="terminated", subscription="active").to_message())
    assert (partial.state, partial.version) == ("partial", 77)
    assert write(body=b"<none/>", subscription="pending").to_message().body == b"<none/>"
    assert write(body=b"", subscription="terminated").to_message().field("Content-Type") is None
    with pytest.raises(CannotWrite, match="no subscription"):
        write()


@pytest.mark.parametrize(("status", "ends"), [(200, False), (500, False), (481, True), (489, True), (None, True)])
def test_some_answers_to_a_notify_end_the_subscription(net, tag, status, ends):
    notify = net.attendant.notify().to_message()
    net.attendant.note_answer(notify, status)
    assert (net.attendant.subscription is None) == ends


def test_an_answer_to_a_dialog_of_before_ends_nothing(net, tag):
    old = net.attendant.notify().to_message()
    net.attend(net.subscribe(call_id="new"))
    net.attendant.note_answer(old, 481)
    assert net.attendant.subscription is not None


def test_a_test_may_accept_what_a_core_would_not(subscribers, new_ue):
    net = Net(subscribers["sub01"], new_ue())
    request = parse(net.subscribe().remove("Contact").to_bytes())
    assert net.attendant.accept_subscription(request, expires=5).to_message().value("Expires") == "5"
    notify = net.attendant.notify().to_message()
    assert notify.request_uri == "sip:127.0.3.1:5060"  # for want of a Contact, where the request came from
    assert {each.state for each in document_of(notify).registrations} == {"init"}


def test_addresses_are_those_of_the_flow(net):
    net.attendant.flow = Flow("TCP", Address("::1", 5062), Address("::1", 50000), 7)
    ok, notify = net.attend(net.subscribe())
    assert ok.value("Contact") == notify.value("Contact") == "<sip:[::1]:5062;transport=tcp>"
    assert notify.value("Via").startswith("SIP/2.0/TCP [::1]:5062;branch=z9hG4bK")
