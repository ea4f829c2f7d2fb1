"""A UE's registration with associations, message by message: what goes where, and which sets there are."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import encode
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.registration.ue import NoAgreement, UeRegistration, UeState
from imsreg.registration.ue_password import PasswordStore
from imsreg.registration.ue_request import UeIdentity
from imsreg.secagree.associations import Name, Side
from imsreg.secagree.changes import Change
from imsreg.secagree.keys import expand
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, Endpoints, announce
from imsreg.secagree.phases import Phase
from imsreg.secagree.usability import endpoints
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.headers.security import SecurityClient
from imsreg.sip.headers.via import Via
from imsreg.sip.message import parse

UE = Address("127.0.3.1", 5060)
P_CSCF = Address("127.0.2.1", 5060)
IDENTITY = UeIdentity("a@h", "sip:a@h", "h", "a")
CLEAR = Flow("UDP", UE, P_CSCF)
WAYS = pytest.mark.parametrize(
    ("transport", "local", "p_cscf"),
    [
        ("UDP", UE, P_CSCF),
        ("TCP", UE, P_CSCF),
        ("UDP", Address.of("2001:db8::1", 5060), Address.of("2001:db8::2", 5060)),
    ],
)


class Lab:
    """A UE and the network that it talks to, without a link. `p_cscf` are the network's SPIs and ports of now."""

    def __init__(self, new_ue, subscriber, *, transport="UDP", local=UE, p_cscf=P_CSCF, hooks=None):
        self.ue = new_ue(
            subscriber.name,
            transport=transport,
            address=local,
            security="ipsec",
            offered=CURRENT_TRANSFORMS,
            p_cscf=p_cscf,
            seams=Seams(hooks or {}),
        )
        self.centre = AuthenticationCentre(
            subscriber.algorithm, sqn=subscriber.sqn, amf=subscriber.amf, res_length=subscriber.res_length
        )
        self.random = Random(9)
        self.p_cscf = Endpoints.draw(self.random)
        self.vector = None
        self.now = 0.0
        self._rands = itertools.count(1)

    @property
    def sets(self):
        return self.ue.associations.sets

    def changes(self):
        """What is to be installed and removed since the last call, as words and sets."""
        came = [(each.change, each.sas) for each in self.ue.associations.changes]
        assert all(each.side is Side.UE for each in self.ue.associations.changes)
        self.ue.associations.changes.clear()
        return came

    def first(self, **options):
        return sent(self.ue.initial_register(**options))

    def challenge(self, request, *, server=None, mac_wrong=False):
        vector = self.vector = self.centre.vector(next(self._rands).to_bytes(16))
        autn = bytes((*vector.autn[:15], vector.autn[15] ^ mac_wrong))
        value = f'Digest realm="r", nonce="{encode(vector.rand, autn)}", algorithm=AKAv1-MD5, qop="auth"'
        response = reply(request, 401).add("WWW-Authenticate", value)
        for entry in announce(self.p_cscf, CURRENT_TRANSFORMS) if server is None else server:
            response.add("Security-Server", entry)
        return response.to_message()

    def go_on(self, request, response):
        """The UE's next request, and the flow that it takes; None if there is none."""
        draft = self.ue.next_request(request, response, self.now)
        return None if draft is None else (sent(draft), self.ue.flow_for(draft))

    def accept(self, request, *, expires=3600):
        bound = f"{request.value('Contact')};expires={expires}"
        response = reply(request, 200)
        if expires:
            response.add("Contact", bound)
        assert self.go_on(request, response.to_message()) is None

    def registered(self, *, expires=3600):
        first = self.first()
        answer, _ = self.go_on(first, self.challenge(first))
        self.accept(answer, expires=expires)
        assert self.ue.state is UeState.REGISTERED
        return answer

    def reauthenticated(self):
        """A refresh that is challenged, and answered; the answer."""
        self.p_cscf = self.p_cscf.renewed(self.random)
        draft = self.ue.refresh()
        request = sent(draft)
        answer, _ = self.go_on(request, self.challenge(request))
        self.accept(answer)
        return answer

    def phases(self):
        return [each.phase for each in self.sets.live]


def sent(draft):
    return parse(draft.to_bytes())


def offer(request):
    """SPIs and ports of a Security-Client list."""
    made = {endpoints(each) for each in request.get_all(SecurityClient)}
    assert len(made) == 1
    return made.pop()


def ports(request):
    """The ports in Via and Contact."""
    contact = request.get(Contact)
    return request.get(Via).port, None if contact is None else contact.uri.port


@pytest.fixture
def lab(new_ue, subscribers):
    return Lab(new_ue, subscribers["sub01"])


