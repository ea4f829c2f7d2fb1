"""The reference UE and its own registration state: SUBSCRIBE, NOTIFY, and what the network does to the registration."""

from __future__ import annotations

import pytest

from imsreg.registration.replies import reply
from imsreg.registration.ue_policy import UePhase
from imsreg.sip.draft import Draft
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.reginfo import MEDIA_TYPE, RegContact, Reginfo, RegistrationInfo, build_reginfo

FIRST, SECOND = "sip:+15550100001@ims.mnc001.mcc001.3gppnetwork.org", "tel:+15550100001"
ORIG = "<sip:orig@scscf.example;lr;x=1>"
GRANTS = (
    ("P-Associated-URI", f"<{SECOND}>, <{FIRST}>, <sip:other@example>"),
    ("Service-Route", "<sip:sbc.example;lr>"),
    ("Service-Route", ORIG),
)


class Notifier:
    """The S-CSCF's end of the subscription that a SUBSCRIBE begins."""

    def __init__(self, air, subscribe):
        self.air = air
        self.subscribe = subscribe
        self.call_id = subscribe.value("Call-ID")
        self.cseq = 0
        self.version = -1
        self.tag = "notifier"

    def accept(self, expires=600_000):
        self.tag = reply(self.subscribe, 200).to_message().get(To).tag
        self.refresh(self.subscribe, expires)

    def refresh(self, request, expires=600_000):
        self.air.answer(request, 200, ("Contact", "<sip:scscf.example;lr>"), ("Expires", str(expires)))

    def document(self, contact_state="active", event="registered", *, state="active", aor=FIRST, uri=None, **more):
        self.version += 1
        own = uri or Contact.parse(self.subscribe.value("Contact")).uri.text
        contacts = (RegContact("c1", contact_state, event, own, **more),)
        return build_reginfo(Reginfo(self.version, "full", (RegistrationInfo(aor, "r1", state, contacts),)))

    def notify(self, body=b"", *, subscription="active;expires=600000", **changes):
        """Send a NOTIFY; the response."""
        self.cseq += 1
        to = self.subscribe.value("From")
        fields = {
            "Via": f"SIP/2.0/UDP {self.air.way.core};branch=z9hG4bK{self.call_id[:12]}{self.cseq}",
            "Max-Forwards": "70",
            "From": f"<{FIRST}>;tag={self.tag}",
            "To": to,
            "Call-ID": self.call_id,
            "CSeq": f"{self.cseq} NOTIFY",
            "Contact": "<sip:scscf.example;lr>",
            "Event": "reg",
            "Subscription-State": subscription,
            "Content-Type": MEDIA_TYPE,
            **changes,
        }
        draft = Draft.request("NOTIFY", Contact.parse(self.subscribe.value("Contact")).uri.text)
        for name, value in fields.items():
            if value is not None:
                draft.add(name.replace("_", "-"), value)
        draft.body = body
        self.air.send(draft)
        return self.air.take()


@pytest.fixture
def watched(new_air):
    """A registered UE whose subscription has been accepted and notified."""

    def make(*, expires=600_000, subscribed=600_000, **policy):
        air = new_air(**policy)
        air.registered(*GRANTS, expires=expires)
        notifier = Notifier(air, air.take("SUBSCRIBE"))
        notifier.accept(subscribed)
        assert notifier.notify(notifier.document(), subscription=f"active;expires={subscribed}").status == 200
        assert air.quiet()
        return air, notifier

    return make


# SUBSCRIBE.


def test_after_the_registration_it_subscribes_to_its_state(new_air):
    air = new_air()
    register = air.registered(*GRANTS)
    request = air.take("SUBSCRIBE")
    assert request.request_uri == FIRST
    assert request.get(From).uri.text == request.get(To).uri.text == FIRST
    assert request.get(From).tag
    assert request.get(To).tag is None
    assert request.values("Route") == (f"<sip:{air.way.core};lr>", "<sip:sbc.example;lr>", ORIG)
    assert (request.value("Event"), request.value("Expires")) == ("reg", "600000")
    assert request.value("Accept") == MEDIA_TYPE
    assert request.get(Contact).uri == register.get(Contact).uri
    assert request.value("Call-ID") != register.value("Call-ID")
    assert not request.defects
    assert request.field("P-Access-Network-Info") is None
    assert request.field("Require") is None


def test_a_temporary_identity_is_not_shown(new_air):
    air = new_air("sub02")
    air.registered(("P-Associated-URI", f"<{SECOND}>, <{FIRST}>"))
    request = air.take("SUBSCRIBE")
    assert request.request_uri == FIRST


