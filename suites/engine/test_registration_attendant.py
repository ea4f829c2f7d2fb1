"""The network side of one subscriber, against the UE side of a registration: what it writes, and what it does."""

from __future__ import annotations

import dataclasses
import itertools
from random import Random

import pytest

from imsreg.aka import digest, nonce
from imsreg.aka.akav2 import aka_password
from imsreg.aka.sqn import DELTA, SLOTS, SqnArray
from imsreg.aka.vector import generate, open_autn
from imsreg.registration.attendant import Attendant, AttendantPolicy
from imsreg.registration.attendant_authentication import AutsOutcome
from imsreg.registration.challenge import REG_AWAIT_AUTH
from imsreg.registration.core_messages import Av, CannotWrite
from imsreg.registration.credentials import ResChoice
from imsreg.registration.ue import UeState
from imsreg.secagree.negotiation import LEGACY_TRANSFORMS
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.headers.security import SecurityServer
from imsreg.sip.message import parse

HOME = "ims.mnc001.mcc001.3gppnetwork.org"


class Net:
    """An attendant, its clock, and the way between it and a UE's registration."""

    def __init__(self, subscriber, **policy):
        self.now = 0.0
        self.attendant = Attendant(subscriber, AttendantPolicy(home_domain=HOME, **policy), Random(3), lambda: self.now)

    def ask(self, draft):
        """The request as it arrives, and the messages with which a conformant core answers it."""
        request = parse(draft.to_bytes())
        drafts = self.attendant.attend(request)
        response = drafts[0].to_message()
        self.attendant.note(request, response)
        return response, [each.to_message() for each in drafts[1:]]

    def complete(self, ue, draft):
        """Let the UE go on until it is satisfied; every response."""
        responses = []
        while draft is not None:
            request = parse(draft.to_bytes())
            response, _ = self.ask(draft)
            responses.append(response)
            draft = ue.next_request(request, response, self.now)
        return responses

    def statuses(self, ue, draft):
        return [response.status for response in self.complete(ue, draft)]


@pytest.fixture
def new_net(subscribers):
    def make(name="sub01", *, subscriber=None, **policy):
        return Net(subscriber or subscribers[name], **policy)

    return make


@pytest.fixture
def net(new_net):
    return new_net()


@pytest.fixture
def ue(new_ue):
    return new_ue()


def sent(draft):
    return parse(draft.to_bytes())


def token_of(challenge, subscriber):
    """The SQN in a challenge."""
    token = nonce.decode(challenge.get(WwwAuthenticate).nonce)
    return open_autn(subscriber.algorithm, token.rand, token.autn)


# What a conformant core does with REGISTER.


@pytest.mark.parametrize("name", ["sub01", "sub04"])
def test_a_registration_is_challenged_accepted_refreshed_and_ended(new_net, new_ue, name):
    net, ue = new_net(name), new_ue(name)
    first, last = net.complete(ue, ue.initial_register())
    assert (first.status, last.status) == (401, 200)
    assert last.get(Contact).uri.text == Contact.parse(ue.contact).uri.text
    assert last.get(Contact).expires == 600_000
    assert last.get(AuthenticationInfo).rspauth
    assert last.values("Service-Route") == (f"<sip:orig@scscf.{HOME};lr>",)
    assert last.values("Path") == (f"<sip:term@pcscf.{HOME};lr>",)
    assert net.attendant.registered
    assert net.attendant.may_be_bound
    net.now = 300_000
    assert net.statuses(ue, ue.refresh()) == [401, 200]
    net.now = 899_999
    assert net.attendant.registered
    assert net.statuses(ue, ue.deregister()) == [401, 200]
    assert (net.attendant.registered, net.attendant.may_be_bound) == (False, False)
    assert ue.state is UeState.UNREGISTERED


def test_a_binding_ends_with_its_time(net, ue):
    net.statuses(ue, ue.initial_register(expires=600))
    net.now = 600
    assert not net.attendant.registered
    assert net.attendant.may_be_bound  # nobody has told the UE