# The first registration.


@WAYS
def test_the_first_register_goes_in_the_clear_and_the_answer_on_the_new_set(
    new_ue, subscribers, transport, local, p_cscf
):
    lab = Lab(new_ue, subscribers["sub01"], transport=transport, local=local, p_cscf=p_cscf)
    draft = lab.ue.initial_register()
    first = sent(draft)
    assert lab.ue.flow_for(draft) == Flow(transport, local, p_cscf)
    assert ports(first) == (5060, 5060)
    assert ("rport" in first.value("Via")) == (transport == "UDP")
    assert first.option_tags("Require") == first.option_tags("Proxy-Require") == ("sec-agree",)
    assert first.field("Security-Verify") is None
    assert not lab.changes()

    challenge = lab.challenge(first)
    answer, flow = lab.go_on(first, challenge)
    own = offer(first)
    (change, sas), *rest = lab.changes()
    assert (change, rest) == (Change.INSTALL, [])
    assert (sas.ue_host, sas.p_cscf_host, sas.ue, sas.p_cscf) == (local.host, p_cscf.host, own, lab.p_cscf)
    assert sas.keys == expand(CURRENT_TRANSFORMS[0], lab.vector.ck, lab.vector.ik)
    assert flow == Flow(
        transport,
        Address(local.host, own.port_c),
        Address(p_cscf.host, lab.p_cscf.port_s),
        association=f"UL1 SPI {lab.p_cscf.spi_s}",
    )
    assert ports(answer) == (own.port_s, own.port_s)
    assert "rport" not in answer.value("Via")
    assert offer(answer) == own
    assert answer.values("Security-Client") == first.values("Security-Client")
    assert answer.values("Security-Verify") == challenge.values("Security-Server")
    assert answer.value("Call-ID") == first.value("Call-ID")

    lab.accept(answer)
    assert lab.phases() == [Phase.ESTABLISHED]
    assert Contact.parse(lab.ue.contact).uri.port == own.port_s
    assert not lab.changes()


def test_nothing_but_register_leaves_before_there_is_an_established_set(lab):
    other = Draft.request("MESSAGE", "sip:a@b").add("Call-ID", "x").add("CSeq", "1 MESSAGE")
    assert lab.ue.flow_for(other) is None
    first = lab.first()
    answer, _ = lab.go_on(first, lab.challenge(first))
    assert lab.ue.flow_for(other) is None
    assert lab.ue.outlet() is None
    lab.accept(answer)
    assert lab.ue.flow_for(other).association == f"UL1 SPI {lab.p_cscf.spi_s}"
    assert lab.ue.flow_for(other.to_bytes()) == lab.ue.flow_for(other) == lab.ue.outlet().flow


def test_a_changed_message_goes_where_the_unchanged_one_would(lab):
    assert lab.ue.flow_for(b"garbage") == CLEAR
    draft = lab.ue.initial_register()
    answer = lab.ue.next_request(sent(draft), lab.challenge(sent(draft)), 0.0)
    protected = lab.ue.flow_for(answer)
    assert protected.association
    assert lab.ue.flow_for(draft) == lab.ue.flow_for(draft.to_bytes()) == CLEAR
    assert lab.ue.flow_for(answer.clone().set("Authorization", "Digest x=y").to_bytes()) == protected
    assert lab.ue.flow_for(answer.set("Call-ID", "other").set("CSeq", "1 REGISTER")) == protected
    assert lab.ue.flow_for(b"garbage") == protected
    assert lab.ue.flow_for(Draft.request("REGISTER", "sip:h")) == protected


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((), "there is no entry"),
        (("ipsec-3gpp; alg=hmac-sha-3; spi-c=300; spi-s=301; port-c=6000; port-s=6001",), "not supported"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; spi-c=300; port-c=6000; port-s=6001",), "spi-s is missing"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; spi-c=300; spi-s=301; port-c=5060; port-s=6001",), "5060"),
        (("tls; q=0.1", "@@@"), "tls"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; spi-c=4294967296; spi-s=301; port-c=6000; port-s=6001",), "spi-c"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; spi-c=0; spi-s=301; port-c=6000; port-s=6001",), "an SPI is 0"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; spi-c=300; spi-s=301; port-c=0; port-s=70000",), "port-c"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; alg=null; spi-c=300; spi-s=301; port-c=6000; port-s=6001",), "two values"),
        (("ipsec-3gpp; alg=hmac-sha-1-96; prot=ah; spi-c=300; spi-s=301; port-c=6000; port-s=6001",), "esp"),
        (("\u00e4" * 2000, ";" * 2000, "a;" * 500), "entry 1"),
    ],
)
def test_without_a_usable_entry_there_is_no_answer_and_no_set(lab, entries, why):
    first = lab.first()
    with pytest.raises(NoAgreement, match=why):
        lab.go_on(first, lab.challenge(first, server=entries))
    assert not lab.changes()
    assert lab.first().value("Call-ID") != first.value("Call-ID")