def test_without_associated_identities_it_subscribes_to_what_it_registered(new_air):
    air = new_air()
    register = air.registered()
    assert air.take("SUBSCRIBE").request_uri == register.get(To).uri.text


def test_with_an_agreement_the_subscribe_carries_it(new_air):
    air = new_air(security="headers")
    register = air.registered(*GRANTS)
    request = air.take("SUBSCRIBE")
    assert request.option_tags("Require") == request.option_tags("Proxy-Require") == ("sec-agree",)
    assert request.values("Security-Verify") == register.values("Security-Verify") != ()


def test_over_tcp_the_route_says_so(new_air):
    air = new_air(transport="TCP")
    air.registered(*GRANTS)
    assert air.take("SUBSCRIBE").values("Route")[0] == f"<sip:{air.way.core};transport=tcp;lr>"


def test_a_refresh_of_the_registration_subscribes_to_nothing_new(watched):
    air, _ = watched(expires=1200)
    air.advance(600.1)
    air.accept(air.take("REGISTER"), *GRANTS, expires=1200)
    assert air.quiet()


@pytest.mark.parametrize(("granted", "refreshed"), [(1000, 500), (1200, 600), (7200, 6600)])
def test_the_subscription_is_refreshed_in_its_dialog(watched, granted, refreshed):
    air, notifier = watched(subscribed=granted)
    air.advance(refreshed - 0.1)
    assert air.quiet()
    air.advance(0.2)
    request = air.take("SUBSCRIBE")
    first = notifier.subscribe
    assert request.request_uri == "sip:scscf.example;lr"
    assert request.get(To).tag == notifier.tag
    assert (request.value("Call-ID"), request.value("From")) == (first.value("Call-ID"), first.value("From"))
    assert request.get(CSeq).number == first.get(CSeq).number + 1
    assert request.field("Route") is None
    assert request.value("Expires") == "600000"


def test_a_shorter_expiry_in_the_notify_is_authoritative(new_air):
    air = new_air()
    air.registered(*GRANTS)
    notifier = Notifier(air, air.take("SUBSCRIBE"))
    notifier.accept(600_000)
    notifier.notify(notifier.document(), subscription="active;expires=100")
    air.advance(50.1)
    air.take("SUBSCRIBE")


def test_a_refresh_that_meets_no_subscription_is_followed_by_a_new_one(watched):
    air, notifier = watched(subscribed=1200)
    air.advance(600.1)
    air.answer(air.take("SUBSCRIBE"), 481)
    anew = air.take("SUBSCRIBE")
    assert anew.value("Call-ID") != notifier.subscribe.value("Call-ID")
    assert anew.get(From).tag != notifier.subscribe.get(From).tag
    assert anew.get(To).tag is None


def test_another_failure_of_a_refresh_leaves_the_subscription(watched):
    air, notifier = watched(subscribed=1200)
    air.advance(600.1)
    air.answer(air.take("SUBSCRIBE"), 500)
    assert air.wait("SUBSCRIBE", 60.1).value("Call-ID") == notifier.subscribe.value("Call-ID")


def test_retry_after_to_a_subscribe_is_waited_for_and_the_next_is_new(new_air):
    air = new_air()
    air.registered(*GRANTS)
    first = air.take("SUBSCRIBE")
    air.answer(first, 503, ("Retry-After", "100"))
    air.advance(99.9)
    assert air.quiet()
    air.advance(0.2)
    assert air.take("SUBSCRIBE").value("Call-ID") != first.value("Call-ID")


@pytest.mark.parametrize("status", [403, 404, 405, 489, 603])
def test_a_network_without_such_subscriptions_is_left_in_peace(new_air, status):
    air = new_air()
    air.registered(*GRANTS, expires=1200)
    air.answer(air.take("SUBSCRIBE"), status)
    assert air.ue.phase is UePhase.REGISTERED
    air.advance(600.1)
    air.accept(air.take("REGISTER"), *GRANTS, expires=1200)
    assert air.quiet()


def test_a_subscription_that_nobody_notifies_has_failed(new_air):
    air = new_air()
    air.registered(*GRANTS)
    first = air.take("SUBSCRIBE")
    Notifier(air, first).accept()
    air.advance(128.1)
    assert air.wait("SUBSCRIBE", 60.1).value("Call-ID") != first.value("Call-ID")


RESTORATION = b"""<?xml version="1.0"?><ims-3gpp version="1"><alternative-service><type>restoration</type>
<reason/><action>initial-registration</action></alternative-service></ims-3gpp>"""