def test_p_associated_uri_is_the_implicit_set_without_the_barred(new_net, new_ue, subscribers):
    barred = dataclasses.replace(
        subscribers["sub01"], impus=(f"sip:a@{HOME}", f"sip:b@{HOME}", "tel:+15551"), barred=(f"sip:a@{HOME}",)
    )
    net, ue = new_net(subscriber=barred), new_ue(subscriber=barred)
    assert net.complete(ue, ue.initial_register())[-1].values("P-Associated-URI") == (f"<sip:b@{HOME}>", "<tel:+15551>")


@pytest.mark.parametrize("res", [ResChoice.WRONG, ResChoice.EMPTY, ResChoice.HEX])
def test_a_wrong_response_is_refused_and_not_challenged(net, ue, res):
    challenge, _ = net.ask(ue.initial_register())
    refused, _ = net.ask(ue.answer(challenge, res=res))
    assert (refused.status, refused.field("WWW-Authenticate")) == (403, None)
    assert not net.attendant.registered


def test_an_answer_that_comes_too_late_is_challenged_anew(net, ue):
    challenge, _ = net.ask(ue.initial_register())
    answer = ue.answer(challenge)
    net.now = REG_AWAIT_AUTH
    assert net.ask(answer)[0].status == 401


def test_a_reported_mac_failure_ends_it(net, ue):
    challenge = net.attendant.challenge(sent(ue.initial_register()), av=Av.WRONG_MAC).to_message()
    report = sent(ue.answer(challenge))
    assert report.get(Authorization).response == ""
    assert net.ask(Draft.of(report))[0].status == 403


def test_expiry_below_the_minimum_is_423_and_repeated(new_net, ue):
    net = new_net(min_expires=1800)
    responses = net.complete(ue, ue.initial_register(expires=600))
    assert [response.status for response in responses] == [401, 423, 401, 200]
    assert responses[1].value("Min-Expires") == "1800"
    assert responses[-1].get(Contact).expires == 1800


def test_several_contacts_of_one_subscriber(net, new_ue, ue):
    other = new_ue(address=Address("127.0.3.2", 5070), seed=2, sqn=None)
    net.complete(ue, ue.initial_register())
    # A second UE has a second card with the same keys, which is behind: it reports no failure, its numbers are fresh.
    last = net.complete(other, other.initial_register())[-1]
    assert [contact.uri.port for contact in last.get_all(Contact)] == [5060, 5070]
    gone = net.complete(other, other.deregister())[-1]
    assert [contact.uri.port for contact in gone.get_all(Contact)] == [5060]
    assert net.attendant.registered
    net.complete(ue, ue.remove_all())
    assert not net.attendant.registered


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda d: d.set("To", "<sip:stranger@elsewhere.example>"), 403),
        (lambda d: d.set("To", "sip:<"), 400),
        (lambda d: d.set("Authorization", 'Digest username="'), 400),
        (lambda d: d.add("Require", "teleportation"), 420),
        (lambda d: d.add("Proxy-Require", "teleportation"), 420),
        (lambda d: d.remove("Call-ID"), 400),
        (lambda d: d.set("Max-Forwards", "0"), 483),
        (lambda d: setattr(d, "start_line", "REGISTER sip:elsewhere.example SIP/2.0"), 404),
        (lambda d: setattr(d, "start_line", "REGISTER tel:+1 SIP/2.0"), 416),
        (lambda d: setattr(d, "start_line", f"INVITE sip:{HOME} SIP/2.0"), 405),
        (lambda d: setattr(d, "start_line", f"CANCEL sip:{HOME} SIP/2.0"), 481),
    ],
)
def test_what_is_refused_before_anybody_is_authenticated(net, ue, change, status):
    draft = ue.initial_register()
    change(draft)
    response, more = net.ask(draft)
    assert (response.status, more) == (status, [])


def test_options_says_what_is_allowed(net, ue):
    draft = ue.initial_register().set("CSeq", "1 OPTIONS")
    draft.start_line = f"OPTIONS sip:{HOME} SIP/2.0"
    response, _ = net.ask(draft)
    assert (response.status, response.value("Allow")) == (200, "REGISTER, SUBSCRIBE, OPTIONS")