def test_a_mutant_that_does_without_associations_answers_in_the_clear(new_ue, subscribers):
    lab = Lab(new_ue, subscribers["sub01"], hooks={"ue.unprotected": lambda value, *, response: True})
    first = lab.first()
    answer, flow = lab.go_on(first, lab.challenge(first, server=["tls; q=0.1"]))
    assert answer.value("Call-ID") == first.value("Call-ID")
    assert flow == CLEAR
    assert not lab.changes()


def test_the_own_spis_are_not_taken_from_the_network(lab):
    first = lab.first()
    own = offer(first)
    clash = f"ipsec-3gpp; alg=hmac-sha-1-96; spi-c={own.spi_s}; spi-s=301; port-c=6000; port-s=6001"
    with pytest.raises(NoAgreement, match="in use"):
        lab.go_on(first, lab.challenge(first, server=[clash]))


def test_a_list_is_read_past_what_is_not_understood(lab):
    first = lab.first()
    known = f"ipsec-3gpp; q=0.1; alg=hmac-sha-1-96; {lab.p_cscf.parameters()}"
    answer, _ = lab.go_on(first, lab.challenge(first, server=["tls; q=0.9", "digest; d-alg=x", known]))
    ((_, sas),) = lab.changes()
    assert sas.keys.transform == ("hmac-sha-1-96", "null")
    assert answer.values("Security-Verify") == ("tls; q=0.9", "digest; d-alg=x", known)


@pytest.mark.parametrize("status", [403, 503])
def test_a_refused_answer_ends_the_temporary_set(lab, status):
    first = lab.first()
    answer, _ = lab.go_on(first, lab.challenge(first))
    ((_, sas),) = lab.changes()
    assert lab.go_on(answer, reply(answer, status).to_message()) is None
    assert lab.changes() == [(Change.REMOVE, sas)]
    assert not lab.sets.live


def test_a_temporary_set_lives_as_long_as_reg_await_auth(lab):
    lab.now = 10.0
    first = lab.first()
    lab.go_on(first, lab.challenge(first))
    ((_, sas),) = lab.changes()
    assert lab.ue.next_deadline() == 250.0
    lab.ue.on_time(249.9)
    assert not lab.changes()
    lab.ue.on_time(250.0)
    assert lab.changes() == [(Change.REMOVE, sas)]
    assert lab.ue.next_deadline() is None


def test_a_challenge_to_an_answer_makes_a_set_once_the_one_before_is_gone(lab):
    """The answer to it repeats the offer of the request that was challenged, with its SPIs."""
    first = lab.first()
    answer, _ = lab.go_on(first, lab.challenge(first))
    ((_, before),) = lab.changes()
    lab.p_cscf = lab.p_cscf.renewed(lab.random)
    with pytest.raises(NoAgreement, match="SPIs"):
        lab.go_on(answer, lab.challenge(answer))
    assert lab.changes() == [(Change.REMOVE, before)]
    again, flow = lab.go_on(answer, lab.challenge(answer))
    ((_, new),) = lab.changes()
    assert offer(again) == offer(first) == new.ue
    assert flow.association == f"UL1 SPI {lab.p_cscf.spi_s}"
    lab.accept(again)
    assert lab.phases() == [Phase.ESTABLISHED]


def test_a_longer_registration_is_asked_for_where_the_exchange_began(lab):
    first = lab.first(expires=60)
    answer, _ = lab.go_on(first, lab.challenge(first))
    lab.changes()
    longer, flow = lab.go_on(answer, reply(answer, 423).add("Min-Expires", "600").to_message())
    assert flow == CLEAR
    assert ports(longer) == (5060, 5060)
    assert [change for change, _ in lab.changes()] == [Change.REMOVE]
    answer, flow = lab.go_on(longer, lab.challenge(longer))
    assert flow.association
    assert answer.value("Expires") == "600"


# Failures of the network's authentication.