def lost(request, *, sender="sip:orig@scscf.example;lr;x=1", kind="application/3gpp-ims+xml", body=RESTORATION):
    response = reply(request, 504).add("P-Asserted-Identity", f"<{sender}>").add("Content-Type", kind)
    response.body = body
    return response


def test_a_network_that_has_lost_the_registration_gets_a_new_one(new_air):
    air = new_air()
    first = air.registered(*GRANTS)
    air.send(lost(air.take("SUBSCRIBE")))
    initial = air.take("REGISTER")
    assert initial.value("Call-ID") != first.value("Call-ID")
    assert initial.get(Authorization).nonce == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": "sip:somebody@example"},
        {"kind": "application/xml"},
        {"body": RESTORATION.replace(b"initial-", b"emergency-")},
        {"body": b"<ims-3gpp"},
    ],
)
def test_another_504_is_waited_out(new_air, changes):
    air = new_air()
    air.registered(*GRANTS)
    air.send(lost(air.take("SUBSCRIBE"), **changes))
    assert air.ue.phase is UePhase.REGISTERED
    air.advance(29.9)
    assert air.quiet()
    air.wait("SUBSCRIBE", 30.2)


# NOTIFY.


def test_a_notify_before_the_200_is_part_of_the_dialog(new_air):
    air = new_air()
    air.registered(*GRANTS)
    notifier = Notifier(air, air.take("SUBSCRIBE"))
    response = notifier.notify(notifier.document())
    assert response.status == 200
    assert response.get(To).tag == notifier.subscribe.get(From).tag
    assert response.value("From") == f"<{FIRST}>;tag=notifier"


def test_the_identities_that_the_network_reports_are_known(watched):
    air, _ = watched()
    assert air.ue.reg_event.subscription.active == (FIRST,)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Call_ID": "another"}, 481),
        ({"To": f"<{FIRST}>;tag=another"}, 481),
        ({"To": f"<{FIRST}>"}, 481),
        ({"From": f"<{FIRST}>;tag=another"}, 481),
        ({"Event": "presence"}, 489),
        ({"Event": None}, 489),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": None}, 415),
        ({"Require": "eventlist"}, 420),
        ({"CSeq": "0 NOTIFY"}, 500),
        ({"CSeq": "one NOTIFY"}, 400),
        ({"Subscription_State": None}, 200),
    ],
)
def test_a_notify_that_is_not_right_is_refused(watched, changes, status):
    air, notifier = watched()
    changes = {name.replace("_", "-"): value for name, value in changes.items()}
    assert notifier.notify(notifier.document(), **changes).status == status
    assert air.ue.phase is UePhase.REGISTERED