# Vectors.


def test_a_synchronisation_failure_moves_the_auc(new_net, new_ue):
    net, ue = new_net(), new_ue(sqn=SqnArray((5000,) * SLOTS))
    assert net.attendant.last_auts is None
    responses = net.complete(ue, ue.initial_register())
    assert [response.status for response in responses] == [401, 401, 200]
    assert net.attendant.last_auts is AutsOutcome.VERIFIED
    assert net.statuses(ue, ue.refresh()) == [401, 200]


@pytest.mark.parametrize("answered_before", [False, True])
@pytest.mark.parametrize("av", [Av.SQN_TOO_OLD, Av.SQN_TOO_FAR])
def test_an_sqn_that_the_usim_refuses(new_net, new_ue, av, answered_before):
    net, ue = new_net(), new_ue()
    if answered_before:
        assert net.statuses(ue, ue.initial_register()) == [401, 200]
    request = sent(ue.initial_register())
    report = ue.answer(net.attendant.challenge(request, av=av).to_message())
    assert sent(report).get(Authorization).auts
    assert net.statuses(ue, report) == [401, 200]
    assert net.attendant.last_auts is AutsOutcome.VERIFIED


def test_an_auts_of_somebody_else_is_refused(new_net, new_ue):
    net, ue = new_net(), new_ue()
    report = sent(ue.answer(net.attendant.challenge(sent(ue.initial_register()), av=Av.SQN_TOO_OLD).to_message()))
    credentials = report.get(Authorization)
    for auts, outcome in (("AAAAAAAAAAAAAAAAAAA=", AutsOutcome.WRONG), ("?", AutsOutcome.UNREADABLE)):
        changed = Draft.of(report).set("Authorization", credentials.with_param("auts", auts))
        response, _ = net.ask(changed)
        assert (response.status, response.field("WWW-Authenticate")) == (403, None)
        assert net.attendant.last_auts is outcome
        again = net.attendant.challenge(sent(ue.initial_register()), av=Av.SQN_TOO_OLD).to_message()
        report = sent(ue.answer(again))
        credentials = report.get(Authorization)


def test_a_usim_without_a_limit_answers_an_sqn_that_is_far_ahead_and_the_auc_follows(new_net, new_ue):

    net, ue = new_net(), new_ue(sqn=SqnArray(delta=DELTA * 8))
    request = sent(ue.initial_register())
    answer = ue.answer(net.attendant.challenge(request, av=Av.SQN_TOO_FAR).to_message())
    assert not sent(answer).get(Authorization).auts
    assert net.ask(answer)[0].status == 200
    assert net.statuses(ue, ue.refresh()) == [401, 200]  # with a number that is fresh again


@pytest.mark.parametrize("name", ["sub01", "sub04"])
def test_a_res_with_nul(new_net, new_ue, subscribers, name):

    net, ue, who = new_net(name), new_ue(name), subscribers[name]
    challenge = net.attendant.challenge(sent(ue.initial_register()), av=Av.RES_WITH_NUL).to_message()
    rand = nonce.decode(challenge.get(WwwAuthenticate).nonce).rand
    assert 0 in who.algorithm.f2345(rand).res[: who.res_length][1:-1]
    assert net.ask(ue.answer(challenge))[0].status == 200


def test_no_challenge_is_sent_twice_and_a_wrong_mac_differs_in_one_bit(new_net, ue, subscribers):

    net, who = new_net(), subscribers["sub01"]
    request = sent(ue.initial_register())
    seen = set()
    for av in (Av.RIGHT, Av.WRONG_MAC, Av.SQN_TOO_OLD, Av.SQN_TOO_FAR, Av.RIGHT):
        text = net.attendant.challenge(request, av=av).to_message().get(WwwAuthenticate).nonce
        token = nonce.decode(text)
        seen.add(text)
        right = open_autn(who.algorithm, token.rand, token.autn)
        assert (right is None) == (av is Av.WRONG_MAC)
        if av is Av.WRONG_MAC:
            mended = bytes((*token.autn[:-1], token.autn[-1] ^ 1))
            assert open_autn(who.algorithm, token.rand, mended) == who.sqn + (2 << 5)
            assert generate(who.algorithm, token.rand, who.sqn + (2 << 5), who.amf, 8).autn == mended
    assert len(seen) == 5