def test_a_wrong_mac_is_reported_in_the_clear_with_a_fresh_offer_and_without_a_set(lab):
    first = lab.first()
    report, flow = lab.go_on(first, lab.challenge(first, mac_wrong=True))
    assert flow == CLEAR
    assert ports(report) == (5060, 5060)
    assert not lab.changes()
    fresh, before = offer(report), offer(first)
    assert fresh.port_s == before.port_s
    assert fresh.port_c != before.port_c
    assert {*fresh.spis}.isdisjoint(before.spis)
    assert report.field("Security-Verify") is None
    assert report.get(Authorization).response == ""
    answer, _ = lab.go_on(report, lab.challenge(report))
    ((_, sas),) = lab.changes()
    assert offer(answer) == sas.ue == fresh


def test_in_a_re_authentication_it_is_reported_on_the_established_set(lab):
    lab.registered()
    ((_, sas),) = lab.changes()
    draft = lab.ue.refresh()
    on_it = lab.ue.flow_for(draft)
    assert on_it.association == sas.named(Name.UL1).label
    report, flow = lab.go_on(sent(draft), lab.challenge(sent(draft), mac_wrong=True))
    assert flow == on_it
    assert not lab.changes()
    assert report.field("Security-Verify") is not None


# Refreshes, re-authentications, and the end.


def test_a_refresh_offers_anew_on_the_established_set_and_lengthens_its_life(lab):
    answer = lab.registered()
    ((_, sas),) = lab.changes()
    assert lab.ue.next_deadline() == 3630.0
    draft = lab.ue.refresh()
    refresh = sent(draft)
    assert lab.ue.flow_for(draft).association == sas.named(Name.UL1).label
    assert ports(refresh) == (sas.ue.port_s, sas.ue.port_s)
    assert refresh.values("Security-Verify") == answer.values("Security-Verify")
    assert refresh.option_tags("Require") == refresh.option_tags("Proxy-Require") == ("sec-agree",)
    new = offer(refresh)
    assert (new.port_s, new.port_c == sas.ue.port_c) == (sas.ue.port_s, False)
    assert {*new.spis}.isdisjoint(sas.spis)
    lab.now = 1000.0
    lab.accept(refresh)
    assert lab.ue.next_deadline() == 4630.0
    assert not lab.changes()
    lab.ue.on_time(4630.0)
    assert lab.changes() == [(Change.REMOVE, sas)]
    assert lab.ue.flow_for(lab.ue.refresh()) == CLEAR


def test_a_re_authentication_replaces_the_set_once_something_comes_on_the_new_one(lab):
    lab.registered()
    ((_, before),) = lab.changes()
    lab.reauthenticated()
    ((change, new),) = lab.changes()
    assert change is Change.INSTALL
    assert lab.phases() == [Phase.OLD, Phase.ESTABLISHED]
    assert new.ue.port_s == before.ue.port_s
    assert new.ue.port_c != before.ue.port_c
    assert len({*before.spis, *new.spis}) == 8
    assert lab.ue.flow_for(lab.ue.fetch()).association == new.named(Name.UL1).label
    security = lab.ue.associations
    security.received(security.through(Flow("UDP", UE, P_CSCF, association=new.named(Name.DL2).label)))
    assert lab.changes() == [(Change.REMOVE, before)]


def test_a_refused_re_authentication_leaves_the_established_set(lab):
    lab.registered()
    lab.changes()
    refresh = sent(lab.ue.refresh())
    lab.p_cscf = lab.p_cscf.renewed(lab.random)
    answer, _ = lab.go_on(refresh, lab.challenge(refresh))
    assert lab.phases() == [Phase.ESTABLISHED, Phase.TEMPORARY]
    assert lab.go_on(answer, reply(answer, 403).to_message()) is None
    assert [change for change, _ in lab.changes()] == [Change.INSTALL, Change.REMOVE]
    assert lab.phases() == [Phase.ESTABLISHED]


def test_a_new_registration_goes_in_the_clear_and_keeps_the_set_until_it_succeeds(lab):
    lab.registered()
    lab.changes()
    draft = lab.ue.initial_register()
    assert lab.ue.flow_for(draft) == CLEAR
    lab.p_cscf = Endpoints.draw(lab.random)
    answer, _ = lab.go_on(sent(draft), lab.challenge(sent(draft)))
    assert lab.phases() == [Phase.ESTABLISHED, Phase.TEMPORARY]
    lab.accept(answer)
    assert lab.phases() == [Phase.OLD, Phase.ESTABLISHED]


def test_a_new_registration_that_fails_leaves_what_was_agreed_before(lab):
    answer = lab.registered()
    lab.p_cscf = Endpoints.draw(lab.random)
    first = sent(lab.ue.initial_register())
    assert first.value("Security-Verify") is None
    assert first.get(Authorization).nonce == ""
    again, _ = lab.go_on(first, lab.challenge(first))
    assert lab.go_on(again, reply(again, 403).to_message()) is None
    fetch = sent(lab.ue.fetch())
    assert fetch.values("Security-Verify") == answer.values("Security-Verify")
    assert fetch.value("Authorization") == answer.value("Authorization")