@pytest.mark.parametrize("body", [b"nonsense", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", b"\xff\xfe<"])
def test_a_body_that_is_no_reginfo_is_refused(watched, body):
    air, notifier = watched()
    assert notifier.notify(body).status == 400
    assert notifier.notify(notifier.document()).status == 200
    assert air.ue.phase is UePhase.REGISTERED


def test_an_older_document_changes_nothing(watched):
    air, notifier = watched()
    notifier.version = 4
    notifier.notify(notifier.document())
    assert air.take("SUBSCRIBE").value("Call-ID") == notifier.subscribe.value("Call-ID")
    notifier.version = 2
    assert notifier.notify(notifier.document("terminated", "rejected", state="terminated")).status == 200
    assert air.ue.phase is UePhase.REGISTERED


def test_a_missing_document_makes_it_ask_for_all(watched):
    air, notifier = watched()
    notifier.version += 1
    notifier.notify(notifier.document())
    request = air.take("SUBSCRIBE")
    assert request.value("Call-ID") == notifier.subscribe.value("Call-ID")
    notifier.refresh(request)
    for _ in range(20):
        notifier.version += 1
        notifier.notify(notifier.document())
    assert air.quiet()


# What the network does to the registration.


def test_deactivated_is_followed_by_a_new_registration_and_subscription(watched):
    air, notifier = watched()
    document = notifier.document("terminated", "deactivated", state="terminated")
    assert notifier.notify(document, subscription="terminated").status == 200
    initial = air.take("REGISTER")
    assert initial.get(Authorization).nonce == ""
    air.challenge(initial)
    air.accept(air.take("REGISTER"), *GRANTS)
    anew = air.take("SUBSCRIBE")
    assert anew.value("Call-ID") != notifier.subscribe.value("Call-ID")
    assert air.quiet()


def test_deactivated_again_and_again_is_followed_ever_more_slowly(watched):
    air, notifier = watched()
    for wait in (0.0, 29.0):
        notifier.notify(notifier.document("terminated", "deactivated", state="terminated"))
        air.advance(wait)
        assert air.quiet() is (wait > 0.0)
        initial = air.wait("REGISTER", 61.0)
        air.challenge(initial)
        air.accept(air.take("REGISTER"), *GRANTS)
        notifier = Notifier(air, air.take("SUBSCRIBE"))
        notifier.accept()
        notifier.notify(notifier.document())


@pytest.mark.parametrize("event", ["rejected", "unregistered", "expired"])
def test_rejected_is_the_end(watched, event):
    air, notifier = watched()
    assert notifier.notify(notifier.document("terminated", event, state="terminated")).status == 200
    assert air.ue.phase is UePhase.FAILED
    air.advance(700_000)
    assert air.quiet()


def test_probation_is_waited_for(watched):
    air, notifier = watched()
    notifier.notify(notifier.document("terminated", "probation", state="terminated", retry_after=300))
    air.advance(299.9)
    assert air.quiet()
    air.advance(0.2)
    assert air.take("REGISTER").get(Authorization).nonce == ""


def test_shortened_is_followed_by_a_refresh_at_half_time(watched):
    air, notifier = watched()
    notifier.notify(notifier.document("active", "shortened", expires=60))
    air.advance(29.9)
    assert air.quiet()
    air.advance(0.2)
    refresh = air.take("REGISTER")
    assert refresh.get(Authorization).nonce
    air.challenge(refresh)
    air.accept(air.take("REGISTER"), *GRANTS)
    assert air.ue.phase is UePhase.REGISTERED
    assert air.quiet()


def test_another_devices_contact_is_none_of_its_business(watched):
    air, notifier = watched()
    own = Contact.parse(notifier.subscribe.value("Contact")).uri.text
    contacts = (
        RegContact("c1", "active", "refreshed", own),
        RegContact("c2", "terminated", "rejected", "sip:another@192.0.2.9"),
    )
    document = Reginfo(1, "full", (RegistrationInfo(FIRST, "r1", "active", contacts),))
    notifier.notify(build_reginfo(document))
    assert air.ue.phase is UePhase.REGISTERED
    other = Reginfo(2, "partial", (RegistrationInfo(FIRST, "r1", "active", contacts[1:]),))
    notifier.notify(build_reginfo(other))
    assert air.ue.phase is UePhase.REGISTERED


def test_one_identity_of_several_may_go(watched):
    air, notifier = watched()
    own = Contact.parse(notifier.subscribe.value("Contact")).uri.text
    for version, states in (
        (1, ("active", "active")),
        (2, ("active", "terminated")),
        (3, ("terminated", "terminated")),
    ):
        registrations = tuple(
            RegistrationInfo(aor, aor, state, (RegContact("c", state, "rejected", own),))
            for aor, state in zip((FIRST, SECOND), states, strict=True)
        )
        notifier.notify(build_reginfo(Reginfo(version, "full", registrations)))
        assert air.ue.phase is (UePhase.FAILED if version == 3 else UePhase.REGISTERED)


@pytest.mark.parametrize(
    ("state", "waits"),
    [
        ("terminated;reason=deactivated", 0),
        ("terminated;reason=timeout", 0),
        ("terminated;reason=probation;retry-after=200", 200),
        ("terminated;reason=giveup;retry-after=200", 200),
        ("terminated;retry-after=200", 200),
        ("terminated;reason=rejected", None),
        ("terminated;reason=noresource", None),
        ("terminated;reason=invariant;retry-after=5", None),
    ],
)
def test_a_terminated_subscription_is_renewed_as_its_reason_says(watched, state, waits):
    air, notifier = watched()
    assert notifier.notify(notifier.document(), subscription=state).status == 200
    assert air.ue.phase is UePhase.REGISTERED
    if waits is None:
        air.advance(86_400)
        assert air.quiet()
        return
    if waits:
        air.advance(waits - 0.1)
        assert air.quiet()
        air.advance(0.2)
    assert air.take("SUBSCRIBE").value("Call-ID") != notifier.subscribe.value("Call-ID")


def test_after_the_de_registration_the_last_notify_is_answered_and_nothing_follows(watched):
    air, notifier = watched()
    air.ue.deregister(air.now)
    air.answer(air.take("REGISTER"), 200)
    document = notifier.document("terminated", "deactivated", state="terminated")
    assert notifier.notify(document, subscription="terminated;reason=deactivated").status == 200
    assert air.ue.phase is UePhase.UNREGISTERED
    air.advance(129)
    assert notifier.notify(notifier.document()).status == 481
    assert air.quiet()