def test_server_data_follows_autn_in_the_nonce(new_net, ue):

    net = new_net(server_data=b"policy")
    request = sent(ue.initial_register())
    assert nonce.decode(net.ask(Draft.of(request))[0].get(WwwAuthenticate).nonce).server_data == b"policy"
    challenge = net.attendant.challenge(request, server_data=b"test").to_message()
    assert nonce.decode(challenge.get(WwwAuthenticate).nonce).server_data == b"test"
    assert net.ask(ue.answer(challenge))[0].status == 200


def test_near_its_end_no_sqn_is_too_far(new_net, ue, subscribers):
    last = dataclasses.replace(subscribers["sub01"], sqn=(1 << 48) - 1)
    with pytest.raises(CannotWrite, match="near its end"):
        new_net(subscriber=last).attendant.challenge(sent(ue.initial_register()), av=Av.SQN_TOO_FAR)


# The parts of a challenge.


def test_every_parameter_of_a_challenge_is_as_it_was_asked_for(net, ue):
    request = sent(ue.initial_register())
    default = net.attendant.challenge(request).to_message().get(WwwAuthenticate)
    assert (default.realm, default.algorithm, default.qop_options) == (HOME, "AKAv1-MD5", ("auth",))
    assert len(default.opaque) == 24
    assert (default.ck, default.ik, default.params.get("stale")) == (None, None, None)
    asked = (
        net.attendant.challenge(
            request, realm="r", algorithm="AKAv2-MD5", qop="auth,auth-int", opaque="o", stale="false"
        )
        .to_message()
        .get(WwwAuthenticate)
    )
    assert (asked.realm, asked.algorithm, asked.opaque) == ("r", "AKAv2-MD5", "o")
    assert asked.qop_options == ("auth", "auth-int")
    assert asked.params["stale"].value == "false"
    bare = net.attendant.challenge(request, algorithm=None, qop=None, opaque=None).to_message().get(WwwAuthenticate)
    assert set(bare.params) == {"realm", "nonce"}


@pytest.mark.parametrize(("right", "status"), [(False, 403), (True, 200)])
def test_akav2_is_verified_over_its_own_password(net, ue, subscribers, right, status):
    who, request = subscribers["sub01"], sent(ue.initial_register())
    challenge = net.attendant.challenge(request, algorithm="AKAv2-MD5").to_message().get(WwwAuthenticate)
    out = who.algorithm.f2345(nonce.decode(challenge.nonce).rand)
    password = aka_password("AKAv2-MD5", Secret(out.res), Secret(out.ck), Secret(out.ik)).reveal()
    answer = with_password(request, challenge, who.impi, password if right else out.res)
    assert net.ask(answer)[0].status == status


# The 200 that a test writes.


def test_a_200_to_the_very_first_register(net, ue):
    request = sent(ue.initial_register())
    response = net.attendant.ok(request).to_message()
    assert response.status == 200
    assert response.field("Authentication-Info") is None
    assert net.attendant.registered


@pytest.mark.parametrize(
    ("where", "contact", "header"), [("contact", 77, None), ("header", None, "77"), ("both", 77, "77")]
)
def test_where_a_200_says_how_long(net, ue, where, contact, header):
    response = net.attendant.ok(sent(ue.initial_register()), expires=77, where=where).to_message()
    assert (response.get(Contact).expires, response.value("Expires")) == (contact, header)
    net.now = 76
    assert net.attendant.registered
    net.now = 77
    assert not net.attendant.registered