def test_the_report_of_a_wrong_mac_in_the_clear_verifies_no_list(lab):
    lab.registered()
    first = sent(lab.ue.initial_register())
    report, flow = lab.go_on(first, lab.challenge(first, mac_wrong=True))
    assert flow == CLEAR
    assert report.value("Security-Verify") is None


@pytest.mark.parametrize("star", [False, True])
@pytest.mark.parametrize("challenged", [False, True])
def test_after_the_deregistration_nothing_is_left(lab, challenged, star):
    lab.registered()
    draft = lab.ue.remove_all() if star else lab.ue.deregister()
    request = sent(draft)
    assert lab.ue.flow_for(draft).association
    if challenged:
        lab.p_cscf = lab.p_cscf.renewed(lab.random)
        request, _ = lab.go_on(request, lab.challenge(request))
    lab.accept(request, expires=0)
    changes = lab.changes()
    assert [sas for change, sas in changes if change is Change.REMOVE] == [
        sas for change, sas in changes if change is Change.INSTALL
    ]
    assert not lab.sets.live
    assert lab.ue.state is UeState.UNREGISTERED
    assert lab.ue.flow_for(lab.ue.initial_register()) == CLEAR


def test_a_fetch_from_nobody_leaves_a_set_that_soon_dies(lab):
    draft = lab.ue.fetch()
    assert lab.ue.flow_for(draft) == CLEAR
    answer, _ = lab.go_on(sent(draft), lab.challenge(sent(draft)))
    assert lab.go_on(answer, reply(answer, 200).to_message()) is None
    assert lab.ue.next_deadline() == 30.0


def test_a_binding_made_in_the_clear_counts_as_its_own(lab):
    first = lab.first()
    lab.accept(first)
    assert lab.ue.state is UeState.REGISTERED
    assert lab.ue.associations.established is None


def test_a_response_to_another_request_establishes_nothing(lab):
    first = lab.first()
    lab.go_on(first, lab.challenge(first))
    other = sent(Draft.request("OPTIONS", "sip:a@b").add("Call-ID", "x").add("CSeq", "1 OPTIONS"))
    for status in (200, 500):
        lab.ue.settle(other, reply(other, status).to_message(), 0.0)
        assert lab.phases() == [Phase.TEMPORARY]


# The rest.


def test_no_key_shows(lab):
    lab.registered()
    shown = f"{lab.ue.associations.changes!r} {lab.sets.live!r}"
    assert "<secret>" in shown
    ck = lab.vector.ck.reveal()
    assert ck.hex() not in shown
    assert repr(ck) not in shown


def test_what_mode_ipsec_needs(new_ue):
    with pytest.raises(ValueError, match="P-CSCF"):
        new_ue(security="ipsec")
    card = PasswordStore(Secret(b"x"))
    with pytest.raises(ValueError, match="AKA"):
        UeRegistration(IDENTITY, card, "UDP", UE, Random(1), security="ipsec", p_cscf=P_CSCF)
    with pytest.raises(ValueError, match="address"):
        new_ue().flow_for(b"")


def test_the_seams_of_a_set(new_ue, subscribers):
    seen = {}

    def note(name):
        def hook(value, **context):
            seen.setdefault(name, []).append((value, context))
            return value

        return hook

    names = ("ue.endpoints", "ue.keys", "ue.set", "ue.agreement")
    lab = Lab(new_ue, subscribers["sub01"], hooks={name: note(name) for name in names})
    lab.registered()
    ((_, sas),) = lab.changes()
    assert seen["ue.set"][0][0] == sas
    assert seen["ue.keys"][0][0] == sas.keys
    assert seen["ue.agreement"][0][0].port_s == lab.p_cscf.port_s
    ((first, context),) = seen["ue.endpoints"]
    assert (first, context) == (sas.ue, {"before": None})
    lab.ue.refresh()
    assert seen["ue.endpoints"][1][1] == {"before": sas.ue}


def test_a_mutant_that_offers_spis_in_use_makes_no_set(new_ue, subscribers):
    def same(value, *, before):
        return before or value

    lab = Lab(new_ue, subscribers["sub01"], hooks={"ue.endpoints": same})
    lab.registered()
    lab.p_cscf = lab.p_cscf.renewed(lab.random)
    refresh = sent(lab.ue.refresh())
    with pytest.raises(NoAgreement, match="in use"):
        lab.go_on(refresh, lab.challenge(refresh))
    assert lab.phases() == [Phase.ESTABLISHED]