def test_the_lists_of_a_200(net, ue):
    request = sent(ue.initial_register())
    response = net.attendant.ok(
        request,
        associated=["sip:a@b", "<sip:c@d>;x=1, <tel:+1>"],
        service_route=["sip:one;lr", "sip:two;lr"],
        path=[],
        authentication_info=False,
    ).to_message()
    assert response.values("P-Associated-URI") == ("<sip:a@b>", "<sip:c@d>;x=1", "<tel:+1>")
    assert [field.value for field in response.fields("Service-Route")] == ["<sip:one;lr>", "<sip:two;lr>"]
    assert response.field("Path") is None
    none = net.attendant.ok(request, associated=[], service_route=[]).to_message()
    assert (none.field("P-Associated-URI"), none.field("Service-Route")) == (None, None)


def test_a_200_that_a_registrar_would_not_give_changes_no_binding(net, ue):
    request = sent(ue.initial_register())
    net.attendant.ok(request)
    again = Draft.of(request).set("Contact", "<sip:")
    assert net.attendant.ok(sent(again)).to_message().get(Contact).uri.user == "001010000000001"
    assert len(net.attendant.ok(request).to_message().get_all(Contact)) == 1  # CSeq is not higher


def test_too_short_for_the_policy_is_granted_where_a_test_says_200(new_net, ue):
    net = new_net(min_expires=1800)
    assert net.attendant.ok(sent(ue.initial_register(expires=30))).to_message().get(Contact).expires == 30


def test_authentication_info_proves_the_password_where_a_test_says_200(net, ue):
    challenge = net.attendant.challenge(sent(ue.initial_register())).to_message()
    answer = sent(ue.answer(challenge))
    proof = net.attendant.ok(answer).to_message().get(AuthenticationInfo)
    assert (proof.qop, proof.nc) == ("auth", "00000001")
    assert proof.rspauth != answer.get(Authorization).response


def test_any_response_and_its_headers(net, ue):
    request = sent(ue.initial_register())
    response = net.attendant.response(request, 503, "Busy", {"Retry-After": "30"}).to_message()
    assert (response.status, response.reason, response.value("Retry-After")) == (503, "Busy", "30")
    assert response.value("CSeq") == request.value("CSeq")


def test_a_written_200_tells_that_the_ue_may_be_bound(net, ue):
    request = sent(ue.initial_register())
    for status, bound in ((503, False), (200, True)):
        net.attendant.note(request, net.attendant.response(request, status).to_message())
        assert net.attendant.may_be_bound is bound
    assert not net.attendant.registered
    gone = sent(ue.deregister())
    net.attendant.note(gone, net.attendant.response(gone, 200).to_message())
    assert not net.attendant.may_be_bound


def test_forget_keeps_the_auc_alone(net, ue, subscribers):
    net.statuses(ue, ue.initial_register())
    net.attendant.forget()
    assert (net.attendant.registered, net.attendant.may_be_bound, net.attendant.flow) == (False, False, None)
    challenge = net.attendant.challenge(sent(ue.initial_register()), av=Av.SQN_TOO_OLD).to_message()
    assert token_of(challenge, subscribers["sub01"]) == 0  # another USIM may be in the UE
    assert net.statuses(ue, ue.initial_register()) == [401, 200]  # no synchronisation failure


# Mode headers.


def test_the_agreement_in_mode_headers(new_net, new_ue):
    net, ue = new_net(security="headers"), new_ue(security="headers")
    challenge, accepted = net.complete(ue, ue.initial_register())
    assert (challenge.status, accepted.status) == (401, 200)
    offered = challenge.get_all(SecurityServer)
    assert [entry.q for entry in offered] == sorted((entry.q for entry in offered), reverse=True)
    assert accepted.field("Security-Server") is None
    plain = net.attendant.challenge(sent(ue.refresh()), security_server=False).to_message()
    assert plain.field("Security-Server") is None


def test_an_agreement_that_a_test_has_accepted_holds_for_the_core_as_well(new_net, new_ue):
    net, ue = new_net(security="headers"), new_ue(security="headers")
    challenge = net.attendant.challenge(sent(ue.initial_register())).to_message()
    answer = sent(ue.answer(challenge))
    ue.settle(answer, net.attendant.ok(answer).to_message(), net.now)
    assert net.statuses(ue, ue.refresh()) == [401, 200]
    assert net.statuses(ue, ue.deregister()) == [401, 200]


@pytest.mark.parametrize("name", ["Security-Verify", "Security-Client"])
def test_a_changed_list_is_494(new_net, new_ue, name):
    net, ue = new_net(security="headers"), new_ue(security="headers")
    challenge, _ = net.ask(ue.initial_register())
    answer = ue.answer(challenge)
    answer.set(name, "ipsec-3gpp; alg=hmac-sha-1-96; spi-c=300; spi-s=301; port-c=5002; port-s=5003")
    response, _ = net.ask(answer)
    assert response.status == 494
    assert response.values("Security-Server") == challenge.values("Security-Server")
    assert not net.attendant.registered


def test_nothing_in_common_is_494_and_an_agreement_may_be_required(new_net, new_ue):
    net = new_net(security="headers", sec_agree_required=True)
    old = new_ue(security="headers", offered=LEGACY_TRANSFORMS[:1])
    assert net.ask(old.initial_register())[0].status == 494
    assert net.ask(new_ue().initial_register())[0].status == 421


# SIP digest.


@pytest.fixture
def fixed(subscribers):
    return dataclasses.replace(
        subscribers["sub01"], name="fixed", algorithm=None, password=Secret(b"open sesame"), barred=()
    )


def with_password(request, challenge, impi, password, nc="00000001"):
    hashed = {
        "username": impi,
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": f"sip:{HOME}",
        "algorithm": challenge.algorithm,
        "qop": "auth",
        "nc": nc,
        "cnonce": "c0ffee",
    }
    response = digest.response(password=password, method="REGISTER", **hashed)
    draft = Draft.of(request).set("Authorization", Authorization.of({**hashed, "response": response}))
    return draft.set("CSeq", f"{70000 + next(COUNT)} REGISTER")


COUNT = itertools.count()


@pytest.mark.parametrize("algorithm", ["AKAv1-MD5", "SHA-256", "MD5-sess"])
def test_a_subscriber_with_a_password_is_challenged_for_a_digest(new_net, fixed, ue, algorithm):
    net, request = new_net(subscriber=fixed), sent(ue.initial_register())
    challenge = net.attendant.challenge(request, algorithm=algorithm).to_message().get(WwwAuthenticate)
    assert challenge.algorithm == ("MD5" if algorithm == "AKAv1-MD5" else algorithm)
    assert net.ask(with_password(request, challenge, fixed.impi, b"open"))[0].status == 403
    challenge = net.attendant.challenge(request, algorithm=algorithm).to_message().get(WwwAuthenticate)
    response, _ = net.ask(with_password(request, challenge, fixed.impi, b"open sesame"))
    assert (response.status, response.get(AuthenticationInfo).nc) == (200, "00000001")


def test_a_digest_nonce_is_gone_on_with_and_stale_when_it_is_not_counted_up(new_net, fixed, ue):
    net, request = new_net(subscriber=fixed), sent(ue.initial_register())
    challenge = net.ask(Draft.of(request))[0].get(WwwAuthenticate)
    for nc, status in (("00000001", 200), ("00000002", 200), ("00000002", 401)):
        response, _ = net.ask(with_password(request, challenge, fixed.impi, b"open sesame", nc))
        assert response.status == status
    assert response.get(WwwAuthenticate).stale


def test_no_vector_can_be_asked_for_where_there_is_a_password(new_net, fixed, ue):
    attendant = new_net(subscriber=fixed, server_data=b"x").attendant
    for parts in ({"av": Av.WRONG_MAC}, {"server_data": b"x"}):
        with pytest.raises(CannotWrite, match="fixed has a password"):
            attendant.challenge(sent(ue.initial_register()), **parts)
    assert attendant.challenge(sent(ue.initial_register())).to_message().status == 401
